/**
 * What sending and storing take from the browser, in one place, so that tests can be without one. All of it
 * is taken once, when init runs: what other code puts around `fetch` later does not see the SDK's requests.
 */
import type { Env } from './env'

/** A store of text that may fail in any call: full, blocked, taken away. */
export type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>

/** Runs fn while no other tab does; not at all when another one is at it. */
export type Alone = (name: string, fn: () => Promise<void>) => Promise<unknown>

export interface IO {
	/** The machine's clock, which tabs share and which may be set: the clock of sessions. */
	wall(): number
	/** 0 to 1, without 1. */
	random(): number
	/** Undefined where the browser has none; throws where it keeps it shut. */
	storage(): Store | undefined
	fetch: typeof fetch | undefined
	alone: Alone | undefined
	later(fn: () => void, ms: number): unknown
	cancel(timer: unknown): void
	/** Told when the network is back; returns what ends that. */
	online(fn: () => void): () => void
	/** The address of the page, which a relative endpoint starts from. */
	base: string | undefined
	navigator: (Partial<Navigator> & { userAgentData?: UserAgentData }) | undefined
}

export interface UserAgentData {
	mobile?: boolean
	platform?: string
	brands?: readonly { brand: string; version: string }[]
}

/** The API of OpenTelemetry that the page has, whatever its version, as far as it is used here. */
interface HostContext {
	active(): { setValue(key: symbol, value: unknown): unknown }
	with<T>(context: unknown, fn: () => T): T
}

// The key under which OpenTelemetry JS, 1 to 3, keeps "no spans in here".
const SUPPRESS = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

/** A page with OpenTelemetry of its own must not trace the SDK's requests, nor write headers on them. */
function untraced<T>(fn: () => T): T {
	const api = (globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] as
		| { context?: HostContext }
		| undefined
	let ctx: unknown
	const context = api?.context
	try {
		ctx = context?.active().setValue(SUPPRESS, true)
	} catch {
		// An API that is not what it was: requests leave all the same.
	}
	return ctx ? (context as HostContext).with(ctx, fn) : fn()
}

/** Of a window; of none, nothing is stored and nothing leaves. */
export function browserIO(win: Env['win']): IO {
	const fetch = win?.fetch
	const locks = win?.navigator.locks
	return {
		wall: Date.now,
		random: Math.random,
		storage: () => win?.localStorage,
		fetch: fetch && ((input, init) => untraced(() => fetch.call(win, input, init))),
		alone:
			locks &&
			((name, fn) => locks.request(name, { ifAvailable: true }, (lock) => (lock ? fn() : undefined))),
		later: (fn, ms) => setTimeout(fn, ms),
		cancel: (timer) => clearTimeout(timer as number),
		online(fn) {
			win?.addEventListener('online', fn)
			return () => win?.removeEventListener('online', fn)
		},
		base: win?.location.href,
		navigator: win?.navigator,
	}
}
