/**
 * The OpenTelemetry of the page, if it has one. The core depends on no version of its API and registers
 * nothing: it reads the API's global symbol, which versions 1.x share, and believes none of it.
 */
import { guarded } from './limits'
import type { SpanContext } from './types'

interface OtelContext {
	getValue(key: symbol): unknown
	setValue(key: symbol, value: unknown): OtelContext
}
interface OtelApi {
	trace?: unknown
	context?: {
		active(): OtelContext
		with(context: OtelContext, fn: () => void): void
	}
}
interface OtelSpan {
	spanContext(): { traceId: string; spanId: string; traceFlags: number; traceState?: { serialize(): string } }
}

const api = () =>
	(globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] as OtelApi | undefined
const key = () => Symbol.for('OpenTelemetry Context Key SPAN')

/** Whether the page traces by itself: then its instrumentation makes the spans of requests. */
export const hostTraces = () => !!guarded(() => api()?.trace)

/** The host's span in which code runs now. */
export const hostSpan = () =>
	guarded((): SpanContext | undefined => {
		const span = api()?.context?.active().getValue(key()) as OtelSpan | undefined
		// Most pages have none, and an exception for each interaction would be dear.
		const { traceId, spanId, traceFlags, traceState } =
			span?.spanContext() || ({} as Record<string, undefined>)
		// W3C: ids of zeros are none.
		if (/^(?!0+-)[0-9a-f]{32}-(?!0+$)[0-9a-f]{16}$/.test(`${traceId}-${spanId}`))
			return {
				traceId: traceId!,
				spanId: spanId!,
				sampled: !!(traceFlags! & 1),
				state: traceState?.serialize(),
			}
	})

/**
 * Runs body with the context as the host's active span where there is a host, which may fail at that, and then
 * once more: only ids, which the host's instrumentation finds as the parent.
 */
export function within(context: SpanContext, body: () => void): void {
	// An object of the API that does nothing, as span and as its tracestate: each method answers as the table
	// says, else with the object itself.
	const span: object = new Proxy(
		{},
		{
			// An object with `then` would keep who awaits it waiting for ever.
			get: (_, name) =>
				name === 'then' ? undefined : () => (name in answers ? answers[name as string] : span),
		},
	)
	const answers: Record<string, unknown> = {
		spanContext: { ...context, traceFlags: +context.sampled, traceState: context.state && span },
		isRecording: false,
		serialize: context.state,
		get: undefined,
	}
	guarded(() => {
		const host = api()?.context
		host?.with(host.active().setValue(key(), span), body)
	})
	body()
}

/** A function that others may have put something around: OpenTelemetry, Sentry. */
export interface Wrapped {
	__original?: this
	__sentry_original__?: this
}
/** What is below it. Ask nine times at most: Sentry names some functions as their own originals. */
export const below = <T extends Wrapped>(fn: T): T | undefined => fn.__original || fn.__sentry_original__
