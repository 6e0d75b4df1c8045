/** How a try ended for the customer: what is known of it in, a verdict out. Pure, and the only place that decides. */
import type { ErrorClass, InteractionOptions, Outcome } from './types'

/** The outcome, and a short word that groups. */
export type Verdict = readonly [Outcome, string?]

/** A step that went wrong: its name, whether it worked all the same, what it makes of its interaction. */
export type Bad = readonly [string, boolean, Verdict]

export const DONE: Verdict = ['success']
export const TIMEOUT: Verdict = ['failed', 'timeout']

/**
 * The end that nobody named: `complete()`, or the page or the route was left. The first rule that holds.
 * `seen` is how long the page could be seen meanwhile; `retried`: it failed before and was tried again.
 */
export function decide(
	{ degradedMs, failedMs }: InteractionOptions,
	late: boolean,
	seen: number,
	bad: readonly Bad[],
	retried: unknown,
	leave?: string,
): Verdict {
	const all = bad.map((b) => b[2])
	const failed = all.find((v) => v[0] === 'failed')
	if (late) return TIMEOUT
	if (failed) return failed
	const slow = seen > degradedMs!
	if (leave) return ['abandoned', (slow ? 'slow_' : retried ? 'after_failure_' : '') + leave]
	if (all[0]) return all[0]
	if (seen > failedMs!) return ['failed', 'too_slow']
	return slow ? ['degraded', 'slow'] : retried ? ['degraded', 'retried'] : DONE
}

/** What was thrown, by its name and the page's own class of it; `late`: what was aborted was too late. */
export function classify(name: string, known: ErrorClass | undefined, late: boolean): Verdict {
	const outcome = known?.outcome
	if (outcome) return [outcome === 'expected' ? 'success' : outcome, known.reason || name]
	if (name === 'AbortError' && !late) return ['cancelled', 'aborted']
	return /^(Abort|Timeout)Error$/.test(name) ? TIMEOUT : ['failed', name]
}
