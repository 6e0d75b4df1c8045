/**
 * The core: which interactions are open, in which of them code runs, and what leaves. It is there before
 * `init` says where to: until then records wait.
 */
import { hostSpan, hostTraces } from './context'
import type { Env } from './env'
import { threshold } from './ids'
import { type Core, type Held, idOf, type Kept, openInteraction } from './interaction'
import { OPEN, WAITING } from './limits'
import { classify } from './outcome'
import { createShelf } from './resume'
import type {
	AttributeValue,
	Felt,
	Host,
	Identity,
	InteractionOptions,
	LogRecord,
	Options,
	SpanRecord,
	Transport,
} from './types'
import { watch } from './visibility'

type Emitted = SpanRecord | LogRecord

export type Dress = (record: Emitted) => Emitted | null

/** What `init` brings. */
export interface Parts {
	identity: Identity
	transport: Transport
	isOwn(url: string): boolean
}

export interface Starter {
	felt: Felt
	host: Host
	/** Once; what waited leaves. */
	start(
		options: Options,
		make: (options: Options, env: Env, tell: Core['tell_'], dress: Dress) => Parts,
	): void
}

export function createFelt(env: Env): Starter {
	const { win, now, hex, debug } = env
	let options = {} as Options
	let parts: Parts | undefined
	let closed = !win
	const heard = new Set<[event: string, callback: (value: never) => void]>()
	const offs: (() => void)[] = []
	const waiting: Emitted[] = []
	const opened = new Set<Held>()
	const running: Held[] = []
	const shelf = createShelf<Kept>(env)

	/** Never throws: what does is told to debug. */
	function attempt<T>(fn: () => T): T | undefined {
		try {
			return fn()
		} catch (error) {
			debug('felt: caught', error)
		}
	}

	const tell: Core['tell_'] = (event, value) => {
		for (const [on, fn] of heard) if (on === event) attempt(() => fn(value as never))
	}

	/** What may leave of it, by the page's word. */
	function redacted(attributes: Record<string, AttributeValue>, what: Emitted['what']) {
		const { redact } = options
		return redact ? { ...attempt(() => redact({ ...attributes }, what)) } : attributes
	}

	/** What the moment of leaving adds: who it is, the sampling, and the page's last word. Null: it does not leave. */
	const dress = (record: Emitted) =>
		attempt((): Emitted | null => {
			const { identity } = parts!
			const { rv, th, sent } = identity.sampling()
			if (!sent) return null
			// Each record is made once and leaves once: written on, not copied, which would cost more than the rest.
			record.attributes = redacted(Object.assign(identity.attributes(), record.attributes), record.what)
			record.traceState = th && `ot=th:${th};rv:${rv}`
			if (record.type === 'span')
				for (const e of record.events || []) e.attributes = redacted(e.attributes || {}, 'event')
			return record
		}) || null

	const emit = (record: Emitted) => {
		if (closed) return
		if (parts) attempt(() => parts!.transport.add(record))
		else if (waiting.push(record) > WAITING) waiting.shift()
	}

	/** The innermost that has not ended. */
	const inside = () => running.filter((i) => !i.outcome).pop()
	const mayKeep = () => (options.consent || 'granted') === 'granted'

	/** A new trace, with its propagated flag. */
	function root() {
		const traceId = hex(32)
		const s = attempt(() => parts?.identity.sampling())
		const rv = s?.th && s.rv
		// A page that traces by itself asks for its own traces, which must not become fewer inside of ours.
		const t = threshold(options.traceSampleRate ?? (hostTraces() ? 1 : 0.1))
		const sampled = !!t && (rv || traceId.slice(-14)) >= t
		return { traceId, sampled, state: sampled ? `ot=th:${t}${rv ? `;rv:${rv}` : ''}` : '' }
	}

	const all = (fn: (i: Held) => void) => {
		for (const i of [...opened]) attempt(() => fn(i))
	}
	const eyes = watch(
		env,
		(again) => {
			if (!again) all((i) => i.hide_())
			attempt(() => parts?.transport.hide())
		},
		() => all((i) => i.gone_()),
		() => all((i) => i.back_()),
	)

	const core: Core = {
		env_: env,
		shelf_: shelf,
		opened_: opened,
		running_: running,
		seen_: eyes.seen_,
		mayKeep_: mayKeep,
		parent_: () => hostSpan() || inside()?.context,
		root_: root,
		judge_: (error, name, late) =>
			classify(
				name,
				attempt(() => options.classifyError?.(error)),
				late,
			),
		emit_: emit,
		tell_: tell,
	}

	function create(name: string, given?: InteractionOptions): Held {
		const o: InteractionOptions = Object(given)
		let kept: Kept | undefined
		if (o.resume) {
			const id = idOf(name, o)
			for (const i of opened) if (i.id_ === id && i.options.resume) return i
			if (mayKeep()) kept = shelf.take_(id)
		}
		const made = openInteraction(core, name, o, kept)
		if (!closed) {
			if (opened.size >= OPEN) [...opened][0]!.cancel('too_many_open')
			opened.add(made)
		}
		return made
	}

	const felt: Felt = {
		createCustomerInteraction: (name, o) => attempt(() => create(name, o)) || create('unnamed'),
		withCustomerInteraction: (name, fn, o) => (felt.createCustomerInteraction(name, o) as Held).with_(fn),
		setUser(user) {
			options = { ...options, user: user || undefined }
			attempt(() => parts?.identity.setUser(user))
		},
		setConsent(consent) {
			options = { ...options, consent }
			if (!mayKeep()) shelf.clear_()
			attempt(() => {
				// Ids first: what waited for consent leaves under those of now.
				parts?.identity.setConsent(consent)
				parts?.transport.setConsent(consent)
			})
		},
		on(event, callback) {
			const one: [string, typeof callback] = [event, callback]
			heard.add(one)
			return () => heard.delete(one)
		},
		async flush() {
			await attempt(() => parts?.transport.flush())
		},
		async shutdown() {
			all((i) => i.leave('shutdown'))
			closed = true
			for (const off of offs.splice(0)) attempt(off)
			await attempt(() => parts?.transport.close())
		},
	}

	const host: Host = {
		get options() {
			return options
		},
		current: () => inside() || (opened.size === 1 ? [...opened][0] : undefined),
		open: () => [...opened],
		create: (name, o) => attempt(() => create(name, o)),
		child: (parent) => ({ ...(parent || root()), spanId: hex(16) }),
		emit,
		tell,
		isOwn: (url) => !!attempt(() => parts?.isOwn(url)),
		guard:
			(fn) =>
			(...args) =>
				attempt(() => fn(...args)),
		debug,
		now,
		navigated: () => all((i) => i.options.abandonOnNavigation && i.leave('navigation')),
	}

	return {
		felt,
		host,
		start(given, make) {
			if (parts) return debug('felt: init was called before')
			// What was said before init goes on.
			options = { ...given, ...options }
			if (closed) return
			if (options.consent === 'denied') shelf.clear_()
			parts = attempt(() => make(options, env, tell, dress))
			offs.push(eyes.off_, () => parts?.identity.close())
			for (const record of waiting.splice(0)) emit(record)
			for (const plugin of given.plugins || []) {
				const off = attempt(() => plugin(host))
				if (off) offs.push(off)
			}
		},
	}
}
