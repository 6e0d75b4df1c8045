/** All that the page says to Felt once; what customers do is told where they do it, in views/. */
import { type ErrorClass, init, setUser } from '@felt/web'
import { declarative } from '@felt/web/declarative'
import { errors } from '@felt/web/errors'
import { frustration } from '@felt/web/frustration'
import { network } from '@felt/web/network'
import { routes } from '@felt/web/routes'
import { vitals } from '@felt/web/vitals'
import { ShopError, type Visit } from './api'
import { config } from './config'

/** What a customer is told no for while nothing is broken. */
const expected = new Set([
	'card_declined',
	'wrong_password',
	'no_such_coupon',
	'no_address',
	'email_taken',
	'bad_email',
	'short_password',
	'link_expired',
	'too_large',
	'not_so_many',
])

function classifyError(error: unknown): ErrorClass | undefined {
	if (!(error instanceof ShopError)) return undefined // failed: a bug, or the network
	if (error.word === 'payment_cancelled') return { outcome: 'cancelled', reason: error.word }
	return { outcome: expected.has(error.word) ? 'expected' : 'failed', reason: error.word }
}

export function startTelemetry(): void {
	init({
		endpoint: config.endpoint,
		app: 'shop',
		release: config.release,
		key: config.key,
		// Every trace, because this is an example; a busy shop records a tenth of them (the default).
		traceSampleRate: 1,
		classifyError,
		plugins: [network(), errors(), routes(), frustration(), vitals(), declarative()],
	})
}

/** Who it is from now on. Before a login the browser is a customer too, and becomes the same one. */
export function tellUser(visit: Visit): void {
	const { user, region } = visit
	const segment = { region, plan: user?.plan ?? 'guest' }
	setUser(user ? { id: user.id, ...(user.company ? { account: user.company } : {}), segment } : { segment })
}
