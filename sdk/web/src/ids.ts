/** Random ids, and decisions that everybody who knows an id takes alike. */

/** Random lower-case hex digits, so many of them. */
export function hex(digits: number): string {
	return crypto
		.getRandomValues(new Uint8Array(digits))
		.reduce((text, byte) => text + (byte & 15).toString(16), '')
}

/**
 * What the randomness of those that are taken reaches, compared as text: OpenTelemetry's rejection threshold,
 * the first 28 of its 56 bits, as hex digits without the zeros at their end, as `th` has it. Undefined: none is taken. No number counts as none.
 */
export function threshold(rate: number): string | undefined {
	if (rate > 0)
		// "0.e6666…"; never quite 1, which would be written without a point.
		return (
			Math.max(1 - Math.max(rate, 1e-9), 0)
				.toString(16)
				.slice(2, 9)
				.replace(/0+$/, '') || '0'
		)
}
