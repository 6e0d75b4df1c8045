/**
 * Interactions that go on after the page was left: to a bank and back. They lie in sessionStorage, so that
 * only the same tab finds them, and not longer than a payment may reasonably take.
 */
import type { Env } from './env'
import { createStore } from './storage'

const KEY = 'felt.resume.'
const LIFE = 30 * 60_000

export interface Shelf<T> {
	/** False: it could not be kept. */
	keep_(id: string, kept: T): boolean
	/** Takes it off, if it is there and not too old. */
	take_(id: string): T | undefined
	clear_(): void
}

export function createShelf<T>(env: Env): Shelf<T> {
	const { now } = env
	const store = createStore(env, 'sessionStorage')
	return {
		keep_: (id, kept) =>
			!!store((s) => {
				s.setItem(KEY + id, JSON.stringify([now(), kept]))
				return true
			}),
		take_: (id) =>
			store((s) => {
				const [at, kept] = JSON.parse(s.getItem(KEY + id)!)
				s.removeItem(KEY + id)
				if (Math.abs(now() - at) < LIFE) return kept
			}),
		clear_: () =>
			store((s) => {
				for (const key of Object.keys(s)) if (key.startsWith(KEY)) s.removeItem(key)
			}),
	}
}
