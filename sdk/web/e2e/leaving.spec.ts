// Customers close tabs, follow links, look at other tabs, pay at a bank: what they were doing is not lost.

import { expect } from 'vitest'
import { plain } from './harness/browser'
import { pendingAfterMs } from './harness/setup'
import { sleep, until } from './harness/until'
import { both, common } from './harness/world'

common()

const begin = (name: string) =>
	`window.kit.open[${JSON.stringify(name)}] = window.kit.felt.createCustomerInteraction(${JSON.stringify(name)}, { degradedMs: 60_000 })`

both('a closed tab is abandoned, and what waited is sent', async (w) => {
	const page = await w.open({ options: { batchMs: 60_000 } })
	await page.evaluate(() => window.kit.felt.createCustomerInteraction('done').complete())
	await page.evaluate(begin('open'))
	await page.close()
	const rows = await w.ask.exactly(2)
	expect(rows.map((r) => [r.name, r.outcome, r.reason ?? ''])).toEqual([
		['done', 'success', ''],
		['open', 'abandoned', 'page_hide'],
	])
})

both('a link in the middle is abandoned', async (w) => {
	const page = await w.open({ options: { batchMs: 60_000 } })
	await page.evaluate(begin('open'))
	await page.goto(w.site.other('/pay/'))
	const row = await w.ask.one('open')
	expect(row).toMatchObject({ outcome: 'abandoned', reason: 'page_hide' })
	await w.ask.exactly(1)
})

both('leaving when it was slow already says so', async (w) => {
	const page = await w.open({ options: { batchMs: 60_000 } })
	await page.evaluate(() => {
		window.kit.felt.createCustomerInteraction('slow one', { degradedMs: 50 })
	})
	await sleep(300)
	await page.close()
	expect(await w.ask.one('slow one')).toMatchObject({ outcome: 'abandoned', reason: 'slow_page_hide' })
})

both('a route change ends what asked for it, and nothing else', async (w) => {
	const page = await w.open({ plugins: ['routes'] })
	await page.evaluate(() => {
		const { felt, open } = window.kit
		felt.createCustomerInteraction('form', { abandonOnNavigation: true })
		open.upload = felt.createCustomerInteraction('upload')
		history.pushState(null, '', 'elsewhere')
	})
	expect(await w.ask.one('form')).toMatchObject({ outcome: 'abandoned', reason: 'navigation' })
	await page.evaluate(() => window.kit.open.upload?.complete())
	expect(await w.ask.one('upload')).toMatchObject({ outcome: 'success' })
	await w.ask.exactly(2)
})

async function inPlain(run: (p: Awaited<ReturnType<typeof plain>>) => Promise<void>) {
	const p = await plain()
	try {
		await run(p)
	} finally {
		await p.stop()
	}
}

both('time in a hidden tab is not the customer waiting', (w) =>
	inPlain(async (p) => {
		const page = await w.open({}, p.context)
		await page.evaluate(() => {
			window.kit.open.hidden = window.kit.felt.createCustomerInteraction('hidden', { degradedMs: 1500 })
			window.kit.open.seen = window.kit.felt.createCustomerInteraction('seen', { degradedMs: 1500 })
		})
		const other = await p.context.newPage()
		await other.bringToFront()
		await until(
			() => page.evaluate(() => document.visibilityState),
			(s) => s === 'hidden',
		)
		await sleep(2500)
		await page.bringToFront()
		await until(
			() => page.evaluate(() => document.visibilityState),
			(s) => s === 'visible',
		)
		await page.evaluate(() => window.kit.open.hidden?.complete())
		const row = await w.ask.one('hidden', (r) => r.outcome === 'success')
		expect(row.duration_ms).toBeGreaterThan(2500)
		const span = w.proxy.spans().find((s) => s.name === 'hidden')
		expect(span?.attributes['felt.interaction.visible_ms']).toBeLessThan(1500)
		// The same two and a half seconds, in sight of the customer.
		await sleep(1600)
		await page.evaluate(() => window.kit.open.seen?.complete())
		expect(await w.ask.one('seen', (r) => r.outcome === 'degraded')).toMatchObject({ reason: 'slow' })
	}),
)

both('a killed browser is abandoned by what the server knows', (w) =>
	inPlain(async (p) => {
		const page = await w.open({}, p.context)
		await page.evaluate(begin('killed'))
		const other = await p.context.newPage()
		await other.bringToFront()
		await until(
			() => w.proxy.logs(),
			(logs) => logs.some((l) => l.event === 'felt.interaction.pending'),
		)
		await p.kill()
		const row = await w.ask.one('killed', (r) => r.outcome === 'abandoned', pendingAfterMs + 20_000)
		expect(row).toMatchObject({ reason: 'tab_closed' })
		await w.ask.exactly(1)
		expect((await w.ask.impact()).customers.total).toBe(1)
	}),
)

both('who comes back to a hidden tab and finishes is counted once', (w) =>
	inPlain(async (p) => {
		const page = await w.open({}, p.context)
		await page.evaluate(begin('returned'))
		const other = await p.context.newPage()
		await other.bringToFront()
		const first = await w.ask.one('returned', (r) => r.outcome === 'abandoned', pendingAfterMs + 20_000)
		await page.bringToFront()
		await page.evaluate(() => window.kit.open.returned?.complete())
		const last = await w.ask.one('returned', (r) => r.outcome === 'success')
		expect(last.id).toBe(first.id)
		expect(last.version).toBe(first.version + 1)
		await w.ask.exactly(1)
		expect((await w.ask.impact()).interactions).toMatchObject({ success: 1, abandoned: 0 })
	}),
)

both('a quick look at another tab is not abandoned', (w) =>
	inPlain(async (p) => {
		const page = await w.open({}, p.context)
		await page.evaluate(begin('glance'))
		const from = Date.now()
		const other = await p.context.newPage()
		await other.bringToFront()
		await sleep(500)
		await page.bringToFront()
		await page.evaluate(() => window.kit.open.glance?.complete())
		await w.ask.one('glance', (r) => r.outcome === 'success')
		// On a machine that does much else it was no quick look.
		const quick = Date.now() - from < pendingAfterMs
		await sleep(pendingAfterMs + 1500)
		const row = await w.ask.one('glance')
		expect(row.outcome).toBe('success')
		if (quick) expect(row.version).toBe(1)
	}),
)

both('a payment at the bank goes on after the redirect', async (w) => {
	const page = await w.open()
	const before = await page.evaluate(() => {
		const i = window.kit.felt.createCustomerInteraction('pay', { key: 'order-7', resume: true })
		i.step('confirm').complete()
		return i.traceparent
	})
	await page.goto(w.site.other('/pay/'))
	await sleep(400)
	await page.goto(w.site.page(w.app))
	await page.waitForFunction(() => window.kit?.ready)
	const after = await page.evaluate(() => {
		const i = window.kit.felt.createCustomerInteraction('pay', { key: 'order-7', resume: true })
		const { traceparent } = i
		i.complete()
		return traceparent
	})
	expect(after).toBe(before)
	const row = await w.ask.one('pay', (r) => r.outcome === 'success')
	expect(row.duration_ms).toBeGreaterThan(400)
	await sleep(pendingAfterMs + 1500)
	expect(await w.ask.one('pay')).toMatchObject({ outcome: 'success' })
	expect((await w.ask.impact('pay')).interactions).toMatchObject({ success: 1, abandoned: 0, failed: 0 })
})

both('a payment that is never come back to is abandoned', async (w) => {
	const page = await w.open({ options: { batchMs: 60_000 } })
	await page.evaluate(() => {
		window.kit.felt.createCustomerInteraction('pay', { key: 'order-8', resume: true })
	})
	await page.goto(w.site.other('/pay/'))
	const row = await w.ask.one('pay', (r) => r.outcome === 'abandoned', pendingAfterMs + 20_000)
	expect(row.reason).toBeTruthy()
	await w.ask.exactly(1)
})

both('another order is another try', async (w) => {
	const page = await w.open()
	await page.evaluate(() => {
		window.kit.felt.createCustomerInteraction('pay', { key: 'order-1', resume: true })
	})
	await page.goto(w.site.other('/pay/'))
	await page.goto(w.site.page(w.app))
	await page.waitForFunction(() => window.kit?.ready)
	await page.evaluate(() =>
		window.kit.felt.createCustomerInteraction('pay', { key: 'order-2', resume: true }).complete(),
	)
	const rows = await until(
		() => w.ask.rows(),
		(rows) => rows.length === 2 && rows.every((r) => r.outcome !== 'none' && r.outcome !== ''),
		pendingAfterMs + 20_000,
	)
	expect(rows.map((r) => r.outcome).sort()).toEqual(['abandoned', 'success'])
})
