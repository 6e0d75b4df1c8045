/**
 * The core: which interactions are open, in which of them code runs, and what leaves. It is there before
 * `init` says where to: until then records wait.
 */
import { hostSpan, hostTraces } from './context'
import type { Env } from './env'
import { th, threshold } from './ids'
import { type Core, type Held, idOf, openInteraction } from './interaction'
import { OPEN, WAITING } from './limits'
import { classify } from './outcome'
import { createShelf } from './resume'
import type {
	AttributeValue,
	Events,
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
	start(options: Options, make: (options: Options, env: Env, tell: Core['tell']) => Parts): void
}

export function createFelt(env: Env): Starter {
	const { win, now, debug } = env
	let options = {} as Options
	let parts: Parts | undefined
	let closed = !win
	let told = false
	let offs: (() => void)[] = []
	const waiting: Emitted[] = []
	const opened = new Set<Held>()
	const running: Held[] = []
	const heard: { [K in keyof Events]?: Set<(value: never) => void> } = {}

	/** Never throws: what does is told to debug. */
	function attempt<T>(fn: () => T): T | undefined {
		try {
			return fn()
		} catch (error) {
			debug('felt: caught', error)
		}
	}
	const guard: Host['guard'] =
		(fn) =>
		(...args) =>
			attempt(() => fn(...args))

	const tell: Core['tell'] = (event, value) => {
		for (const fn of heard[event] || []) attempt(() => (fn as (v: typeof value) => void)(value))
	}

	/** What may leave of it, by the page's word. */
	function redacted(attributes: Record<string, AttributeValue>, what: Emitted['what']) {
		const { redact } = options
		if (!redact) return attributes
		const may = attempt(() => redact({ ...attributes }, what))
		return may && typeof may === 'object' ? may : {}
	}

	function emit(record: Emitted) {
		if (closed) return
		if (!parts) {
			if (waiting.push(record) > WAITING) waiting.shift()
			return
		}
		const { identity, transport } = parts
		attempt(() => {
			const { rv, th, sent } = identity.sampling()
			if (!sent) return
			const { what } = record
			const all = { ...identity.attributes(), ...record.attributes }
			const attributes = redacted(all, what)
			// Without these two it would be no interaction any more; the name is the span's name as well.
			if (what === 'interaction')
				for (const key of ['felt.interaction.name', 'felt.interaction.outcome'])
					if (all[key]) attributes[key] = all[key]
			const out: Emitted = { ...record, attributes, traceState: th && `ot=th:${th};rv:${rv}` }
			if (out.type === 'span')
				out.events = out.events?.map((e) => ({ ...e, attributes: redacted(e.attributes || {}, 'event') }))
			transport.add(out)
		})
	}

	/** The innermost that has not ended. */
	const inside = () => running.filter((i) => !i.outcome).pop()

	const core: Core = {
		env,
		shelf: createShelf(env),
		opened,
		running,
		seen: () => eyes.seen(),
		mayKeep: () => (options.consent || 'granted') === 'granted',
		parent: () => hostSpan() || inside()?.context,
		flag(traceId) {
			const s = attempt(() => parts?.identity.sampling())
			const rv = s?.th && s.rv
			// A page that traces by itself asks for its own traces, which must not become fewer inside of ours.
			const t = threshold(options.traceSampleRate ?? (hostTraces() ? 1 : 0.1))
			const sampled = !!t && (rv || traceId.slice(-14)) >= t
			const ot = [sampled && `th:${th(t!)}`, rv && `rv:${rv}`].filter(Boolean).join(';')
			return { sampled, state: ot && `ot=${ot}` }
		},
		judge: (error, timedOut) =>
			classify(
				error,
				attempt(() => options.classifyError?.(error)),
				timedOut,
			),
		emit,
		tell,
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
		hide,
		show() {
			told = false
			all((i) => i.show_())
		},
		leave() {
			all((i) => i.gone_())
			hide()
		},
		back() {
			told = false
			all((i) => i.back_())
		},
	})

	function create(name: string, given?: InteractionOptions): Held {
		const o = given || {}
		let kept: ReturnType<typeof core.shelf.take>
		if (o.resume) {
			const id = idOf(name, o)
			for (const i of opened) if (i.id_ === id && i.options.resume) return i
			kept = core.mayKeep() ? core.shelf.take(id) : undefined
		}
		const made = openInteraction(core, name, o, kept)
		if (!closed) {
			if (opened.size >= OPEN) opened.values().next().value!.cancel('too_many_open')
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
			attempt(() => {
				// Ids first: what waited for consent leaves under those of now.
				parts?.identity.setConsent(consent)
				parts?.transport.setConsent(consent)
			})
		},
		on(event, callback) {
			const list = (heard[event] as Set<typeof callback>) || new Set()
			heard[event] = list as never
			list.add(callback)
			return () => list.delete(callback)
		},
		flush: async () => {
			await attempt(() => parts?.transport.flush())?.catch((e) => debug('felt: flush', e))
		},
		async shutdown() {
			all((i) => i.leave('shutdown'))
			closed = true
			for (const off of offs) attempt(off)
			offs = []
			eyes.off()
			const last = attempt(() => parts?.transport.close())
			attempt(() => parts?.identity.close())
			await last?.catch((e) => debug('felt: shutdown', e))
		},
	}

	const host: Host = {
		get options() {
			return options
		},
		current: () => inside() || (opened.size === 1 ? opened.values().next().value : undefined),
		open: () => [...opened],
		create: (name, o) => (closed ? undefined : attempt(() => create(name, o))),
		child(parent) {
			const traceId = parent?.traceId || env.hex(32)
			return { traceId, spanId: env.hex(16), sampled: (parent || core.flag(traceId)).sampled }
		},
		emit,
		tell,
		isOwn: (url) => !!attempt(() => parts?.isOwn(url)),
		guard,
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
			parts = attempt(() => make(options, env, tell))
			for (const record of waiting.splice(0)) emit(record)
			for (const plugin of given.plugins || []) {
				const off = attempt(() => plugin(host))
				if (off) offs.push(off)
			}
		},
	}
}
