/** What one page can make of the SDK's memory, whatever it does. */
import type { Attributes, AttributeValue } from './types'

/** Open interactions; one more ends the oldest as cancelled, reason `too_many_open`. */
export const OPEN = 1000
/** Steps of an interaction, events and attributes of a span. What is over is left out. */
export const STEPS = 64
export const EVENTS = 32
export const ATTRIBUTES = 64
/** Characters of a value, and of names, keys and reasons. */
export const VALUE = 1024
export const NAME = 256
/** Records that wait for init. */
export const WAITING = 500

export function text(value: unknown, room = NAME): string {
	try {
		return String(value).slice(0, room)
	} catch {
		return ''
	}
}

/** Puts attributes on what is there, as far as there is room; undefined values are left out. */
export function put(to: Record<string, AttributeValue>, from: Attributes | undefined) {
	try {
		let room = ATTRIBUTES - Object.keys(to).length
		for (const key of Object.keys(from || {})) {
			let value = from![key] as AttributeValue
			if (typeof value === 'string') value = value.slice(0, VALUE)
			else if (Array.isArray(value))
				value = value
					.slice(0, ATTRIBUTES)
					.map((v) => (typeof v === 'string' ? v.slice(0, VALUE / 16) : v)) as string[]
			if (value != null && (key in to || room-- > 0)) to[key.slice(0, NAME)] = value
		}
	} catch {
		// A getter of the page failed: what was read before stays.
	}
	return to
}
