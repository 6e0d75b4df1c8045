import { getWebInstrumentations, initializeFaro } from '@grafana/faro-web-sdk'

const faro = initializeFaro({
	url: 'https://felt.example/collect',
	app: { name: 'shop' },
	instrumentations: getWebInstrumentations(),
})
document.querySelector('#pay').addEventListener('click', () => faro.api.startUserAction('pay'))
