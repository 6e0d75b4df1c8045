/**
 * Takes records to the endpoint, or says that they are lost.
 *
 * What comes is encoded at once and waits for others, 10 s or until there are 30 KB; failures leave at once.
 * Every request is a fetch with keepalive, so that one that is under way survives the page; browsers allow
 * 64 KB of these in flight, so at most 60,000 bytes and 9 requests are. What is refused for now is kept, and
 * nothing else is tried before the time that the server named. See the README for all limits.
 */
import { below, type Wrapped } from './context'
import type { Env } from './env'
import { type Batch, createOffline, Keep } from './offline'
import { body, encode, resource } from './otlp'
import type { Host, LogRecord, Options, SpanRecord, Transport } from './types'

/** Bytes and milliseconds. An enum, because its numbers are put where they are used. */
enum Limit {
	BATCH_MS = 10_000,
	/** Urgent requests are so far apart at least. */
	URGENT_MS = 250,
	/** A queue of this size leaves early; a request is no bigger unless one record is. */
	EARLY = 30_000,
	/** In flight at one time. */
	BYTES = 60_000,
	REQUESTS = 9,
	TIMEOUT_MS = 10_000,
	FIRST_RETRY_MS = 1000,
	LAST_RETRY_MS = 60_000,
	/** A server may ask for more; it is asked again after an hour. */
	LONGEST_WAIT_MS = 3600_000,
}

/** Where signals are taken, with a slash at its end. */
export const addressOf = ({ endpoint }: Options) => `${endpoint.replace(/(\/v1\/traces)?\/*$/, '')}/v1/`

/** Milliseconds that a Retry-After asks for, in seconds or as a date; 0 when it asks for none. */
export const retryAfter = (value: string | null) =>
	Math.min(
		Limit.LONGEST_WAIT_MS,
		Math.max(0, +value! * 1000 || Date.parse(value as string) - Date.now() || 0),
	)

/** In a request, with its comma. */
const bytesOf = (text: string) => new TextEncoder().encode(text).length + 1

export function createTransport(env: Env, tell: Host['tell']): Transport {
	// The core sends nothing where there is no window.
	const win = env.win as NonNullable<Env['win']>
	const { now, debug, options } = env
	// The one below all that OpenTelemetry and Sentry put around it, so that they do not trace the SDK's own
	// requests; nor does what is put around it later, such as the network plugin.
	let fetch = win.fetch as Fetch
	for (let n = 9; n--; ) fetch = below(fetch) || fetch
	/** Not in flight: the first leave first, and all are filled up until they do. */
	let ready: Batch[] = []
	const flights = new Set<Promise<unknown>>()
	let flying = 0
	/** Something waits for room. */
	let full = false
	/** Nothing is sent before; and whether that is so because the network was away. */
	let blocked = 0
	let away = false
	let failures = 0
	let last = 0
	let timer: number | undefined
	let due = Infinity

	const res = resource(env)
	// Brackets, the scope and felt.sent_at.
	const overhead = bytesOf(res) + 300

	const report = (records: number, lost = records, status = 0, ok = false, retryInMs?: number) =>
		tell('delivery', { ok, status, records, lost, retryInMs })
	const lose = (batch: Batch) => report(batch.s.length)
	const offline = createOffline(env, Limit.BYTES, lose)
	const free = () => now() >= blocked
	const size = () => ready.reduce((sum, b) => sum + b.b, 0)

	function schedule(ms: number) {
		// Too much: the oldest are lost.
		while (ready[Keep.BATCHES]) lose(ready.shift()!)
		const at = Math.max(now() + ms, blocked)
		if (at < due) {
			win.clearTimeout(timer)
			due = at
			timer = win.setTimeout(() => {
				due = Infinity
				send()
				drain()
			}, at - now())
		}
	}

	function add(record: SpanRecord | LogRecord) {
		const text = encode(record)
		const bytes = bytesOf(text)
		if (bytes + overhead > Limit.BYTES) return report(1)
		const l = record.type === 'log'
		let batch = ready.find((b) => b.l === l && b.r === res && b.b + bytes <= Limit.EARLY)
		if (!batch) {
			batch = { l, r: res, s: [], b: overhead, t: Date.now() }
			ready.push(batch)
		}
		batch.s.push(text)
		batch.b += bytes
		schedule(
			record.urgent
				? Math.max(0, last + Limit.URGENT_MS - now())
				: size() < Limit.EARLY
					? (options.batchMs ?? Limit.BATCH_MS)
					: 0,
		)
	}

	/** Sends what may be sent. */
	function send() {
		while (ready[0]) {
			if (!free()) return schedule(0)
			full = flights.size >= Limit.REQUESTS || flying + ready[0].b > Limit.BYTES
			if (full) return
			const flight: Promise<unknown> = post(ready.shift()!).then(() => flights.delete(flight))
			flights.add(flight)
		}
	}

	/** One request, to the end of it: a server that hangs is one that cannot be reached. Never rejects. */
	async function post(batch: Batch): Promise<void> {
		const { l, r, s } = batch
		const records = s.length
		const stop = new AbortController()
		const timeout = win.setTimeout(() => stop.abort(), Limit.TIMEOUT_MS)
		// Where only the end of an answer is missing, its beginning says what became of the batch.
		let ok = false
		let status = 0
		let wait = 0
		let lost = 0
		let retryInMs: number | undefined
		last = now()
		flying += batch.b
		try {
			const response = await fetch.call(win, addressOf(options) + (l ? 'logs' : 'traces'), {
				method: 'POST',
				headers: {
					'content-type': 'application/json',
					...(options.key && { authorization: `Bearer ${options.key}` }),
				},
				body: body(l, r, s, last),
				keepalive: true,
				credentials: 'omit',
				referrerPolicy: 'origin',
				signal: stop.signal,
			})
			;({ ok, status } = response)
			wait = retryAfter(response.headers.get('retry-after'))
			// Read to its end, so that the connection is free again.
			const rejected = /"rejected\w+":\s*"?(\d+)/.exec(await response.text())
			lost = Math.min(records, +(rejected?.[1] || 0))
		} catch (error) {
			debug('felt', error)
		}
		win.clearTimeout(timeout)
		flying -= batch.b

		if (ok) failures = 0
		else if (status === 413 && records > 1) {
			const rest = { ...batch, s: s.splice(records >> 1) }
			// What was tried before is tried first.
			ready.unshift(batch, rest)
			retryInMs = 0
		} else if (/^(0|429|50[234])$/.test(`${status}`)) {
			// Those that fail together are one failure.
			if (wait || free()) {
				const half = Math.min(Limit.LAST_RETRY_MS, Limit.FIRST_RETRY_MS * 2 ** failures++) / 2
				// Browsers do not come back all at once.
				const ms = (wait || half) + Math.random() * (wait ? Limit.FIRST_RETRY_MS : half)
				blocked = Math.max(blocked, now() + ms)
				away = !status
			}
			ready.unshift(batch)
			retryInMs = blocked - now()
		} else lost = records
		report(records, lost, status, ok, retryInMs)
		if (full || !ok) schedule(0)
		if (ok) await drain()
	}

	/** Sends the oldest that earlier pages left. What is taken is one tab's; when it arrived, the next follows. */
	async function drain() {
		const next = () => {
			const batch = free() && offline.take_()
			if (batch) {
				ready.unshift(batch)
				send()
			}
		}
		const { locks } = win.navigator
		try {
			await (locks ? locks.request('felt.queue', next) : next())
		} catch (error) {
			debug('felt', error)
		}
	}

	/** What may leave leaves; the rest is stored, as far as it may be and there is room. */
	function hide() {
		// Without a network it would be tried for nothing, and nobody is left to keep it.
		if (win.navigator.onLine) send()
		ready = ready.filter((batch) => !offline.put_(batch))
	}

	async function flush() {
		await drain()
		do {
			send()
			await Promise.all(flights)
		} while (flights.size || (ready[0] && free()))
	}

	function online() {
		// That the network was away is over; what the server asked for is not.
		if (away) blocked = 0
		schedule(0)
	}
	win.addEventListener('online', online, env.until)

	function consent() {
		offline.clear_()
		drain()
	}
	consent()

	return {
		add,
		flush,
		hide,
		consent,
		async close() {
			await flush()
			hide()
			win.clearTimeout(timer)
		},
	}
}

type Fetch = typeof fetch & Wrapped
