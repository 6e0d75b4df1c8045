/** How a try ended for the customer: what is known of it in, a verdict out. Pure, and the only place that decides. */
import type { ErrorClass, InteractionOptions, Outcome } from './types'

/** The outcome, and a short word that groups. */
export type Verdict = readonly [Outcome, string?]

export interface Facts {
	options: InteractionOptions
	/** Wall time, and the part of it in which the page could be seen, in ms. */
	wall: number
	seen: number
	/** Reasons of a required step, of an optional one, and of one that went the long way round. */
	failed?: string
	degraded?: string
	/** It failed before and is tried again. */
	retried: boolean
}

export const late = (facts: Facts) => facts.wall >= (facts.options.timeoutMs as number)

/** The end that nobody named: `complete()`, or the page or the route was left. The first rule that holds. */
export function decide(facts: Facts, leave?: string): Verdict {
	const { degradedMs, failedMs } = facts.options
	const over = (ms: number | undefined) => facts.seen > (ms as number)
	if (late(facts)) return ['failed', 'timeout']
	if (facts.failed) return ['failed', facts.failed]
	if (leave) return ['abandoned', (leave === 'shutdown' ? '' : left(facts)) + leave]
	if (facts.degraded) return ['degraded', facts.degraded]
	if (over(failedMs)) return ['failed', 'too_slow']
	if (over(degradedMs)) return ['degraded', 'slow']
	return facts.retried ? ['degraded', 'retried'] : ['success']
}

/** What a customer had seen before they left begins the reason: Felt tells from it how they left. */
export function left({ options, seen, retried }: Facts): string {
	return seen > (options.degradedMs as number) || seen > (options.failedMs as number)
		? 'slow_'
		: retried
			? 'after_failure_'
			: ''
}

/** The name of an error, whatever was thrown. */
export function nameOf(error: unknown): string {
	return (error as Error)?.name || 'Error'
}

/** What was thrown or given to `fail`: a reason as text, else an error. `timedOut`: what was aborted was too late. */
export function classify(error: unknown, known: ErrorClass | undefined, timedOut: boolean): Verdict {
	const name = nameOf(error)
	const to = known?.outcome
	const reason = known?.reason
	if (to)
		return [
			to === 'expected' ? 'success' : to === 'degraded' || to === 'cancelled' ? to : 'failed',
			reason || name,
		]
	if (name === 'TimeoutError' || (name === 'AbortError' && timedOut)) return ['failed', 'timeout']
	return name === 'AbortError' ? ['cancelled', 'aborted'] : ['failed', name]
}
