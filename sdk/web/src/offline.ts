/**
 * What could not be sent waits here across pages, in localStorage: one key per batch, so that tabs never
 * overwrite each other's. The oldest goes out first, and goes away first when there is too much.
 */
import type { IO } from './io'

/** Records of one kind and one resource: a request without the time at which it is sent. */
export interface Batch {
	log: boolean
	resource: string
	records: string[]
	/** Of all of it as UTF-8. */
	bytes: number
	/** When it was begun, Unix ms. */
	at: number
}

export interface Offline {
	/** False: it is not stored, and still the caller's. */
	put(batch: Batch): boolean
	/** The oldest, which is the caller's from now on. */
	take(): Batch | undefined
	clear(): void
}

/** Of localStorage's usual 5 MB, which are the page's, this is what may be taken. */
const MOST_CHARACTERS = 256 * 1024
/** Felt does not take what is older than a day. */
const OLDEST = 24 * 3600_000

export function createOffline(app: string, io: IO, lost: (records: number) => void): Offline {
	const prefix = `felt.queue.${app}.`
	let count = 0

	/** Keys, oldest first: a key begins with the time, whose length will not change before 2059. */
	function keys(): string[] {
		const store = io.storage()
		const found = []
		for (let i = 0; store && i < store.length; i++) {
			const key = store.key(i)
			if (key?.startsWith(prefix)) found.push(key)
		}
		return found.sort()
	}

	/** Reads and removes. What is not readable, or too old, is gone. */
	function remove(key: string): Batch | undefined {
		const text = io.storage()?.getItem(key)
		io.storage()?.removeItem(key)
		try {
			const batch = JSON.parse(text || '')
			if (!Array.isArray(batch.records) || !(batch.bytes > 0)) return
			if (io.wall() - batch.at < OLDEST) return batch
			lost(batch.records.length)
		} catch {
			// Somebody else wrote it, or half of it was written.
		}
	}

	return {
		put(batch) {
			try {
				const store = io.storage()
				if (!store) return false
				const value = JSON.stringify(batch)
				const all = keys()
				let size = value.length
				for (const key of all) size += store.getItem(key)?.length || 0
				while (size > MOST_CHARACTERS) {
					const key = all.shift()
					if (!key) return false
					size -= store.getItem(key)?.length || 0
					const old = remove(key)
					if (old) lost(old.records.length)
				}
				// The random part keeps tabs apart that store in the same millisecond.
				const order = (count++ % 1296).toString(36).padStart(2, '0')
				const key = `${prefix}${batch.at.toString(36)}.${order}${io.random().toString(36).slice(2, 6)}`
				store.setItem(key, value)
				return true
			} catch {
				return false
			}
		},
		take() {
			try {
				for (const key of keys()) {
					const batch = remove(key)
					if (batch) return batch
				}
			} catch {
				// Blocked: nothing was stored either.
			}
		},
		clear() {
			try {
				for (const key of keys()) io.storage()?.removeItem(key)
			} catch {
				// Blocked: nothing was stored either.
			}
		},
	}
}
