/** One open try: what is known of it while it lasts, and its span when it has ended. */
import { within } from './context'
import type { Core } from './core'
import { traceparent } from './headers'
import { EVENTS, guarded, put, STEPS, text } from './limits'
import { type Bad, DONE, TIMEOUT, type Verdict } from './outcome'
import type {
	Attributes,
	AttributeValue,
	InteractionOptions,
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
	context: SpanContext,
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

/** The open interaction as the core sees it. */
export interface Held extends OpenInteraction {
	id_: string | false | undefined
	/** Ends it, once; `open` is how its open steps end. */
	finish_(verdict: Verdict, open?: Verdict, type?: string): void
	/** Ends it by what was thrown. */
	thrown_(error: unknown): void
	/** The page is hidden, left, brought back. */
	hide_(): void
	gone_(): void
	back_(): void
	/** Nothing is told of it any more. */
	drop_(): void
}

const keyOf = ({ key }: InteractionOptions) => text(key ?? '') || undefined

export const RESUME = 'felt.resume.'
/** What two openings must share to be one, when they resume: their key in storage. */
export const idOf = (name: unknown, options: InteractionOptions) =>
	options.resume && `${RESUME}${text(name)}\n${keyOf(options)}`

/**
 * `kept`: it goes on from there. A step is an interaction as well: it has a `stepKey` of its own, and its
 * interaction is told of its end.
 */
export function openInteraction(
	core: Core,
	called: string,
	options: InteractionOptions,
	kept?: Partial<Kept>,
	stepKey?: string,
	ended?: (verdict: Verdict) => void,
): Held {
	const { now, child, emit, seen_: allSeen } = core
	const { win } = core.env_
	const name = text(called)
	const id = idOf(name, options)
	const given = keyOf(options)
	const parent = kept ? undefined : core.parent_()
	let [
		context = child(parent),
		parentSpanId = parent?.spanId,
		began = now(),
		seen = 0,
		retries = 0,
		path = win?.location.pathname,
		attrs = put({}, options.attributes),
		events = [],
		bad = [],
		count = 0,
	] = kept || []
	const { timeoutMs, degradedMs, failedMs, journey, step: at = name } = options
	const { traceId, spanId } = context
	// Two of one trace and name would be one for Felt: inside of other spans the span's id tells them apart.
	const key = stepKey ?? given ?? (parentSpanId ? spanId : undefined)
	/** What requests carry as well. */
	const names: { [key: string]: string | undefined } = {
		'felt.interaction.name': name,
		'felt.interaction.key': key,
		'felt.journey.name': journey,
		'felt.journey.instance.id': journey && given,
	}
	const steps = new Set<Held>()
	let outcome: Outcome | undefined
	const controller = new AbortController()
	let timer: number | undefined
	/** Names of errors. */
	const said = new Set<string>()

	seen = allSeen() - seen
	const visible = () => allSeen() - seen
	const late = () => timeoutMs! > 0 && now() - began >= timeoutMs!

	/** The end that nobody named: `complete()`, or the page or the route was left. The first rule that holds. */
	function judge(leave?: string): Verdict {
		const all = bad.map((b) => b[2])
		const failed = all.find((v) => v[0] === 'failed')
		if (late()) return TIMEOUT
		if (failed) return failed
		const slow = visible() > degradedMs!
		if (leave) return ['abandoned', (slow ? 'slow_' : retries ? 'after_failure_' : '') + leave]
		if (all[0]) return all[0]
		if (visible() > failedMs!) return ['failed', 'too_slow']
		return slow ? ['degraded', 'slow'] : retries ? ['degraded', 'retried'] : DONE
	}

	/** What its span and its pending record say alike. What is undefined is not sent. */
	const describe = (reason: string | undefined, more: Attributes) =>
		({
			...attrs,
			...names,
			'felt.interaction.reason': reason,
			'felt.interaction.visible_ms': Math.round(visible()),
			'felt.interaction.retries': retries,
			'felt.journey.step': journey && at,
			'url.path': path,
			...more,
		}) as Values

	function arm() {
		// Longer than a timer can be: asked again when it fires.
		if (timeoutMs! > 0)
			timer = win?.setTimeout(
				() => (late() ? finish(TIMEOUT) : arm()),
				Math.min(began + timeoutMs! - now(), 2e9),
			)
	}

	const finish: Held['finish_'] = (verdict, open = verdict, type) => {
		const [to, reason] = verdict
		if (outcome) return
		outcome = to
		const failed = to === 'failed'
		const endMs = now()
		win?.clearTimeout(timer)
		core.opened_.delete(self)
		if (id) core.take_(id)
		for (const step of steps) step.finish_(open)
		emit({
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
			failed,
			urgent: failed,
		})
		if (ended) ended(verdict)
		else
			core.tell('end', {
				name,
				outcome,
				reason,
				durationMs: endMs - began,
				visibleMs: visible(),
				traceId,
				spanId,
			})
		// Last: the page's listeners run here.
		if (open[0] !== 'success') controller.abort()
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
	/** Each kind once. Only its name: what messages and stacks say of the customer is for the errors plugin to redact. */
	function recordError(error: unknown): string {
		const type = text(guarded(() => (error as Error).name) || 'Error')
		if (said.size < said.add(type).size) event('exception', { 'exception.type': type })
		return type
	}
	/** Ends it by what was thrown: by the page's own class of it, else by its name. */
	function thrown(error: unknown) {
		const type = recordError(error)
		const { outcome: means, reason = type } = core.attempt_(() => core.options.classifyError?.(error)) || {}
		const aborted = type === 'AbortError'
		finish(
			means
				? [means === 'expected' ? 'success' : means, reason]
				: aborted && !late()
					? ['cancelled', 'aborted']
					: aborted || type === 'TimeoutError'
						? TIMEOUT
						: ['failed', type],
			undefined,
			type,
		)
	}

	/** Failures that are tried again count no longer: of one step, or of all. */
	function redo(step?: string) {
		const rest = bad.filter((b) => b[1] || (step != null && b[0] !== step))
		if (rest.length < bad.length || step == null) retries++
		bad = rest
	}

	function step(called: string, how?: StepOptions): Step {
		const step = text(called)
		const { optional, attributes } = put({}, how as Attributes) as StepOptions
		redo(step)
		const made = openInteraction(
			core,
			step,
			// Of the same instance of a journey, at the same step of it.
			{ journey, step: at, key: given, attributes },
			[child(context), spanId],
			// Tries of one step are told apart like interactions.
			`${key ?? ''}#${++count}`,
			([to, reason]) => {
				steps.delete(made)
				const worked = to === 'degraded'
				if (worked || to === 'failed')
					bad = [...bad, [step, worked, [worked || optional ? 'degraded' : to, reason || step]]]
			},
		)
		if (outcome || count > STEPS) made.drop_()
		else steps.add(made)
		return made
	}

	function run<T>(fn: () => T): T {
		if (outcome) return fn()
		let end: (() => T) | undefined
		core.running_.push(self)
		// Once, whatever the host does.
		within(context, () => {
			end ||= guarded(
				() => {
					const result = fn()
					return () => result
				},
				(error) => {
					recordError(error)
					return () => {
						throw error
					}
				},
			)
		})
		core.running_.pop()
		return end!()
	}

	/** It may go on in another page. */
	const keep = () =>
		!!id &&
		core.keep_(id, [context, parentSpanId, began, visible(), retries, path, attrs, events, bad, count])

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
		run,
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
		signal: controller.signal,
		traceparent: traceparent(context),
		get outcome() {
			return outcome
		},
		names_: names,
		thrown_: thrown,
		finish_: finish,
		hide_() {
			emit({
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
			if (keep()) win?.clearTimeout(timer)
			else settle('page_hide')
		},
		back_() {
			// Another page went on with it, and ended it or will: the same span must not be told of twice.
			if (id) core.take_(id) ? arm() : drop()
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
