/** One open try: what is known of it while it lasts, and its span when it has ended. */
import { type Traced, within } from './context'
import type { Env } from './env'
import { EVENTS, put, STEPS, text } from './limits'
import {
	type Bad,
	DEGRADED,
	DONE,
	decide,
	nameOf,
	OPTIONAL,
	REQUIRED,
	TIMEOUT,
	type Verdict,
} from './outcome'
import type { Shelf } from './resume'
import type {
	Attributes,
	AttributeValue,
	Events,
	InteractionOptions,
	LogRecord,
	OpenInteraction,
	Outcome,
	SpanContext,
	SpanRecord,
	Step,
	StepOptions,
} from './types'

type SpanEvents = NonNullable<SpanRecord['events']>
type Values = Record<string, AttributeValue>

/** An open interaction as storage has it. */
export type Kept = [
	context: Traced,
	parentSpanId: string | undefined,
	began: number,
	/** How long the page could be seen until it was left, in ms. */
	seen: number,
	retries: number,
	path: string | undefined,
	attributes: Values,
	events: SpanEvents,
	bad: readonly Bad[],
	steps: number,
	/** When the steps that were open began, by name. */
	open: { [step: string]: number },
]

interface OpenStep extends Step {
	close_(verdict: Verdict): void
	began_: number
}

/** What an interaction needs of the core. */
export interface Core {
	env_: Env
	shelf_: Shelf<Kept>
	/** Oldest first. */
	opened_: Set<Held>
	/** Those inside of which code runs now, innermost last. */
	running_: Held[]
	/** How long the page could be seen so far, in ms. */
	seen_(): number
	/** Whether the tab's storage may be used. */
	mayKeep_(): boolean
	/** The span that a new interaction begins in. */
	parent_(): Traced | undefined
	/** The propagated flag of a new trace. */
	flag_(traceId: string): Pick<Traced, 'sampled' | 'state'>
	/** What an error means, by the page's own function first. */
	judge_(error: unknown, late: boolean): Verdict
	emit_(record: SpanRecord | LogRecord): void
	tell_<K extends keyof Events>(event: K, value: Events[K]): void
}

/** The open interaction as the core sees it. */
export interface Held extends OpenInteraction {
	id_: string
	/** Runs fn inside, and records nothing. */
	enter_<T>(fn: () => T): T
	thrown_(error: unknown): void
	/** The page is hidden, seen again, left, brought back. */
	hide_(): void
	show_(): void
	gone_(): void
	back_(): void
}

/** What two openings must share to be one, when they resume. */
export const idOf = (name: unknown, options: InteractionOptions) =>
	`${text(name)}\n${text(options.key ?? '')}`

/** Undefined stays it. */
const word = (value: unknown) => (value == null ? undefined : text(value))

/** A reason, and not an error. */
const isWord = (value: unknown): value is string | undefined => value == null || typeof value === 'string'

/** Puts an error on a span's events, once: it passes several places that record. */
function record(events: SpanEvents, error: unknown, timeMs: number) {
	let from = {} as Error
	try {
		const { message, stack } = error as Error
		from = { name: '', message, stack }
	} catch {}
	const message = text(from.message ?? error, 1024)
	if (events.length < EVENTS && events.every((e) => e.attributes!['exception.message'] !== message))
		events.push({
			name: 'exception',
			timeMs,
			attributes: put(
				{},
				{
					'exception.type': nameOf(error),
					'exception.message': message,
					'exception.stacktrace': word(from.stack),
				},
			),
		})
}

export function openInteraction(core: Core, called: string, options: InteractionOptions, kept?: Kept): Held {
	const { seen_, emit_ } = core
	const { now, hex, win } = core.env_
	const name = text(called)
	const id = idOf(name, options)
	const parent = kept ? undefined : core.parent_()
	const newId = parent ? parent.traceId : hex(32)
	let [
		context = { ...(parent || core.flag_(newId)), traceId: newId, spanId: hex(16) },
		parentSpanId = parent?.spanId,
		began = now(),
		seen = 0,
		retries = 0,
		path = win?.location.pathname,
		attrs = put({}, options.attributes),
		events = [],
		bad = [],
		count = 0,
		stepsBegan = {},
	]: Partial<Kept> = kept || []
	const { timeoutMs } = options
	const { traceId, spanId } = context
	const given = word(options.key)
	// Two of one trace and name would be one for Felt: inside of other spans the span's id tells them apart.
	const key = given ?? (parentSpanId ? spanId : undefined)
	const journey = word(options.journey)
	const steps = new Set<OpenStep>()
	let outcome: Outcome | undefined
	let stopped = false
	let controller: AbortController | undefined
	let timer: number | undefined
	/** It lies on the shelf; and: the page is gone, unless it comes back. */
	let shelved = false
	let away = false

	// The clock of the page that it began on may have gone ahead of this one's.
	began = Math.min(began, now())
	seen = seen_() - seen
	const visible = () => seen_() - seen
	const late = () => timeoutMs! > 0 && now() - began >= timeoutMs!
	const judge = (leave?: string) => decide(options, late(), visible(), bad, retries, leave)

	/** What the span of the interaction, of a step, and a pending record say alike. What is undefined is not sent. */
	const describe = (who: string, key: string | undefined, seen: number, attrs: Values, more: Attributes) =>
		({
			...attrs,
			'felt.interaction.name': who,
			'felt.interaction.key': key,
			'felt.interaction.visible_ms': Math.round(seen),
			'felt.journey.name': journey,
			'felt.journey.step': journey && text(options.step ?? name),
			'felt.journey.instance.id': journey && given,
			'url.path': path,
			...more,
		}) as Values

	function span(
		context: Traced,
		parentSpanId: string | undefined,
		startMs: number,
		events: SpanEvents,
		[outcome, reason]: Verdict,
		error: unknown,
		...[who, key, seen, attrs]: [string, string | undefined, number, Values]
	) {
		const failed = outcome === 'failed'
		emit_({
			type: 'span',
			what: 'interaction',
			name: who,
			kind: 1,
			context,
			parentSpanId,
			startMs,
			endMs: now(),
			attributes: describe(who, key, seen, attrs, {
				'felt.interaction.retries': parentSpanId === spanId ? undefined : retries,
				'felt.interaction.outcome': outcome,
				'felt.interaction.reason': reason,
				'error.type': error ? nameOf(error) : failed ? reason : undefined,
			}),
			events,
			error: reason,
			failed,
			urgent: failed,
		})
	}

	const take = () => {
		if (shelved) core.shelf_.take_(id)
		shelved = false
	}

	function arm() {
		// Longer than a timer can be: asked again when it fires.
		if (timeoutMs! > 0)
			timer = win?.setTimeout(
				() => (late() ? finish(TIMEOUT) : arm()),
				Math.min(began + timeoutMs! - now(), 2e9),
			)
	}

	/** Ends it, once; `open` is how its open steps end. */
	function finish([to, why]: Verdict, open: Verdict = [to, why], error?: unknown) {
		if (outcome) return
		outcome = to
		const reason = word(why)
		win?.clearTimeout(timer)
		core.opened_.delete(self)
		take()
		for (const step of steps) step.close_(open)
		span(context, parentSpanId, began, events, [to, reason], error, name, key, visible(), attrs)
		core.tell_('end', {
			name,
			outcome,
			reason,
			durationMs: now() - began,
			visibleMs: visible(),
			traceId,
			spanId,
		})
		stopped = open[0] !== 'success'
		// Last: the page's listeners run here.
		if (stopped) controller?.abort()
	}
	/** Ends it by what is known. */
	const settle = (leave?: string) => {
		const verdict = judge(leave)
		finish(verdict, verdict === TIMEOUT ? verdict : leave ? ['abandoned', leave] : DONE)
	}

	function event(what: string, attributes?: Attributes) {
		if (events.length < EVENTS)
			events.push({ name: text(what), timeMs: now(), attributes: put({}, attributes) })
	}
	const recordError = (error: unknown) => record(events, error, now())
	function thrown(error: unknown) {
		if (outcome) return
		recordError(error)
		finish(core.judge_(error, late()), undefined, error)
	}

	/** Failures that are tried again count no longer: of one step, or of all. */
	function redo(step?: string) {
		const rest = bad.filter((b) => b[1] === DEGRADED || (step != null && b[0] !== step))
		const some = rest.length < bad.length
		bad = rest
		return some
	}

	function begin(step: string, { optional, attributes }: StepOptions): Step {
		const own: Traced = { ...context, spanId: hex(16) }
		const startMs = stepsBegan[step] ?? now()
		const from = seen_()
		const attrs = put({}, attributes)
		const mine: SpanEvents = []
		let ended: Outcome | undefined
		const n = ++count
		delete stepsBegan[step]
		if (redo(step)) retries++

		function close([to, why]: Verdict, error?: unknown) {
			if (!steps.delete(held)) return
			ended = to
			const reason = word(why)
			const failed = to === 'failed'
			if (failed || to === 'degraded')
				bad = [...bad, [step, failed ? (optional ? OPTIONAL : REQUIRED) : DEGRADED, reason || step]]
			if (error) record(mine, error, now())
			// Tries of one step are told apart like interactions.
			span(own, spanId, startMs, mine, [to, reason], error, step, `${key ?? ''}#${n}`, seen_() - from, attrs)
		}
		const held: OpenStep = {
			name: step,
			complete: () => close(DONE),
			degrade: (reason) => close(['degraded', reason]),
			fail: (reason) =>
				isWord(reason) ? close(['failed', reason]) : close(core.judge_(reason, late()), reason),
			setAttributes(more) {
				put(attrs, more)
				return held
			},
			get outcome() {
				return ended
			},
			close_: close,
			began_: startMs,
		}
		if (!outcome && n <= STEPS) steps.add(held)
		return held
	}

	function enter<T>(fn: () => T): T {
		if (outcome) return fn()
		core.running_.push(self)
		try {
			return within(context, fn)
		} finally {
			core.running_.pop()
		}
	}

	/** Puts it on the shelf, if it may go on there. */
	function keep() {
		const open: typeof stepsBegan = {}
		for (const step of steps) open[step.name] = step.began_
		shelved =
			!!options.resume &&
			core.mayKeep_() &&
			core.shelf_.keep_(id, [
				context,
				parentSpanId,
				began,
				visible(),
				retries,
				path,
				attrs,
				events,
				bad,
				count,
				open,
			])
		return shelved
	}

	function headers(c: SpanContext = context) {
		const all: Record<string, string> = { traceparent: `00-${c.traceId}-${c.spanId}-0${+c.sampled}` }
		if (context.state) all.tracestate = context.state
		try {
			all.baggage = [
				'interaction.name',
				name,
				'interaction.key',
				key,
				'journey.name',
				journey,
				'journey.instance.id',
				journey && given,
			]
				.map((value, i, all) => (i % 2 && value ? `felt.${all[i - 1]}=${encodeURIComponent(value)}` : ''))
				.filter(Boolean)
				.join()
		} catch {
			// Half a character is no valid text.
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
		step: (called, o) => begin(text(called), put({}, o as Attributes) as StepOptions),
		retry(reason) {
			event('felt.retry', { 'felt.interaction.reason': word(reason) })
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
		complete: () => settle(),
		degrade: (reason) => finish(['degraded', reason], DONE),
		fail: (reason) => (isWord(reason) ? finish(['failed', reason]) : thrown(reason)),
		abandon: (reason) => finish(['abandoned', reason]),
		cancel: (reason) => finish(['cancelled', reason]),
		leave: settle,
		get signal() {
			controller ||= new AbortController()
			if (stopped) controller.abort()
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
			const reason = judge('tab_closed')[1]
			emit_({
				type: 'log',
				what: 'interaction',
				name: 'felt.interaction.pending',
				timeMs: now(),
				context,
				severity: 9,
				attributes: describe(name, key, visible(), attrs, {
					'felt.interaction.retries': retries,
					'felt.interaction.started_ms': Math.round(began),
					'felt.interaction.reason': /_tab/.test(reason!) ? reason : undefined,
				}),
			})
			keep()
		},
		show_: () => away || take(),
		gone_() {
			away = keep()
			if (away) win?.clearTimeout(timer)
			else settle('page_hide')
		},
		back_() {
			if (!away) return
			away = false
			if (core.shelf_.take_(id)) return arm()
			// Another page went on with it, and ended it or will: the same span must not be told of twice.
			core.opened_.delete(self)
			outcome = 'abandoned'
		},
	}
	arm()
	return self
}
