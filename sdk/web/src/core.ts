/**
 * The core: which interactions are open, in which of them code runs, and what leaves. It is there before
 * `init` says where to: until then records wait, and while consent is pending.
 */
import { hostSpan, hostTraces } from './context'
import type { Env } from './env'
import { threshold } from './ids'
import { type Held, idOf, type Kept, openInteraction, RESUME } from './interaction'
import { guarded, OPEN, WAITING } from './limits'
import { createIdentity } from './session'
import { createShelf } from './storage'
import { createTransport } from './transport'
import type {
	AttributeValue,
	Host,
	Identity,
	InteractionOptions,
	LogRecord,
	Options,
	SpanContext,
	SpanRecord,
	Transport,
} from './types'

/** Interactions that go on after the page was left: not longer than a payment may reasonably take. */
const LIFE = 30 * 60_000

/** What takes the records from init on; tests bring their own. */
export interface Parts {
	identity_: Identity
	transport_: Transport
}

/** What plugins have, and what is for the SDK's own functions. */
export interface Core extends Host, Partial<Parts> {
	/** Once; what waited leaves. */
	start_(options: Options, make?: typeof real): void
	env_: Env
	/** After shutdown, and on a server: nothing is held and nothing leaves. */
	closed_: boolean
	heard_: Set<[event: string, callback: (value: never) => void]>
	offs_: ((() => void) | undefined)[]
	/** Oldest first. */
	opened_: Set<Held>
	/** Those inside of which code runs now, innermost last. */
	running_: Held[]
	/** Never throws: what does is told to debug. */
	attempt_<T>(fn: () => T): T | undefined
	/** How long the page could be seen so far, in ms. */
	seen_(): number
	/** The span that a new interaction begins in. */
	parent_(): SpanContext | undefined
	/** The tab's storage of interactions that go on. */
	keep_(id: string, kept: Kept): boolean
	take_(id: string): Kept | undefined
	forget_(): void
	/** What waited goes on. */
	release_(): void
}

const real = (env: Env, tell: Host['tell']): Parts => ({
	identity_: createIdentity(env),
	transport_: createTransport(env, tell),
})

export function createCore(env: Env): Core {
	const { win, now, hex, debug, options, until } = env
	const waiting: (SpanRecord | LogRecord)[] = []
	const heard: Core['heard_'] = new Set()
	const opened: Core['opened_'] = new Set()
	const running: Held[] = []
	// Only the same tab finds them.
	const shelf = createShelf<Kept>(env, 'sessionStorage', RESUME, LIFE)

	const attempt = <T>(fn: () => T) => guarded(fn, (error): undefined => void debug('felt', error))
	const all = (fn: (i: Held) => void) => {
		for (const i of [...opened]) attempt(() => fn(i))
	}
	/** The innermost that has not ended. */
	const inside = () => running.filter((i) => !i.outcome).pop()

	/** What may leave of it, by the page's word. */
	function redacted<T extends Record<string, AttributeValue> | undefined>(
		attributes: T,
		what: SpanRecord['what'],
	) {
		const { redact } = options
		return redact ? { ...attempt(() => redact({ ...attributes }, what)) } : attributes
	}

	/** A new trace, with its propagated flag. */
	function root() {
		const traceId = hex(32)
		const rv = attempt(() => core.identity_?.sampling().rv)
		// A page that traces by itself asks for its own traces, which must not become fewer inside of ours.
		const t = threshold(options.traceSampleRate ?? (hostTraces() ? 1 : 0.1))
		const sampled = !!t && (rv || traceId.slice(-14)) >= t
		return { traceId, sampled, state: sampled ? `ot=th:${t}${rv ? `;rv:${rv}` : ''}` : '' }
	}

	function create(name: string, o: InteractionOptions = {}): Held {
		const id = idOf(name, o)
		for (const i of id ? opened : []) if (i.id_ === id) return i
		const made = openInteraction(core, name, o, id ? core.take_(id) : undefined)
		if (!core.closed_) {
			if (opened.size >= OPEN) [...opened][0]!.cancel('too_many_open')
			opened.add(made)
		}
		return made
	}

	// How long the page could be seen: until `since`, and from then on unless it is hidden.
	const doc = win?.document
	let sum = 0
	let since = now()
	let hidden: boolean | undefined
	/** The open ones and what waits were told of this hide. */
	let told: boolean | undefined
	const seen = () => (hidden ? sum : sum + now() - since)
	const look = () => {
		sum = seen()
		since = now()
		hidden = doc?.visibilityState === 'hidden'
	}
	look()
	const turn = ({ type, persisted }: Pick<PageTransitionEvent, 'type' | 'persisted'>) => {
		const left = type === 'pagehide'
		look()
		if (left) all((i) => i.gone_())
		// Once per hide: a page that is left is hidden before or after.
		if (left || hidden) {
			if (!told) all((i) => i.hide_())
			attempt(() => core.transport_?.hide())
		}
		told = left || hidden
		// As the browser's cache of pages has it.
		if (persisted && !left) all((i) => i.back_())
	}
	doc?.addEventListener('visibilitychange', turn as never, until)
	win?.addEventListener('pagehide', turn, until)
	win?.addEventListener('pageshow', turn, until)

	const core: Core = {
		options,
		debug,
		now,
		env_: env,
		closed_: !win,
		heard_: heard,
		offs_: [],
		opened_: opened,
		running_: running,
		attempt_: attempt,
		seen_: seen,
		current: inside,
		open: () => [...opened],
		create: (name, o) => attempt(() => create(name, o)) || create('unnamed'),
		child: (parent) => ({ ...(parent || root()), spanId: hex(16) }),
		parent_: () => hostSpan() || inside()?.context,
		guard:
			(fn) =>
			(...args) =>
				attempt(() => fn(...args)),
		tell(event, value) {
			for (const [on, fn] of heard) if (on === event) attempt(() => fn(value as never))
		},
		emit(record) {
			const { identity_, transport_ } = core
			if (core.closed_) return
			if (transport_ && options.consent !== 'pending')
				attempt(() => {
					const { rv, th, sent } = identity_!.sampling()
					if (!sent) return
					// Each record is made once and leaves once: written on, not copied, which would cost more than the rest.
					record.attributes = redacted(Object.assign(identity_!.attributes(), record.attributes), record.what)
					record.traceState = rv && `ot=th:${th};rv:${rv}`
					for (const e of (record as SpanRecord).events || []) e.attributes = redacted(e.attributes, 'event')
					transport_.add(record)
				})
			else if (waiting.push(record) > WAITING) {
				waiting.shift()
				core.tell('delivery', { ok: false, status: 0, records: 1, lost: 1 })
			}
		},
		release_() {
			for (const record of waiting.splice(0)) core.emit(record)
		},
		keep_: shelf.put_,
		take_: shelf.take_,
		forget_: shelf.clear_,
		start_(given, make = real) {
			attempt(() => {
				if (core.transport_ || core.closed_) return
				// What was said before init goes on.
				Object.assign(options, { consent: 'granted', ...given, ...options })
				shelf.clear_()
				Object.assign(core, make(env, core.tell))
				core.release_()
				for (const plugin of options.plugins || []) core.offs_.push(attempt(() => plugin(core)))
			})
		},
	}
	return core
}
