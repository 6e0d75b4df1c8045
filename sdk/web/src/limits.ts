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

/** What fn returns. Where it throws, as all can that has to do with values of the page, what `caught` makes of it. */
export function guarded<T, C = undefined>(fn: () => T, caught?: (error: unknown) => C): T | C {
	try {
		return fn()
	} catch (error) {
		return caught?.(error) as C
	}
}

/** Cut, and without halves of characters, which are no valid UTF-8. Names and keys are also headers: they are short. */
export const text = (value: unknown, most = 256) =>
	guarded(() => `${value}`.slice(0, most).replace(/\p{Cs}/gu, '')) || ''

/** Puts attributes on what is there, as far as there is room; what is undefined is left out. */
export function put(to: Record<string, AttributeValue>, from?: Attributes) {
	// When a getter of the page fails, what was read before stays.
	guarded(() => {
		for (const key in from)
			if (from[key] != null && (key in to || Object.keys(to).length < ATTRIBUTES)) to[key] = from[key]
	})
	return to
}
