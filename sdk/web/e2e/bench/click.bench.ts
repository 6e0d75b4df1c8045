// From a click that fails in Chromium to the message that somebody gets.
//
// 20 apps have customers who fare well, PER_SECOND in each; after WARM seconds, one app after the other breaks:
// every customer's payment fails. Some of them sit before a Chromium of their own, and press the button of a page
// whose back end answers 500. The clock starts at the first click of the first of them, which is when the app
// breaks, and stops when the webhook of the incident is called. The way is the real one: SDK, stock Collector,
// Felt, sink.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page } from 'playwright-core'
import { expect, it } from 'vitest'
import { launch, userAgent } from '../harness/browser'
import { startCollector, startFelt } from '../harness/programs'
import { startSite } from '../harness/site'
import { sleep, until } from '../harness/until'
import { background } from './background'
import { figures } from './figures'

const faults = Number(process.env.FAULTS ?? 20)
const warmSeconds = Number(process.env.WARM ?? 180)
const perSecond = Number(process.env.PER_SECOND ?? 10)
/** Customers who meet each fault, and how long after each other they click. */
const victims = Number(process.env.VICTIMS ?? 4)
const everyMs = Number(process.env.EVERY_MS ?? 500)

interface Call {
	at: number
	text: string
}

/** A webhook that notes when it was called with what. */
async function startHook() {
	const calls: Call[] = []
	const server = createServer((req, res) => {
		const at = Date.now()
		let text = ''
		req.on('data', (d) => {
			text += d
		})
		req.on('end', () => {
			calls.push({ at, text })
			res.writeHead(204).end()
		})
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
		calls,
		stop: () => new Promise((done) => server.close(done)),
	}
}

const body = `<button id="pay" data-felt-name="pay">Pay</button><output></output>`

/** What the page's own code does at a click: it asks its back end, and says what came of it. */
const behave = `document.getElementById('pay').addEventListener('click', () => {
	window.clicked = Date.now()
	window.kit.felt.withCustomerInteraction('pay', async (i) => {
		const r = await i.run(() => fetch('/api/' + APP + '/pay?status=500'))
		if (!r.ok) throw new Error('no payment')
	}).catch(() => { document.querySelector('output').textContent = 'Please try again' })
})`

async function customer(browser: Browser, url: string, app: string): Promise<Page> {
	const context = await browser.newContext({ userAgent })
	const page = await context.newPage()
	await page.goto(url)
	await page.waitForFunction(() => window.kit?.ready)
	await page.evaluate(behave.replace('APP', JSON.stringify(app)))
	return page
}

/** What Felt made of a fault that nobody was told: the incidents that name its app, and the findings of it since. */
async function whatElse(api: string, app: string, first: number): Promise<string> {
	const parts = await Promise.all(
		[`incidents?status=all&window=1h`, `findings?of=app:${app}&window=15m`].map(async (path) => {
			const r = await fetch(`${api}/api/v1/${path}`)
			return `${path}: ${r.status} ${await r.text()}`
		}),
	)
	return `the click was at ${new Date(first).toISOString()}\n${parts.join('\n')}`
}

it('from the click to the webhook', async () => {
	const hook = await startHook()
	const felt = await startFelt({
		'sinks.yaml': `sinks:\n  - {name: stopwatch, kind: webhook, url: "${hook.url}", every: 10s}\n`,
	})
	const collector = await startCollector(felt.otlp)
	const site = await startSite()
	const browser = await launch()
	const apps = Array.from({ length: faults }, (_, n) => `shop-${n + 1}`)
	const crowd = background(collector.otlp, apps, 'pay', perSecond)
	try {
		for (const app of apps)
			site.configs.set(app, {
				options: { endpoint: collector.otlp, app },
				plugins: ['network', 'errors', 'frustration'],
				body,
			})
		console.log(
			`${faults} apps, ${perSecond} customers a second in each, ${warmSeconds} s before the first fault; ` +
				`${victims} customers in Chromium meet each fault, one every ${everyMs} ms`,
		)
		await sleep(warmSeconds * 1000)
		console.log(`${crowd.sent()} interactions are known`)
		const took: number[] = []
		for (const app of apps) {
			const pages = await Promise.all(
				Array.from({ length: victims }, () => customer(browser, site.page(app), app)),
			)
			const before = hook.calls.length
			let first = 0
			crowd.broken.add(app)
			for (const page of pages) {
				await page.click('#pay')
				first ||= (await page.evaluate('window.clicked')) as number
				await sleep(everyMs)
			}
			// Once in some hundred apps chance had opened an incident before, and this makes it worse.
			const told = await until(
				() =>
					hook.calls
						.slice(before)
						.find((c) => c.text.includes(`"${app}"`) && /incident\.(detected|reported)/.test(c.text)),
				(c) => c !== undefined,
				120_000,
			).catch(() => undefined)
			crowd.broken.delete(app)
			// What breaks within seconds of something else may be told as a part of that.
			await sleep(20_000)
			await Promise.all(pages.map((p) => p.context().close()))
			if (told) took.push((told.at - first) / 1000)
			console.log(
				`${app}: ${told ? `${((told.at - first) / 1000).toFixed(1)} s` : 'nobody was told within 2 minutes'}`,
			)
			if (!told) console.log(await whatElse(felt.url, app, first))
		}
		console.log(`click to webhook: ${figures(took, 's', 1)}; not told: ${faults - took.length}`)
		expect(took.length).toBeGreaterThan(0)
	} finally {
		await crowd.stop().catch((e) => console.log(String(e)))
		await browser.close()
		await site.stop()
		await collector.stop()
		await felt.stop()
		await hook.stop()
	}
})
