// How an interaction ends, rule by rule and in conflict: what the customer did in Chromium is what Felt says.

import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Row } from './harness/ask'
import { common, type World, ways, world } from './harness/world'

common()

interface Case {
	/** Names the interaction too. */
	name: string
	run: (kit: Window['kit'], name: string) => unknown
	want: Partial<Row> & { outcome: string }
}

const cases: Case[] = [
	{
		name: 'complete',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).complete(),
		want: { outcome: 'success', retries: 0 },
	},
	{
		name: 'degrade',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).degrade('from_cache'),
		want: { outcome: 'degraded', reason: 'from_cache' },
	},
	{
		name: 'fail with a reason',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).fail('no_stock'),
		want: { outcome: 'failed', reason: 'no_stock' },
	},
	{
		name: 'fail with an error',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).fail(new TypeError('secret text')),
		want: { outcome: 'failed', error_class: 'TypeError' },
	},
	{
		name: 'abandon',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).abandon('lost_interest'),
		want: { outcome: 'abandoned', reason: 'lost_interest' },
	},
	{
		name: 'cancel',
		run: (kit, name) => kit.felt.createCustomerInteraction(name).cancel('changed_mind'),
		want: { outcome: 'cancelled', reason: 'changed_mind' },
	},
	{
		name: 'the first end is final',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.complete()
			i.fail('too late')
			i.abandon()
			i.step('after').fail('too late')
		},
		want: { outcome: 'success' },
	},
	{
		name: 'with, resolved',
		run: (kit, name) => kit.felt.withCustomerInteraction(name, async () => 1),
		want: { outcome: 'success' },
	},
	{
		name: 'with, thrown',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, async () => {
					await Promise.resolve()
					throw new RangeError('secret text')
				})
				.catch(() => 0),
		want: { outcome: 'failed', error_class: 'RangeError' },
	},
	{
		name: 'with, thrown at once',
		run: (kit, name) => {
			try {
				kit.felt.withCustomerInteraction(name, () => {
					throw new RangeError('secret text')
				})
			} catch {
				// passed through
			}
		},
		want: { outcome: 'failed', error_class: 'RangeError' },
	},
	{
		name: 'with, expected error',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, () =>
					Promise.reject(Object.assign(new Error(), { code: 'card_declined' })),
				)
				.catch(() => 0),
		want: { outcome: 'success', reason: 'card_declined' },
	},
	{
		name: 'with, degrading error',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, () => Promise.reject(Object.assign(new Error(), { code: 'stale' })))
				.catch(() => 0),
		want: { outcome: 'degraded', reason: 'stale' },
	},
	{
		name: 'with, cancelling error',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, () => Promise.reject(Object.assign(new Error(), { code: 'closed' })))
				.catch(() => 0),
		want: { outcome: 'cancelled', reason: 'closed' },
	},
	{
		name: 'with, aborted by the customer',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, () => Promise.reject(new DOMException('stop', 'AbortError')))
				.catch(() => 0),
		want: { outcome: 'cancelled', reason: 'aborted' },
	},
	{
		name: 'with, ended by hand and thrown after',
		run: (kit, name) =>
			kit.felt
				.withCustomerInteraction(name, async (i) => {
					i.degrade('by_hand')
					throw new Error('after')
				})
				.catch(() => 0),
		want: { outcome: 'degraded', reason: 'by_hand' },
	},
	{
		name: 'timeout',
		run: async (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name, { timeoutMs: 150 })
			const aborted = new Promise((done) => i.signal.addEventListener('abort', done))
			await aborted
			i.complete()
		},
		want: { outcome: 'failed', reason: 'timeout' },
	},
	{
		name: 'timeout not reached',
		run: (kit, name) => kit.felt.createCustomerInteraction(name, { timeoutMs: 5000 }).complete(),
		want: { outcome: 'success' },
	},
	{
		name: 'required step failed',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.step('reserve').fail('sold_out')
			i.complete()
		},
		want: { outcome: 'failed' },
	},
	{
		name: 'optional step failed',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.step('recommend', { optional: true }).fail('unreachable')
			i.complete()
		},
		want: { outcome: 'degraded' },
	},
	{
		name: 'optional and required step failed',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.step('extra', { optional: true }).fail('unreachable')
			i.step('main').fail('sold_out')
			i.complete()
		},
		want: { outcome: 'failed' },
	},
	{
		name: 'explicit goes before a failed step',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.step('first').fail('sold_out')
			i.cancel('left')
		},
		want: { outcome: 'cancelled', reason: 'left' },
	},
	{
		name: 'slow',
		run: async (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name, { degradedMs: 100, failedMs: 60_000 })
			await new Promise((done) => setTimeout(done, 250))
			i.complete()
		},
		want: { outcome: 'degraded', reason: 'slow' },
	},
	{
		name: 'too slow',
		run: async (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name, { degradedMs: 50, failedMs: 100 })
			await new Promise((done) => setTimeout(done, 250))
			i.complete()
		},
		want: { outcome: 'failed', reason: 'too_slow' },
	},
	{
		name: 'retried',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.retry('again')
			i.retry('and again')
			i.complete()
		},
		want: { outcome: 'degraded', reason: 'retried', retries: 2 },
	},
	{
		name: 'slow goes before retried',
		run: async (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name, { degradedMs: 100 })
			i.retry()
			await new Promise((done) => setTimeout(done, 250))
			i.complete()
		},
		want: { outcome: 'degraded', reason: 'slow', retries: 1 },
	},
	{
		name: 'failed after a retry',
		run: (kit, name) => {
			const i = kit.felt.createCustomerInteraction(name)
			i.retry()
			i.fail('still_broken')
		},
		want: { outcome: 'failed', reason: 'still_broken', retries: 1 },
	},
]

describe.each(ways)('outcomes, %s', (way) => {
	let w: World
	let page: Page
	let rows: Map<string, Row>
	const finished: (() => Promise<void>)[] = []

	beforeAll(async () => {
		w = await world(way, (fn) => finished.push(fn))
		page = await w.open({
			options: { release: '1.2.3', user: { id: 'ada', account: 'acme', segment: { plan: 'pro' } } },
		})
		for (const c of cases)
			await page.evaluate(`(async () => { await (${c.run})(window.kit, ${JSON.stringify(c.name)}) })()`)
		const names = new Set(cases.map((c) => c.name))
		const all = await w.ask.atLeast(cases.length + 4)
		rows = new Map(all.filter((r) => names.has(r.name)).map((r) => [r.name, r]))
		return async () => {
			for (const fn of finished) await fn()
		}
	})

	it.each(cases)('$name', ({ name, want }) => {
		expect(rows.get(name)).toMatchObject(want)
	})

	it('is the word of the browser, and was not judged otherwise by the server', () => {
		const all = [...rows.values()]
		expect(all.map((r) => [r.name, r.client_outcome])).toEqual(all.map((r) => [r.name, r.outcome]))
	})

	it('tells the page the same', async () => {
		const told = await page.evaluate(() => window.kit.ended.map((e) => [e.name, e.outcome, e.reason ?? '']))
		expect(told).toEqual(
			told.map(([name]) => [name, rows.get(name ?? '')?.outcome, rows.get(name ?? '')?.reason ?? '']),
		)
		expect(told).toHaveLength(cases.length)
	})

	it('keeps failed steps in their own series', async () => {
		const all = await w.ask.rows()
		const steps = all.filter((r) => ['reserve', 'recommend', 'extra', 'main', 'first'].includes(r.name))
		expect(steps.map((r) => [r.name, r.outcome, r.reason]).sort()).toEqual([
			['extra', 'failed', 'unreachable'],
			['first', 'failed', 'sold_out'],
			['main', 'failed', 'sold_out'],
			['recommend', 'failed', 'unreachable'],
			['reserve', 'failed', 'sold_out'],
		])
		expect(all.some((r) => r.name === 'after')).toBe(false)
	})

	it('names the customer, account, segment and release, and counts one customer', async () => {
		for (const row of rows.values()) {
			expect(row, row.name).toMatchObject({ service: 'web', release: '1.2.3', segments: { plan: 'pro' } })
			expect(row.identity_level).toBe('user')
			expect(row.account).toBeTruthy()
		}
		const impact = await w.ask.impact()
		expect(impact.customers).toMatchObject({ total: 1, failed: 1 })
		expect(impact.sessions.total).toBe(1)
	})

	it('keeps what errors say to itself', async () => {
		expect(
			w.proxy.seen.filter(
				(s) => s.path === '/v1/traces' && /"felt.interaction.reason"[^}]*secret/.test(s.body),
			),
		).toEqual([])
	})

	it('threw nothing into the page', () => {
		expect(w.thrown).toEqual([])
	})
})
