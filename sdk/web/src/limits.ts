/** What one page can make of the SDK's memory, whatever it does. Values are cut where they become text (otlp.ts). */
import type { Attributes, AttributeValue } from './types'

/** Open interactions; one more ends the oldest as cancelled, reason `too_many_open`. */
export const OPEN = 1000
/** Steps of an interaction, events and attributes of a span. What is over is left out. */
export const STEPS = 64
export const EVENTS = 32
export const ATTRIBUTES = 64
/** Records that wait for init. */
export const WAITING = 500

/** Names, keys and reasons, cut: they are also headers. */
export function text(value: unknown, most = 256): string {
	try {
		return `${value}`.slice(0, most)
	} catch {
		return ''
	}
}

/** Puts attributes on what is there, as far as there is room; what is undefined is left out. */
export function put(to: Record<string, AttributeValue>, from?: Attributes) {
	try {
		for (const key in from)
			if (from[key] != null && (key in to || Object.keys(to).length < ATTRIBUTES)) to[key] = from[key]
	} catch {
		// A getter of the page failed: what was read before stays.
	}
	return to
}
