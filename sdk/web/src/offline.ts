/**
 * What could not be sent waits here across pages, in localStorage: one key per batch. The oldest goes out
 * first, and goes away first when there is too much.
 */
import type { Env } from './env'
import { createShelf } from './storage'

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

export function createOffline(env: Env, most: number, lose: (batch: Batch) => void) {
	// No app's is the beginning of another's.
	const prefix = `felt.queue.${encodeURIComponent(env.options.app)}/`
	const shelf = createShelf<Batch>(env, 'localStorage', prefix, Keep.AGE, lose)
	const read = (key: string) => {
		const batch = shelf.take_(key)
		return batch && batch.b <= most && batch.s[0] ? batch : undefined
	}
	return {
		/** The oldest, which is the caller's from now on. */
		take_(): Batch | undefined {
			// A key goes on with the time, whose length will not change before 2286.
			for (const key of shelf.keys_()) {
				const batch = read(key)
				if (batch) return batch
			}
		},
		/** False: it is not stored, and still the caller's. */
		put_(batch: Batch): boolean {
			for (const key of shelf.keys_().slice(0, 1 - Keep.BATCHES)) {
				const old = read(key)
				if (old) lose(old)
			}
			// The random part keeps those apart that were begun in the same millisecond.
			return shelf.put_(prefix + batch.t + env.hex(8), batch, batch.t)
		},
		clear_: shelf.clear_,
	}
}
