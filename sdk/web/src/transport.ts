/**
 * Takes records to the endpoint, or says that they are lost.
 *
 * What comes is encoded at once and waits for others, 10 s or until there are 30 KB; failures leave at once.
 * Every request is a fetch with keepalive, so that one that is under way survives the page; browsers allow
 * 64 KB of these in flight, so at most 60,000 bytes and 9 requests are. What is refused for now is kept, and
 * nothing else is tried before the time that the server named. See the README for all limits.
 */
import type { Env } from './env'
import { browserIO, type IO } from './io'
import { type Batch, createOffline } from './offline'
import { body, encode, resource } from './otlp'
import type { SessionIdentity } from './session'
import type { Consent, Delivery, LogRecord, Options, SpanRecord, Transport } from './types'

type AnyRecord = SpanRecord | LogRecord

const BATCH_MS = 10_000
/** Two urgent requests are so far apart at least. */
const URGENT_MS = 250
/** A queue of this size leaves early; a request is no bigger unless one record is. */
const EARLY = 30_000
/** In flight at one time. */
const MOST_BYTES = 60_000
const MOST_REQUESTS = 9
/** Waiting in memory: the oldest go first. */
const MOST_WAITING = 512 * 1024
/** Held while consent is pending. */
const MOST_HELD = 500
/** After init, for what earlier pages left. */
const DRAIN_MS = 2000
const TIMEOUT_MS = 10_000
const FIRST_RETRY_MS = 1000
const LAST_RETRY_MS = 60_000
/** A server may ask for more; it is asked again after an hour. */
const LONGEST_RETRY_MS = 3600_000

/** Tells the SDK's own requests from the page's. */
export function isOwn(options: Options, base: string | undefined): (url: string) => boolean {
	const full = (url: string) => new URL(url, base).href.replace(/[?#].*/, '')
	let own: string[] = []
	try {
		own = ['traces', 'logs'].map((kind) => full(address(options, kind)))
	} catch {
		// Not an address: nothing will be sent to it either.
	}
	return (url) => {
		try {
			return own.includes(full(url))
		} catch {
			return false
		}
	}
}

const address = (options: Options, kind: string) => `${options.endpoint.replace(/\/+$/, '')}/v1/${kind}`

/** Milliseconds that a Retry-After asks for, in seconds or as a date; undefined when it asks for none. */
export function retryAfter(value: string | null | undefined, now: number): number | undefined {
	if (!value?.trim()) return
	const seconds = Number(value)
	const ms = Number.isNaN(seconds) ? Date.parse(value) - now : seconds * 1000
	return ms >= 0 ? Math.min(ms, LONGEST_RETRY_MS) : Number.isNaN(ms) ? undefined : 0
}

/** In a request, with its comma. */
const bytesOf = (text: string) => new TextEncoder().encode(text).length + 1

export function createTransport(
	options: Options,
	env: Env,
	tell: (delivery: Delivery) => void,
	settle: SessionIdentity['settle'] = (record) => record,
	io: IO = browserIO(env.win),
): Transport {
	let consent: Consent = options.consent || 'granted'
	let closed = false
	/** Records that wait for consent. */
	let held: AnyRecord[] = []
	/** Batches that are being filled: spans, then logs. */
	const fresh: (Batch | undefined)[] = []
	/** Batches that wait for room or for the time to try again, and their bytes. */
	let ready: Batch[] = []
	let waiting = 0
	let requests = 0
	let flying = 0
	let draining = false
	/** Nothing is sent before. `asked`: because the server said so. */
	let blocked = 0
	let asked = false
	let failures = 0
	/** When a request last began: urgent ones keep a distance. */
	let urgent = 0
	let timer: unknown
	let due = 0
	/** Told when nothing is in flight and nothing can be. */
	const idle: (() => void)[] = []

	const res = resource(options, io)
	// Brackets, the scope and felt.sent_at.
	const overhead = bytesOf(res) + 300
	const headers: Record<string, string> = { 'content-type': 'application/json' }
	if (options.key) headers.authorization = `Bearer ${options.key}`

	const say = (ok: boolean, status: number, records: number, lost: number, retryInMs?: number) =>
		tell({ ok, status, records, lost, retryInMs })
	const gone = (records: number) => say(false, 0, records, records)
	const offline = createOffline(options.app, io, gone)

	function schedule(ms: number) {
		const at = Math.max(env.now() + ms, blocked)
		if (timer && due <= at) return
		io.cancel(timer)
		due = at
		timer = io.later(
			() => {
				timer = undefined
				send()
				drain()
			},
			Math.max(0, at - env.now()),
		)
	}

	function add(record: AnyRecord) {
		if (closed || !io.fetch) return
		if (consent === 'pending') {
			if (held.push(record) > MOST_HELD) {
				held.shift()
				gone(1)
			}
			return
		}
		const text = encode(record)
		const size = bytesOf(text)
		if (size + overhead > MOST_BYTES) return gone(1)
		const kind = record.type === 'log' ? 1 : 0
		let batch = fresh[kind]
		if (batch && batch.bytes + size > EARLY) {
			queue(batch)
			batch = undefined
		}
		if (!batch)
			fresh[kind] = batch = { log: !!kind, resource: res, records: [], bytes: overhead, at: io.wall() }
		batch.records.push(text)
		batch.bytes += size
		if (record.urgent) schedule(Math.max(0, urgent + URGENT_MS - env.now()))
		else schedule(ready.length || batch.bytes >= EARLY ? 0 : (options.batchMs ?? BATCH_MS))
	}

	/** Last comes last; what was tried before is tried first. Too much: the oldest are lost. */
	function queue(batch: Batch, again?: boolean) {
		waiting += batch.bytes
		if (again) ready.unshift(batch)
		else ready.push(batch)
		while (waiting > MOST_WAITING) gone(next().records.length)
	}

	function next(): Batch {
		const batch = ready.shift() as Batch
		waiting -= batch.bytes
		return batch
	}

	const free = () => env.now() >= blocked && !!io.fetch

	/** Sends what may be sent. */
	function send() {
		for (const batch of fresh.splice(0)) if (batch) queue(batch)
		while (ready.length && free() && requests < MOST_REQUESTS) {
			if (flying && flying + (ready[0] as Batch).bytes > MOST_BYTES) break
			urgent = env.now()
			post(next())
		}
		if (ready.length && !free()) schedule(0)
		if (!requests) for (const done of idle.splice(0)) done()
	}

	/** One request, to its end. True: it was taken. */
	async function post(batch: Batch): Promise<boolean> {
		requests++
		flying += batch.bytes
		const answer = await request(batch)
		requests--
		flying -= batch.bytes
		const ok = judge(batch, answer)
		send()
		if (ok) drain()
		return ok
	}

	/** Never rejects, and always ends: a server that hangs is one that cannot be reached. */
	async function request(batch: Batch): Promise<Answer> {
		const stop = new AbortController()
		let timeout: unknown
		let answer: Answer = { status: 0 }
		const late = new Promise<Answer>((resolve) => {
			timeout = io.later(() => {
				stop.abort()
				// Where only the end of the answer is missing, it says what became of the batch.
				resolve(answer)
			}, TIMEOUT_MS)
		})
		const exchange = async (): Promise<Answer> => {
			const response = await (io.fetch as typeof fetch)(address(options, batch.log ? 'logs' : 'traces'), {
				method: 'POST',
				headers,
				body: body(batch.log, batch.resource, batch.records, env.now()),
				keepalive: true,
				credentials: 'omit',
				cache: 'no-store',
				referrerPolicy: 'origin',
				signal: stop.signal,
			})
			answer = {
				status: response.status,
				wait: retryAfter(response.headers.get('retry-after'), io.wall()),
			}
			// Read to its end, so that the connection is free again.
			return { ...answer, lost: rejected(await response.text()) }
		}
		try {
			return await Promise.race([exchange(), late])
		} catch (error) {
			env.debug('felt: not sent', error)
			return answer
		} finally {
			io.cancel(timeout)
		}
	}

	/** What an answer means for the batch. */
	function judge(batch: Batch, { status, wait, lost }: Answer): boolean {
		const n = batch.records.length
		if (status >= 200 && status < 300) {
			failures = 0
			say(true, status, n, Math.min(n, lost || 0))
			return true
		}
		if (status === 413 && n > 1) {
			const half = (records: string[]) => {
				const bytes = records.reduce((sum, text) => sum + bytesOf(text), overhead)
				queue({ ...batch, records, bytes }, true)
			}
			half(batch.records.slice(n >> 1))
			half(batch.records.slice(0, n >> 1))
			say(false, status, n, 0, 0)
		} else if (!status || status === 429 || (status > 501 && status < 505)) {
			// Those that fail together are one failure.
			if (free()) failures++
			const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1))
			// Not all browsers at once: a part of a second or more after what the server asked, or half of the
			// backoff and a part of the other half.
			const ms = wait === undefined ? backoff * (0.5 + io.random() / 2) : wait + io.random() * FIRST_RETRY_MS
			asked = wait !== undefined
			blocked = Math.max(blocked, env.now() + ms)
			queue(batch, true)
			schedule(0)
			say(false, status, n, 0, Math.round(ms))
		} else say(false, status, n, n)
		return false
	}

	/** Sends what earlier pages left, one after the other, from one tab at a time. */
	function drain(): Promise<void> | undefined {
		if (draining || consent !== 'granted' || !free() || closed) return
		draining = true
		const run = async () => {
			while (free() && consent === 'granted' && !closed && flying <= EARLY) {
				const batch = offline.take()
				if (!batch || !(await post(batch))) break
			}
		}
		const end = (error?: unknown) => {
			draining = false
			if (error) env.debug('felt: stored records wait', error)
		}
		return Promise.resolve(io.alone ? io.alone('felt.queue', run) : run()).then(() => end(), end)
	}

	/** What cannot leave now is stored, as far as it may be and there is room. */
	function store() {
		if (consent !== 'granted') return
		ready = ready.filter((batch) => {
			const kept = offline.put(batch)
			if (kept) waiting -= batch.bytes
			return !kept
		})
	}

	function hide() {
		if (consent === 'pending') return
		send()
		store()
	}

	async function flush() {
		await new Promise<void>((resolve) => {
			idle.push(resolve)
			send()
		})
		await drain()
	}

	const offOnline = io.online(() => {
		if (closed) return
		// That the network was away is over; what the server asked for is not.
		if (!asked) blocked = failures = 0
		send()
		drain()
	})

	if (consent === 'denied') offline.clear()
	// Not while the page is being built.
	else schedule(DRAIN_MS)

	return {
		add,
		flush,
		hide,
		setConsent(to) {
			consent = to
			if (to === 'pending') return
			if (to === 'denied') offline.clear()
			for (const record of held.splice(0)) {
				const settled = settle(record)
				if (settled) add(settled)
			}
			drain()
		},
		async close() {
			if (closed) return
			closed = true
			offOnline()
			await flush()
			io.cancel(timer)
			store()
			const left = ready.reduce((sum, batch) => sum + batch.records.length, held.length)
			if (left) gone(left)
			ready = []
			held = []
		},
	}
}

interface Answer {
	status: number
	wait?: number
	lost?: number
}

/** How many records an answer of 200 says that it did not take. */
function rejected(text: string): number {
	try {
		const part = JSON.parse(text)?.partialSuccess
		return Number(part?.rejectedSpans || part?.rejectedLogRecords) || 0
	} catch {
		return 0
	}
}
