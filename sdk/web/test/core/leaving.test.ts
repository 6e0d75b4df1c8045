import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { encode } from '../../src/otlp'
import { Memory, ms, page, verdict } from './page'

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => void vi.useRealTimers())

describe('hidden', () => {
	it('tells of each open interaction, once, and then lets everything leave', () => {
		const p = page()
		const i = p.open('checkout', { journey: 'buy', step: 'pay', key: 'o1', attributes: { plan: 'pro' } })
		p.open('upload')
		p.open('done').complete()
		ms(700)
		p.hide()
		expect(p.logs()).toHaveLength(2)
		expect(p.logs()[0]).toMatchObject({
			what: 'interaction',
			name: 'felt.interaction.pending',
			context: i.traceparent.split('-')[2] && {
				spanId: i.traceparent.split('-')[2],
				traceId: i.traceparent.split('-')[1],
			},
			severity: 9,
			timeMs: 1_700_000_000_700,
			attributes: {
				'felt.interaction.name': 'checkout',
				'felt.interaction.key': 'o1',
				'felt.interaction.visible_ms': 700,
				'felt.interaction.started_ms': 1_700_000_000_000,
				'felt.journey.name': 'buy',
				'felt.journey.step': 'pay',
				'felt.journey.instance.id': 'o1',
				'url.path': '/checkout',
				'session.id': 's1',
				plan: 'pro',
			},
		})
		expect(p.logs()[0]!.attributes).not.toHaveProperty('felt.interaction.outcome')
		expect(p.logs()[0]!.attributes['felt.interaction.reason']).toBe('tab_closed')
		expect(p.calls).toEqual(['hide'])
		// The browser tells twice.
		p.hide()
		expect(p.logs()).toHaveLength(2)
		p.show()
		p.hide()
		expect(p.logs()).toHaveLength(4)
		expect(p.ended).toHaveLength(1)
	})
	it.each([
		[0, 'retry', 'after_failure_tab_closed'],
		[2500, '', 'slow_tab_closed'],
		[2500, 'retry', 'slow_tab_closed'],
	])('after %d ms and %s gives the reason %s', (time, retry, reason) => {
		const p = page()
		const i = p.open('checkout', { degradedMs: 2000 })
		if (retry) i.retry()
		ms(time)
		p.hide()
		expect(p.logs()[0]!.attributes['felt.interaction.reason']).toBe(reason)
	})
	it('and closed later is abandoned when it is closed', () => {
		const p = page()
		p.open('checkout')
		p.hide()
		ms(1000)
		p.turn('pagehide', false)
		expect(p.logs()).toHaveLength(1)
		expect(verdict(p.span('checkout'))).toEqual(['abandoned', 'page_hide'])
		expect(p.calls.filter((c) => c === 'hide').length).toBeGreaterThan(1)
	})
})

describe('the page is left', () => {
	it('all open ones are abandoned, and none of them is pending as well', () => {
		const p = page()
		p.open('a')
		p.open('b')
		p.leave()
		expect(p.spans().map(verdict)).toEqual([
			['abandoned', 'page_hide'],
			['abandoned', 'page_hide'],
		])
		expect(p.logs()).toEqual([])
		expect(p.calls).toContain('hide')
		expect(p.host.open()).toEqual([])
	})
	it('one that comes back from the cache of pages is not resurrected', () => {
		const p = page()
		const i = p.open('checkout')
		p.leave(true)
		p.back()
		i.complete()
		expect(i.outcome).toBe('abandoned')
		expect(p.spans()).toHaveLength(1)
		// And the page works as before.
		p.open('search').complete()
		p.open('more')
		p.hide()
		expect(verdict(p.span('search'))).toEqual(['success', undefined])
		expect(p.logs()).toHaveLength(1)
	})
	it('a timeout does not fire in it', () => {
		const p = page()
		p.open('checkout', { timeoutMs: 1000 })
		p.leave(true)
		ms(5000)
		p.back()
		expect(p.ended).toMatchObject([{ outcome: 'abandoned' }])
	})
	it('requests of what was left are aborted, those of what was done are not', () => {
		const p = page()
		const left = p.open('a')
		const done = p.open('b')
		const signals = [left.signal, done.signal]
		done.complete()
		p.leave()
		expect(signals.map((s) => s.aborted)).toEqual([true, false])
	})
})

describe('a route', () => {
	it('ends those that ask for it', () => {
		const p = page()
		const a = p.open('search', { abandonOnNavigation: true })
		const b = p.open('checkout')
		p.navigated()
		expect([a.outcome, b.outcome]).toEqual(['abandoned', undefined])
	})
})

describe('resume', () => {
	const o = { key: 'o1', resume: true, journey: 'buy' }
	/** Two pages of one tab. */
	function away(act?: (i: ReturnType<ReturnType<typeof page>['open']>) => void, more = {}, time = 60_000) {
		const storage = new Memory()
		const before = page({ storage, path: '/pay' })
		const first = before.open('checkout', { ...o, ...more })
		ms(1000)
		act?.(first)
		before.leave()
		ms(time)
		const after = page({ storage, path: '/thanks' })
		return { before, after, first, storage, again: after.open('checkout', { ...o, ...more }) }
	}
	it('goes on with the same span, from the same moment, without the time away', () => {
		const { before, after, first, again } = away((i) => i.setAttributes({ plan: 'pro' }).event('to bank'))
		expect(before.spans()).toEqual([])
		expect(before.logs()).toHaveLength(1)
		expect(again.traceparent).toBe(first.traceparent)
		expect(after.kept()).toEqual([])
		ms(500)
		again.setAttributes({ bank: 'b1' })
		again.complete()
		expect(verdict(after.span('checkout'))).toEqual(['success', undefined])
		expect(after.ended).toMatchObject([{ durationMs: 61_500, visibleMs: 1500 }])
		expect(encode(after.span('checkout'))).not.toContain('null')
		expect(after.span('checkout')).toMatchObject({
			context: { spanId: before.logs()[0]!.context!.spanId },
			startMs: 1_700_000_000_000,
			attributes: { plan: 'pro', bank: 'b1', 'url.path': '/pay', 'felt.interaction.visible_ms': 1500 },
			events: [{ name: 'to bank', timeMs: 1_700_000_001_000 }],
		})
	})
	it('remembers retries and failed steps', () => {
		const { after, again } = away((i) => {
			i.retry('declined')
			i.step('cart').fail('stale')
		})
		again.complete()
		expect(verdict(after.span('checkout'))).toEqual(['failed', 'stale'])
		expect(after.span('checkout').attributes['felt.interaction.retries']).toBe(1)
	})
	it.each([
		[29 * 60_000, true],
		[30 * 60_000, false],
	])('after %d ms: %s', (time, goesOn) => {
		const { first, again } = away(undefined, {}, time)
		expect(again.traceparent === first.traceparent).toBe(goesOn)
	})
	it.each([
		['another key', 'checkout', { ...o, key: 'o2' }],
		['another name', 'upload', o],
		['no resume', 'checkout', { key: 'o1' }],
	])('not with %s', (_, name, options) => {
		const storage = new Memory()
		const before = page({ storage })
		const first = before.open('checkout', o)
		before.leave()
		expect(page({ storage }).open(name, options).traceparent).not.toBe(first.traceparent)
	})
	it('only once', () => {
		const { after, first, again } = away()
		again.complete()
		expect(after.open('checkout', o).traceparent).not.toBe(first.traceparent)
	})
	it('is the open one when it is opened twice on one page', () => {
		const p = page()
		expect(p.open('checkout', o)).toBe(p.open('checkout', o))
		expect(p.open('checkout', { ...o, key: 'o2' })).not.toBe(p.open('checkout', o))
	})
	it('times out over all', () => {
		const { after, again } = away(undefined, { timeoutMs: 30_000 })
		ms(1)
		expect(again.outcome).toBe('failed')
		expect(after.ended).toMatchObject([{ reason: 'timeout' }])
	})
	it.each(['denied', 'pending'] as const)('keeps nothing with consent %s: it is abandoned', (consent) => {
		const storage = new Memory()
		const p = page({ storage, options: { consent } })
		p.open('checkout', o)
		p.leave()
		expect(storage.items.size).toBe(0)
		if (consent === 'pending') p.felt.setConsent('denied')
		expect(verdict(p.span('checkout'))).toEqual(['abandoned', 'page_hide'])
	})
	it('keeps nothing before init: nobody has allowed it', () => {
		const p = page({ waits: true })
		p.open('checkout', o)
		p.leave()
		expect(p.storage.items.size).toBe(0)
		p.start()
		expect(verdict(p.span('checkout'))).toEqual(['abandoned', 'page_hide'])
	})
	it('takes nothing that an earlier consent left', () => {
		const storage = new Memory()
		const before = page({ storage })
		const first = before.open('checkout', o)
		before.leave()
		const after = page({ storage, options: { consent: 'denied' } })
		expect(after.open('checkout', o).traceparent).not.toBe(first.traceparent)
	})
	it('forgets what was kept when consent is taken back', () => {
		const p = page()
		p.open('checkout', o)
		p.hide()
		expect(p.storage.items.size).toBe(1)
		p.felt.setConsent('denied')
		expect(p.storage.items.size).toBe(0)
	})
	it('is abandoned where the storage is full, and works on what others left in it', () => {
		const storage = new Memory()
		storage.full = true
		const p = page({ storage })
		p.open('checkout', o)
		p.leave()
		expect(verdict(p.span('checkout'))).toEqual(['abandoned', 'page_hide'])
		for (const text of [
			'[1700000000000]',
			'{',
			'null',
			'[null]',
			'[["checkout\\no1",{}]]',
			'[["checkout\\no1",{"d":1700000000000,"c":{}}]]',
			'7',
		]) {
			storage.full = false
			storage.items.set('felt.resume.checkout\no1', text)
			const q = page({ storage })
			const i = q.open('checkout', o)
			expect(i.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
			q.leave()
			expect(page({ storage }).open('checkout', o).traceparent).toBe(i.traceparent)
		}
	})
	it('is found as well when the tab was killed in the background', () => {
		const storage = new Memory()
		const before = page({ storage })
		const first = before.open('checkout', o)
		before.hide()
		expect(page({ storage }).open('checkout', o).traceparent).toBe(first.traceparent)
	})
	it('is not kept any more when it has ended', () => {
		const p = page()
		const i = p.open('checkout', o)
		p.hide()
		expect(p.kept()).toHaveLength(1)
		p.show()
		i.complete()
		expect(p.kept()).toEqual([])
	})
	describe('and a page from the cache of pages', () => {
		it('goes on itself when nobody else did', () => {
			const p = page()
			const i = p.open('checkout', { ...o, timeoutMs: 120_000 })
			ms(1000)
			p.leave(true)
			ms(60_000)
			p.back()
			ms(1000)
			expect(p.kept()).toEqual([])
			i.complete()
			expect(p.ended).toMatchObject([{ outcome: 'success', durationMs: 62_000, visibleMs: 2000 }])
			expect(p.spans()).toHaveLength(1)
		})
		it('has its timeout again', () => {
			const p = page()
			p.open('checkout', { ...o, timeoutMs: 120_000 })
			p.leave(true)
			ms(60_000)
			p.back()
			ms(60_000)
			expect(p.ended).toMatchObject([{ reason: 'timeout' }])
		})
		it('says nothing of what another page went on with', () => {
			const storage = new Memory()
			const p = page({ storage })
			const i = p.open('checkout', { ...o, timeoutMs: 120_000 })
			p.leave(true)
			const q = page({ storage })
			q.open('checkout', o).complete()
			p.back()
			i.complete()
			ms(200_000)
			p.hide()
			expect(p.spans()).toEqual([])
			expect(p.logs()).toHaveLength(1)
			expect(p.host.open()).toEqual([])
			expect(q.spans()).toHaveLength(1)
		})
	})
})

it('shutdown abandons what is open, and hears nothing more', async () => {
	const p = page()
	p.open('checkout', { degradedMs: 10 })
	ms(100)
	await p.felt.shutdown()
	expect(p.spans().map(verdict)).toEqual([['abandoned', 'shutdown']])
	expect(p.calls).toEqual(['close'])
	const late = p.open('late')
	p.hide()
	late.complete()
	expect(late.outcome).toBe('success')
	expect(p.records).toHaveLength(1)
	expect(p.host.open()).toEqual([])
})
