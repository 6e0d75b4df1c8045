import { afterEach, describe, expect, test, vi } from 'vitest'
import { body, encode, resource } from '../src/otlp'
import type { AttributeValue, LogRecord, SpanRecord } from '../src/types'
import { log, options, type Pair, START, span, type Wire, world } from './world'

afterEach(() => void vi.useRealTimers())

const wire = (r: SpanRecord | LogRecord): Wire => JSON.parse(encode(r))
const encoded = (v: unknown): unknown =>
	wire(span('a', { attributes: { v: v as AttributeValue } })).attributes.find((a) => a.key === 'v')?.value

describe('values', () => {
	test.each([
		['text', { stringValue: 'text' }],
		['', { stringValue: '' }],
		[true, { boolValue: true }],
		[false, { boolValue: false }],
		[0, { intValue: '0' }],
		[-0, { intValue: '0' }],
		[42, { intValue: '42' }],
		[-7, { intValue: '-7' }],
		[Number.MAX_SAFE_INTEGER, { intValue: '9007199254740991' }],
		[2 ** 53, { doubleValue: 2 ** 53 }],
		[1e300, { doubleValue: 1e300 }],
		[0.5, { doubleValue: 0.5 }],
		[
			['a', 1, true],
			{ arrayValue: { values: [{ stringValue: 'a' }, { intValue: '1' }, { boolValue: true }] } },
		],
		[[], { arrayValue: { values: [] } }],
	])('%j', (value, want) => {
		expect(encoded(value)).toEqual(want)
	})

	test.each([
		[Number.NaN],
		[Number.POSITIVE_INFINITY],
		[undefined],
		[null],
		[Symbol('s')],
		[() => 1],
		[{ a: 1 }],
		[new Date(0)],
		[10n],
	])('%s has no place, and is left out', (value) => {
		expect(encoded(value)).toBeUndefined()
		expect(encoded(['a', value])).toEqual({ arrayValue: { values: [{ stringValue: 'a' }] } })
	})

	test('an array that holds itself ends', () => {
		const list: unknown[] = ['a']
		list.push(list)
		expect(encoded(list)).toEqual({ arrayValue: { values: [{ stringValue: 'a' }] } })
	})

	test('texts are cut at 1 KB, and never in the middle of a character', () => {
		expect(encoded('x'.repeat(5000))).toEqual({ stringValue: 'x'.repeat(1024) })
		const cut = (encoded(`x${'🙂'.repeat(600)}`) as { stringValue: string }).stringValue
		expect(cut).toBe(`x${'🙂'.repeat(511)}`)
		expect(encoded('a\ud800b\udc00c')).toEqual({ stringValue: 'abc' })
		expect(wire(span('x'.repeat(5000))).name).toHaveLength(1024)
	})

	test('an empty key is left out', () => {
		expect(wire(span('a', { attributes: { '': 1, b: 2 } })).attributes).toEqual([
			{ key: 'b', value: { intValue: '2' } },
		])
	})
})

describe('times', () => {
	test.each([
		[1_763_726_400_123, '1763726400123000000'],
		[1_763_726_400_123.4568, '1763726400123456000'],
		[0.5, '500000'],
		[0, '0'],
		[-5, '0'],
		[Number.NaN, '0'],
		[Number.POSITIVE_INFINITY, '0'],
		[1e300, '0'],
	])('%d ms is %s ns', (ms, ns) => {
		expect(wire(log('a', { timeMs: ms })).timeUnixNano).toBe(ns)
	})

	test('a span does not end before it began', () => {
		const got = wire(span('a', { startMs: START, endMs: START - 5 }))
		expect(got.endTimeUnixNano).toBe(got.startTimeUnixNano)
	})
})

test('the flag that was propagated is told', () => {
	const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) }
	expect(wire(span('a', { context: { ...context, sampled: true } })).flags).toBe(257)
	expect(wire(span('a', { context: { ...context, sampled: false } })).flags).toBe(256)
	const bare = wire(log('a'))
	expect(bare).not.toHaveProperty('flags')
	expect(bare).not.toHaveProperty('traceId')
})

test('what is not known of the browser is not told', () => {
	const w = world()
	Object.assign(w.win.navigator, { userAgentData: undefined, language: undefined })
	const list: Pair[] = JSON.parse(`${resource({ ...w.env, options: options({ release: undefined }) })}]`)
	expect(list.map((a) => a.key)).toEqual([
		'service.name',
		'service.namespace',
		'telemetry.sdk.name',
		'telemetry.sdk.language',
		'telemetry.sdk.version',
		'user_agent.original',
	])
})

// Read by core/otlp's tests with the Collector's own decoder, and with Felt's.
describe('payloads', () => {
	const context = (n: number) => ({
		traceId: `4bf92f3577b34da6a3ce929d0e0e47${n.toString(16).padStart(2, '0')}`,
		spanId: `00f067aa0ba902${n.toString(16).padStart(2, '0')}`,
		sampled: n % 2 === 1,
	})
	const identity = {
		'session.id': '5b8efff798038103d269b633813fc60c',
		'app.installation.id': 'eee19b7ec3c1b174eee19b7ec3c1b174',
		'user.id': 'cust-1',
		'felt.account': 'acme',
		'felt.segment.plan': 'pro',
	}
	const interaction = (n: number, outcome: string, more: Partial<SpanRecord> = {}): SpanRecord => ({
		type: 'span',
		what: 'interaction',
		name: 'pay',
		kind: 1,
		context: context(n),
		startMs: START + 0.25,
		endMs: START + 1834.5,
		...more,
		attributes: {
			...identity,
			'felt.interaction.name': 'pay',
			'felt.interaction.outcome': outcome,
			'felt.interaction.visible_ms': 1500,
			'felt.interaction.retries': 0,
			'felt.journey.name': 'checkout',
			'felt.journey.step': 'pay',
			'url.path': '/checkout',
			...more.attributes,
		},
	})
	const requests: Record<string, (SpanRecord | LogRecord)[]> = {
		interactions: [
			interaction(1, 'success'),
			interaction(2, 'failed', {
				failed: true,
				traceState: 'ot=th:8;rv:d269b633813fc6',
				attributes: { 'felt.interaction.reason': 'card_service_down', 'error.type': 'TypeError' },
				events: [
					{ name: 'felt.retry', timeMs: START + 900, attributes: { 'felt.interaction.reason': 'again' } },
					{
						name: 'exception',
						timeMs: START + 1834,
						attributes: { 'exception.type': 'TypeError', 'exception.message': 'Failed to fetch' },
					},
					{ name: 'bare', timeMs: START + 1834 },
				],
			}),
			interaction(3, 'degraded', {
				parentSpanId: context(2).spanId,
				attributes: { 'felt.interaction.key': 'order-9' },
			}),
		],
		requests: [
			{
				type: 'span',
				what: 'request',
				name: 'POST',
				kind: 3,
				context: context(5),
				parentSpanId: context(1).spanId,
				startMs: START + 10,
				endMs: START + 200.125,
				attributes: {
					...identity,
					'http.request.method': 'POST',
					'url.full': 'https://shop.example/api/pay',
					'server.address': 'shop.example',
					'http.response.status_code': 503,
					'error.type': '503',
				},
				failed: true,
			},
		],
		logs: [
			{
				type: 'log',
				what: 'interaction',
				name: 'felt.interaction.pending',
				severity: 9,
				timeMs: START + 700,
				context: context(1),
				traceState: 'ot=th:8;rv:d269b633813fc6',
				attributes: {
					...identity,
					'felt.interaction.name': 'pay',
					'felt.interaction.visible_ms': 700,
					'felt.interaction.started_ms': START,
				},
			},
			log('exception', {
				severity: 17,
				attributes: { 'exception.type': 'TypeError', 'exception.message': 'undefined is not a function' },
			}),
			log('browser.web_vital', { attributes: { name: 'cls', value: 0.125, rating: 'needs-improvement' } }),
			log('felt.frustration', {
				severity: 13,
				context: context(2),
				attributes: {
					'felt.frustration.kind': 'rage',
					'felt.frustration.target': 'button#pay',
					'felt.frustration.clicks': 4,
				},
			}),
		],
		// What callers without types pass, and texts that break naive encoders.
		odd: [
			interaction(7, 'success', {
				name: 'Zahlung „groß“ 支払い 🙂 "\\\n\u0000\u2028',
				attributes: {
					half: 'a\ud83d',
					cut: '🙂'.repeat(1000),
					list: [1, 0.5, 'x', true, null, ['nested']] as unknown as string[],
					empty: [],
					none: '',
					big: 2 ** 63,
					least: -(2 ** 53) + 1,
					nan: Number.NaN,
					fn: (() => 1) as unknown as string,
					date: new Date(0) as unknown as string,
					bigint: 10n as unknown as number,
					'ключ "quoted"': 'значение',
				},
			}),
		],
	}

	test.each(Object.keys(requests))('%s', async (name) => {
		const w = world()
		const list = requests[name] as (SpanRecord | LogRecord)[]
		const logs = list[0]?.type === 'log'
		const text = body(
			logs,
			resource({ ...w.env, options: options({ environment: 'staging' }) }),
			list.map(encode),
			START + 2000,
		)
		const pretty = `${JSON.stringify(JSON.parse(text), null, '\t')}\n`
		await expect(pretty).toMatchFileSnapshot(`payloads/${name}.json`)
	})
})
