import { datadogRum } from '@datadog/browser-rum'

datadogRum.init({ applicationId: 'a', clientToken: 't', site: 'datadoghq.com', service: 'shop' })
document.querySelector('#pay').addEventListener('click', () => datadogRum.addAction('pay'))
