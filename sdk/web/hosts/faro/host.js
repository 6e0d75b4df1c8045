// Grafana Faro with its tracing, which is OpenTelemetry JS 2 on API 1.9.
import {
	BaseTransport,
	getWebInstrumentations,
	initializeFaro,
	TransportItemType,
} from '@grafana/faro-web-sdk'
import { getDefaultOTELInstrumentations, TracingInstrumentation } from '@grafana/faro-web-tracing'

const traces = []

class Kept extends BaseTransport {
	name = 'kept'
	version = '1'
	send(items) {
		for (const item of [items].flat()) if (item.type === TransportItemType.TRACE) traces.push(item.payload)
	}
	isBatched() {
		return true
	}
	getIgnoreUrls() {
		return []
	}
}

/** The spans of an OTLP payload, as the tests look at them. */
const spansOf = (payload) =>
	(payload.resourceSpans ?? []).flatMap((r) =>
		r.scopeSpans.flatMap((s) =>
			s.spans.map((span) => ({
				name: span.name,
				kind: span.kind - 1,
				traceId: span.traceId,
				spanId: span.spanId,
				parentSpanId: span.parentSpanId ?? '',
			})),
		),
	)

window.host = {
	said: [],
	start() {
		const faro = initializeFaro({
			app: { name: 'host' },
			transports: [new Kept()],
			batching: { enabled: true, sendTimeout: 100 },
			sessionTracking: { enabled: true, samplingRate: 1 },
			instrumentations: [
				...getWebInstrumentations({ captureConsole: false }),
				new TracingInstrumentation({ instrumentations: getDefaultOTELInstrumentations() }),
			],
		})
		const { trace } = faro.api.getOTEL()
		this.spans = () => traces.flatMap(spansOf)
		this.own = (fn) =>
			trace.getTracer('host').startActiveSpan('own work', (span) => {
				const { traceId, spanId } = span.spanContext()
				fn()
				span.end()
				return { traceId, spanId }
			})
		this.identities = () => [trace.getTracerProvider()]
	},
}
