// OTLP/JSON taken apart for assertions, and held against the specification more strictly than decoders do:
// they let pass what they do not know.

export type Value = string | number | boolean | Value[]
export type Attributes = Record<string, Value>

export interface Span {
	traceId: string
	spanId: string
	parentSpanId: string
	traceState: string
	name: string
	kind: number
	startMs: number
	endMs: number
	status: number
	attributes: Attributes
	events: { name: string; attributes: Attributes }[]
	resource: Attributes
}

export interface Log {
	event: string
	traceId: string
	spanId: string
	timeMs: number
	severity: number
	body: string
	attributes: Attributes
	resource: Attributes
}

type Json = Record<string, unknown>
const list = (v: unknown): Json[] => (Array.isArray(v) ? (v as Json[]) : [])
const text = (v: unknown): string => (typeof v === 'string' ? v : '')
const millis = (v: unknown): number => Number(BigInt((v as string) || 0) / 1000n) / 1000

function value(v: unknown): Value {
	const { stringValue, intValue, doubleValue, boolValue, arrayValue } = v as Record<string, never>
	if (stringValue !== undefined) return stringValue
	if (intValue !== undefined) return Number(intValue)
	if (doubleValue !== undefined) return doubleValue
	if (boolValue !== undefined) return boolValue
	return list((arrayValue as unknown as Json | undefined)?.values).map(value)
}

const attributes = (v: unknown): Attributes =>
	Object.fromEntries(list(v).map((a) => [text(a.key), value(a.value)]))

function* records(body: string, outer: string, middle: string, inner: string): Generator<[Json, Attributes]> {
	for (const r of list((JSON.parse(body) as Json)[outer]))
		for (const s of list(r[middle]))
			for (const one of list(s[inner])) yield [one, attributes((r.resource as Json | undefined)?.attributes)]
}

export const spansOf = (body: string): Span[] =>
	[...records(body, 'resourceSpans', 'scopeSpans', 'spans')].map(([s, resource]) => ({
		traceId: text(s.traceId),
		spanId: text(s.spanId),
		parentSpanId: text(s.parentSpanId),
		traceState: text(s.traceState),
		name: text(s.name),
		kind: s.kind as number,
		startMs: millis(s.startTimeUnixNano),
		endMs: millis(s.endTimeUnixNano),
		status: ((s.status as Json | undefined)?.code as number | undefined) ?? 0,
		attributes: attributes(s.attributes),
		events: list(s.events).map((e) => ({ name: text(e.name), attributes: attributes(e.attributes) })),
		resource,
	}))

export const logsOf = (body: string): Log[] =>
	[...records(body, 'resourceLogs', 'scopeLogs', 'logRecords')].map(([l, resource]) => ({
		event: text(l.eventName),
		traceId: text(l.traceId),
		spanId: text(l.spanId),
		timeMs: millis(l.timeUnixNano),
		severity: l.severityNumber as number,
		body: text((l.body as Json | undefined)?.stringValue),
		attributes: attributes(l.attributes),
		resource,
	}))

/** What each message may hold, of the fields that a browser has use for; a check for each. */
type Shape = { [field: string]: (v: unknown) => string | undefined }

const fits =
	(what: string, ok: (v: unknown) => boolean) =>
	(v: unknown): string | undefined =>
		ok(v) ? undefined : `${JSON.stringify(v)?.slice(0, 200)} is no ${what}`
const string = fits('text', (v) => typeof v === 'string')
const whole = fits('whole number', (v) => Number.isInteger(v))
const int64 = fits(
	'64 bit number as text or whole number',
	(v) => (typeof v === 'string' && /^-?\d{1,19}$/.test(v)) || Number.isSafeInteger(v),
)
const nanos = fits('nanoseconds as text', (v) => typeof v === 'string' && /^\d{16,19}$/.test(v))
const id = (digits: number) =>
	fits(
		`id of ${digits} digits`,
		(v) => typeof v === 'string' && new RegExp(`^[0-9a-f]{${digits}}$`).test(v) && !/^0+$/.test(v),
	)

function message(shape: Shape): (v: unknown) => string | undefined {
	return (v) => {
		if (typeof v !== 'object' || v === null || Array.isArray(v)) return 'is no message'
		for (const [field, inner] of Object.entries(v)) {
			const check = shape[field]
			if (!check) return `${field} is not known`
			const odd = check(inner)
			if (odd) return `${field}: ${odd}`
		}
		return undefined
	}
}

function many(of: (v: unknown) => string | undefined): (v: unknown) => string | undefined {
	return (v) => {
		if (!Array.isArray(v)) return 'is no list'
		for (const one of v) {
			const odd = of(one)
			if (odd) return odd
		}
		return undefined
	}
}

const anyValue: (v: unknown) => string | undefined = message({
	stringValue: string,
	intValue: int64,
	doubleValue: fits('number', (v) => Number.isFinite(v)),
	boolValue: fits('truth', (v) => typeof v === 'boolean'),
	arrayValue: (v) => message({ values: many(anyValue) })(v),
})

const keyValues = (v: unknown): string | undefined => {
	const odd = many(message({ key: string, value: anyValue }))(v)
	if (odd) return odd
	const keys = (v as { key: string }[]).map((a) => a.key)
	const twice = keys.find((k, i) => keys.indexOf(k) !== i)
	return twice === undefined ? undefined : `${twice} is there twice`
}

const resource = message({ attributes: keyValues })
const scope = message({ name: string, version: string, attributes: keyValues })
const event = message({ timeUnixNano: nanos, name: string, attributes: keyValues })

const span = message({
	traceId: id(32),
	spanId: id(16),
	parentSpanId: id(16),
	traceState: string,
	flags: whole,
	name: string,
	kind: whole,
	startTimeUnixNano: nanos,
	endTimeUnixNano: nanos,
	attributes: keyValues,
	events: many(event),
	droppedAttributesCount: whole,
	droppedEventsCount: whole,
	status: message({ code: whole, message: string }),
})

const log = message({
	timeUnixNano: nanos,
	observedTimeUnixNano: nanos,
	severityNumber: whole,
	severityText: string,
	eventName: string,
	body: anyValue,
	attributes: keyValues,
	droppedAttributesCount: whole,
	flags: whole,
	traceId: id(32),
	spanId: id(16),
})

const payloads: Record<string, (v: unknown) => string | undefined> = {
	'/v1/traces': message({
		resourceSpans: many(
			message({
				resource,
				schemaUrl: string,
				scopeSpans: many(message({ scope, schemaUrl: string, spans: many(span) })),
			}),
		),
	}),
	'/v1/logs': message({
		resourceLogs: many(
			message({
				resource,
				schemaUrl: string,
				scopeLogs: many(message({ scope, schemaUrl: string, logRecords: many(log) })),
			}),
		),
	}),
}

/** What is wrong with a payload; undefined: nothing. */
export function strange(path: string, body: string): string | undefined {
	const check = payloads[path]
	if (!check) return `${path} is no address of OTLP`
	try {
		return check(JSON.parse(body))
	} catch (e) {
		return String(e)
	}
}
