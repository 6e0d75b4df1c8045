/**
 * OTLP/JSON by hand: ids as hex, 64 bit integers as text, nothing that is empty.
 *
 * A record becomes text once, when it is added; a request is such texts put together. So splitting,
 * counting bytes and storing need no second encoding.
 */
import type { IO } from './io'
import type { AttributeValue, LogRecord, Options, SpanRecord } from './types'
import { version } from './version'

/** Longest text of a value, key or name, and the most elements of a list. */
const LONGEST = 1024
const MOST = 128

/** Cut to the limit, and without halves of characters, which are no valid UTF-8. */
const text = (value: unknown): string =>
	String(value)
		.slice(0, LONGEST)
		.replace(/\p{Cs}/gu, '')

/** An AnyValue; undefined for what has no place in OTLP, which callers without types can pass. */
function any(value: unknown): object | undefined {
	switch (typeof value) {
		case 'string':
			return { stringValue: text(value) }
		case 'boolean':
			return { boolValue: value }
		case 'number':
			if (Number.isSafeInteger(value)) return { intValue: String(value) }
			return Number.isFinite(value) ? { doubleValue: value } : undefined
	}
	return Array.isArray(value)
		? { arrayValue: { values: value.slice(0, MOST).map(any).filter(Boolean) } }
		: undefined
}

function attributes(from: Record<string, AttributeValue | undefined> | undefined): object[] {
	const list = []
	for (const key in from) {
		const value = any(from[key])
		if (key && value) list.push({ key: text(key), value })
	}
	return list
}

/** Unix nanoseconds as text: a number cannot hold them. */
function nanos(ms: number): string {
	if (!(ms > 0 && ms < 9e12)) return '0'
	const whole = Math.floor(ms)
	return whole + String(Math.floor((ms - whole) * 1e6)).padStart(6, '0')
}

/** W3C flags, and that the field for "the parent is remote" is known (it is not). */
const flags = (sampled: boolean) => (sampled ? 257 : 256)

/** One Span or LogRecord as JSON. */
export function encode(r: SpanRecord | LogRecord): string {
	const c = r.context
	const attrs = attributes(r.attributes)
	if (r.type === 'span') {
		return JSON.stringify({
			traceId: r.context.traceId,
			spanId: r.context.spanId,
			parentSpanId: r.parentSpanId || undefined,
			traceState: r.traceState,
			flags: flags(r.context.sampled),
			name: text(r.name),
			kind: r.kind,
			startTimeUnixNano: nanos(r.startMs),
			endTimeUnixNano: nanos(Math.max(r.startMs, r.endMs)),
			attributes: attrs,
			events: r.events?.map((e) => ({
				timeUnixNano: nanos(e.timeMs),
				name: text(e.name),
				attributes: attributes(e.attributes),
			})),
			status: r.failed ? { code: 2, message: r.error && text(r.error) } : undefined,
		})
	}
	// A log record of OTLP has no field for it.
	if (r.traceState) attrs.push(...attributes({ 'felt.tracestate': r.traceState }))
	const time = nanos(r.timeMs)
	return JSON.stringify({
		timeUnixNano: time,
		observedTimeUnixNano: time,
		severityNumber: r.severity,
		eventName: text(r.name),
		body: r.body ? any(r.body) : undefined,
		attributes: attrs,
		traceId: c?.traceId,
		spanId: c?.spanId,
		flags: c && flags(c.sampled),
	})
}

/** The resource's attributes as JSON, without brackets and without felt.sent_at, which each request adds. */
export function resource(options: Options, io: IO): string {
	const nav = io.navigator
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
			'browser.platform': data?.platform || undefined,
			'browser.brands': data?.brands?.map((b) => `${b.brand} ${b.version}`),
		}),
	).slice(1, -1)
}

/** A whole request: records of one kind, as encode made them, and their resource. */
export function body(log: boolean, resource: string, records: readonly string[], sentMs: number): string {
	const [resources, scopes, list] = log
		? ['resourceLogs', 'scopeLogs', 'logRecords']
		: ['resourceSpans', 'scopeSpans', 'spans']
	const sent = JSON.stringify(attributes({ 'felt.sent_at': Math.round(sentMs) })).slice(1)
	return `{"${resources}":[{"resource":{"attributes":[${resource},${sent}},"${scopes}":[{"scope":{"name":"@felt/web","version":"${version}"},"${list}":[${records}]}]}]}`
}
