/**
 * @felt/web: wrap a piece of business logic, and see how it ended for the customer.
 *
 * The functions of this module go to the one instance of the page. Before `init` they work as well: what
 * they record waits in memory. On a server they do nothing and import without effect. What a page does not
 * call its bundler leaves out.
 */
import { type Core, createCore } from './core'
import { createEnv } from './env'
import * as felt from './felt'
import type { Felt, Options } from './types'

export type * from './types'
export { version } from './version'

let page: Core | undefined

const get = () => (page ||= createCore(createEnv()))

/** Begins to send. Once per page: later calls return the same instance. */
export function init(options: Options): Felt {
	get().start_(options)
	return {
		createCustomerInteraction,
		withCustomerInteraction,
		setUser,
		setConsent,
		on,
		flush,
		shutdown,
	}
}

export const createCustomerInteraction: Felt['createCustomerInteraction'] = (name, options) =>
	get().create(name, options)
export const withCustomerInteraction: Felt['withCustomerInteraction'] = (name, fn, options) =>
	felt.withInteraction(get(), name, fn, options)
export const setUser: Felt['setUser'] = (user) => felt.setUser(get(), user)
export const setConsent: Felt['setConsent'] = (consent) => felt.setConsent(get(), consent)
export const on: Felt['on'] = (event, callback) => felt.on(get(), event, callback)
export const flush: Felt['flush'] = () => felt.flush(get())
/** Ends the page's instance; `init` begins a new one. */
export function shutdown(): Promise<void> {
	const core = get()
	page = undefined
	return felt.shutdown(core)
}
