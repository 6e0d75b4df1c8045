/**
 * @felt/web: wrap a piece of business logic, and see how it ended for the customer.
 *
 * The functions of this module go to the one instance of the page. Before `init` they work as well: what
 * they record waits in memory. On a server they do nothing and import without effect.
 */
import { createEnv } from './env'
import { createFelt, type Starter } from './felt'
import { createIdentity } from './session'
import { createTransport, isOwn } from './transport'
import type { Felt, Options } from './types'

export type * from './types'
export { version } from './version'

let page: Starter | undefined
/** Whose debug is told; known from init on. */
let settings: Pick<Options, 'debug'> = {}

const get = (): Starter => (page ||= createFelt(createEnv({ debug: (m, e) => settings.debug?.(m, e) })))

/** Begins to send. Once per page: later calls return the same instance. */
export function init(options: Options): Felt {
	const { felt, start } = get()
	start(options, (all, env, tell, dress) => {
		settings = all
		const identity = createIdentity(all, env)
		return {
			identity,
			transport: createTransport(all, env, (delivery) => tell('delivery', delivery), dress),
			isOwn: isOwn(all, env.win?.location.href),
		}
	})
	return { ...felt, shutdown }
}

export const createCustomerInteraction: Felt['createCustomerInteraction'] = (name, options) =>
	get().felt.createCustomerInteraction(name, options)
export const withCustomerInteraction: Felt['withCustomerInteraction'] = (name, fn, options) =>
	get().felt.withCustomerInteraction(name, fn, options)
export const setUser: Felt['setUser'] = (user) => get().felt.setUser(user)
export const setConsent: Felt['setConsent'] = (consent) => get().felt.setConsent(consent)
export const on: Felt['on'] = (event, callback) => get().felt.on(event, callback)
export const flush: Felt['flush'] = () => get().felt.flush()
/** Ends the page's instance; `init` begins a new one. */
export function shutdown(): Promise<void> {
	const { felt } = get()
	page = undefined
	return felt.shutdown()
}
