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

/** A span's ids with what it brings along: tracestate, as text. */
export interface Traced extends SpanContext {
	state?: string
}

/** The host's span in which code runs now. */
export const hostSpan = () =>
	guarded((): Traced | undefined => {
		const span = api()?.context?.active().getValue(key()) as OtelSpan | undefined
		// Most pages have none, and an exception for each interaction would be dear.
		if (!span) return
		const { traceId, spanId, traceFlags, traceState } = span.spanContext()
		// W3C: ids of zeros are none.
		if (/^(?!0+-)[0-9a-f]{32}-(?!0+$)[0-9a-f]{16}$/.test(`${traceId}-${spanId}`))
			return { traceId, spanId, sampled: !!(traceFlags & 1), state: traceState?.serialize() }
	})

/** An object of the API that does nothing: each method answers as the table says, else with the object itself. */
function fake(answers: Record<string, unknown>): object {
	const self: object = new Proxy(answers, {
		// An object with `then` would keep who awaits it waiting for ever.
		get: (_, name) =>
			name === 'then' ? undefined : () => (name in answers ? answers[name as string] : self),
	})
	return self
}

/** What the host's instrumentation finds as the parent: only ids. */
const stub = ({ traceId, spanId, sampled, state }: Traced) =>
	fake({
		spanContext: {
			traceId,
			spanId,
			traceFlags: +sampled,
			traceState: state ? fake({ serialize: state, get: undefined }) : undefined,
		},
		isRecording: false,
	})

/** Runs fn once, with a value in the host's context where there is a host. What fn throws is thrown. */
export function hosted<T>(key: symbol, value: unknown, fn: () => T): T {
	let ran: { value_?: T; error_?: [unknown] } | undefined
	const body = () => {
		if (ran) return
		ran = {}
		try {
			ran.value_ = fn()
		} catch (error) {
			ran.error_ = [error]
		}
	}
	guarded(() => {
		const host = api()?.context
		host?.with(host.active().setValue(key, value), body)
	})
	body()
	if (ran!.error_) throw ran!.error_[0]
	return ran!.value_ as T
}

/** Runs fn with the context as the host's active span. */
export const within = <T>(context: Traced, fn: () => T): T => hosted(key(), stub(context), fn)
