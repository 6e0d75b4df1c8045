import { browserTracingIntegration, init, startSpan } from '@sentry/browser'

init({ dsn: 'https://key@felt.example/1', integrations: [browserTracingIntegration()], tracesSampleRate: 1 })
document
	.querySelector('#pay')
	.addEventListener('click', () => startSpan({ name: 'pay' }, () => fetch('/pay')))
