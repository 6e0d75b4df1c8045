import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CustomerInteraction, ErrorClass, InteractionOptions } from '../../src/types'
import { ms, Named, type Page, page, verdict } from './page'

beforeEach(() => void vi.useFakeTimers({ now: 1_700_000_000_000 }))
afterEach(() => void vi.useRealTimers())

/** What makes a rule hold without ending the interaction, or what ends it. */
type Act = (i: CustomerInteraction, p: Page) => void
const limits: InteractionOptions = { timeoutMs: 60_000, degradedMs: 2000, failedMs: 10_000 }

const known: { [name: string]: ErrorClass } = {
	Declined: { outcome: 'expected', reason: 'card_declined' },
	Fallback: { outcome: 'degraded', reason: 'fallback' },
	Broken: { outcome: 'failed', reason: 'broken' },
	Changed: { outcome: 'cancelled', reason: 'changed_mind' },
}
const classifyError = (e: unknown) => known[(e as Error).name]

const does = {
	complete: (i) => i.complete(),
	degrade: (i) => i.degrade('fallback'),
	fail: (i) => i.fail('broken'),
	abandon: (i) => i.abandon('gave_up'),
	cancel: (i) => i.cancel('changed_mind'),
	expected: (i) => i.fail(new Named('Declined')),
	error: (i) => i.fail(new Named('TypeError')),
	aborted: (i) => i.fail(new Named('AbortError')),
	leave: (_, p) => p.leave(),
	route: (_, p) => p.navigated(),
	// The browser holds back timers: the time has passed, and nobody was told.
	late: (_, p) => p.sleep(61_000),
	timeout: () => ms(61_000),
	slow: () => ms(2500),
	tooSlow: () => ms(10_500),
	required: (i) => i.step('pay').fail('declined'),
	optional: (i) => i.step('mail', { optional: true }).fail('mail_down'),
	stepDegraded: (i) => i.step('pay').degrade('by_hand'),
	retry: (i) => i.retry('again'),
	again: (i) => {
		i.step('pay').fail('declined')
		i.step('pay').complete()
	},
} satisfies { [name: string]: Act }
type Do = keyof typeof does

function play(acts: Do[], options: InteractionOptions = {}) {
	const p = page({ options: { classifyError } })
	const i = p.open('checkout', { ...limits, abandonOnNavigation: true, ...options })
	for (const act of acts) does[act](i, p)
	return { p, i }
}

describe('each rule', () => {
	const rules: [Do[], string, string | undefined][] = [
		[['complete'], 'success', undefined],
		[['degrade'], 'degraded', 'fallback'],
		[['fail'], 'failed', 'broken'],
		[['abandon'], 'abandoned', 'gave_up'],
		[['cancel'], 'cancelled', 'changed_mind'],
		[['expected'], 'success', 'card_declined'],
		[['error'], 'failed', 'TypeError'],
		[['aborted'], 'cancelled', 'aborted'],
		[['timeout'], 'failed', 'timeout'],
		[['required', 'complete'], 'failed', 'declined'],
		[['optional', 'complete'], 'degraded', 'mail_down'],
		[['stepDegraded', 'complete'], 'degraded', 'by_hand'],
		[['tooSlow', 'complete'], 'failed', 'too_slow'],
		[['slow', 'complete'], 'degraded', 'slow'],
		[['retry', 'complete'], 'degraded', 'retried'],
		[['again', 'complete'], 'degraded', 'retried'],
		[['leave'], 'abandoned', 'page_hide'],
		[['slow', 'leave'], 'abandoned', 'slow_page_hide'],
		[['retry', 'leave'], 'abandoned', 'after_failure_page_hide'],
		[['route'], 'abandoned', 'navigation'],
		[['slow', 'route'], 'abandoned', 'slow_navigation'],
	]
	it.each(rules)('%j is %s, %s', (acts, outcome, reason) => {
		const { p, i } = play(acts)
		expect(i.outcome).toBe(outcome)
		expect(verdict(p.span('checkout'))).toEqual([outcome, reason])
		expect(p.ended).toMatchObject([{ name: 'checkout', outcome, reason }])
		expect(p.span('checkout').failed).toBe(outcome === 'failed')
		expect(p.span('checkout').urgent).toBe(outcome === 'failed')
	})
})

describe('of two rules in conflict the first in order holds', () => {
	const pairs: [Do[], string, string | undefined][] = [
		// An explicit call, however late, slow, failed before or retried.
		[['late', 'degrade'], 'degraded', 'fallback'],
		[['late', 'fail'], 'failed', 'broken'],
		[['late', 'cancel'], 'cancelled', 'changed_mind'],
		[['required', 'degrade'], 'degraded', 'fallback'],
		[['required', 'abandon'], 'abandoned', 'gave_up'],
		[['optional', 'cancel'], 'cancelled', 'changed_mind'],
		[['tooSlow', 'degrade'], 'degraded', 'fallback'],
		[['slow', 'abandon'], 'abandoned', 'gave_up'],
		[['retry', 'fail'], 'failed', 'broken'],
		// A classified error.
		[['late', 'expected'], 'success', 'card_declined'],
		[['required', 'expected'], 'success', 'card_declined'],
		[['tooSlow', 'expected'], 'success', 'card_declined'],
		[['retry', 'expected'], 'success', 'card_declined'],
		[['late', 'error'], 'failed', 'TypeError'],
		[['late', 'aborted'], 'failed', 'timeout'],
		[['timeout', 'aborted'], 'failed', 'timeout'],
		// The timeout.
		[['late', 'complete'], 'failed', 'timeout'],
		[['required', 'late', 'complete'], 'failed', 'timeout'],
		[['optional', 'late', 'complete'], 'failed', 'timeout'],
		[['retry', 'late', 'complete'], 'failed', 'timeout'],
		[['late', 'leave'], 'failed', 'timeout'],
		[['late', 'route'], 'failed', 'timeout'],
		// A step that failed.
		[['optional', 'required', 'complete'], 'failed', 'declined'],
		[['required', 'tooSlow', 'complete'], 'failed', 'declined'],
		[['required', 'slow', 'complete'], 'failed', 'declined'],
		[['retry', 'required', 'complete'], 'failed', 'declined'],
		[['required', 'leave'], 'failed', 'declined'],
		[['required', 'slow', 'leave'], 'failed', 'declined'],
		[['optional', 'tooSlow', 'complete'], 'degraded', 'mail_down'],
		[['optional', 'slow', 'complete'], 'degraded', 'mail_down'],
		[['retry', 'optional', 'complete'], 'degraded', 'mail_down'],
		// Half done is not reached: what degrades a goal does not make one of leaving.
		[['optional', 'leave'], 'abandoned', 'page_hide'],
		// Slowness.
		[['retry', 'tooSlow', 'complete'], 'failed', 'too_slow'],
		[['retry', 'slow', 'complete'], 'degraded', 'slow'],
		[['tooSlow', 'leave'], 'abandoned', 'slow_page_hide'],
		[['retry', 'slow', 'leave'], 'abandoned', 'slow_page_hide'],
		// A retry takes back what failed before it, and nothing else.
		[['required', 'retry', 'complete'], 'degraded', 'retried'],
		[['required', 'retry', 'leave'], 'abandoned', 'after_failure_page_hide'],
		[['stepDegraded', 'retry', 'complete'], 'degraded', 'by_hand'],
		[['again', 'leave'], 'abandoned', 'after_failure_page_hide'],
	]
	it.each(pairs)('%j is %s, %s', (acts, outcome, reason) => {
		const { p } = play(acts)
		expect(p.ended).toMatchObject([{ outcome, reason }])
		expect(verdict(p.span('checkout'))).toEqual([outcome, reason])
	})
})

describe('the first terminal call is final', () => {
	const ends = [
		'complete',
		'degrade',
		'fail',
		'abandon',
		'cancel',
		'expected',
		'error',
		'leave',
		'route',
		'timeout',
	] as const
	for (const first of ends)
		it(`${first}, then everything else`, () => {
			const { p, i } = play([first])
			const was = i.outcome
			expect(was).toBeDefined()
			for (const then of Object.values(does)) then(i, p)
			expect(i.outcome).toBe(was)
			expect(p.ended).toHaveLength(1)
			expect(p.spans().filter((s) => s.name === 'checkout')).toHaveLength(1)
			expect(p.spans().filter((s) => s.name === 'pay')).toHaveLength(0)
		})
})

it('is exactly at the limit still in time', () => {
	const p = page()
	const i = p.open('search', { degradedMs: 2000 })
	ms(2000)
	i.complete()
	expect(i.outcome).toBe('success')
})

it('ends at its timeout by itself, and not before', () => {
	const p = page()
	p.open('search', { timeoutMs: 5000 })
	ms(4999)
	expect(p.ended).toEqual([])
	ms(1)
	expect(p.ended).toMatchObject([{ outcome: 'failed', reason: 'timeout', durationMs: 5000 }])
	expect(p.span('search').attributes['error.type']).toBe('timeout')
})

it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 40])(
	'waits as good as for ever for a timeout of %d',
	(timeoutMs) => {
		const p = page()
		const i = p.open('search', { timeoutMs })
		ms(24 * 3600_000)
		i.complete()
		expect(i.outcome).toBe('success')
	},
)

describe('errors', () => {
	it.each([
		['Declined', 'success', 'card_declined'],
		['Fallback', 'degraded', 'fallback'],
		['Broken', 'failed', 'broken'],
		['Changed', 'cancelled', 'changed_mind'],
		['TimeoutError', 'failed', 'timeout'],
		['AbortError', 'cancelled', 'aborted'],
		['RangeError', 'failed', 'RangeError'],
	])('%s is %s, %s', (name, outcome, reason) => {
		const p = page({ options: { classifyError } })
		p.open('pay').fail(new Named(name))
		expect(verdict(p.span('pay'))).toEqual([outcome, reason])
		expect(p.span('pay').attributes['error.type']).toBe(name)
		expect(p.span('pay').events).toMatchObject([
			{ name: 'exception', attributes: { 'exception.type': name } },
		])
	})
	it('a class goes before what AbortError means by itself', () => {
		const p = page({ options: { classifyError: () => ({ outcome: 'failed', reason: 'cut_off' }) } })
		p.open('pay').fail(new Named('AbortError'))
		expect(verdict(p.span('pay'))).toEqual(['failed', 'cut_off'])
	})
	it.each([
		[
			'throws',
			() => {
				throw new Error('mine')
			},
		],
		['answers nonsense', () => 'failed'],
	])('a classifyError that %s leaves it failed', (_, broken) => {
		const p = page({ options: { classifyError: broken as never } })
		p.open('pay').fail(new Named('TypeError'))
		expect(verdict(p.span('pay'))).toEqual(['failed', 'TypeError'])
	})
	it.each([[undefined], [null], [0], [{}], [Object.create(null)], [Symbol('x')], ['']])(
		'fail(%s) is failed',
		(reason) => {
			const p = page()
			p.open('pay').fail(reason)
			expect(p.ended).toMatchObject([{ outcome: 'failed' }])
		},
	)
})

describe('steps', () => {
	it('are spans of their own inside of their interaction', () => {
		const p = page()
		const i = p.open('checkout', { journey: 'buy', key: 'o1' })
		ms(100)
		const s = i.step('pay', { attributes: { method: 'card' } })
		ms(300)
		s.setAttributes({ bank: 'b1' }).complete()
		expect(s.outcome).toBe('success')
		i.complete()
		const [step, whole] = p.spans()
		expect(step).toMatchObject({ name: 'pay', parentSpanId: whole!.context.spanId, kind: 1, failed: false })
		expect(step!.context.traceId).toBe(whole!.context.traceId)
		expect(step!.endMs - step!.startMs).toBe(300)
		expect(step!.attributes).toMatchObject({
			'felt.interaction.name': 'pay',
			'felt.interaction.outcome': 'success',
			'felt.interaction.visible_ms': 300,
			'felt.journey.name': 'buy',
			'felt.journey.step': 'checkout',
			'felt.journey.instance.id': 'o1',
			method: 'card',
			bank: 'b1',
		})
	})
	it.each<[Do, string, string | undefined]>([
		['complete', 'success', undefined],
		['degrade', 'success', undefined],
		['fail', 'failed', 'broken'],
		['expected', 'success', 'card_declined'],
		['abandon', 'abandoned', 'gave_up'],
		['cancel', 'cancelled', 'changed_mind'],
		['timeout', 'failed', 'timeout'],
		['leave', 'abandoned', 'page_hide'],
		['tooSlow', 'success', undefined],
	])('that are open end with %s as %s, %s', (act, outcome, reason) => {
		const { p, i } = play([])
		const s = i.step('open')
		does[act](i, p)
		i.complete()
		expect([s.outcome, ...verdict(p.span('open'))!]).toEqual([outcome, outcome, reason])
	})
	it('that are open when a failed one decides at leaving were left', () => {
		const { p, i } = play([])
		i.step('open')
		i.step('pay').fail('declined')
		p.leave()
		expect(verdict(p.span('open'))).toEqual(['abandoned', 'page_hide'])
		expect(verdict(p.span('checkout'))).toEqual(['failed', 'declined'])
	})
	it('end once', () => {
		const p = page()
		const s = p.open('checkout').step('pay')
		s.fail('declined')
		s.complete()
		s.degrade('x')
		expect(s.outcome).toBe('failed')
		expect(p.spans()).toHaveLength(1)
		expect(p.spans()[0]).toMatchObject({
			failed: true,
			urgent: true,
			attributes: { 'felt.interaction.reason': 'declined' },
		})
	})
	it('are told apart when one is tried again, and the failed try stays failed', () => {
		const p = page()
		const i = p.open('checkout', { key: 'o1' })
		i.step('pay').fail('declined')
		i.step('pay').complete()
		i.complete()
		expect(p.spans().map((s) => [s.name, s.attributes['felt.interaction.key'], ...verdict(s)!])).toEqual([
			['pay', 'o1#1', 'failed', 'declined'],
			['pay', 'o1#2', 'success', undefined],
			['checkout', 'o1', 'degraded', 'retried'],
		])
		expect(p.span('checkout').attributes['felt.interaction.retries']).toBe(1)
	})
	it('count a retry once when it is said and done', () => {
		const p = page()
		const i = p.open('checkout')
		i.step('pay').fail('declined')
		i.retry('declined')
		i.step('pay').complete()
		i.complete()
		expect(p.span('checkout').attributes['felt.interaction.retries']).toBe(1)
		expect(p.span('checkout').events).toMatchObject([{ name: 'felt.retry' }])
	})
	it('classify errors, and one that was cancelled or expected does not decide', () => {
		const p = page({ options: { classifyError } })
		const i = p.open('checkout')
		i.step('a').fail(new Named('Changed'))
		i.step('b').fail(new Named('Declined'))
		i.step('c', { optional: true }).fail(new Named('AbortError'))
		i.complete()
		expect(p.spans().map(verdict)).toEqual([
			['cancelled', 'changed_mind'],
			['success', 'card_declined'],
			['cancelled', 'aborted'],
			['success', undefined],
		])
	})
	it('after the end do nothing', () => {
		const p = page()
		const i = p.open('checkout')
		i.complete()
		const s = i.step('late')
		s.fail('x')
		expect(p.spans()).toHaveLength(1)
	})
})

describe('time in a hidden tab', () => {
	it('is not the wait of the customer', () => {
		const p = page()
		const i = p.open('checkout', { degradedMs: 2000 })
		ms(1000)
		p.hide()
		ms(60_000)
		p.show()
		ms(500)
		i.complete()
		expect(p.ended).toMatchObject([{ outcome: 'success', durationMs: 61_500, visibleMs: 1500 }])
		expect(p.span('checkout').attributes['felt.interaction.visible_ms']).toBe(1500)
	})
	it('counts for an interaction that began in it from when it is seen', () => {
		const p = page()
		p.hide()
		const i = p.open('sync', { failedMs: 1000 })
		const s = i.step('part')
		ms(5000)
		p.show()
		ms(200)
		s.complete()
		i.complete()
		expect(p.ended[0]).toMatchObject({ outcome: 'success', visibleMs: 200 })
		expect(p.span('part').attributes['felt.interaction.visible_ms']).toBe(200)
	})
	it('counts for the timeout, which is about time', () => {
		const p = page()
		p.open('checkout', { timeoutMs: 5000 })
		p.hide()
		ms(5000)
		expect(p.ended).toMatchObject([{ reason: 'timeout', visibleMs: 0 }])
	})
})
