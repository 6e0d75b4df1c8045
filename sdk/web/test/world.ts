/** A browser without a browser: one clock, storage that can break, a server that answers as badly as real ones do. */
import { vi } from 'vitest'
import type { Env } from '../src/env'
import type { Delivery, Host, LogRecord, Options, SpanRecord } from '../src/types'

let randoms = 0
export const START = Date.UTC(2026, 10, 21, 12)

/** localStorage: its keys are its own, its methods are not. */
export function fakeStorage(): Storage & { writes: number; broken?: 'full' | 'blocked' } {
	const methods = {
		writes: 0,
		broken: undefined as 'full' | 'blocked' | undefined,
		getItem(key: string) {
			if (storage.broken === 'blocked') throw new DOMException('no', 'SecurityError')
			return key in { ...storage } ? storage[key] : null
		},
		setItem(key: string, value: string) {
			if (storage.broken) throw new DOMException('no', 'QuotaExceededError')
			methods.writes++
			storage[key] = String(value)
		},
		removeItem(key: string) {
			if (storage.broken === 'blocked') throw new DOMException('no', 'SecurityError')
			delete storage[key]
		},
	}
	const storage = Object.create(methods)
	// The counter and the switch are of the prototype, so that keys are only what was stored.
	Object.defineProperty(storage, 'broken', { writable: true, value: undefined, enumerable: false })
	return storage
}

export interface Request {
	url: string
	init: RequestInit
	at: number
	json: Payload
	/** Under way until it is answered or given up. */
	open: boolean
}

export interface Payload {
	resourceSpans?: { resource: { attributes: Pair[] }; scopeSpans: { spans: Wire[] }[] }[]
	resourceLogs?: { resource: { attributes: Pair[] }; scopeLogs: { logRecords: Wire[] }[] }[]
}
export interface Pair {
	key: string
	value: Record<string, unknown>
}
export type Wire = Record<string, unknown> & { name?: string; eventName?: string; attributes: Pair[] }

export type Reply =
	| { status: number; headers?: Record<string, string>; body?: string; after?: number; hangBody?: boolean }
	| 'hang'
	| 'network'
	| 'opaque'

export function world(storage: Storage = fakeStorage(), begin = START) {
	let now = begin
	let order = 0
	// Sessions and stored batches go by the machine's clock, everything else by the page's: here they agree.
	vi.useFakeTimers({ toFake: ['Date'], now })
	const set = (to: number) => {
		now = to
		vi.setSystemTime(to)
	}
	const timers = new Map<number, { at: number; fn: () => void; order: number }>()
	const requests: Request[] = []
	const deliveries: Delivery[] = []
	const debug: string[] = []
	const online = new Set<() => void>()
	let reply: (request: Request, n: number) => Reply = () => ({ status: 200, body: '{}' })

	const later = (fn: () => void, ms: number) => {
		timers.set(++order, { at: now + Math.max(0, ms), fn, order })
		return order
	}
	const settle = async () => {
		for (let i = 0; i < 40; i++) await Promise.resolve()
	}

	const fetch = (url: string, init: RequestInit) =>
		new Promise<unknown>((resolve, reject) => {
			const request: Request = { url, init, at: now, json: JSON.parse(init.body as string), open: true }
			requests.push(request)
			const signal = init.signal as AbortSignal
			const end = (fn: () => void) => () => {
				request.open = false
				fn()
			}
			signal.addEventListener(
				'abort',
				end(() => reject(new DOMException('aborted', 'AbortError'))),
			)
			const r = reply(request, requests.length)
			if (r === 'hang') return
			if (r === 'network') return end(() => reject(new TypeError('Failed to fetch')))()
			if (r === 'opaque')
				return end(() => resolve({ ok: false, status: 0, headers: new Headers(), text: async () => '' }))()
			const text = () =>
				r.hangBody
					? new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('aborted'))))
					: Promise.resolve(r.body ?? '')
			const answer = end(() =>
				resolve({
					ok: r.status > 199 && r.status < 300,
					status: r.status,
					headers: new Headers(r.headers),
					text,
				}),
			)
			if (r.after) later(answer, r.after)
			else answer()
		})

	const locks = {
		held: new Map<string, Promise<unknown>>(),
		/** One at a time, by name, as the browser's. */
		request(name: string, fn: () => unknown): Promise<unknown> {
			const mine = (locks.held.get(name) || Promise.resolve()).then(fn)
			locks.held.set(name, mine)
			return mine
		},
	}
	const navigator: Record<string, unknown> = {
		onLine: true,
		userAgent: 'Mozilla/5.0 (test)',
		language: 'de-AT',
		userAgentData: { mobile: false, platform: 'Linux', brands: [{ brand: 'Chromium', version: '156' }] },
	}
	const win = {
		fetch,
		setTimeout: later,
		clearTimeout: (timer: number) => timers.delete(timer),
		get localStorage() {
			if ((storage as { broken?: string }).broken === 'blocked') throw new DOMException('no', 'SecurityError')
			return storage
		},
		navigator,
		addEventListener(type: string, fn: () => void, { signal }: AddEventListenerOptions) {
			if (type === 'online') online.add(fn)
			signal?.addEventListener('abort', () => online.delete(fn))
		},
	}
	const env: Env = {
		options: options(),
		until: new AbortController(),
		win: win as unknown as Env['win'],
		now: () => now,
		hex: (digits) => ((++randoms).toString(16).padStart(8, '0') + 'c0ffee'.repeat(6)).slice(0, digits),
		debug: (message) => debug.push(message),
	}
	return {
		env,
		win,
		locks,
		storage: storage as Storage & { writes: number; broken?: 'full' | 'blocked' },
		requests,
		deliveries,
		debug,
		timers,
		online,
		tell: ((_, d) => deliveries.push(d as Delivery)) as Host['tell'],
		reply(fn: typeof reply) {
			reply = fn
		},
		now: () => now,
		/** Sets the machine's clock without letting time pass. */
		jump(ms: number) {
			set(now + ms)
		},
		settle,
		/** Lets time pass, timer by timer. */
		async pass(ms: number) {
			const end = now + ms
			await settle()
			for (;;) {
				const next = [...timers.entries()]
					.filter(([, t]) => t.at <= end)
					.sort((a, b) => a[1].at - b[1].at || a[1].order - b[1].order)[0]
				if (!next) break
				timers.delete(next[0])
				set(Math.max(now, next[1].at))
				next[1].fn()
				await settle()
			}
			set(end)
		},
	}
}

export const options = (more: Partial<Options> = {}): Options => ({
	endpoint: 'https://felt.example/otlp/',
	app: 'shop',
	release: '1.2.3',
	key: 'browser-key',
	consent: 'granted',
	...more,
})

let ids = 0
export function span(name: string, more: Partial<SpanRecord> = {}): SpanRecord {
	const id = (++ids).toString(16).padStart(16, '0')
	return {
		type: 'span',
		what: 'interaction',
		name,
		kind: 1,
		context: { traceId: `4bf92f3577b34da6${id}`, spanId: id, sampled: true },
		startMs: START - 1000,
		endMs: START,
		attributes: { 'felt.interaction.name': name },
		...more,
	}
}

export function log(name: string, more: Partial<LogRecord> = {}): LogRecord {
	return { type: 'log', what: 'event', name, severity: 9, timeMs: START, attributes: {}, ...more }
}

/** What a request carries, by name. */
export const names = (request: Request): string[] =>
	[
		...(request.json.resourceSpans?.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)) || []),
		...(request.json.resourceLogs?.flatMap((r) => r.scopeLogs.flatMap((s) => s.logRecords)) || []),
	].map((r) => (r.name || r.eventName) as string)

/** An attribute of a request's resource. */
export const resourceOf = (request: Request, key: string): unknown => {
	const list = (request.json.resourceSpans || request.json.resourceLogs)?.[0]?.resource.attributes
	const value = list?.find((a) => a.key === key)?.value
	return value && Object.values(value)[0]
}

export const bytes = (request: Request) => Buffer.byteLength(request.init.body as string)
