/**
 * What could not be sent waits here across pages, in localStorage: one key per batch, so that tabs never
 * overwrite each other's. The oldest goes out first, and goes away first when there is too much.
 */
import type { Env } from './env'
import { createStore } from './storage'

/** Records of one kind and one resource: a request without the time of sending. Short names: it is stored. */
export interface Batch {
	/** Log records, not spans. */
	l: boolean
	/** The resource's attributes, and the records, each as OTLP/JSON. */
	r: string
	s: string[]
	/** Bytes of all of it as UTF-8, or somewhat more. */
	b: number
	/** When it was begun, Unix ms. */
	t: number
}

/** An enum, because its numbers are put where they are used. */
export enum Keep {
	/** In memory, and in storage: a batch has 30 KB at most, unless one record is bigger. */
	BATCHES = 20,
	/** In ms: Felt does not take what is older than a day. */
	AGE = 86_400_000,
}

export function createOffline(app: string, env: Env, lost: (records: number) => void) {
	const store = createStore(env)
	const prefix = `felt.queue.${app}.`

	/** Oldest first: a key begins with the time, whose length will not change before 2059. */
	const keys = () =>
		store((s) =>
			Object.keys(s)
				.filter((key) => key.startsWith(prefix))
				.sort(),
		) || []

	/** The oldest, which is the caller's from now on. What is not readable is gone: somebody else wrote it. */
	function take(): Batch | undefined {
		for (const key of keys()) {
			const batch = store((s) => {
				const text = s.getItem(key) as string
				s.removeItem(key)
				const batch: Batch = JSON.parse(text)
				return batch.b > 0 && batch.s[0] ? batch : undefined
			})
			if (batch && Date.now() - batch.t < Keep.AGE) return batch
			if (batch) lost(batch.s.length)
		}
	}

	return {
		take,
		/** False: it is not stored, and still the caller's. */
		put(batch: Batch): boolean {
			// Counted once: storage that removes nothing must not hold the page.
			for (let n = keys().length; n >= Keep.BATCHES; n--) {
				const old = take()
				if (old) lost(old.s.length)
			}
			return !!store((s) => {
				// The random part keeps those apart that were begun in the same millisecond.
				s.setItem(prefix + batch.t.toString(36) + env.hex(8), JSON.stringify(batch))
				return true
			})
		},
		clear() {
			for (const key of keys()) store((s) => s.removeItem(key))
		},
	}
}
