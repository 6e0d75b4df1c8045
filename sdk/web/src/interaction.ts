/** One open try: what is known of it while it lasts, and its span when it has ended. */
import { type Traced, within } from './context'
import type { Env } from './env'
import { EVENTS, guarded, put, STEPS, text } from './limits'
import { type Bad, DEGRADED, DONE, decide, OPTIONAL, REQUIRED, TIMEOUT, type Verdict } from './outcome'
import type { Shelf } from './resume'
import type {
	Attributes,
	AttributeValue,
	CustomerInteraction,
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
]

/** What a step has from its interaction. */
interface Up {
	context_: Traced
	key_: string
	/** The interaction's own: a step is one of the same instance of a journey, at the same step of it. */
	given_: string | undefined
	/** Told before its span leaves. */
	ended_(verdict: Verdict): void
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
	/** A new trace, with its propagated flag. */
	root_(): Omit<Traced, 'spanId'>
	/** What an error means, by the page's own function first. */
	judge_(error: unknown, name: string, late: boolean): Verdict
	emit_(record: SpanRecord | LogRecord): void
	tell_<K extends keyof Events>(event: K, value: Events[K]): void
}

/** The open interaction as the core sees it. */
export interface Held extends OpenInteraction {
	id_: string
	/** Ends it, once; `open` is how its open steps end. */
	finish_(verdict: Verdict, open?: Verdict, type?: string): void
	/** Runs fn as the interaction: what comes of it ends it. */
	with_<T>(fn: (i: CustomerInteraction) => T): T
	/** The page is hidden, left, brought back. */
	hide_(): void
	gone_(): void
	back_(): void
	/** Nothing is told of it any more. */
	drop_(): void
}

/** What two openings must share to be one, when they resume. */
export const idOf = (name: unknown, options: InteractionOptions) =>
	`${text(name)}\n${text(options.key ?? '')}`

export function openInteraction(
	core: Core,
	called: string,
	options: InteractionOptions,
	kept?: Kept,
	up?: Up,
): Held {
	const { seen_, emit_ } = core
	const { now, hex, win } = core.env_
	const name = text(called)
	const id = idOf(name, options)
	const parent = up ? up.context_ : kept ? undefined : core.parent_()
	let [
		context = { ...(parent || core.root_()), spanId: hex(16) },
		parentSpanId = parent?.spanId,
		began = now(),
		seen = 0,
		retries = 0,
		path = win?.location.pathname,
		attrs = put({}, options.attributes),
		events = [],
		bad = [],
		count = 0,
	]: Partial<Kept> = kept || []
	const { timeoutMs, journey } = options
	const { traceId, spanId } = context
	const given = up ? up.given_ : options.key == null ? undefined : text(options.key)
	// Two of one trace and name would be one for Felt: inside of other spans the span's id tells them apart.
	const key = up ? up.key_ : (given ?? (parentSpanId ? spanId : undefined))
	/** What requests carry as well. */
	const names: { [key: string]: string | undefined } = {
		'felt.interaction.name': name,
		'felt.interaction.key': key,
		'felt.journey.name': journey,
		'felt.journey.instance.id': journey && given,
	}
	const steps = new Set<Held>()
	let outcome: Outcome | undefined
	let stopped = false
	let controller: AbortController | undefined
	let timer: number | undefined
	/** It lies on the shelf; and: the page is gone, unless it comes back. */
	let shelved = false
	let away = false

	seen = seen_() - seen
	const visible = () => seen_() - seen
	const late = () => timeoutMs! > 0 && now() - began >= timeoutMs!
	const judge = (leave?: string) => decide(options, late(), visible(), bad, retries, leave)

	/** What its span and its pending record say alike. What is undefined is not sent. */
	const describe = (reason: string | undefined, more: Attributes) =>
		({
			...attrs,
			...names,
			'felt.interaction.reason': reason,
			'felt.interaction.visible_ms': Math.round(visible()),
			'felt.interaction.retries': retries,
			'felt.journey.step': journey && (options.step ?? name),
			'url.path': path,
			...more,
		}) as Values

	function take() {
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

	const finish: Held['finish_'] = ([to, reason], open = [to, reason], type) => {
		if (outcome) return
		outcome = to
		const failed = to === 'failed'
		const endMs = now()
		win?.clearTimeout(timer)
		core.opened_.delete(self)
		take()
		for (const step of steps) step.finish_(open)
		up?.ended_([to, reason])
		emit_({
			type: 'span',
			what: 'interaction',
			name,
			kind: 1,
			context,
			parentSpanId,
			startMs: began,
			endMs,
			attributes: describe(reason, {
				'felt.interaction.outcome': to,
				'error.type': type || (failed ? reason : undefined),
			}),
			events,
			error: reason,
			failed,
			urgent: failed,
		})
		if (!up)
			core.tell_('end', {
				name,
				outcome,
				reason,
				durationMs: endMs - began,
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
		if (!outcome && events.length < EVENTS)
			events.push({ name: text(what), timeMs: now(), attributes: put({}, attributes) })
	}
	/** Once: an error passes several places that record. */
	function recordError(error: unknown): string {
		const { name, message, stack }: Partial<Error> =
			guarded(() => ({
				name: (error as Error).name,
				message: (error as Error).message,
				stack: (error as Error).stack,
			})) || {}
		const type = text(name || 'Error')
		const all = {
			'exception.type': type,
			'exception.message': text(message ?? error, 1024),
			'exception.stacktrace': stack,
		}
		if (!events.some((e) => e.attributes!['exception.message'] === all['exception.message']))
			event('exception', all)
		return type
	}
	function thrown(error: unknown) {
		if (outcome) return
		const type = recordError(error)
		finish(core.judge_(error, type, late()), undefined, type)
	}

	/** Failures that are tried again count no longer: of one step, or of all. */
	function redo(step?: string) {
		const rest = bad.filter((b) => b[1] === DEGRADED || (step != null && b[0] !== step))
		if (rest.length < bad.length || step == null) retries++
		bad = rest
	}

	function step(called: string, given?: StepOptions): Step {
		const step = text(called)
		const { optional, attributes } = put({}, given as Attributes) as StepOptions
		redo(step)
		const made = openInteraction(core, step, { journey, step: options.step ?? name, attributes }, undefined, {
			context_: context,
			// Tries of one step are told apart like interactions.
			key_: `${key ?? ''}#${++count}`,
			given_: names['felt.journey.instance.id'],
			ended_([to, reason]) {
				steps.delete(made)
				if (to === 'failed' || to === 'degraded')
					bad = [
						...bad,
						[step, to === 'degraded' ? DEGRADED : optional ? OPTIONAL : REQUIRED, reason || step],
					]
			},
		})
		if (outcome || count > STEPS) made.drop_()
		else steps.add(made)
		return made
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
			])
		return shelved
	}

	function headers(c: SpanContext = context) {
		const all: Record<string, string> = { traceparent: `00-${c.traceId}-${c.spanId}-0${+c.sampled}` }
		if (context.state) all.tracestate = context.state
		// Half a character is no valid text: then there is none.
		guarded(() => {
			const list = []
			for (const key in names) if (names[key]) list.push(`${key}=${encodeURIComponent(names[key])}`)
			all.baggage = list.join()
		})
		return all
	}

	const self: Held = {
		name,
		context,
		journey,
		key: given,
		options,
		id_: id,
		step,
		retry(reason) {
			event('felt.retry', { 'felt.interaction.reason': reason })
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
		fail: (reason) =>
			reason == null || typeof reason === 'string' ? finish(['failed', reason as string]) : thrown(reason),
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
		with_(fn) {
			const failed = (error: unknown) => {
				thrown(error)
				throw error
			}
			const done = <T>(value: T) => {
				settle()
				return value
			}
			let value: ReturnType<typeof fn>
			try {
				value = enter(() => fn(self))
			} catch (error) {
				return failed(error)
			}
			const promise = value as unknown as PromiseLike<unknown> | undefined
			return typeof promise?.then === 'function' ? (promise.then(done, failed) as typeof value) : done(value)
		},
		finish_: finish,
		hide_() {
			emit_({
				type: 'log',
				what: 'interaction',
				name: 'felt.interaction.pending',
				timeMs: now(),
				context,
				severity: 9,
				attributes: describe(judge('tab_closed')[1], {
					'felt.interaction.started_ms': Math.round(began),
				}),
			})
			keep()
		},
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
			drop()
		},
		drop_: drop,
	}
	function drop() {
		core.opened_.delete(self)
		outcome = 'abandoned'
	}
	arm()
	return self
}
