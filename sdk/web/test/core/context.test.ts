import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { headersOf } from '../../src/headers'
import { threshold } from '../../src/ids'
import { currentOf } from '../../src/plugins/page'
import { page } from './page'

const API = Symbol.for('opentelemetry.js.api.1')
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')
const globals = globalThis as Record<symbol, unknown>

/** A context of the API, which has been the same since 1.0. */
class Context {
	constructor(private readonly values = new Map<symbol, unknown>()) {}
	getValue = (key: symbol) => this.values.get(key)
	setValue = (key: symbol, value: unknown) => new Context(new Map(this.values).set(key, value))
}

function otel() {
	let active = new Context()
	const context = {
		active: () => active,
		with<T>(to: Context, fn: () => T): T {
			const was = active
			active = to
			try {
				return fn()
			} finally {
				active = was
			}
		},
	}
	const span = (traceId: string, spanId: string, traceFlags = 1, state?: string) => ({
		spanContext: () => ({ traceId, spanId, traceFlags, traceState: state && { serialize: () => state } }),
	})
	const api = { version: '1.9.0', trace: {}, context }
	globals[API] = api
	type Active = {
		spanContext(): {
			traceId: string
			spanId: string
			traceFlags: number
			traceState?: { serialize(): string }
		}
	} & Record<string, (...args: unknown[]) => unknown>
	return { api, context, span, active: () => active.getValue(SPAN) as Active | undefined }
}

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => {
	vi.useRealTimers()
	delete globals[API]
})

const T = 'a'.repeat(32)
const S = 'b'.repeat(16)

describe('without a host', () => {
	it('runs code as it is', () => {
		const p = page()
		const i = p.open('search')
		expect(i.run(() => 7)).toBe(7)
		expect(currentOf(p.host)).toBe(i)
	})
	it('an interaction opened inside of another is its child, and has a key of its own', () => {
		const p = page()
		const outer = p.open('checkout')
		const inner = outer.run(() => p.open('pay'))
		const beside = p.open('search')
		expect(inner.traceparent.slice(3, 35)).toBe(outer.traceparent.slice(3, 35))
		expect(beside.traceparent.slice(3, 35)).not.toBe(outer.traceparent.slice(3, 35))
		inner.complete()
		outer.complete()
		expect(p.span('pay').parentSpanId).toBe(p.span('checkout').context.spanId)
		expect(p.span('pay').attributes['felt.interaction.key']).toBe(p.span('pay').context.spanId)
		expect(p.span('checkout').parentSpanId).toBeUndefined()
		expect(p.span('checkout').attributes['felt.interaction.key']).toBeUndefined()
	})
	it('current is the innermost that is open, else the only one', () => {
		const p = page()
		expect(currentOf(p.host)).toBeUndefined()
		const a = p.open('a')
		expect(currentOf(p.host)).toBe(a)
		const b = p.open('b')
		expect(currentOf(p.host)).toBeUndefined()
		a.run(() => {
			expect(currentOf(p.host)).toBe(a)
			b.run(() => {
				expect(currentOf(p.host)).toBe(b)
				b.complete()
				expect(currentOf(p.host)).toBe(a)
			})
		})
		expect(currentOf(p.host)).toBe(a)
		expect(p.host.open()).toEqual([a])
	})
	it('an error leaves run, is recorded once, and does not end', () => {
		const p = page()
		const i = p.open('a')
		const error = new RangeError('x')
		expect(() =>
			i.run(() => {
				throw error
			}),
		).toThrow(error)
		expect(currentOf(p.host)).toBe(i)
		expect(i.outcome).toBeUndefined()
		i.recordError(error)
		i.complete()
		expect(p.span('a').events).toMatchObject([
			{ name: 'exception', attributes: { 'exception.type': 'RangeError' } },
		])
	})
	it('run runs after the end as well', () => {
		const p = page()
		const i = p.open('a')
		i.complete()
		expect(i.run(() => currentOf(p.host))).toBeUndefined()
	})
})

describe('with OpenTelemetry of the host', () => {
	it("begins inside of the host's active span, with its flag and its state", () => {
		const o = otel()
		const p = page({ options: { traceSampleRate: 1 } })
		o.context
			.with(o.context.active().setValue(SPAN, o.span(T, S, 0, 'v=1')), () => p.open('search'))
			.complete()
		expect(p.span('search')).toMatchObject({
			parentSpanId: S,
			context: { traceId: T, sampled: false, state: 'v=1' },
		})
	})
	it.each([
		['zeros', '0'.repeat(32), S],
		['no span id', T, ''],
		['capitals', 'A'.repeat(32), S],
		['no text', 7, S],
	])('believes no ids of %s', (_, traceId, spanId) => {
		const o = otel()
		const p = page()
		o.context
			.with(o.context.active().setValue(SPAN, o.span(traceId as string, spanId)), () => p.open('search'))
			.complete()
		expect(p.span('search').parentSpanId).toBeUndefined()
		expect(p.span('search').context.traceId).not.toBe(traceId)
	})
	it("run makes its own span the host's parent, and takes it off again", () => {
		const o = otel()
		const p = page()
		const i = p.open('search')
		i.run(() => {
			const seen = o.active()!
			const c = seen.spanContext()
			expect(`00-${c.traceId}-${c.spanId}-0${c.traceFlags}`).toBe(i.traceparent)
			for (const name of [
				'setAttribute',
				'setAttributes',
				'addEvent',
				'addLink',
				'addLinks',
				'setStatus',
				'updateName',
			])
				expect(seen[name]!()).toBe(seen)
			expect(seen.isRecording!()).toBe(false)
			// Awaited or written down it is a thing like any other.
			expect((seen as { then?: unknown }).then).toBeUndefined()
			expect((c.traceState as unknown as { set(k: string, v: string): unknown })?.set('a', 'b')).toBe(
				c.traceState,
			)
			expect((c.traceState as unknown as { get(k: string): unknown })?.get('a')).toBeUndefined()
			seen.end!()
			seen.recordException!()
			expect(c.traceState?.serialize()).toBe('ot=th:0')
		})
		expect(o.active()).toBeUndefined()
		expect(i.outcome).toBeUndefined()
	})
	it('asks for the traces that the host would have made', () => {
		otel()
		expect(page().open('a').traceparent).toMatch(/-01$/)
		expect(page({ options: { traceSampleRate: 0 } }).open('a').traceparent).toMatch(/-00$/)
	})
	it('runs the code of the page once, whatever the host does', () => {
		const o = otel()
		const boom = () => {
			throw new Error('host')
		}
		const broken: (() => void)[] = [
			() => Object.assign(o.api, { context: { active: boom, with: boom } }),
			() => Object.assign(o.api, { context: { ...o.context, with: boom } }),
			() => Object.assign(o.api, { context: { ...o.context, with: () => undefined } }),
			() =>
				Object.assign(o.api, {
					context: { ...o.context, with: (_: unknown, fn: () => void) => [fn(), fn(), boom()] },
				}),
			() => Object.assign(o.api, { context: { ...o.context, active: () => undefined } }),
			() => Object.assign(o.api, { context: 7 }),
			() => {
				globals[API] = null
			},
			() => {
				globals[API] = new Proxy({}, { get: boom })
			},
		]
		for (const breakIt of broken) {
			breakIt()
			const p = page()
			const i = p.open('a')
			let ran = 0
			expect(i.run(() => ++ran)).toBe(1)
			expect(() =>
				i.run(() => {
					ran++
					throw new RangeError('page')
				}),
			).toThrow('page')
			expect(ran).toBe(2)
			i.complete()
			expect(p.spans()).toHaveLength(1)
		}
	})
	it('registers nothing', () => {
		const before = Object.getOwnPropertySymbols(globalThis).length
		const p = page()
		p.open('a').run(() => 1)
		expect(Object.getOwnPropertySymbols(globalThis).length).toBe(before)
		expect(globals[API]).toBeUndefined()
	})
})

describe('headers', () => {
	it('tie a request to it', () => {
		const p = page({ options: { traceSampleRate: 1 } })
		const i = p.open('Ü b', { journey: 'buy,now', key: 'o=1' })
		const [open] = p.host.open()
		expect(headersOf(open!)).toEqual({
			traceparent: i.traceparent,
			tracestate: 'ot=th:0',
			baggage:
				'felt.interaction.name=%C3%9C%20b,felt.interaction.key=o%3D1,felt.journey.name=buy%2Cnow,felt.journey.instance.id=o%3D1',
		})
		const child = p.host.child(open!.context)
		expect(headersOf(open!, child).traceparent).toBe(`00-${child.traceId}-${child.spanId}-01`)
		expect(child.traceId).toBe(open!.context.traceId)
	})
	it('are valid whatever the name is', () => {
		const p = page()
		p.open('a\ud800')
		expect(headersOf(p.host.open()[0]!).baggage).toBe('felt.interaction.name=a')
	})
	it('a child without a parent is a trace of its own', () => {
		const p = page({ options: { traceSampleRate: 1 } })
		expect(p.host.child(undefined)).toMatchObject({
			traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
			sampled: true,
		})
	})
})

describe('the propagated flag', () => {
	const share = (rate: number | undefined, n = 1000) => {
		const p = page({ options: { traceSampleRate: rate } })
		const all = Array.from({ length: n }, () => {
			const i = p.open('a') as ReturnType<typeof p.host.open>[number]
			const { traceparent, tracestate } = headersOf(i)
			i.cancel()
			return { traceId: traceparent!.slice(3, 35), sampled: traceparent!.endsWith('1'), tracestate }
		})
		return all
	}
	it.each([
		[0, 0, 0],
		[0.1, 0.05, 0.16],
		[undefined, 0.05, 0.16],
		[0.5, 0.42, 0.58],
		[1, 1, 1],
		[7, 1, 1],
		[-1, 0, 0],
		[Number.NaN, 0, 0],
	])('is set for a share of %s, by the trace id alone', (rate, low, high) => {
		const all = share(rate)
		const sampled = all.filter((x) => x.sampled)
		expect(sampled.length / all.length).toBeGreaterThanOrEqual(low)
		expect(sampled.length / all.length).toBeLessThanOrEqual(high)
		for (const x of all) {
			const th = /^ot=th:([0-9a-f]{1,14})$/.exec(x.tracestate ?? '')?.[1]
			expect(th !== undefined).toBe(x.sampled)
			if (th) expect(x.traceId.slice(-14) >= th).toBe(true)
		}
	})
	it.each([
		['ffffffffffffff', '01', 'ot=th:e666666;rv:ffffffffffffff'],
		['10000000000000', '00', undefined],
	])('of a sampled session is decided by its own randomness %s', (rv, flag, state) => {
		const p = page({ sampling: { rv, th: '8', sent: true } })
		for (let n = 0; n < 5; n++) p.open('a')
		for (const i of p.host.open()) {
			expect(headersOf(i).traceparent!.slice(-2)).toBe(flag)
			expect(headersOf(i).tracestate).toBe(state)
		}
	})
	it('thresholds', () => {
		expect(threshold(1)).toBe('0')
		expect(threshold(2)).toBe('0')
		expect(threshold(0.5)).toBe('8')
		expect(threshold(0.25)).toBe('c')
		expect(threshold(0.99)).toBe('028f5c2')
		expect(threshold(1e-30)).toBe('fffffff')
		expect(threshold(0)).toBeUndefined()
		expect(threshold(Number.NaN)).toBeUndefined()
	})
})
