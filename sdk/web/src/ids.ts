/** Random ids, and decisions that everybody who knows an id takes alike. */

/** Random lower-case hex digits, an even number of them. */
export function hex(digits: number): string {
	let text = ''
	for (const byte of crypto.getRandomValues(new Uint8Array(digits / 2)))
		text += (byte + 256).toString(16).slice(1)
	return text
}

/**
 * What the randomness of those that are taken reaches, compared as text: OpenTelemetry's rejection threshold,
 * the first 28 of its 56 bits, as hex digits without the zeros at their end, as `th` has it. Undefined: none is taken. No number counts as none.
 */
export function threshold(rate: number): string | undefined {
	if (rate > 0) {
		const t = Math.min(Math.max(1 - rate, 0) * 2 ** 28, 2 ** 28 - 1)
		return Math.round(t).toString(16).padStart(7, '0').replace(/0+$/, '') || '0'
	}
}
