import SplunkRum from '@splunk/otel-web'

SplunkRum.init({ realm: 'eu0', rumAccessToken: 't', applicationName: 'shop' })
