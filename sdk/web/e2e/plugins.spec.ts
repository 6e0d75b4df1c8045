// What the parts see of the page: requests, errors, routes, clicks that go wrong, and those that do not.

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { sleep, until } from './harness/until'
import { both, common, type World } from './harness/world'

common()

const api = (w: World, rest = '') => `/api/${w.app}/${rest}`

both('a request within an interaction is its child, and the back end learns of both', async (w) => {
	const page = await w.open({ plugins: ['network'] })
	await page.evaluate(
		async (url) => {
			await window.kit.felt.withCustomerInteraction('search', () => fetch(url).then(() => undefined), {
				journey: 'find',
				key: 'k1',
			})
		},
		`${api(w, 'search')}?q=secret`,
	)
	const row = await w.ask.one('search')
	const span = w.proxy.spans().find((s) => s.kind === 3)
	expect(span).toMatchObject({ traceId: row.trace_id, parentSpanId: row.span_id })
	expect(span?.attributes).toMatchObject({ 'http.request.method': 'GET', 'http.response.status_code': 200 })
	expect(span?.attributes).not.toHaveProperty('felt.interaction.name')
	expect(String(span?.attributes['url.full'])).toMatch(/\/search$/)
	const [call] = w.site.calls(w.app)
	expect(call?.headers.traceparent).toMatch(new RegExp(`^00-${row.trace_id}-${span?.spanId}-0[01]$`))
	const baggage = decodeURIComponent(String(call?.headers.baggage))
	expect(baggage).toContain('felt.interaction.name=search')
	expect(baggage).toContain('felt.journey.name=find')
	expect(JSON.stringify(w.proxy.seen)).not.toContain('secret')
	await w.ask.exactly(1)
})

both('requests that fail say how', async (w) => {
	const page = await w.open({ plugins: ['network'] })
	await page.evaluate(async (base) => {
		const { felt } = window.kit
		await felt
			.withCustomerInteraction('broken', async (i) => {
				const r = await i.run(() => fetch(`${base}x?status=500`))
				if (!r.ok) throw new Error('nope')
			})
			.catch(() => 0)
		await felt
			.withCustomerInteraction('away', (i) => i.run(() => fetch('http://127.0.0.1:9/')))
			.catch(() => 0)
	}, api(w))
	await w.ask.exactly(2)
	const requests = w.proxy.spans().filter((s) => s.kind === 3)
	expect(
		requests.map((s) => [s.attributes['http.response.status_code'], s.attributes['error.type'], s.status]),
	).toEqual(
		expect.arrayContaining([
			[500, '500', 2],
			[undefined, 'network', 2],
		]),
	)
})

both('XMLHttpRequest as well', async (w) => {
	const page = await w.open({ plugins: ['network'] })
	await page.evaluate(
		(url) =>
			window.kit.felt.withCustomerInteraction('xhr', () => {
				return new Promise<void>((done) => {
					const x = new XMLHttpRequest()
					x.open('POST', url)
					x.onloadend = () => done()
					x.send('{}')
				})
			}),
		api(w, 'xhr'),
	)
	const row = await w.ask.one('xhr')
	const [call] = w.site.calls(w.app)
	expect(call?.headers.traceparent).toContain(row.trace_id)
	expect(w.proxy.spans().find((s) => s.kind === 3)).toMatchObject({
		traceId: row.trace_id,
		parentSpanId: row.span_id,
	})
})

both('other origins learn nothing unless they are named', async (w) => {
	const page = await w.open({
		plugins: ['network'],
		options: { propagateTo: [w.site.other(api(w, 'named'))] },
	})
	await page.evaluate(
		async ([named, other]) => {
			await window.kit.felt.withCustomerInteraction('both', async (i) => {
				await i.run(() => fetch(named!))
				await i.run(() => fetch(other!))
			})
		},
		[w.site.other(api(w, 'named')), w.site.other(api(w, 'other'))],
	)
	const row = await w.ask.one('both')
	const posts = w.site.calls(w.app).filter((c) => c.headers.origin)
	const of = (path: string) => posts.filter((c) => c.path.endsWith(path) && c.headers.traceparent)
	expect(of('/named').length).toBeGreaterThan(0)
	expect(of('/named')[0]?.headers.traceparent).toContain(row.trace_id)
	expect(of('/other')).toHaveLength(0)
	expect(w.proxy.spans().filter((s) => s.kind === 3 && s.traceId === row.trace_id)).toHaveLength(2)
})

both("the SDK's own requests are none of the page's", async (w) => {
	const page = await w.open({ plugins: ['network'] })
	await page.evaluate(async (endpoint) => {
		for (let n = 0; n < 5; n++) {
			window.kit.felt.createCustomerInteraction('own', { key: `${n}` }).fail('boom')
			await window.kit.felt.flush()
		}
		// Another copy of the SDK on the page sends through the fetch that this one watches.
		await window.kit.felt.withCustomerInteraction('two copies', () =>
			fetch(`${endpoint}/v1/logs`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: '{"resourceLogs":[]}',
			}),
		)
	}, w.proxy.url)
	await w.ask.exactly(6)
	expect(w.proxy.seen.some((s) => s.body === '{"resourceLogs":[]}')).toBe(true)
	expect(w.proxy.spans().filter((s) => s.kind === 3)).toEqual([])
	for (const s of w.proxy.seen) expect(s.headers.traceparent).toBeUndefined()
})

both('errors are tied to what the customer was doing', async (w) => {
	const page = await w.open({ plugins: ['errors'] })
	const trace = await page.evaluate(() => {
		const i = window.kit.felt.createCustomerInteraction('form')
		window.kit.open.form = i
		setTimeout(() => {
			throw new TypeError('x is undefined, ask bob@example.com')
		})
		void Promise.reject(new RangeError('unhandled'))
		return i.traceparent.slice(3, 35)
	})
	const logs = await until(
		() => w.proxy.logs().filter((l) => l.event === 'exception'),
		(l) => l.length >= 2,
	)
	expect(logs.map((l) => l.attributes['exception.type']).sort()).toEqual(['RangeError', 'TypeError'])
	for (const l of logs) expect(l.traceId).toBe(trace)
	expect(JSON.stringify(w.proxy.seen)).not.toContain('bob@example.com')
	await page.evaluate(() => window.kit.open.form?.complete())
	expect(await w.ask.one('form')).toMatchObject({ outcome: 'success' })
	await w.ask.exactly(1)
})

const buttons = `
<button id="dead" data-felt-name="pay">Secret text</button>
<button id="live">Count <output>0</output></button>
<button id="ask">Ask</button>
<button id="throws">Throws</button>
<input id="field"><label for="box">A box</label><input type="checkbox" id="box"><a id="anchor" href="#there">There</a>
<select id="choice"><option>a</option><option>b</option></select><details><summary id="sum">More</summary>text</details>
<p id="text">Words that can be selected by a double click.</p><script type="module" src="/pages/clicks.js"></script>`

async function clicks(w: World, interaction = true): Promise<Page> {
	const page = await w.open({ plugins: ['network', 'errors', 'frustration'], body: buttons })
	if (interaction)
		await page.evaluate(() => {
			window.kit.open.buy = window.kit.felt.createCustomerInteraction('buy')
		})
	return page
}

const frustrations = (w: World) =>
	w.proxy
		.logs()
		.filter((l) => l.event === 'felt.frustration')
		.map((l) => [l.attributes['felt.frustration.kind'], l.attributes['felt.frustration.target']])

both('a dead click is told, tied to the interaction, and by name', async (w) => {
	const page = await clicks(w)
	await page.click('#dead')
	await until(
		() => frustrations(w),
		(f) => f.length > 0,
		10_000,
	)
	expect(frustrations(w)).toEqual([['dead', 'pay']])
	const [log] = w.proxy.logs().filter((l) => l.event === 'felt.frustration')
	const told = await page.evaluate(
		() => [window.kit.open.buy?.traceparent.slice(3, 35), window.kit.frustration[0]] as const,
	)
	expect(log?.traceId).toBe(told[0])
	expect(told[1]).toMatchObject({ kind: 'dead', target: 'pay', clicks: 1, interaction: 'buy' })
	expect(JSON.stringify(w.proxy.seen)).not.toContain('Secret text')
})

both('rage clicks are told once', async (w) => {
	const page = await clicks(w)
	for (let n = 0; n < 6; n++) await page.click('#dead', { delay: 10 })
	await until(
		() => frustrations(w),
		(f) => f.some(([kind]) => kind === 'rage'),
		10_000,
	)
	await sleep(2500)
	expect(frustrations(w).filter(([kind]) => kind === 'rage')).toEqual([['rage', 'pay']])
})

both('an error click is told', async (w) => {
	const page = await clicks(w)
	await page.click('#throws')
	await until(
		() => frustrations(w),
		(f) => f.length > 0,
		10_000,
	)
	await sleep(2500)
	expect(frustrations(w)).toEqual([['error', expect.stringContaining('throws')]])
})

both('clicks that do something are nobody frustrated', async (w) => {
	const page = await clicks(w)
	await page.click('#live')
	await sleep(300)
	await page.click('#ask')
	await page.click('#field')
	await page.keyboard.type('hello')
	await page.click('#box')
	await page.click('label')
	await page.click('#anchor')
	await page.dblclick('#text')
	await page.click('#sum')
	await page.selectOption('#choice', 'b')
	await sleep(4000)
	await page.evaluate(() => window.kit.felt.flush())
	expect(frustrations(w)).toEqual([])
})

both('clicks that only move, style or fill the screen are nobody frustrated', async (w) => {
	const page = await clicks(w, false)
	await page.evaluate(() => {
		const { dead } = window as unknown as { dead: HTMLElement }
		const sheet = new CSSStyleSheet()
		document.adoptedStyleSheets = [sheet]
		sheet.replaceSync('#text { transition: opacity 0.3s }')
		const text = document.getElementById('text')!
		const does = [
			() => {},
			() => text.animate({ opacity: [0, 1] }, 300),
			() => sheet.insertRule('#text { opacity: 0.5 }', 1),
			() => document.execCommand('copy'),
			() => text.requestFullscreen(),
		]
		dead.addEventListener('click', () => void does.shift()?.())
	})
	for (let n = 0; n < 5; n++) {
		await page.click('#dead')
		await sleep(3000)
	}
	await page.evaluate(() => window.kit.felt.flush())
	// The first did nothing.
	expect(frustrations(w)).toEqual([['dead', 'pay']])
})

both('a counter clicked quickly is nobody in a rage', async (w) => {
	const page = await clicks(w)
	for (let n = 0; n < 6; n++) await page.click('#live')
	await sleep(3000)
	await page.evaluate(() => window.kit.felt.flush())
	expect(frustrations(w)).toEqual([])
})

both("the SDK's own requests do not hide a dead click", async (w) => {
	const page = await clicks(w, false)
	await page.evaluate(() => {
		document.getElementById('dead')?.addEventListener('click', () => {
			window.kit.felt.createCustomerInteraction('noise').fail('boom')
		})
	})
	await page.click('#dead')
	await until(
		() => frustrations(w),
		(f) => f.some(([kind]) => kind === 'dead'),
		10_000,
	)
})

both('frustration is no interaction', async (w) => {
	const page = await clicks(w)
	await page.click('#dead')
	await until(
		() => frustrations(w),
		(f) => f.length > 0,
		10_000,
	)
	await page.evaluate(() => window.kit.open.buy?.complete())
	await w.ask.one('buy')
	await w.ask.exactly(1)
})

both('routes are told', async (w) => {
	const page = await w.open({ plugins: ['routes'] })
	await page.evaluate(() => {
		history.pushState(null, '', 'cart?coupon=secret')
		window.kit.felt.createCustomerInteraction('cart').complete()
	})
	await w.ask.one('cart')
	const logs = await until(
		() => w.proxy.logs().filter((l) => l.event === 'felt.route'),
		(l) => l.length > 0,
	)
	expect(String(logs[0]?.attributes['url.path'])).toMatch(/\/cart$/)
	expect(String(w.proxy.spans()[0]?.attributes['url.path'])).toMatch(/\/cart$/)
	expect(JSON.stringify(w.proxy.seen)).not.toContain('secret')
})

both('an attribute makes an interaction of a click', async (w) => {
	const page = await w.open({
		plugins: ['network', 'declarative'],
		body: `<button id="b" data-felt-interaction="save"><b>Save</b></button>`,
	})
	await page.evaluate(
		(url) => {
			document.getElementById('b')?.addEventListener('click', () => void fetch(url))
		},
		api(w, 'save'),
	)
	await page.click('#b b')
	const row = await w.ask.one('save', (r) => r.outcome === 'success')
	expect(row.name).toBe('save')
	await w.ask.exactly(1)
})

both('web vitals leave with the page', async (w) => {
	const page = await w.open({
		plugins: ['vitals'],
		body: '<h1>Large words</h1><button id="b">Press</button>',
	})
	await sleep(500)
	await page.click('#b')
	await sleep(200)
	await page.close()
	const vitals = await until(
		() => w.proxy.logs().filter((l) => l.event === 'browser.web_vital'),
		(l) => l.some((one) => one.attributes.name === 'lcp'),
	)
	for (const v of vitals) {
		expect(v.attributes.value).toEqual(expect.any(Number))
		expect(v.attributes.rating).toMatch(/^(good|needs-improvement|poor)$/)
	}
	expect(await w.ask.rows()).toEqual([])
})
