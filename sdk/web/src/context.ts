/**
 * The OpenTelemetry of the page, if it has one. The core depends on no version of its API and registers
 * nothing: it reads the API's global symbol, which versions 1.x share, and believes none of it.
 */
import type { SpanContext } from './types'

interface OtelSpanContext {
	traceId: string
	spanId: string
	traceFlags: number
	traceState?: { serialize(): string }
}
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

const api = () =>
	(globalThis as Record<symbol, unknown>)[Symbol.for('opentelemetry.js.api.1')] as OtelApi | undefined
const SPAN = /* @__PURE__ */ Symbol.for('OpenTelemetry Context Key SPAN')

/** Whether the page traces by itself: then its instrumentation makes the spans of requests. */
export function hostTraces() {
	try {
		return !!api()?.trace
	} catch {
		return false
	}
}

/** A span's ids with what it brings along. */
export interface Traced extends SpanContext {
	/** The host's tracestate, as text. */
	state?: string
}

/** The host's span in which code runs now. */
export function hostSpan(): Traced | undefined {
	try {
		const span = api()?.context?.active().getValue(SPAN) as { spanContext(): OtelSpanContext } | undefined
		const { traceId, spanId, traceFlags, traceState } = span!.spanContext()
		if (/^(?!0+$)[0-9a-f]{32}$/.test(traceId) && /^(?!0+$)[0-9a-f]{16}$/.test(spanId))
			return { traceId, spanId, sampled: !!(traceFlags & 1), state: traceState?.serialize() }
	} catch {
		// No API, no span, or an API that is not what it was.
	}
}

/** What the host's instrumentation finds as the parent: only ids, everything else does nothing. */
function stub({ traceId, spanId, sampled, state }: Traced) {
	const traceState = state && {
		serialize: () => state,
		get() {},
		set: () => traceState,
		unset: () => traceState,
	}
	const span: Record<string, unknown> = {
		spanContext: () => ({ traceId, spanId, traceFlags: +sampled, traceState: traceState || undefined }),
		isRecording: () => false,
		end() {},
		recordException() {},
	}
	for (const name of [
		'setAttribute',
		'setAttributes',
		'addEvent',
		'addLink',
		'addLinks',
		'setStatus',
		'updateName',
	])
		span[name] = () => span
	return span
}

/** Runs fn once, with the context as the host's active span where there is a host. What fn throws is thrown. */
export const within = <T>(context: Traced, fn: () => T): T => hosted(SPAN, stub(context), fn)

/** Runs fn once, with a value in the host's context where there is a host. What fn throws is thrown. */
export function hosted<T>(key: symbol, value: unknown, fn: () => T): T {
	let ran: undefined | (() => T)
	let begun = false
	const body = () => {
		if (begun) return
		begun = true
		try {
			const value = fn()
			ran = () => value
		} catch (error) {
			ran = () => {
				throw error
			}
		}
	}
	try {
		const host = api()?.context
		host?.with(host.active().setValue(key, value), body)
	} catch {
		// A host that fails must not keep the page's code from running.
	}
	body()
	return ran!()
}
