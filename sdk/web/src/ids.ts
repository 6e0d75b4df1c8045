/** Random ids, and decisions that everybody who knows an id takes alike. */

export function hex(digits: number): string {
	const bytes = new Uint8Array((digits + 1) >> 1)
	const source = globalThis.crypto
	if (source?.getRandomValues) source.getRandomValues(bytes)
	else for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256
	let text = ''
	for (const byte of bytes) text += (byte + 256).toString(16).slice(1)
	text = text.slice(0, digits)
	// W3C: an id of zeros is no id.
	return /[1-9a-f]/.test(text) ? text : hex(digits)
}

/**
 * The share of all that are taken, as the 56-bit number which the randomness of those reaches (OpenTelemetry's
 * rejection threshold), as 14 hex digits that compare as text. Undefined: none is taken.
 */
export function threshold(rate: number): string | undefined {
	const t = Math.round((1 - Math.min(rate, 1)) * 2 ** 56)
	return t < 2 ** 56 ? t.toString(16).padStart(14, '0') : undefined
}

/** As `th` of tracestate has it: without the zeros at its end. */
export const th = (t: string) => t.replace(/0+$/, '') || '0'
