/** What the core takes from the browser, in one place, so that tests can be without one. */
import { hex } from './ids'
import { guarded } from './limits'
import type { Options } from './types'

export interface Env {
	/** Empty until init. One object: what changes later changes here. */
	options: Options
	/** Undefined on a server: nothing is listened to, stored or sent. */
	win: (Window & typeof globalThis) | undefined
	/**
	 * Milliseconds since 1970 that never go back within one page: the machine's clock is read once, and from then
	 * on the time that has passed is added. What is wrong with the machine's clock is told to the server by
	 * `felt.sent_at`, which comes from here too.
	 */
	now(): number
	/** Random lower-case hex digits, never all zero. */
	hex(digits: number): string
	/** Its `signal` is the one option that takes listeners off again. */
	until: AbortController
	/** Guarded {@link Options.debug}. */
	debug(message: string, error?: unknown): void
}

export function createEnv(
	options: Partial<Options> = {},
	win: Env['win'] = globalThis.window as Env['win'],
): Env {
	const zero = Date.now() - performance.now()
	return {
		options: options as Options,
		win,
		now: () => zero + performance.now(),
		hex,
		until: new AbortController(),
		debug(message, error) {
			// Where the page's own function fails there is nobody left to tell.
			guarded(() => options.debug?.(message, error))
		},
	}
}
