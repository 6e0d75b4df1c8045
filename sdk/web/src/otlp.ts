/**
 * OTLP/JSON by hand: ids as hex, 64 bit integers as text, nothing that is empty.
 *
 * A record becomes text once, when it is added; a request is such texts put together. So splitting,
 * counting bytes and storing need no second encoding.
 */
import type { Env } from './env'
import { guarded, text } from './limits'
import type { AttributeValue, LogRecord, SpanRecord } from './types'
import { version } from './version'

interface UserAgentData {
	mobile?: boolean
	platform?: string
	brands?: readonly { brand: string; version: string }[]
}

/** Cut to 1 KB. */
const long = (value: unknown) => text(value, 1024)

/** An AnyValue; undefined for what has no place in OTLP, which callers without types can pass. */
const scalar = (value: unknown) =>
	typeof value === 'string'
		? { stringValue: long(value) }
		: typeof value === 'boolean'
			? { boolValue: value }
			: Number.isSafeInteger(value)
				? { intValue: `${value}` }
				: Number.isFinite(value)
					? { doubleValue: value }
					: undefined

const attributes = (from: Record<string, AttributeValue | undefined> | undefined) =>
	Object.entries(from || {})
		.map(([key, v]) => ({
			key,
			value: guarded(() =>
				Array.isArray(v) ? { arrayValue: { values: v.slice(0, 64).map(scalar).filter(Boolean) } } : scalar(v),
			),
		}))
		.filter((a) => a.key && a.value)

/** Unix nanoseconds as text: a number cannot hold them. */
const nanos = (ms: number) => (ms > 0 && ms < 9e12 ? `${Math.floor(ms * 1000)}000` : '0')

/** One Span or LogRecord as JSON. */
export function encode(r: SpanRecord | LogRecord): string {
	const { context, traceState } = r
	const name = long(r.name)
	return JSON.stringify({
		traceId: context?.traceId,
		spanId: context?.spanId,
		// W3C's, and that the field for "the parent is remote" is known (it is not).
		flags: context && 256 + +context.sampled,
		...(r.type === 'span'
			? {
					attributes: attributes(r.attributes),
					// Null when it comes out of storage.
					parentSpanId: r.parentSpanId || undefined,
					traceState,
					name,
					kind: r.kind,
					startTimeUnixNano: nanos(r.startMs),
					endTimeUnixNano: nanos(Math.max(r.startMs, r.endMs)),
					events: r.events?.map((e) => ({
						timeUnixNano: nanos(e.timeMs),
						name: e.name,
						attributes: attributes(e.attributes),
					})),
					status: r.failed ? { code: 2 } : undefined,
				}
			: {
					// A log record of OTLP has no field for it.
					attributes: attributes({ ...r.attributes, 'felt.tracestate': traceState }),
					timeUnixNano: nanos(r.timeMs),
					severityNumber: r.severity,
					eventName: name,
				}),
	})
}

/** The resource's attributes as JSON, without the closing bracket: each request adds felt.sent_at. */
export function resource({ win, options }: Env): string {
	const {
		userAgent,
		language,
		userAgentData: data,
	} = win!.navigator as Navigator & {
		userAgentData?: UserAgentData
	}
	return JSON.stringify(
		attributes({
			'service.name': options.service || 'web',
			'service.namespace': options.app,
			'service.version': options.release,
			'deployment.environment.name': options.environment,
			'telemetry.sdk.name': '@felt/web',
			'telemetry.sdk.language': 'webjs',
			'telemetry.sdk.version': version,
			'user_agent.original': userAgent,
			'browser.language': language,
			'browser.mobile': data?.mobile,
			'browser.platform': data?.platform,
			'browser.brands': data?.brands?.map((b) => `${b.brand} ${b.version}`),
		}),
	).slice(0, -1)
}

/** A whole request: records of one kind, as encode made them, and their resource. */
export const body = (
	log: boolean,
	resource: string,
	records: readonly string[],
	sentMs: number,
	kind = log ? 'Log' : 'Span',
): string =>
	`{"resource${kind}s":[{"resource":{"attributes":${resource},{"key":"felt.sent_at","value":{"intValue":"${Math.round(sentMs)}"}}]},"scope${kind}s":[{"${log ? 'logRecords' : 'spans'}":[${records}]}]}]}`
