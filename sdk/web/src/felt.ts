/** What a page calls, each function alone: a page pays for those that it calls. */
import { type Core, createCore } from './core'
import type { Env } from './env'
import type { Held } from './interaction'
import { guarded } from './limits'
import type { CustomerInteraction, Felt, InteractionOptions, Options } from './types'

/** What comes of fn ends it. */
export function withInteraction<T>(
	core: Core,
	name: string,
	fn: (i: CustomerInteraction) => T,
	options?: InteractionOptions,
): T {
	const i = core.create(name, options) as Held
	const failed = (error: unknown) => {
		i.thrown_(error)
		throw error
	}
	const done = <V>(value: V) => {
		const status = guarded(() => (value as Partial<Response> | undefined)?.status)!
		if (status === 408 || status === 429 || (status > 499 && status < 600)) i.fail(`http_${status}`)
		else i.complete()
		return value
	}
	try {
		const value = i.run(() => fn(i))
		const promise = value as PromiseLike<unknown> | undefined
		return typeof promise?.then === 'function' ? (promise.then(done, failed) as T) : done(value)
	} catch (error) {
		return failed(error)
	}
}

export function setUser({ options }: Core, user: Options['user'] | null) {
	options.user = user || undefined
}

export function setConsent(core: Core, consent: Options['consent']) {
	core.options.consent = consent
	core.forget_()
	core.attempt_(() => {
		// Ids first: what waited for consent leaves under those of now.
		core.identity_?.consent()
		core.transport_?.consent()
	})
	core.release_()
}

export function on({ heard_ }: Core, event: string, callback: (value: never) => void) {
	const one: [string, typeof callback] = [event, callback]
	heard_.add(one)
	return () => heard_.delete(one)
}

export async function flush(core: Core) {
	await core.attempt_(() => core.transport_?.flush())
}

export async function shutdown(core: Core) {
	for (const i of core.open()) core.attempt_(() => i.abandon('shutdown'))
	core.closed_ = true
	core.env_.until.abort()
	for (const off of core.offs_.splice(0)) core.attempt_(() => off?.())
	await core.attempt_(() => core.transport_?.close())
}

/** An instance of its own, with all of them; tests use it. */
export function createFelt(env: Env) {
	const core = createCore(env)
	const felt: Felt = {
		createCustomerInteraction: (name, options) => core.create(name, options),
		withCustomerInteraction: (name, fn, options) => withInteraction(core, name, fn, options),
		setUser: (user) => setUser(core, user),
		setConsent: (consent) => setConsent(core, consent),
		on: (event, callback) => on(core, event, callback),
		flush: () => flush(core),
		shutdown: () => shutdown(core),
	}
	return { felt, host: core, start: core.start_ }
}
