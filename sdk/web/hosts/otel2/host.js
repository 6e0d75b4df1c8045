// OpenTelemetry JS 2.12 on API 1.9, as its guide sets it up for browsers.
import { context, DiagLogLevel, diag, propagation, trace } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { StackContextManager, WebTracerProvider } from '@opentelemetry/sdk-trace-web'
import { own, seen } from '../shared.js'

window.host = {
	said: [],
	start() {
		const say = (...words) => this.said.push(words.map(String).join(' '))
		diag.setLogger({ error: say, warn: say, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN)
		const exporter = new InMemorySpanExporter()
		const provider = new WebTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
		provider.register({ contextManager: new StackContextManager() })
		registerInstrumentations({ instrumentations: [new FetchInstrumentation()], tracerProvider: provider })
		this.spans = () => exporter.getFinishedSpans().map(seen)
	},
	own: (fn) => own(trace, fn),
	identities: () => [trace.getTracerProvider(), context, propagation],
}
