import { getWebInstrumentations, initializeFaro } from '@grafana/faro-web-sdk'
import { TracingInstrumentation } from '@grafana/faro-web-tracing'

const faro = initializeFaro({
	url: 'https://felt.example/collect',
	app: { name: 'shop' },
	instrumentations: [...getWebInstrumentations(), new TracingInstrumentation()],
})
document.querySelector('#pay').addEventListener('click', () => faro.api.startUserAction('pay'))
