/**
 * Milliseconds since 1970 that never go back within one page: the machine's clock is read once, and from
 * then on the time that has passed is added. What is wrong with the machine's clock is told to the server
 * by `felt.sent_at`, which comes from here too.
 */
export function clock(): () => number {
	const zero = Date.now() - performance.now()
	return () => zero + performance.now()
}
