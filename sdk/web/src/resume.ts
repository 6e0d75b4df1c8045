/**
 * Interactions that go on after the page was left: to a bank and back. They lie in sessionStorage, so that
 * only the same tab finds them, and not longer than a payment may reasonably take.
 */

import type { Traced } from './context'
import type { Env } from './env'
import type { AttributeValue, SpanRecord } from './types'

const KEY = 'felt.resume'
const LIFE = 30 * 60_000
const MOST = 16

/** A step that went wrong: its name, how bad (0 required and failed, 1 optional and failed, 2 degraded), its reason. */
export type Bad = readonly [string, number, string]

/** An open interaction as text has it. Short names: it is stored. */
export interface Kept {
	/** Its ids, and its parent's. */
	c: Traced
	p?: string
	/** Begun; last kept; could be seen, in ms. */
	b: number
	d: number
	v: number
	/** Retries, path of the page, attributes, events. */
	r: number
	u?: string
	a: Record<string, AttributeValue>
	e: NonNullable<SpanRecord['events']>
	f: readonly Bad[]
	/** Tries of each step, and the steps that are open: name, optional, span id, begun, attributes. */
	n: [string, number][]
	o: [string, boolean, string, number, Record<string, AttributeValue>, string | undefined][]
}

export interface Shelf {
	/** False: it could not be kept. */
	keep(id: string, kept: Kept): boolean
	/** Takes it off, if it is there and not too old. */
	take(id: string): Kept | undefined
}

export function createShelf({ win, now }: Env): Shelf {
	/** Everything that is still good; throws where storage is blocked. */
	const read = (): [string, Kept][] => {
		const list = JSON.parse(win!.sessionStorage.getItem(KEY) || '[]')
		return list.filter(
			(e: [string, Kept]) => Math.abs(now() - e[1].d) < LIFE && e[1].c.traceId && e[1].c.spanId,
		)
	}
	const write = (list: [string, Kept][]) =>
		list[0]
			? win!.sessionStorage.setItem(KEY, JSON.stringify(list.slice(-MOST)))
			: win!.sessionStorage.removeItem(KEY)
	const attempt = <T>(fn: () => T): T | undefined => {
		try {
			return fn()
		} catch {
			// Blocked, full, or not what was written.
		}
	}
	return {
		keep: (id, kept) =>
			!!attempt(() => {
				write([...(attempt(read) || []).filter((e) => e[0] !== id), [id, kept]])
				return true
			}),
		take: (id) =>
			attempt(() => {
				const list = read()
				const found = list.find((e) => e[0] === id)
				if (found) write(list.filter((e) => e !== found))
				return found?.[1]
			}),
	}
}
