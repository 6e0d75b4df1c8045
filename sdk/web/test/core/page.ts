/** A page without a browser: a window of events, a tab's storage, and a transport that only writes down. */
import { vi } from 'vitest'
import { createEnv, type Env } from '../../src/env'
import { createFelt } from '../../src/felt'
import type {
	AttributeValue,
	Ended,
	InteractionOptions,
	LogRecord,
	Options,
	SpanRecord,
} from '../../src/types'

export class Memory {
	readonly items = new Map<string, string>()
	full = false
	getItem = (key: string) => this.items.get(key) ?? null
	setItem = (key: string, value: string) => {
		if (this.full) throw new Error('QuotaExceededError')
		this.items.set(key, value)
	}
	removeItem = (key: string) => void this.items.delete(key)
}

export interface Setup {
	/** The tab: what a later page of it finds. */
	storage?: Memory
	options?: Partial<Options>
	path?: string
	sampling?: { rv: string | undefined; th: string | undefined; sent: boolean }
	/** Do not call start. */
	waits?: boolean
}

export function page(setup: Setup = {}) {
	const win = new EventTarget() as EventTarget & Record<string, unknown>
	const doc = new EventTarget() as EventTarget & { visibilityState: string }
	doc.visibilityState = 'visible'
	win.document = doc
	win.location = { pathname: setup.path ?? '/checkout', href: 'https://shop.example/checkout?card=1' }
	const storage = setup.storage ?? new Memory()
	// The keys of a Storage are properties of its own.
	win.sessionStorage = new Proxy(storage, {
		ownKeys: () => [...storage.items.keys()],
		getOwnPropertyDescriptor: (_, key) => ({
			value: storage.items.get(String(key)),
			enumerable: true,
			configurable: true,
		}),
	})
	win.setTimeout = (fn: () => void, ms: number) => setTimeout(fn, ms)
	win.clearTimeout = (id: number) => clearTimeout(id)

	const debugged: unknown[] = []
	const env: Env = createEnv({ debug: (m, e) => debugged.push(e ?? m) }, win as unknown as Env['win'])
	// Time that passes while the browser holds back all timers.
	let asleep = 0
	const awake = env.now
	env.now = () => awake() + asleep
	const records: (SpanRecord | LogRecord)[] = []
	const calls: string[] = []
	const starter = createFelt(env)
	const start = (more: Partial<Options> = {}) =>
		starter.start(
			{ endpoint: 'https://felt.example', app: 'shop', ...setup.options, ...more },
			({ options }) => ({
				identity_: {
					attributes: () => ({
						'session.id': 's1',
						...(options.user?.id ? { 'user.id': options.user.id } : {}),
					}),
					consent: () => calls.push('identity'),
					sampling: () => setup.sampling ?? { rv: undefined, th: '0', sent: true },
				},
				transport_: {
					add: (record) => records.push(record),
					flush: async () => void calls.push('flush'),
					hide: () => void calls.push('hide'),
					consent: () => void calls.push('transport'),
					close: async () => void calls.push('close'),
				},
			}),
		)
	const ended: Ended[] = []
	starter.felt.on('end', (e) => ended.push(e))
	if (!setup.waits) start()

	const see = (state: 'visible' | 'hidden') => {
		doc.visibilityState = state
		doc.dispatchEvent(new Event('visibilitychange'))
	}
	const turn = (name: 'pagehide' | 'pageshow', persisted: boolean) =>
		win.dispatchEvent(Object.assign(new Event(name), { persisted }))
	return {
		...starter,
		start,
		raw: starter.start,
		env,
		win,
		records,
		/** What lies on the shelf of the tab. */
		kept: () => [...storage.items.keys()],
		calls,
		ended,
		debugged,
		storage,
		open: (name: string, o?: InteractionOptions) => starter.felt.createCustomerInteraction(name, o),
		spans: () => records.filter((r): r is SpanRecord => r.type === 'span'),
		logs: () => records.filter((r): r is LogRecord => r.type === 'log'),
		/** The span of a name, the last one. */
		span: (name: string) =>
			records.filter((r): r is SpanRecord => r.type === 'span' && r.name === name).pop() as SpanRecord,
		/** As the routes plugin does. */
		navigated() {
			for (const i of starter.host.open()) if (i.options.abandonOnNavigation) i.leave('navigation')
		},
		hide: () => see('hidden'),
		show: () => see('visible'),
		/** As browsers do: the page is left, then hidden. */
		leave(persisted = false) {
			turn('pagehide', persisted)
			see('hidden')
		},
		back() {
			see('visible')
			turn('pageshow', true)
		},
		turn,
		sleep: (time: number) => {
			asleep += time
		},
	}
}

export type Page = ReturnType<typeof page>

export const verdict = (r: SpanRecord | undefined) =>
	r && [r.attributes['felt.interaction.outcome'], r.attributes['felt.interaction.reason']]

export const ms = (time: number) => vi.advanceTimersByTime(time)

export class Named extends Error {
	constructor(
		override name: string,
		message = 'what happened',
	) {
		super(message)
	}
}

export type { AttributeValue }
