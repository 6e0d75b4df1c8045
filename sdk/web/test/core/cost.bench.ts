/** What one interaction costs the page: budget 50 us. `npx vitest bench --run test/core`. */
import { bench, describe } from 'vitest'
import { createEnv } from '../../src/env'
import { createFelt } from '../../src/felt'
import { encode } from '../../src/otlp'
import type { Options } from '../../src/types'

/** A page whose records are made into text, as the transport does, and then forgotten. */
function page() {
	const win = Object.assign(new EventTarget(), {
		document: Object.assign(new EventTarget(), { visibilityState: 'visible' }),
		location: { pathname: '/checkout' },
		setTimeout,
		clearTimeout,
	})
	const { felt, start } = createFelt(createEnv({}, win as never))
	start({ endpoint: 'https://felt.example', app: 'shop' } as Options, () => ({
		identity_: {
			attributes: () => ({
				'session.id': 's'.repeat(32),
				'app.installation.id': 'i'.repeat(32),
				'user.id': 'u1',
			}),
			consent() {},
			sampling: () => ({ rv: undefined, th: '0', sent: true }),
		},
		transport_: { add: encode, flush: async () => {}, hide() {}, consent() {}, close: async () => {} },
	}))
	return felt
}

describe('one interaction, with its record as OTLP', () => {
	const felt = page()
	bench('opened and completed', () => {
		felt.createCustomerInteraction('search').complete()
	})
	bench('with a journey, a timeout, attributes, a step and a request', () => {
		const i = felt.createCustomerInteraction('checkout', {
			journey: 'buy',
			key: 'o1',
			timeoutMs: 30_000,
			degradedMs: 2000,
			attributes: { items: 3 },
		})
		const step = i.step('pay')
		i.run(() => i.traceparent)
		step.complete()
		i.complete()
	})
	const other = page()
	for (let n = 0; n < 200; n++) other.createCustomerInteraction('open', { key: String(n) })
	bench('beside 200 open ones', () => {
		other.createCustomerInteraction('search').complete()
	})
})
