/** A storage of the page, which may be absent, full, blocked, or taken away at any time: then undefined. */
import type { Env } from './env'
import { guarded } from './limits'

export type Store = <T>(fn: (storage: Storage) => T) => T | undefined

export const createStore =
	({ win }: Env, which: 'localStorage' | 'sessionStorage' = 'localStorage'): Store =>
	(fn) =>
		// Only touching it throws where cookies are blocked or the frame is sandboxed.
		guarded(() => fn(win![which]))
