// Who it was: sessions over tabs, logging in between, consent, sampling, bots.

import { expect } from 'vitest'
import { until } from './harness/until'
import { both, common, type World } from './harness/world'

common()

const finish = (name: string) =>
	`window.kit.felt.createCustomerInteraction(${JSON.stringify(name)}).complete()`

/** All that the page has stored: key and value. */
const stored = `[...Object.entries(localStorage), ...Object.entries(sessionStorage)]`

both('two tabs are one session', async (w) => {
	const first = await w.open()
	await first.evaluate(finish('one'))
	const second = await w.again()
	await second.evaluate(finish('two'))
	await first.evaluate(finish('three'))
	const rows = await w.ask.exactly(3)
	expect(new Set(rows.map((r) => r.session)).size).toBe(1)
	const impact = await w.ask.impact()
	expect(impact.customers.total).toBe(1)
	expect(impact.sessions.total).toBe(1)
})

both('two visitors are two customers', async (w) => {
	await (await w.open()).evaluate(finish('one'))
	await (await w.again(await w.visitor())).evaluate(finish('two'))
	await w.ask.exactly(2)
	const impact = await w.ask.impact()
	expect(impact.customers.total).toBe(2)
	expect(impact.sessions.total).toBe(2)
})

both('who logs in between is one customer', async (w) => {
	const page = await w.open()
	await page.evaluate(() => window.kit.felt.createCustomerInteraction('browse').fail('boom'))
	await page.evaluate(
		(id) => window.kit.felt.setUser({ id, account: 'acme', segment: { plan: 'pro' } }),
		w.app,
	)
	await page.evaluate(finish('buy'))
	const rows = await w.ask.exactly(2)
	expect(rows.map((r) => [r.name, r.identity_level === 'user']).sort()).toEqual([
		['browse', false],
		['buy', true],
	])
	const impact = await until(
		() => w.ask.impact(),
		(i) => i.customers.total === 1,
	)
	expect(impact.customers).toMatchObject({ total: 1, failed: 1 })
	expect(impact.identity.user).toBe(1)
	const way = await w.ask.customer(w.app)
	expect(way?.interactions.map((i) => i.name).sort()).toEqual(['browse', 'buy'])
	expect(rows.find((r) => r.name === 'buy')?.segments).toMatchObject({ plan: 'pro' })
})

both('who logs out is not taken for who comes next', async (w) => {
	const page = await w.open({ options: { user: { id: `${w.app}-a` } } })
	await page.evaluate(finish('first'))
	await page.evaluate(() => window.kit.felt.setUser(null))
	await page.evaluate((id) => window.kit.felt.setUser({ id }), `${w.app}-b`)
	await page.evaluate(finish('second'))
	const rows = await w.ask.exactly(2)
	expect(new Set(rows.map((r) => r.customer)).size).toBe(2)
	expect((await w.ask.impact()).customers.total).toBe(2)
})

both('the session lasts over a reload', async (w) => {
	const page = await w.open()
	await page.evaluate(finish('before'))
	await page.reload()
	await page.waitForFunction(() => window.kit?.ready)
	await page.evaluate(finish('after'))
	const rows = await w.ask.exactly(2)
	expect(new Set(rows.map((r) => r.session)).size).toBe(1)
})

both('consent pending: nothing stored, nothing sent; granted: all of it', async (w) => {
	const page = await w.open({ options: { consent: 'pending', user: { id: w.app } } })
	await page.evaluate(finish('early'))
	await page.evaluate(() => window.kit.felt.createCustomerInteraction('early failure').fail('boom'))
	await page.evaluate(() => window.kit.felt.flush())
	await page.waitForTimeout(1500)
	expect(w.proxy.seen).toHaveLength(0)
	expect(await page.evaluate(stored)).toEqual([])
	expect(await (await w.context()).cookies()).toEqual([])
	await page.evaluate(() => window.kit.felt.setConsent('granted'))
	await page.evaluate(finish('late'))
	const rows = await w.ask.exactly(3)
	expect(new Set(rows.map((r) => r.session)).size).toBe(1)
	expect(await page.evaluate(stored)).not.toEqual([])
})

both('consent pending and the tab closed: nothing was ever there', async (w) => {
	const page = await w.open({ options: { consent: 'pending' } })
	await page.evaluate(finish('early'))
	await page.evaluate(() => {
		window.kit.felt.createCustomerInteraction('open')
	})
	await page.close()
	await new Promise((done) => setTimeout(done, 1500))
	expect(w.proxy.seen).toHaveLength(0)
})

both('consent denied: counted, nothing stored, another one with every page', async (w) => {
	const page = await w.open({ options: { consent: 'pending' } })
	await page.evaluate(finish('before'))
	await page.evaluate(() => window.kit.felt.setConsent('denied'))
	await page.evaluate(finish('after'))
	await until(
		() => w.ask.rows(),
		(rows) => rows.some((r) => r.name === 'after'),
	)
	expect(await page.evaluate(stored)).toEqual([])
	const other = await w.open({ options: { consent: 'denied' } })
	await other.evaluate(finish('elsewhere'))
	const rows = await until(
		() => w.ask.rows(),
		(rows) => rows.some((r) => r.name === 'elsewhere'),
	)
	expect(await other.evaluate(stored)).toEqual([])
	const session = (name: string) => rows.find((r) => r.name === name)?.session
	expect(session('after')).not.toBe(session('elsewhere'))
	const installation = (name: string) =>
		w.proxy.spans().find((s) => s.name === name)?.attributes['app.installation.id'] ?? `none for ${name}`
	expect(installation('after')).not.toBe(installation('elsewhere'))
})

both('consent taken back: what was stored is gone', async (w) => {
	const page = await w.open()
	await page.evaluate(finish('granted'))
	await w.ask.one('granted')
	expect(await page.evaluate(stored)).not.toEqual([])
	await page.evaluate(() => window.kit.felt.setConsent('denied'))
	expect(await page.evaluate(stored)).toEqual([])
	await page.evaluate(finish('denied'))
	await w.ask.one('denied')
	expect(await page.evaluate(stored)).toEqual([])
})

async function sampled(w: World, visitors: number, sampleRate: number) {
	for (let n = 0; n < visitors; n++) {
		const context = await w.visitor()
		const page = n === 0 ? await w.open({ options: { sampleRate } }, context) : await w.again(context)
		await page.evaluate(finish('sampled'))
		await page.evaluate(() => window.kit.felt.flush())
		await page.close()
	}
}

both('a sampled session weighs as many as it stands for', async (w) => {
	await sampled(w, 16, 0.5)
	const rows = await w.ask.atLeast(1)
	// Fewer than 1 or all of 16: once in 32,768 runs.
	expect(rows.length).toBeLessThan(16)
	for (const r of rows) expect(r.weight).toBeCloseTo(2, 5)
	for (const s of w.proxy.spans()) expect(s.traceState).toMatch(/^ot=th:8;rv:[89a-f][0-9a-f]{13}$/)
})

both('headless browsers and crawlers are not customers', async (w) => {
	const browser = (await w.context()).browser()
	for (const [userAgent, traffic] of [
		[
			'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/148.0.0.0 Safari/537.36',
			'test',
		],
		[
			'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/148.0.0.0 Safari/537.36',
			'bot',
		],
	]) {
		const context = await browser!.newContext({ userAgent })
		const page = await w.open({}, context)
		await page.evaluate(finish('visit'))
		const rows = await until(
			() => w.ask.rows(traffic),
			(rows) => rows.length > 0,
		)
		expect(rows).toHaveLength(1)
		await context.close()
	}
	expect(await w.ask.rows()).toEqual([])
})
