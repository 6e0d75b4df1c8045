import { captureException, init } from '@sentry/browser'

init({ dsn: 'https://key@felt.example/1' })
document.querySelector('#pay').addEventListener('click', () => fetch('/pay').catch(captureException))
