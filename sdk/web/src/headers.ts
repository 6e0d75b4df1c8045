/** What ties a request to an interaction. */
import type { OpenInteraction, SpanContext } from './types'

export const traceparent = ({ traceId, spanId, sampled }: SpanContext) =>
	`00-${traceId}-${spanId}-0${+sampled}`

/** Headers of a request whose span is `context`: traceparent, tracestate, baggage. */
export function headersOf({ context: own, names_ }: OpenInteraction, context = own): Record<string, string> {
	const all: Record<string, string> = { traceparent: traceparent(context) }
	if (own.state) all.tracestate = own.state
	const list = []
	for (const key in names_) if (names_[key]) list.push(`${key}=${encodeURIComponent(names_[key])}`)
	all.baggage = list.join()
	return all
}
