/**
 * The core: which interactions are open, in which of them code runs, and what leaves. It is there before
 * `init` says where to: until then records wait.
 */
import { hostSpan, hostTraces } from './context'
import type { Env } from './env'
import { th, threshold } from './ids'
import { type Core, type Held, idOf, type Kept, openInteraction } from './interaction'
import { OPEN, put, WAITING } from './limits'
import { classify } from './outcome'
import { createShelf } from './resume'
import type {
	Attributes,
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
	let told = false
	let heard: [event: string, callback: (value: never) => void][] = []
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
		return redact ? put({}, attempt(() => redact({ ...attributes }, what)) as Attributes, 1e3) : attributes
	}

	/** What the moment of leaving adds: who it is, the sampling, and the page's last word. Null: it does not leave. */
	const dress = (record: Emitted) =>
		attempt((): Emitted | null => {
			const { identity } = parts!
			const { rv, th, sent } = identity.sampling()
			if (!sent) return null
			const all = { ...identity.attributes(), ...record.attributes }
			const attributes = redacted(all, record.what)
			// Without these two it would be no interaction any more; the name is the span's name as well.
			if (record.what === 'interaction')
				for (const key of ['felt.interaction.name', 'felt.interaction.outcome'])
					if (all[key]) attributes[key] = all[key]
			const out = { ...record, attributes, traceState: th && `ot=th:${th};rv:${rv}` }
			if (out.type === 'span')
				out.events = out.events?.map((e) => ({ ...e, attributes: redacted(e.attributes || {}, 'event') }))
			return out
		}) || null

	const emit = (record: Emitted) => {
		if (closed) return
		if (parts) attempt(() => parts!.transport.add(record))
		else if (waiting.push(record) > WAITING) waiting.shift()
	}

	/** The innermost that has not ended. */
	const inside = () => running.filter((i) => !i.outcome).pop()
	const mayKeep = () => (options.consent || 'granted') === 'granted'

	/** The propagated flag of a new trace. */
	function flag(traceId: string) {
		const s = attempt(() => parts?.identity.sampling())
		const rv = s?.th && s.rv
		// A page that traces by itself asks for its own traces, which must not become fewer inside of ours.
		const t = threshold(options.traceSampleRate ?? (hostTraces() ? 1 : 0.1))
		const sampled = !!t && (rv || traceId.slice(-14)) >= t
		const ot = [sampled && `th:${th(t!)}`, rv && `rv:${rv}`].filter(Boolean).join(';')
		return { sampled, state: ot && `ot=${ot}` }
	}

	const all = (fn: (i: Held) => void) => {
		for (const i of [...opened]) attempt(() => fn(i))
	}
	/** Once per hide, whichever of the browser's two events is first. */
	const hide = () => {
		if (!told) all((i) => i.hide_())
		told = true
		attempt(() => parts?.transport.hide())
	}
	const eyes = watch(env, {
		hide_: hide,
		show_() {
			told = false
			all((i) => i.show_())
		},
		leave_() {
			all((i) => i.gone_())
			hide()
		},
		back_() {
			told = false
			all((i) => i.back_())
		},
	})

	const core: Core = {
		env_: env,
		shelf_: shelf,
		opened_: opened,
		running_: running,
		seen_: eyes.seen_,
		mayKeep_: mayKeep,
		parent_: () => hostSpan() || inside()?.context,
		flag_: flag,
		judge_: (error, late) =>
			classify(
				error,
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
		withCustomerInteraction(name, fn, o) {
			const i = felt.createCustomerInteraction(name, o) as Held
			const failed = (error: unknown) => {
				i.thrown_(error)
				throw error
			}
			const done = <T>(value: T) => {
				i.complete()
				return value
			}
			let value: ReturnType<typeof fn>
			try {
				value = i.enter_(() => fn(i))
			} catch (error) {
				return failed(error)
			}
			const promise = value as unknown as PromiseLike<unknown> | undefined
			return typeof promise?.then === 'function' ? (promise.then(done, failed) as typeof value) : done(value)
		},
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
			const one: (typeof heard)[number] = [event, callback]
			heard = [...heard, one]
			return () => {
				heard = heard.filter((h) => h !== one)
			}
		},
		async flush() {
			await attempt(() => parts?.transport.flush())?.catch(debug)
		},
		async shutdown() {
			all((i) => i.leave('shutdown'))
			closed = true
			eyes.off_()
			for (const off of offs.splice(0)) attempt(off)
			const last = attempt(() => parts?.transport.close())
			attempt(() => parts?.identity.close())
			await last?.catch(debug)
		},
	}

	const host: Host = {
		get options() {
			return options
		},
		current: () => inside() || (opened.size === 1 ? [...opened][0] : undefined),
		open: () => [...opened],
		create: (name, o) => (closed ? undefined : attempt(() => create(name, o))),
		child(parent) {
			const traceId = parent?.traceId || hex(32)
			return { traceId, spanId: hex(16), sampled: (parent || flag(traceId)).sampled }
		},
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
			for (const record of waiting.splice(0)) emit(record)
			for (const plugin of given.plugins || []) {
				const off = attempt(() => plugin(host))
				if (off) offs.push(off)
			}
		},
	}
}
