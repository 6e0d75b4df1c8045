import { HoneycombWebSDK } from '@honeycombio/opentelemetry-web'

new HoneycombWebSDK({ apiKey: 'k', serviceName: 'shop' }).start()
