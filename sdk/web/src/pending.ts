/** What is told of an open interaction when the page is hidden: it may be the last that is heard of it. */
import type { AttributeValue, LogRecord, SpanContext } from './types'

export function pending(
	context: SpanContext,
	timeMs: number,
	startMs: number,
	reason: string | undefined,
	attributes: Record<string, AttributeValue>,
): LogRecord {
	return {
		type: 'log',
		what: 'interaction',
		name: 'felt.interaction.pending',
		timeMs,
		context,
		severity: 9,
		attributes: {
			...attributes,
			'felt.interaction.started_ms': Math.round(startMs),
			...(reason ? { 'felt.interaction.reason': reason } : {}),
		},
	}
}
