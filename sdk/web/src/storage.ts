/** A storage of the page, which may be absent, full, blocked, or taken away at any time: then undefined. */
import type { Env } from './env'

export type Store = <T>(fn: (storage: Storage) => T) => T | undefined

export const createStore =
	({ win }: Env, which: 'localStorage' | 'sessionStorage' = 'localStorage'): Store =>
	(fn) => {
		try {
			// Only touching it throws where cookies are blocked or the frame is sandboxed.
			return fn(win![which])
		} catch {}
	}
