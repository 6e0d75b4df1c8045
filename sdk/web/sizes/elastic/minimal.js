import { init } from '@elastic/apm-rum'

const apm = init({ serviceName: 'shop', serverUrl: 'https://felt.example' })
document.querySelector('#pay').addEventListener('click', () => {
	const transaction = apm.startTransaction('pay', 'user')
	fetch('/pay').finally(() => transaction.end())
})
