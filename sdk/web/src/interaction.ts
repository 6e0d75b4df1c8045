/** One open try: what is known of it while it lasts, and its span when it has ended. */
import { type Traced, within } from './context'
import type { Env } from './env'
import { EVENTS, put, STEPS, text } from './limits'
import { decide, type Facts, late, left, nameOf, type Verdict } from './outcome'
import { pending } from './pending'
import type { Bad, Kept, Shelf } from './resume'
import type {
	Attributes,
	AttributeValue,
	Events,
	InteractionOptions,
	LogRecord,
	OpenInteraction,
	Outcome,
	SpanRecord,
	Step,
	StepOptions,
} from './types'

/** What an interaction needs of the core. */
export interface Core {
	env: Env
	shelf: Shelf
	/** Oldest first. */
	opened: Set<Held>
	/** Those inside of which code runs now, innermost last. */
	running: Held[]
	seen(): number
	/** Whether the tab's storage may be used. */
	mayKeep(): boolean
	/** The span that a new interaction begins in. */
	parent(): Traced | undefined
	/** The propagated flag of a new trace. */
	flag(traceId: string): Pick<Traced, 'sampled' | 'state'>
	/** What an error means, by the page's own function first. */
	judge(error: unknown, timedOut: boolean): Verdict
	emit(record: SpanRecord | LogRecord): void
	tell<K extends keyof Events>(event: K, value: Events[K]): void
}

/** The open interaction as the core sees it. */
export interface Held extends OpenInteraction {
	readonly id_: string
	/** Runs fn inside, and records nothing. */
	enter_<T>(fn: () => T): T
	thrown_(error: unknown): void
	/** The page is hidden, seen again, left, brought back. */
	hide_(): void
	show_(): void
	gone_(): void
	back_(): void
}

interface HeldStep extends Step {
	close_(verdict: Verdict): void
	keep_(): Kept['o'][number]
}

const DONE: Verdict = ['success']

/** What two openings must share to be one, when they resume. */
export const idOf = (name: unknown, options: InteractionOptions) =>
	text(name) + '\n' + text(options.key ?? '')

/** A reason as it is, and not an error. */
const isWord = (reason: unknown): reason is string | undefined => reason == null || typeof reason === 'string'
const reasonOf = (reason: unknown) => (reason == null ? undefined : text(reason))

function exception(error: unknown, timeMs: number) {
	const { message, stack } = Object(error) as Error
	const attributes: Attributes = {
		'exception.type': nameOf(error),
		'exception.message': text(message ?? error, 1024),
		'exception.stacktrace': stack,
	}
	return { name: 'exception', timeMs, attributes: put({}, attributes) }
}

export function openInteraction(core: Core, called: string, options: InteractionOptions, kept?: Kept): Held {
	const { env, emit } = core
	const { now, win } = env
	const name = text(called)
	const id = idOf(name, options)
	const parent = kept ? undefined : core.parent()
	const traceId = parent ? parent.traceId : env.hex(32)
	const context: Traced = kept ? kept.c : { ...(parent || core.flag(traceId)), traceId, spanId: env.hex(16) }
	const parentSpanId = kept ? kept.p : parent?.spanId
	const given = options.key == null ? undefined : text(options.key)
	// Two of one trace and name would be one for Felt: inside of other spans the span's id tells them apart.
	const key = given ?? (parentSpanId && context.spanId)
	const path = kept ? kept.u : win?.location?.pathname
	const attrs = kept ? kept.a : put({}, options.attributes)
	const events = kept ? kept.e : []
	const began = kept ? Math.min(kept.b, now()) : now()
	const unseen = core.seen() - (kept ? kept.v : 0)
	const tries = new Map<string, number>(kept?.n)
	const steps = new Set<HeldStep>()
	/** Steps that were open when the page was left, until they are asked for again. */
	const waiting: HeldStep[] = []
	let bad: readonly Bad[] = kept ? kept.f : []
	let retries = kept ? kept.r : 0
	let outcome: Outcome | undefined
	let stopped = false
	let controller: AbortController | undefined
	let timer: number | undefined
	/** It lies on the shelf; and: the page is gone, unless it comes back. */
	let shelved = false
	let away = false

	const facts = (): Facts => ({
		options,
		wall: now() - began,
		seen: core.seen() - unseen,
		failed: bad.find((b) => !b[1])?.[2],
		degraded: bad.find((b) => b[1])?.[2],
		retried: retries > 0,
	})

	const journey = options.journey && text(options.journey)
	/** What spans and pending records say alike; what is undefined is not sent. */
	const describe = (who: string, seen: number, more: Attributes) =>
		({
			'felt.interaction.name': who,
			'felt.interaction.key': key,
			'felt.interaction.visible_ms': Math.round(seen),
			'felt.interaction.retries': retries,
			'felt.journey.name': journey,
			'felt.journey.step': journey && (options.step ? text(options.step) : name),
			'felt.journey.instance.id': journey && given,
			'url.path': path,
			...more,
		}) as Record<string, AttributeValue>

	const take = () => {
		if (shelved) core.shelf.take(id)
		shelved = false
	}

	const arm = () => {
		const left = began + (options.timeoutMs as number) - now()
		if (options.timeoutMs! > 0) timer = win?.setTimeout(expire, Math.min(left, 2 ** 31 - 1))
	}
	function expire() {
		const known = facts()
		late(known) ? finish(decide(known)) : arm()
	}

	/** Ends it, once; `open` is how its open steps end. */
	function finish(verdict: Verdict, open = verdict, error?: unknown) {
		if (outcome) return
		outcome = verdict[0]
		const reason = reasonOf(verdict[1])
		const failed = outcome === 'failed'
		const endMs = now()
		const visible = core.seen() - unseen
		win?.clearTimeout(timer)
		core.opened.delete(self)
		take()
		for (const step of steps) step.close_(open)
		emit({
			type: 'span',
			what: 'interaction',
			name,
			kind: 1,
			context,
			parentSpanId,
			startMs: began,
			endMs,
			attributes: {
				...attrs,
				...describe(name, visible, {
					'felt.interaction.outcome': outcome,
					'felt.interaction.reason': reason,
					'error.type': error ? nameOf(error) : failed && reason === 'timeout' ? reason : undefined,
				}),
			},
			events,
			error: failed ? reason : undefined,
			failed,
			urgent: failed,
		})
		const { spanId } = context
		core.tell('end', {
			name,
			outcome,
			reason,
			durationMs: endMs - began,
			visibleMs: visible,
			traceId: context.traceId,
			spanId,
		})
		stopped = open[0] !== 'success'
		// Last: the page's listeners run here.
		if (stopped) controller?.abort()
	}

	function event(what: string, attributes?: Attributes) {
		if (!outcome && events.length < EVENTS)
			events.push({ name: text(what), timeMs: now(), attributes: put({}, attributes) })
	}
	function recordError(error: unknown) {
		const what = exception(error, now())
		// One error passes several places that record: run, withCustomerInteraction, the page's error event.
		const same = (e: (typeof events)[number]) =>
			['type', 'message'].every((k) => e.attributes?.[`exception.${k}`] === what.attributes[`exception.${k}`])
		if (!outcome && events.length < EVENTS && !events.some(same)) events.push(what)
	}
	function thrown(error: unknown) {
		recordError(error)
		finish(core.judge(error, late(facts())), undefined, error)
	}

	/** Failures that are tried again count no longer: of one step, or of all. */
	function redo(step?: string) {
		const rest = bad.filter((b) => b[1] > 1 || (step !== undefined && b[0] !== step))
		const some = rest.length < bad.length
		bad = rest
		return some
	}

	function begin(step: string, { optional, attributes }: StepOptions, was?: Kept['o'][number]): HeldStep {
		const start = was ? was[3] : now()
		const unseen = core.seen()
		const attrs = was ? was[4] : put({}, attributes)
		const ids = { ...context, spanId: was ? was[2] : env.hex(16) }
		const n = was ? 0 : (tries.get(step) || 0) + 1
		// Tries of one step are told apart like interactions.
		const own = was ? was[5] : n > 1 ? `${key ?? ''}#${n}` : key
		let ended: Outcome | undefined

		function close([to, why]: Verdict, error?: unknown) {
			if (!steps.delete(held)) return
			const failed = to === 'failed'
			const reason = reasonOf(why)
			ended = to
			if (failed || to === 'degraded') bad = [...bad, [step, failed ? +!!optional : 2, reason || step]]
			emit({
				type: 'span',
				what: 'interaction',
				name: step,
				kind: 1,
				context: ids,
				parentSpanId: context.spanId,
				startMs: start,
				endMs: now(),
				attributes: {
					...attrs,
					...describe(step, core.seen() - unseen, {
						'felt.interaction.key': own,
						'felt.interaction.outcome': to,
						'felt.interaction.reason': reason,
						'felt.interaction.retries': undefined,
						'error.type': error ? nameOf(error) : undefined,
					}),
				},
				events: error ? [exception(error, now())] : undefined,
				error: failed ? reason : undefined,
				failed,
				urgent: failed,
			})
		}
		const held: HeldStep = {
			name: step,
			complete: () => close(DONE),
			degrade: (reason) => close(['degraded', reason]),
			fail: (reason) =>
				isWord(reason) ? close(['failed', reason]) : close(core.judge(reason, late(facts())), reason),
			setAttributes(more) {
				put(attrs, more)
				return held
			},
			get outcome() {
				return ended
			},
			close_: close,
			keep_: () => [step, !!optional, ids.spanId, start, attrs, own],
		}
		if (was) waiting.push(held)
		else if (outcome || [...tries.values()].reduce((a, b) => a + b, 0) >= STEPS) return held
		else tries.set(step, n)
		steps.add(held)
		return held
	}

	function enter<T>(fn: () => T): T {
		if (outcome) return fn()
		core.running.push(self)
		try {
			return within(context, fn)
		} finally {
			core.running.pop()
		}
	}

	/** Puts it on the shelf, if it may go on there. */
	const keep = () => {
		shelved =
			!!options.resume &&
			core.mayKeep() &&
			core.shelf.keep(id, {
				c: context,
				p: parentSpanId,
				b: began,
				d: now(),
				v: core.seen() - unseen,
				r: retries,
				u: path,
				a: attrs,
				e: events,
				f: bad,
				n: [...tries],
				o: [...steps].map((s) => s.keep_()),
			})
		return shelved
	}

	const headers: OpenInteraction['headers'] = (c = context) => {
		const all: Record<string, string> = { traceparent: `00-${c.traceId}-${c.spanId}-0${+c.sampled}` }
		if (context.state) all.tracestate = context.state
		try {
			const named = {
				'felt.interaction.name': name,
				'felt.interaction.key': key,
				'felt.journey.name': journey,
				'felt.journey.instance.id': journey && given,
			}
			all.baggage = Object.entries(named)
				.filter((e) => e[1])
				.map((e) => `${e[0]}=${encodeURIComponent(e[1]!)}`)
				.join()
		} catch {
			// Half a character: no valid text, so no baggage.
		}
		return all
	}

	const self: Held = {
		name,
		context,
		journey,
		key: given,
		options,
		id_: id,
		step(called, o) {
			const step = text(called)
			const at = waiting.findIndex((s) => s.name === step)
			if (at >= 0) return waiting.splice(at, 1)[0]!
			if (redo(step)) retries++
			return begin(step, o || {})
		},
		retry(reason) {
			if (outcome) return
			event('felt.retry', { 'felt.interaction.reason': reasonOf(reason) })
			retries++
			redo()
		},
		run(fn) {
			try {
				return enter(fn)
			} catch (error) {
				recordError(error)
				throw error
			}
		},
		setAttributes(more) {
			put(attrs, more)
			return self
		},
		event,
		recordError,
		complete() {
			const known = facts()
			finish(decide(known), late(known) ? undefined : DONE)
		},
		degrade: (reason) => finish(['degraded', reason], DONE),
		fail: (reason) => (isWord(reason) ? finish(['failed', reason]) : thrown(reason)),
		abandon: (reason) => finish(['abandoned', reason]),
		cancel: (reason) => finish(['cancelled', reason]),
		leave(reason) {
			const known = facts()
			const verdict = decide(known, reason)
			finish(verdict, late(known) || verdict[0] !== 'failed' ? verdict : ['abandoned', reason])
		},
		get signal() {
			if (!controller) {
				controller = new AbortController()
				if (stopped) controller.abort()
			}
			return controller.signal
		},
		get traceparent() {
			return headers().traceparent!
		},
		get outcome() {
			return outcome
		},
		headers,
		enter_: enter,
		thrown_: thrown,
		hide_() {
			const known = facts()
			const slow = left(known)
			emit(
				pending(context, now(), began, slow && `${slow}tab_closed`, {
					...attrs,
					...describe(name, known.seen, {}),
				}),
			)
			keep()
		},
		show_() {
			if (!away) take()
		},
		gone_() {
			if (!keep()) return self.leave('page_hide')
			away = true
			win?.clearTimeout(timer)
		},
		back_() {
			if (!away) return
			away = false
			if (core.shelf.take(id)) return arm()
			// Another page went on with it, and ended it or will: the same span must not be told of twice.
			core.opened.delete(self)
			outcome = 'abandoned'
		},
	}
	for (const was of kept ? kept.o : []) begin(was[0], { optional: was[1] }, was)
	arm()
	return self
}
