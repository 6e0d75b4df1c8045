// What an interaction costs the page, and how soon a failure has left it.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { launch, userAgent } from '../harness/browser'
import { startSite } from '../harness/site'
import { until } from '../harness/until'
import { figures, quantile } from './figures'

const times = Number(process.env.TIMES ?? 200)

/** An endpoint that notes when each request came. */
async function startEndpoint() {
	const came: { at: number; body: string }[] = []
	const server = createServer((req, res) => {
		const at = performance.timeOrigin + performance.now()
		let body = ''
		req.on('data', (d) => {
			body += d
		})
		req.on('end', () => {
			if (req.method === 'POST') came.push({ at, body })
			res
				.writeHead(200, {
					'access-control-allow-origin': '*',
					'access-control-allow-headers': 'content-type',
					'access-control-max-age': '7200',
					'content-type': 'application/json',
				})
				.end('{}')
		})
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		came,
		stop: () => {
			server.closeAllConnections()
			return new Promise((done) => server.close(done))
		},
	}
}

it('cost, and how soon a failure leaves', async () => {
	const endpoint = await startEndpoint()
	const site = await startSite()
	const browser = await launch()
	try {
		site.configs.set('bench', {
			options: { endpoint: endpoint.url, app: 'bench' },
			plugins: ['network', 'errors'],
		})
		const page = await (await browser.newContext({ userAgent })).newPage()
		await page.goto(site.page('bench'))
		await page.waitForFunction(() => window.kit?.ready)

		const left: number[] = []
		for (let n = 0; n < times; n++) {
			const key = `n${n}`
			const at = await page.evaluate((key) => {
				const at = performance.timeOrigin + performance.now()
				window.kit.felt.createCustomerInteraction('late', { key }).fail('boom')
				return at
			}, key)
			const seen = await until(
				() => endpoint.came.find((c) => c.body.includes(`"${key}"`)),
				(c) => c !== undefined,
			)
			left.push((seen?.at ?? Number.NaN) - at)
			await page.waitForTimeout(20)
		}
		console.log(`a failure is at the endpoint after: ${figures(left, 'ms')}`)

		const costs: number[] = []
		for (let round = 0; round < 40; round++) {
			costs.push(
				await page.evaluate(() => {
					const { felt } = window.kit
					const n = 50
					const from = performance.now()
					for (let i = 0; i < n; i++)
						felt
							.createCustomerInteraction('cost', {
								journey: 'buy',
								key: `k${i}`,
								attributes: { a: 1, b: 'two' },
							})
							.complete()
					return ((performance.now() - from) / n) * 1000
				}),
			)
			await page.waitForTimeout(50)
		}
		console.log(`an interaction costs the page: ${figures(costs, 'us')}`)
		expect(quantile(costs, 0.5)).toBeGreaterThan(0)
	} finally {
		await browser.close()
		await site.stop()
		await endpoint.stop()
	}
})
