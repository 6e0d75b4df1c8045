// OpenTelemetry JS 3.1 on API 1.10.
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api'
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch'
import {
	InMemorySpanExporter,
	SimpleSpanProcessor,
	StackContextManager,
	TracerProvider,
} from '@opentelemetry/sdk-trace'
import { own, seen } from '../shared.js'

window.host = {
	said: [],
	start() {
		const say = (...words) => this.said.push(words.map(String).join(' '))
		diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
		const exporter = new InMemorySpanExporter()
		const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
		trace.setGlobalTracerProvider(provider)
		context.setGlobalContextManager(new StackContextManager().enable())
		propagation.setGlobalPropagator(
			new CompositePropagator({
				propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
			}),
		)
		registerInstrumentations({ instrumentations: [new FetchInstrumentation()], tracerProvider: provider })
		this.spans = () => exporter.getFinishedSpans().map(seen)
	},
	own: (fn) => own(trace, fn),
	identities: () => [trace.getTracerProvider(), context, propagation],
}
