/**
 * OTLP/JSON by hand: ids as hex, 64 bit integers as text, nothing that is empty.
 *
 * A record becomes text once, when it is added; a request is such texts put together. So splitting,
 * counting bytes and storing need no second encoding.
 */
import type { Env } from './env'
import type { AttributeValue, LogRecord, Options, SpanRecord } from './types'
import { version } from './version'

interface UserAgentData {
	mobile?: boolean
	platform?: string
	brands?: readonly { brand: string; version: string }[]
}

/** Cut to the limit, and without halves of characters, which are no valid UTF-8. */
const text = (value: unknown) =>
	String(value)
		.slice(0, 1024)
		.replace(/\p{Cs}/gu, '')

/** An AnyValue; undefined for what has no place in OTLP, which callers without types can pass. */
const scalar = (value: unknown) =>
	typeof value === 'string'
		? { stringValue: text(value) }
		: typeof value === 'boolean'
			? { boolValue: value }
			: Number.isSafeInteger(value)
				? { intValue: String(value) }
				: Number.isFinite(value)
					? { doubleValue: value }
					: undefined

const attributes = (from: Record<string, AttributeValue | undefined> | undefined) =>
	Object.entries(from || {})
		.map(([key, v]) => ({
			key: text(key),
			value: Array.isArray(v)
				? { arrayValue: { values: v.slice(0, 64).map(scalar).filter(Boolean) } }
				: scalar(v),
		}))
		.filter((a) => a.key && a.value)

/** Unix nanoseconds as text: a number cannot hold them. */
function nanos(ms: number): string {
	const micros = Math.floor(ms * 1000)
	return micros > 0 && micros < 9e15 ? `${micros}000` : '0'
}

/** One Span or LogRecord as JSON. */
export function encode(r: SpanRecord | LogRecord): string {
	const { context, traceState } = r
	const name = text(r.name)
	const attrs = attributes(r.attributes)
	const ids = {
		traceId: context?.traceId,
		spanId: context?.spanId,
		// W3C's, and that the field for "the parent is remote" is known (it is not).
		flags: context && 256 + +context.sampled,
		attributes: attrs,
	}
	if (r.type === 'span')
		return JSON.stringify({
			...ids,
			parentSpanId: r.parentSpanId || undefined,
			traceState,
			name,
			kind: r.kind,
			startTimeUnixNano: nanos(r.startMs),
			endTimeUnixNano: nanos(Math.max(r.startMs, r.endMs)),
			events: r.events?.map((e) => ({
				timeUnixNano: nanos(e.timeMs),
				name: text(e.name),
				attributes: attributes(e.attributes),
			})),
			status: r.failed ? { code: 2, message: r.error ? text(r.error) : undefined } : undefined,
		})
	// A log record of OTLP has no field for it.
	if (traceState) attrs.push(...attributes({ 'felt.tracestate': traceState }))
	return JSON.stringify({
		...ids,
		timeUnixNano: nanos(r.timeMs),
		severityNumber: r.severity,
		eventName: name,
		body: r.body ? scalar(r.body) : undefined,
	})
}

/** The resource's attributes as JSON, without the closing bracket: each request adds felt.sent_at. */
export function resource(options: Options, { win }: Env): string {
	const nav = win?.navigator as (Navigator & { userAgentData?: UserAgentData }) | undefined
	const data = nav?.userAgentData
	return JSON.stringify(
		attributes({
			'service.name': options.service || 'web',
			'service.namespace': options.app,
			'service.version': options.release,
			'deployment.environment.name': options.environment,
			'telemetry.sdk.name': '@felt/web',
			'telemetry.sdk.language': 'webjs',
			'telemetry.sdk.version': version,
			'user_agent.original': nav?.userAgent,
			'browser.language': nav?.language,
			'browser.mobile': data?.mobile,
			'browser.platform': data?.platform,
			'browser.brands': data?.brands?.map((b) => `${b.brand} ${b.version}`),
		}),
	).slice(0, -1)
}

/** A whole request: records of one kind, as encode made them, and their resource. */
export function body(log: boolean, resource: string, records: readonly string[], sentMs: number): string {
	const [kind, list] = log ? ['Logs', 'logRecords'] : ['Spans', 'spans']
	const sent = JSON.stringify(attributes({ 'felt.sent_at': Math.round(sentMs) })).slice(1)
	return `{"resource${kind}":[{"resource":{"attributes":${resource},${sent}},"scope${kind}":[{"scope":{"name":"@felt/web","version":"${version}"},"${list}":[${records}]}]}]}`
}
