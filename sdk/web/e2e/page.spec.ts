// The page around the SDK: strict policies, the script for a tag, servers that import it, pages that misuse it.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { journeyApp } from './harness/setup'
import { until } from './harness/until'
import { both, common, ways, world } from './harness/world'

common()

both('a strict content security policy with Trusted Types has nothing to report', async (w) => {
	w.site.configs.set(w.app, { options: { endpoint: w.proxy.url, app: w.app, batchMs: 300 } })
	const page = await (await w.context()).newPage()
	const said: string[] = []
	page.on('console', (m) => said.push(m.text()))
	await page.goto(w.site.page(w.app, 'csp'))
	await new Promise((done) => setTimeout(done, 800))
	await page.mouse.click(20, 20)
	expect(await w.ask.one('strict')).toMatchObject({ outcome: 'success' })
	expect(await w.ask.one('broken')).toMatchObject({ outcome: 'failed' })
	expect(w.site.calls(w.app)).toHaveLength(1)
	await page.close()
	expect(w.site.reports(w.app)).toEqual([])
	expect(said.filter((t) => /policy|trusted/i.test(t))).toEqual([])
})

both('the policy of this test does report', async (w) => {
	w.site.configs.set(w.app, {
		options: { endpoint: w.proxy.url, app: w.app },
		body: '<img src="http://127.0.0.1:9/not-allowed.png" alt="">',
	})
	const page = await (await w.context()).newPage()
	await page.goto(w.site.page(w.app, 'csp'))
	await until(
		() => w.site.reports(w.app),
		(r) => r.length > 0,
	)
})

both('the script for a tag, and what was queued before it came', async (w) => {
	w.site.configs.set(w.app, { options: { endpoint: w.proxy.url, app: w.app, batchMs: 300 } })
	const page = await (await w.context()).newPage()
	await page.goto(w.site.page(w.app, 'tag'))
	const rows = await w.ask.exactly(2)
	expect(rows.map((r) => [r.name, r.outcome]).sort()).toEqual([
		['queued after', 'success'],
		['queued before', 'success'],
	])
	expect(await page.evaluate('window.early')).toBe(1)
})

both('calls before init are kept and replayed', async (w) => {
	const page = await w.open({ init: false })
	await page.evaluate(
		(options) => {
			const { sdk } = window.kit
			sdk.setUser({ id: 'early-bird' })
			const i = sdk.createCustomerInteraction('early')
			i.step('first').complete()
			i.complete()
			sdk.withCustomerInteraction('early too', () => 1)
			sdk.init(options)
		},
		{ endpoint: w.proxy.url, app: w.app, batchMs: 300 },
	)
	const rows = await until(
		() => w.ask.rows(),
		(rows) => rows.some((r) => r.name === 'early') && rows.some((r) => r.name === 'early too'),
	)
	for (const r of rows) expect(r).toMatchObject({ outcome: 'success', identity_level: 'user' })
})

both('nothing of it reaches the page: no globals, no throwing, whatever it is given', async (w) => {
	const page = await w.open({ init: false, plugins: [] })
	const [before, after, thrown] = await page.evaluate(
		(options) => {
			const globals = () => [
				...Object.getOwnPropertyNames(window),
				...Object.getOwnPropertySymbols(window).map(String),
			]
			const before = globals()
			const thrown: string[] = []
			const odd: unknown[] = [
				undefined,
				null,
				0,
				'',
				{},
				[],
				Symbol('s'),
				() => 1,
				Number.NaN,
				'x'.repeat(100_000),
				new Proxy(
					{},
					{
						get: () => {
							throw new Error('trap')
						},
					},
				),
			]
			const attempt = (what: string, fn: () => void) => {
				try {
					fn()
				} catch (e) {
					thrown.push(`${what}: ${e}`)
				}
			}
			const felt = window.kit.sdk.init({
				...options,
				redact: () => {
					throw new Error('in redact')
				},
				plugins: [
					() => {
						throw new Error('in a plugin')
					},
				],
			})
			felt.on('end', () => {
				throw new Error('in a callback')
			})
			for (const [n, o] of odd.entries()) {
				const v = o as never
				attempt(`create ${n}`, () => felt.createCustomerInteraction(v, v).complete())
				attempt(`methods ${n}`, () => {
					const i = felt.createCustomerInteraction('odd', { key: `${n}` })
					attempt(`setAttributes ${n}`, () => i.setAttributes(v))
					attempt(`event ${n}`, () => i.event(v, v))
					attempt(`recordError ${n}`, () => i.recordError(v))
					attempt(`retry ${n}`, () => i.retry(v))
					attempt(`step ${n}`, () => i.step(v, v).fail(v))
					attempt(`fail ${n}`, () => i.fail(v))
				})
				attempt(`setUser ${n}`, () => felt.setUser(v))
				attempt(`setConsent ${n}`, () => felt.setConsent(v))
				attempt(`on ${n}`, () => felt.on(v, v))
			}
			return [before, globals(), thrown] as const
		},
		{ endpoint: w.proxy.url, app: w.app, batchMs: 300 },
	)
	expect(thrown).toEqual([])
	expect(after.filter((g) => !before.includes(g))).toEqual([])
	await page.evaluate(() => window.kit.sdk.flush())
	// An exception in redact drops the attributes, not the interaction.
	await until(
		() => w.proxy.spans(),
		(s) => s.length > 0,
	)
	expect(w.thrown.filter((t) => !/in a callback|trap/.test(t))).toEqual([])
})

both('a journey of the inventory is walked', async (first) => {
	const finished: (() => Promise<void>)[] = []
	const w = await world(first.way, (fn) => void finished.push(fn), journeyApp(first.way))
	try {
		const page = await w.open({ options: { user: { id: 'walker' } } })
		await page.evaluate(() => {
			const { felt } = window.kit
			felt.createCustomerInteraction('cart').complete()
			felt.createCustomerInteraction('pay').complete()
		})
		await w.ask.exactly(2)
		const { interactions } = await w.ask.get<{ interactions: { outcome: string }[] }>('interactions', {
			of: `journey:buy-${w.way}`,
			window: '30m',
		})
		expect(interactions.map((i) => i.outcome)).toEqual(['success'])
	} finally {
		for (const fn of finished) await fn()
	}
})

describe('on a server', () => {
	const dist = fileURLToPath(new URL('../dist/', import.meta.url))
	it('imports without effect, and does nothing when used', () => {
		const script = `
			const before = Reflect.ownKeys(globalThis)
			const sdk = await import(${JSON.stringify(`${dist}index.js`)})
			for (const p of ['network', 'errors', 'routes', 'frustration', 'vitals', 'declarative'])
				await import(${JSON.stringify(`${dist}plugins/`)} + p + '.js')
			const plugins = []
			const felt = sdk.init({ endpoint: 'http://127.0.0.1:9', app: 'ssr', plugins })
			const i = felt.createCustomerInteraction('render')
			i.step('a').complete()
			const result = felt.withCustomerInteraction('with', () => 42)
			i.complete()
			await felt.flush()
			await felt.shutdown()
			console.log(JSON.stringify([result, Reflect.ownKeys(globalThis).filter((k) => !before.includes(k)).map(String)]))`
		const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
			encoding: 'utf8',
			timeout: 20_000,
		})
		expect(JSON.parse(out)).toEqual([42, []])
	})
})

it('knows both ways', () => {
	expect(ways).toEqual(['direct', 'collector'])
})
