// Sentry with its tracing.
import * as Sentry from '@sentry/browser'

window.host = {
	said: [],
	envelopes: [],
	start() {
		Sentry.init({
			dsn: 'http://public@127.0.0.1/1',
			tracesSampleRate: 1,
			integrations: [Sentry.browserTracingIntegration()],
			tracePropagationTargets: [/\/api\//],
			transport: () => ({
				send: async (envelope) => {
					this.envelopes.push(envelope)
					return { statusCode: 200 }
				},
				flush: async () => true,
			}),
		})
	},
	/** All that Sentry has sent, as text. */
	sent: () => JSON.stringify(window.host.envelopes),
	/** The addresses that Sentry has made request spans for. */
	traced: () =>
		window.host.envelopes
			.flatMap(([, items]) => items)
			.flatMap(([, body]) => body.items ?? [])
			.filter((span) => span.attributes?.['sentry.op']?.value === 'http.client')
			.map((span) => span.attributes['url.full']?.value ?? span.name),
	flush: () => {
		Sentry.getActiveSpan()?.end()
		return Sentry.flush(1000)
	},
	identities: () => [Sentry.getClient()],
}
