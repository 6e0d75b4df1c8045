// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://shop.test/cart?coupon=x" }
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { network } from '../../src/plugins/network'
import { onRequest } from '../../src/plugins/page'
import { fakeHost } from './fake'

type Asked = [input: RequestInfo | URL, init?: RequestInit]
const API = Symbol.for('opentelemetry.js.api.1')
const page = globalThis as unknown as { fetch: unknown } & Record<symbol, unknown>
const native = page.fetch
let asked: Asked[]
let answer: () => Promise<Response>
const off: (() => void)[] = []

beforeEach(() => {
	asked = []
	answer = async () => new Response('{}', { status: 200 })
	page.fetch = (...args: Asked) => {
		asked.push(args)
		return answer()
	}
})
afterEach(() => {
	for (const take of off.splice(0)) take()
	page.fetch = native
	delete page[API]
	vi.unstubAllGlobals()
})

function start(options = {}) {
	const world = fakeHost(options)
	off.push(network()(world.host)!)
	return world
}
const headersOf = ([input, init]: Asked) => new Headers(init?.headers ?? (input as Request).headers)

/** Wraps fetch as OpenTelemetry's instrumentation does. */
function instrument(spans: unknown[]) {
	const original = page.fetch as (...args: unknown[]) => unknown
	const wrapped = (...args: unknown[]) => {
		spans.push(args[0])
		return original(...args)
	}
	page.fetch = Object.assign(wrapped, { __original: original, __unwrap: () => {}, __wrapped: true })
}

describe('fetch', () => {
	test('is left alone outside of interactions', async () => {
		const { spans } = start()
		const init = { method: 'POST', body: 'x' }
		await fetch('/api/cart', init)
		expect(asked[0]).toEqual(['/api/cart', init])
		expect(asked[0]![1]).toBe(init)
		expect(spans()).toEqual([])
	})

	test('becomes a span of the open interaction, with its headers, without a query', async () => {
		const { create, spans } = start()
		const pay = create('pay')
		const init = { method: 'post', headers: { 'x-own': '1', baggage: 'a=b' }, body: 'x', keepalive: true }
		await fetch('/api/pay?card=4111', init)
		const [span] = spans()
		expect(span).toMatchObject({
			name: 'POST',
			kind: 3,
			what: 'request',
			parentSpanId: pay.context.spanId,
			failed: false,
			attributes: {
				'http.request.method': 'POST',
				'url.full': 'https://shop.test/api/pay',
				'server.address': 'shop.test',
				'http.response.status_code': 200,
			},
		})
		expect(span!.context.traceId).toBe(pay.context.traceId)
		const headers = headersOf(asked[0]!)
		expect(headers.get('traceparent')).toBe(`00-${span!.context.traceId}-${span!.context.spanId}-01`)
		expect(headers.get('tracestate')).toBe('ot=rv:1')
		expect(headers.get('baggage')).toBe('a=b, felt.interaction.name=pay')
		expect(headers.get('x-own')).toBe('1')
		expect(asked[0]![1]).toMatchObject({ method: 'post', body: 'x', keepalive: true })
		expect(init.headers).toEqual({ 'x-own': '1', baggage: 'a=b' })
	})

	test.each([
		['https://shop.test/a', true],
		['https://other.test/a', false],
		['https://api.test/v1/a', true],
		['https://api.test.evil/v1/a', false],
		['https://api.test/v2/a', false],
		['https://eu.cdn.test/a', true],
		['http://shop.test/a', false],
	])('writes headers where it may: %s %s', async (url, may) => {
		const { create, spans } = start({ propagateTo: ['https://api.test/v1', /cdn\.test\//g] })
		create('pay')
		await fetch(url)
		await fetch(url)
		expect(asked.map((a) => headersOf(a).has('traceparent'))).toEqual([may, may])
		expect(spans()).toHaveLength(2)
	})

	test('takes no origin for a prefix of another', async () => {
		const { create } = start({ propagateTo: ['https://api.test'] })
		create('pay')
		await fetch('https://api.test.evil/')
		expect(headersOf(asked[0]!).has('traceparent')).toBe(false)
	})

	test('keeps a Request, its body and its signal', async () => {
		const { create } = start()
		create('pay')
		const { signal } = new AbortController()
		const request = new Request('https://shop.test/up', {
			method: 'PUT',
			body: 'data',
			headers: { 'x-own': '1' },
			signal,
		})
		await fetch(request)
		const [sent] = asked[0] as [Request]
		expect(request.headers.has('traceparent')).toBe(false)
		expect(sent.headers.get('x-own')).toBe('1')
		expect(sent.headers.has('traceparent')).toBe(true)
		expect(sent.method).toBe('PUT')
		expect(await sent.text()).toBe('data')
	})

	test('keeps a traceparent that the page wrote', async () => {
		const { create } = start()
		create('pay')
		await fetch('/a', { headers: { traceparent: 'own' } })
		const headers = headersOf(asked[0]!)
		expect(headers.get('traceparent')).toBe('own')
		expect(headers.has('tracestate')).toBe(false)
	})

	test.each([
		[404, '404', true],
		[503, '503', true],
		[204, undefined, false],
	])('tells status %i', async (status, type, failed) => {
		const { create, spans } = start()
		create('pay')
		answer = async () => new Response(null, { status })
		expect((await fetch('/a')).status).toBe(status)
		expect(spans()[0]).toMatchObject({ failed, attributes: { 'http.response.status_code': status } })
		expect(spans()[0]!.attributes['error.type']).toBe(type)
	})

	test('tells an opaque answer', async () => {
		const { create, spans } = start()
		create('pay')
		answer = async () => ({ status: 0, type: 'opaque' }) as Response
		await fetch('https://other.test/')
		expect(spans()[0]).toMatchObject({ failed: false, attributes: { 'felt.request.opaque': true } })
		expect(spans()[0]!.attributes).not.toHaveProperty('http.response.status_code')
	})

	test('tells network errors, time limits and what was aborted, and throws on what was thrown', async () => {
		const { create, spans } = start()
		create('pay')
		const thrown = new TypeError('Failed to fetch')
		answer = () => Promise.reject(thrown)
		await expect(fetch('/a')).rejects.toBe(thrown)
		answer = () => Promise.reject(new DOMException('', 'TimeoutError'))
		await expect(fetch('/a')).rejects.toThrow()
		const controller = new AbortController()
		controller.abort('left')
		answer = () => Promise.reject('left')
		await expect(fetch('/a', { signal: controller.signal })).rejects.toBe('left')
		expect(spans().map((s) => [s.attributes['error.type'], s.failed])).toEqual([
			['network', true],
			['timeout', true],
			['aborted', false],
		])
	})

	test('belongs to the one whose run it is in, else to the one whose signal it has', async () => {
		const { create, spans } = start()
		const a = create('a')
		const b = create('b')
		await fetch('/none')
		await a.run(() => fetch('/a'))
		await fetch('/b', { signal: b.signal })
		expect(spans().map((s) => [s.attributes['url.full'], s.parentSpanId])).toEqual([
			['https://shop.test/a', a.context.spanId],
			['https://shop.test/b', b.context.spanId],
		])
	})

	test('of the SDK is no request of the page', async () => {
		const { create, spans } = start()
		create('pay')
		const seen = vi.fn(() => undefined)
		off.push(onRequest(seen))
		await fetch('https://felt.test/v1/traces')
		await fetch('data:text/plain,hi')
		expect(seen).not.toHaveBeenCalled()
		expect(spans()).toEqual([])
		await fetch('/a')
		expect(seen).toHaveBeenCalledTimes(1)
	})

	test('with nonsense is passed on as it is', async () => {
		const { create, debugged } = start()
		create('pay')
		await fetch('https://')
		await fetch(undefined as never)
		await fetch('/a', { headers: { 'bad name': 'x' } })
		expect(asked.map(([input]) => input)).toEqual(['https://', undefined, '/a'])
		expect(debugged.length).toBeGreaterThan(0)
	})

	test('is wrapped once, and unwrapped only where it is on top', async () => {
		const before = page.fetch
		const first = network()(fakeHost().host)!
		const wrapped = page.fetch
		const world = fakeHost()
		const second = network()(world.host)!
		expect(page.fetch).toBe(wrapped)
		first()
		world.create('pay')
		await fetch('/a')
		expect(world.spans()).toHaveLength(1)
		second()
		expect(page.fetch).toBe(before)

		const third = network()(world.host)!
		const ours = page.fetch as (...args: unknown[]) => unknown
		const theirs = (...args: unknown[]) => ours(...args)
		page.fetch = theirs
		third()
		expect(page.fetch).toBe(theirs)
		await fetch('/b')
		expect(world.spans()).toHaveLength(1)
		const fourth = network()(world.host)!
		expect(page.fetch).toBe(theirs)
		await fetch('/c')
		expect(world.spans()).toHaveLength(2)
		page.fetch = ours
		fourth()
		expect(page.fetch).toBe(before)
	})
})

describe('where the page has its own OpenTelemetry', () => {
	test('the call only runs inside of the interaction', async () => {
		page[API] = { trace: {} }
		const theirs: unknown[] = []
		instrument(theirs)
		const { create, spans } = start()
		const pay = create('pay')
		const told = vi.fn()
		off.push(onRequest(() => told))
		await fetch('/a')
		expect(pay.runs).toBe(1)
		expect(theirs).toEqual(['/a'])
		expect(asked[0]).toEqual(['/a'])
		expect(spans()).toEqual([])
		expect(told).toHaveBeenCalledWith({ status: 200 })
	})

	test('also when it is under another wrapper, and when it comes after us', async () => {
		page[API] = { trace: {} }
		const theirs: unknown[] = []
		instrument(theirs)
		const otel = page.fetch as (...args: unknown[]) => unknown
		page.fetch = Object.assign((...args: unknown[]) => otel(...args), { __sentry_original__: otel })
		const { create, spans } = start()
		const pay = create('pay')
		await fetch('/a')
		expect([pay.runs, spans().length]).toEqual([1, 0])
	})

	test('ours goes above one that comes later, without a second span', async () => {
		const { create, spans } = start()
		const pay = create('pay')
		const theirs: unknown[] = []
		page[API] = { trace: {} }
		instrument(theirs)
		await fetch('/a')
		await fetch('/b')
		await fetch('/c')
		expect(theirs).toEqual(['/a', '/b', '/c'])
		expect(spans()).toEqual([])
		expect(pay.runs).toBe(2)
		expect(asked.every((a) => !headersOf(a).has('traceparent'))).toBe(true)
	})

	test('a wrapper without a registered API traces nothing', async () => {
		instrument([])
		const { create, spans } = start()
		create('pay')
		await fetch('/a')
		expect(spans()).toHaveLength(1)
	})
})

describe('XMLHttpRequest', () => {
	class FakeXHR extends EventTarget {
		status = 0
		sent: Record<string, string> = {}
		opened: unknown[] = []
		open(...args: unknown[]) {
			this.opened = args
		}
		setRequestHeader(name: string, value: string) {
			const key = name.toLowerCase()
			this.sent[key] = this.sent[key] ? `${this.sent[key]}, ${value}` : value
		}
		send(_body?: unknown) {}
		end(type: string, status = 0) {
			this.status = status
			this.dispatchEvent(new Event(type))
			this.dispatchEvent(new Event('loadend'))
		}
	}
	beforeEach(() => vi.stubGlobal('XMLHttpRequest', class extends FakeXHR {}))

	function ask(url: string, headers: Record<string, string> = {}) {
		const xhr = new XMLHttpRequest() as unknown as FakeXHR
		xhr.open('get', url)
		for (const name in headers) xhr.setRequestHeader(name, headers[name]!)
		xhr.send()
		return xhr
	}

	test('becomes a span with headers', () => {
		vi.stubGlobal('XMLHttpRequest', FakeXHR)
		const open = FakeXHR.prototype.open
		const { create, spans } = start()
		const pay = create('pay')
		const xhr = ask('/a?q=1', { baggage: 'a=b' })
		expect(xhr.sent.baggage).toBe('a=b, felt.interaction.name=pay')
		xhr.end('load', 500)
		expect(spans()[0]).toMatchObject({
			name: 'GET',
			parentSpanId: pay.context.spanId,
			failed: true,
			attributes: {
				'url.full': 'https://shop.test/a',
				'http.response.status_code': 500,
				'error.type': '500',
			},
		})
		expect(xhr.sent.traceparent).toContain(spans()[0]!.context.spanId)
		off.pop()!()
		expect(FakeXHR.prototype.open).toBe(open)
	})

	test('tells how it ended', () => {
		vi.stubGlobal('XMLHttpRequest', FakeXHR)
		const { create, spans } = start()
		create('pay')
		for (const type of ['error', 'timeout', 'abort']) ask('/a').end(type)
		expect(spans().map((s) => s.attributes['error.type'])).toEqual(['network', 'timeout', 'aborted'])
	})

	test('keeps a traceparent of the page, and writes none elsewhere', () => {
		vi.stubGlobal('XMLHttpRequest', FakeXHR)
		const { create } = start()
		create('pay')
		expect(ask('/a', { TraceParent: 'own' }).sent).toMatchObject({ traceparent: 'own' })
		expect(ask('https://other.test/').sent).toEqual({})
	})

	test('traced by the page runs inside of the interaction', () => {
		vi.stubGlobal('XMLHttpRequest', FakeXHR)
		page[API] = { trace: {} }
		const { open, send } = FakeXHR.prototype
		const wrap = <F extends (...args: never[]) => unknown>(fn: F) =>
			Object.assign(
				function (this: unknown, ...args: never[]) {
					return fn.apply(this, args)
				},
				{ __original: fn, __unwrap: () => {} },
			) as unknown as F
		Object.assign(FakeXHR.prototype, { open: wrap(open), send: wrap(send) })
		const { create, spans } = start()
		const pay = create('pay')
		const xhr = ask('/a')
		xhr.end('load', 200)
		expect([pay.runs, spans().length, xhr.sent]).toEqual([2, 0, {}])
		off.pop()!()
		Object.assign(FakeXHR.prototype, { open, send })
	})
})
