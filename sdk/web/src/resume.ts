/**
 * Interactions that go on after the page was left: to a bank and back. They lie in sessionStorage, so that
 * only the same tab finds them, and not longer than a payment may reasonably take.
 */
import type { Env } from './env'
import { createStore } from './storage'

const KEY = 'felt.resume'
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
	const read = () =>
		store((s) => {
			const all: { [id: string]: [number, T] } = JSON.parse(s.getItem(KEY)!)
			for (const id in all) if (!(Math.abs(now() - all[id]![0]) < LIFE)) delete all[id]
			return all
		})
	const write = (all: object) =>
		store((s) => {
			s.setItem(KEY, JSON.stringify(all))
			return true
		})
	return {
		keep_: (id, kept) => !!write({ ...read(), [id]: [now(), kept] }),
		take_(id) {
			const { [id]: found, ...rest } = read() || {}
			if (found) write(rest)
			return found?.[1]
		},
		clear_: () => store((s) => s.removeItem(KEY)),
	}
}
