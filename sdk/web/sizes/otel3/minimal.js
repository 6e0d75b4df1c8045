import { context, propagation, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, StackContextManager, TracerProvider } from '@opentelemetry/sdk-trace'

const exporter = new OTLPTraceExporter({ url: 'https://felt.example/v1/traces' })
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] }))
context.setGlobalContextManager(new StackContextManager().enable())
propagation.setGlobalPropagator(new W3CTraceContextPropagator())
document.querySelector('#pay').addEventListener('click', () => {
	const span = trace.getTracer('shop').startSpan('pay')
	fetch('/pay').finally(() => span.end())
})
