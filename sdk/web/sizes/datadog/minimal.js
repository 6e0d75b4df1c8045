import { datadogRum } from '@datadog/browser-rum-slim'

datadogRum.init({ applicationId: 'a', clientToken: 't', site: 'datadoghq.com', service: 'shop' })
document.querySelector('#pay').addEventListener('click', () => datadogRum.addAction('pay'))
