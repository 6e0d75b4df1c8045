/** A storage of the page, which may be absent, full, blocked, or taken away at any time. */
import type { Env } from './env'
import { guarded } from './limits'

type Which = 'localStorage' | 'sessionStorage'

/** What fn returns; undefined where the storage fails, and where consent forbids it (`always`: what removes is not). */
export const createStore =
	({ win, options }: Env, which: Which) =>
	<T>(fn: (storage: Storage) => T, always?: boolean): T | undefined =>
		// Only touching it throws where cookies are blocked or the frame is sandboxed.
		guarded(() => (always || (options.consent || 'granted') === 'granted' ? fn(win![which]) : undefined))

/** Things that wait there for another page, as far as there is consent, each under a key of its own, so that tabs never overwrite each other's. */
export interface Shelf<T> {
	/** False: it could not be kept. `at` is when its life began, Unix ms. */
	put_(key: string, kept: T, at?: number): boolean
	/** Takes it off, if it is there and not too old. What is not readable is gone: somebody else wrote it. */
	take_(key: string): T | undefined
	/** In order. */
	keys_(always?: boolean): string[]
	/** When consent is denied. */
	clear_(): void
}

/** `life`, in ms; `late` is told of what was older. */
export function createShelf<T>(
	env: Env,
	which: Which,
	prefix: string,
	life: number,
	late?: (kept: T) => void,
): Shelf<T> {
	const store = createStore(env, which)
	const keys = (always?: boolean) =>
		store(
			(s) =>
				Object.keys(s)
					.filter((key) => key.startsWith(prefix))
					.sort(),
			always,
		) || []
	return {
		take_: (key) =>
			store((s): T | undefined => {
				const text = s.getItem(key)!
				s.removeItem(key)
				const [at, kept] = JSON.parse(text)
				if (Math.abs(Date.now() - at) < life) return kept
				late?.(kept)
			}),
		// Before init nobody has allowed it; what an earlier page kept was allowed.
		put_: (key, kept, at = Date.now()) =>
			!!env.options.consent &&
			!!store((s) => {
				s.setItem(key, JSON.stringify([at, kept]))
				return true
			}),
		keys_: keys,
		clear_() {
			for (const key of env.options.consent === 'denied' ? keys(true) : [])
				store((s) => s.removeItem(key), true)
		},
	}
}
