/**
 * Milliseconds since 1970 that never go back within one page: the machine's clock is read once, and from
 * then on the time that has passed is added. What is wrong with the machine's clock is told to the server
 * by `felt.sent_at`, which comes from here too.
 */
export function clock(): () => number {
	const perf = globalThis.performance
	const zero = Date.now() - (perf ? perf.now() : 0)
	let last = zero
	if (perf) return () => zero + perf.now()
	return () => {
		last = Math.max(last, Date.now())
		return last
	}
}
