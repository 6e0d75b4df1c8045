import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { FetchInstrumentation } from '@opentelemetry/instrumentation-fetch'
import './minimal.js'

registerInstrumentations({ instrumentations: [new FetchInstrumentation()] })
