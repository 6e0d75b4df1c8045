/** What the core takes from the browser, in one place, so that tests can be without one. */
import { clock } from './clock'
import { hex } from './ids'

export interface Env {
	/** Undefined on a server: nothing is listened to, stored or sent. */
	win: (Window & typeof globalThis) | undefined
	/** Milliseconds since 1970, never going back within one page. */
	now(): number
	/** Random lower-case hex digits, never all zero. */
	hex(digits: number): string
	/** Guarded {@link Options.debug}. */
	debug(message: string, error?: unknown): void
}

export function createEnv(
	options: { debug?: Env['debug'] } = {},
	win: Env['win'] = globalThis.window as Env['win'],
): Env {
	return {
		win,
		now: clock(),
		hex,
		debug(message, error) {
			try {
				options.debug?.(message, error)
			} catch {
				// The page's own function failed: there is nobody left to tell.
			}
		},
	}
}
