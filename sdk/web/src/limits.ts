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

/** Undefined where fn throws: what is done with values of the page, and of the browser, can. */
export function guarded<T>(fn: () => T): T | undefined {
	try {
		return fn()
	} catch {}
}

/** Names and keys, cut: they are also headers. */
export const text = (value: unknown, most = 256) => guarded(() => `${value}`.slice(0, most)) || ''

/** Puts attributes on what is there, as far as there is room; what is undefined is left out. */
export function put(to: Record<string, AttributeValue>, from?: Attributes) {
	// When a getter of the page fails, what was read before stays.
	guarded(() => {
		for (const key in from)
			if (from[key] != null && (key in to || Object.keys(to).length < ATTRIBUTES)) to[key] = from[key]
	})
	return to
}
