import { trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { BatchSpanProcessor, WebTracerProvider } from '@opentelemetry/sdk-trace-web'

const exporter = new OTLPTraceExporter({ url: 'https://felt.example/v1/traces' })
new WebTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }).register()
document.querySelector('#pay').addEventListener('click', () => {
	const span = trace.getTracer('shop').startSpan('pay')
	fetch('/pay').finally(() => span.end())
})
