import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encode } from '../../src/otlp'
import type { Host, OpenInteraction, Options, SpanRecord } from '../../src/types'
import { ms, Named, page, verdict } from './page'

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => void vi.useRealTimers())

const boom = (): never => {
	throw new Error('x')
}
/** Values that fight back; named, since a test's title would touch them. */
const hostile: [string, unknown][] = [
	['nothing', undefined],
	['null', null],
	['a number', 7],
	['an object', {}],
	['an object of nobody', Object.create(null)],
	['a symbol', Symbol('x')],
	['empty text', ''],
	['half a character', '\ud800'],
	['what has no text', { toString: boom }],
	[
		'what has no key and no attributes',
		{ key: { toString: boom }, attributes: Object.defineProperty({}, 'x', { get: boom, enumerable: true }) },
	],
	['wrong types', { key: 7, journey: 8, step: 9, attributes: 'x', timeoutMs: 'x', degradedMs: {} }],
	['a trap', new Proxy({}, { get: boom })],
	['a trap everywhere', new Proxy({}, { get: boom, ownKeys: boom, has: boom, getPrototypeOf: boom })],
]

describe('the span', () => {
	it('says what happened', () => {
		const p = page({ options: { user: { id: 'u1' } } })
		const i = p.open('pay', {
			journey: 'buy',
			step: 'card',
			key: 'o1',
			attributes: { items: 3, gone: undefined },
		})
		i.setAttributes({ total: 9.5, tags: ['a', 'b'] }).event('3ds', { bank: 'b1' })
		ms(250)
		i.complete()
		expect(p.span('pay')).toEqual({
			type: 'span',
			what: 'interaction',
			name: 'pay',
			kind: 1,
			context: expect.objectContaining({ traceId: expect.stringMatching(/^[0-9a-f]{32}$/) }),
			startMs: 1_700_000_000_000,
			endMs: 1_700_000_000_250,
			attributes: {
				'session.id': 's1',
				'user.id': 'u1',
				'felt.interaction.name': 'pay',
				'felt.interaction.outcome': 'success',
				'felt.interaction.key': 'o1',
				'felt.interaction.visible_ms': 250,
				'felt.interaction.retries': 0,
				'felt.journey.name': 'buy',
				'felt.journey.step': 'card',
				'felt.journey.instance.id': 'o1',
				'url.path': '/checkout',
				items: 3,
				total: 9.5,
				tags: ['a', 'b'],
			},
			events: [{ name: '3ds', timeMs: 1_700_000_000_000, attributes: { bank: 'b1' } }],
			failed: false,
			urgent: false,
		})
	})
	it('has no journey that nobody named, and no query of the address', () => {
		const p = page()
		p.open('pay', { key: 'o1', step: 'card' }).complete()
		const { attributes } = p.span('pay')
		for (const key in attributes) if (attributes[key] !== undefined) expect(key).not.toMatch(/journey/)
		expect(JSON.stringify(p.records)).not.toContain('card=1')
	})
	it('cannot be told another name or outcome', () => {
		const p = page()
		p.open('pay', {
			attributes: { 'felt.interaction.outcome': 'failed', 'felt.interaction.name': 'x' },
		}).complete()
		expect(p.span('pay').attributes).toMatchObject({
			'felt.interaction.name': 'pay',
			'felt.interaction.outcome': 'success',
		})
	})
	it('carries the user of its end: who logs in between is one customer', () => {
		const p = page()
		const i = p.open('login')
		p.felt.setUser({ id: 'u7' })
		i.complete()
		expect(p.span('login').attributes['user.id']).toBe('u7')
	})
})

describe('errors', () => {
	it('are told by name, each once, and nothing of what they say leaves', () => {
		const p = page()
		const i = p.open('a')
		const error = new Named('TypeError', 'card 4242 of ann@x.example at /a?token=secret')
		expect(() =>
			i.run(() => {
				throw error
			}),
		).toThrow(error)
		i.recordError({ name: 'x'.repeat(1000), message: 'secret' })
		i.fail(error)
		expect(p.span('a').events!.map((e) => e.attributes)).toEqual([
			{ 'exception.type': 'TypeError' },
			{ 'exception.type': 'x'.repeat(256) },
		])
		expect(encode(p.span('a'))).not.toMatch(/4242|ann|secret/)
	})
	it.each(hostile)('recordError of %s never throws', (_, error) => {
		const p = page()
		const i = p.open('a')
		i.recordError(error)
		i.fail(error)
		expect(i.outcome).toBe('failed')
	})
})

describe('limits', () => {
	it('1,000 are open: one more ends the oldest, which is outside of every rate', () => {
		const p = page()
		const all = Array.from({ length: 1001 }, (_, n) => p.open(`i${n}`))
		expect(p.host.open()).toHaveLength(1000)
		expect([all[0]!.outcome, all[1]!.outcome, all[1000]!.outcome]).toEqual([
			'cancelled',
			undefined,
			undefined,
		])
		expect(verdict(p.span('i0'))).toEqual(['cancelled', 'too_many_open'])
	})
	it('64 steps, 32 events, 64 attributes, 1 KB', () => {
		const p = page()
		const i = p.open('a', { attributes: { text: 'x'.repeat(5000), list: Array(200).fill('y') } })
		for (let n = 0; n < 100; n++) {
			i.setAttributes({ [`k${n}`]: n })
			i.event(`e${n}`, { n })
			i.recordError(new Named(`E${n}`))
			i.step(`s${n % 10}`).complete()
		}
		// What is there already may be changed.
		i.setAttributes({ k0: 'new' })
		i.step('more').fail('x')
		i.complete()
		const { attributes, events } = p.span('a')
		expect(i.outcome).toBe('success')
		expect(p.spans()).toHaveLength(65)
		expect(events).toHaveLength(32)
		const own = Object.keys(attributes).filter((k) => /^(k\d+|text|list)$/.test(k))
		expect(own).toHaveLength(64)
		expect(attributes.k0).toBe('new')
		const sent = encode(p.span('a'))
		expect(/x{1000,}/.exec(sent)![0]).toHaveLength(1024)
		expect(sent.match(/"y"/g)!.length).toBeLessThanOrEqual(128)
	})
	it('cuts names, keys and reasons', () => {
		const p = page()
		const long = 'n'.repeat(3000)
		const i = p.open(long, { key: long, journey: long, step: long })
		i.step(long).degrade(long)
		i.fail(long)
		for (const s of p.spans()) expect(encode(s)).not.toMatch(/n{1025}/)
		expect(i.name).toHaveLength(256)
		expect(p.span(i.name).attributes['felt.interaction.key']).toHaveLength(256)
	})
	it('200 at once are 200', () => {
		const p = page()
		const all = Array.from({ length: 200 }, (_, n) => p.open('pay', { key: `o${n}` }))
		ms(10)
		for (const [n, i] of all.entries()) n % 3 ? i.complete() : i.fail('x')
		expect(p.ended).toHaveLength(200)
		expect(new Set(p.spans().map((s) => s.context.traceId)).size).toBe(200)
		expect(new Set(p.spans().map((s) => s.context.spanId)).size).toBe(200)
		expect(p.host.open()).toEqual([])
	})
})

describe('withCustomerInteraction', () => {
	it('passes what fn returns, and completes', () => {
		const p = page()
		expect(p.felt.withCustomerInteraction('a', (i) => [i.name, p.host.current() === i])).toEqual(['a', true])
		expect(verdict(p.span('a'))).toEqual(['success', undefined])
	})
	it('passes what fn throws, and classifies', () => {
		const p = page({ options: { classifyError: () => ({ outcome: 'expected', reason: 'card_declined' }) } })
		const error = new Error('no')
		expect(() =>
			p.felt.withCustomerInteraction('a', () => {
				throw error
			}),
		).toThrow(error)
		expect(verdict(p.span('a'))).toEqual(['success', 'card_declined'])
		expect(p.span('a').events).toHaveLength(1)
	})
	it.each([
		[200, 'success', undefined],
		[404, 'success', undefined],
		[408, 'failed', 'http_408'],
		[429, 'failed', 'http_429'],
		[500, 'failed', 'http_500'],
		[599, 'failed', 'http_599'],
		[600, 'success', undefined],
		['open', 'success', undefined],
	])('an answer with status %s is %s', async (status, outcome, reason) => {
		const p = page()
		const answer = { status }
		expect(p.felt.withCustomerInteraction('now', () => answer)).toBe(answer)
		expect(await p.felt.withCustomerInteraction('later', async () => answer)).toBe(answer)
		expect(verdict(p.span('now'))).toEqual([outcome, reason])
		expect(verdict(p.span('later'))).toEqual([outcome, reason])
	})
	it('waits for promises', async () => {
		const p = page()
		const made = p.felt.withCustomerInteraction('a', async () => {
			await Promise.resolve()
			return 7
		})
		expect(p.ended).toEqual([])
		expect(await made).toBe(7)
		expect(verdict(p.span('a'))).toEqual(['success', undefined])
	})
	it('rejects with what was rejected, and leaves nothing that nobody handles', async () => {
		const p = page()
		const error = new Named('AbortError')
		const unhandled = vi.fn()
		process.on('unhandledRejection', unhandled)
		const made = p.felt.withCustomerInteraction('a', async () => {
			throw error
		})
		await expect(made).rejects.toBe(error)
		vi.useRealTimers()
		await new Promise((r) => setTimeout(r, 5))
		process.off('unhandledRejection', unhandled)
		expect(unhandled).not.toHaveBeenCalled()
		expect(verdict(p.span('a'))).toEqual(['cancelled', 'aborted'])
	})
	it.each([['text'], [7], [undefined]])('classifies whatever was thrown: %s', (what) => {
		const p = page()
		expect(() =>
			p.felt.withCustomerInteraction('a', () => {
				throw what
			}),
		).toThrow()
		expect(p.ended).toMatchObject([{ outcome: 'failed', reason: 'Error' }])
	})
	it('leaves an end that fn gave alone', () => {
		const p = page()
		p.felt.withCustomerInteraction('a', (i) => i.degrade('by_hand'))
		expect(verdict(p.span('a'))).toEqual(['degraded', 'by_hand'])
	})
	it('aborts the signal at the timeout, and the abort is no second end', async () => {
		const p = page()
		const made = p.felt.withCustomerInteraction(
			'a',
			(i) => new Promise((_, no) => i.signal.addEventListener('abort', () => no(i.signal.reason))),
			{ timeoutMs: 1000 },
		)
		ms(1000)
		await expect(made).rejects.toMatchObject({ name: 'AbortError' })
		expect(p.ended).toMatchObject([{ outcome: 'failed', reason: 'timeout' }])
	})
})

describe('the signal', () => {
	it.each([
		['complete', false],
		['degrade', false],
		['fail', true],
		['abandon', true],
		['cancel', true],
	] as const)('after %s is aborted: %s', (how, aborted) => {
		for (const early of [true, false]) {
			const i = page().open('a')
			if (early) void i.signal
			i[how]('x')
			expect(i.signal.aborted).toBe(aborted)
		}
	})
})

describe('sampling', () => {
	it('a session that is not sent is told to the page only', () => {
		const p = page({ sampling: { rv: '00000000000000', th: '8', sent: false } })
		const i = p.open('a')
		i.step('s').complete()
		p.hide()
		i.complete()
		expect(p.records).toEqual([])
		expect(p.ended).toHaveLength(1)
	})
	it('a sampled one says so on every record', () => {
		const p = page({ sampling: { rv: 'ffffffffffffff', th: '8', sent: true } })
		const i = p.open('a')
		i.step('s').complete()
		p.hide()
		i.complete()
		p.host.emit({ type: 'log', what: 'event', name: 'felt.route', timeMs: 1, severity: 9, attributes: {} })
		expect(p.records.map((r) => r.traceState)).toEqual(Array(4).fill('ot=th:8;rv:ffffffffffffff'))
	})
})

describe('redact', () => {
	const all: Options['redact'] = (a, what) => {
		const { 'user.id': _, secret: __, ...rest } = a
		return { ...rest, what }
	}
	it('has the last word on everything', () => {
		const p = page({ options: { redact: all, user: { id: 'u1' } } })
		const i = p.open('a', { attributes: { secret: 'x' } })
		i.event('e', { secret: 'x' })
		p.hide()
		i.complete()
		p.host.emit({
			type: 'log',
			what: 'event',
			name: 'felt.route',
			timeMs: 1,
			severity: 9,
			attributes: { secret: 'x' },
		})
		expect(p.records.map((r) => r.attributes.what)).toEqual(['interaction', 'interaction', 'event'])
		expect((p.records[1] as SpanRecord).events![0]!.attributes).toEqual({ what: 'event' })
		expect(JSON.stringify(p.records)).not.toMatch(/secret|u1/)
	})
	it.each([
		[
			'throws',
			() => {
				throw new Error('x')
			},
		],
		['returns null', () => null],
		['is no function', 7],
	])('that %s drops all of them', (_, redact) => {
		const p = page({ options: { redact: redact as never } })
		const i = p.open('a', { key: 'mail@example.com', attributes: { secret: 'x' } })
		i.event('e', { secret: 'x' })
		i.complete()
		expect(p.span('a').attributes).toEqual({})
		expect(p.span('a').events).toEqual([{ name: 'e', timeMs: expect.any(Number), attributes: {} }])
	})
})

describe('before init', () => {
	it('everything works and waits', () => {
		const p = page({ waits: true })
		const i = p.open('a')
		i.step('s').complete()
		p.felt.setUser({ id: 'u1' })
		i.complete()
		const open = p.open('b')
		expect(p.records).toEqual([])
		expect(p.ended).toHaveLength(1)
		p.start({ user: { id: 'u0' } })
		expect(p.records.map((r) => [r.name, r.attributes['user.id']])).toEqual([
			['s', 'u1'],
			['a', 'u1'],
		])
		open.complete()
		expect(p.records).toHaveLength(3)
	})
	it('what waits is bounded, and flush and shutdown answer', async () => {
		const p = page({ waits: true })
		for (let n = 0; n < 600; n++) p.open(`i${n}`).complete()
		await p.felt.flush()
		p.start()
		expect(p.records).toHaveLength(500)
		expect(p.records[0]!.name).toBe('i100')
		await page({ waits: true }).felt.shutdown()
	})
	it('the consent that was given counts', () => {
		const p = page({ waits: true })
		p.felt.setConsent('denied')
		p.start({ consent: 'granted' })
		expect(p.host.options.consent).toBe('denied')
	})
	it('init counts once', () => {
		const p = page()
		p.start({ app: 'other' })
		expect(p.host.options.app).toBe('shop')
	})
})

describe('what the page gives never throws back', () => {
	it('callbacks that throw keep nobody else from being told', () => {
		const p = page()
		const told = vi.fn()
		const off = p.felt.on('end', () => {
			throw new Error('mine')
		})
		p.felt.on('end', told)
		p.open('a').complete()
		expect(told).toHaveBeenCalledTimes(1)
		expect(p.debugged).toMatchObject([{ message: 'mine' }])
		off()
		p.open('a').complete()
		expect(p.debugged).toHaveLength(1)
	})
	it.each(hostile)('a name of %s', (_, name) => {
		const p = page()
		const i = p.open(name as string)
		i.step(name as string).degrade(name as string)
		i.event(name as string)
		i.degrade(name as string)
		expect(i.outcome).toBe('degraded')
	})
	it.each(hostile)('options of %s', (_, options) => {
		const p = page()
		const i = p.open('a', options as never)
		i.setAttributes(options as never).event('e', options as never)
		i.step('s', options as never).complete()
		p.hide()
		i.complete()
		expect(i.outcome).toBeDefined()
	})
	it('a transport or an identity that fails takes nothing along', async () => {
		const p = page({ waits: true })
		const broken = new Proxy({}, { get: () => boom }) as never
		starterWith(p, broken)
		const i = p.open('a')
		p.felt.setUser(null)
		p.felt.setConsent('denied')
		p.hide()
		i.complete()
		await p.felt.flush()
		await p.felt.shutdown()
		expect(i.outcome).toBe('success')
		expect(p.debugged.length).toBeGreaterThan(3)
	})
	it('nor does init when it cannot make its parts', () => {
		const p = page({ waits: true })
		p.host.guard(() => undefined)()
		p.start({})
		const q = page({ waits: true })
		starterWith(q, undefined as never)
		q.open('a').complete()
		expect(q.ended).toHaveLength(1)
	})
})

function starterWith(p: ReturnType<typeof page>, parts: undefined | never) {
	p.raw({ endpoint: 'x', app: 'y' }, () => {
		if (!parts) throw new Error('no parts')
		return { identity_: parts, transport_: parts }
	})
}

describe('plugins', () => {
	it('get a host, one that throws is left out, and all are taken off again', async () => {
		const off = vi.fn()
		let host: Host | undefined
		const p = page({
			options: {
				plugins: [
					() => {
						throw new Error('plugin')
					},
					(h) => {
						host = h
						return off
					},
					() => undefined,
					() => () => {
						throw new Error('off')
					},
				],
			},
		})
		const h = host as Host
		expect(h.options.app).toBe('shop')
		expect(h.now()).toBe(1_700_000_000_000)
		const guarded = h.guard((n: number) => {
			throw new Error(String(n))
		})
		guarded(7)
		const i = h.create('declared', { key: 'k' }) as OpenInteraction
		expect(h.open()).toEqual([i])
		expect([i.key, i.journey, i.options.key]).toEqual(['k', undefined, 'k'])
		i.leave('navigation')
		expect(verdict(p.span('declared'))).toEqual(['abandoned', 'navigation'])
		const heard = vi.fn()
		p.felt.on('frustration', heard)
		h.tell('frustration', { kind: 'rage', target: 'b', clicks: 4 })
		expect(heard).toHaveBeenCalledWith({ kind: 'rage', target: 'b', clicks: 4 })
		await p.felt.shutdown()
		expect(off).toHaveBeenCalledTimes(1)
		expect(p.debugged.map((e) => (e as Error).message)).toEqual(['plugin', '7', 'off'])
	})
})

describe('consent', () => {
	it('goes to the ids before it goes to what waits', () => {
		const p = page({ options: { consent: 'pending' } })
		p.felt.setConsent('granted')
		expect(p.calls).toEqual(['identity', 'transport'])
		expect(p.host.options.consent).toBe('granted')
	})
	it('pending: nothing leaves, 500 records wait, and what is lost is told', () => {
		const p = page({ options: { consent: 'pending' } })
		let lost = 0
		p.felt.on('delivery', (d) => {
			lost += d.lost
		})
		for (let n = 0; n < 510; n++) p.open(`i${n}`).fail('x')
		p.hide()
		p.show()
		expect(p.records).toEqual([])
		expect(lost).toBe(10)
		p.felt.setConsent('granted')
		expect(p.records).toHaveLength(500)
		expect(p.records[0]!.name).toBe('i10')
		p.open('after').complete()
		expect(p.records).toHaveLength(501)
	})
	it('what waited leaves as who it is then, given or denied', () => {
		for (const consent of ['granted', 'denied'] as const) {
			const p = page({ options: { consent: 'pending', user: { id: 'before' } } })
			p.open('a').complete()
			p.felt.setUser({ id: 'after' })
			p.felt.setConsent(consent)
			expect(p.records.map((r) => r.attributes['user.id'])).toEqual(['after'])
		}
	})
})
