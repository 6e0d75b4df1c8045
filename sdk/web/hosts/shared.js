// What the hosts with OpenTelemetry share.

/** A finished span, as the tests look at it. */
export const seen = (span) => ({
	name: span.name,
	kind: span.kind,
	traceId: span.spanContext().traceId,
	spanId: span.spanContext().spanId,
	parentSpanId: span.parentSpanContext?.spanId ?? '',
})

/** Runs fn within a span of the host's own, and tells that span's ids. */
export const own = (trace, fn) =>
	trace.getTracer('host').startActiveSpan('own work', (span) => {
		const { traceId, spanId } = span.spanContext()
		fn()
		span.end()
		return { traceId, spanId }
	})
