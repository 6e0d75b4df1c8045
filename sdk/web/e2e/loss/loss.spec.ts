// 500 customers close their tab or follow a link in the middle of something. At most one in a hundred of what
// they did may be lost: what waited for its batch, what failed in the last moment, and what was open.

import { expect, it } from 'vitest'
import { sleep, until } from '../harness/until'
import { common, type World, ways, world } from '../harness/world'

common()

const closes = 500
const atOnce = 10

/** One visitor, who never comes back: nothing that was stored can be sent another time. */
async function visit(w: World, n: number) {
	const context = await w.visitor()
	const page = n === 0 ? await w.open({ options: { batchMs: 10_000 } }, context) : await w.again(context)
	await page.evaluate((key) => {
		const { felt } = window.kit
		felt.createCustomerInteraction('waited', { key }).complete()
		felt.createCustomerInteraction('open', { key })
		felt.createCustomerInteraction('failed', { key }).fail('last_moment')
	}, `${n}`)
	if (n % 3 === 2) await page.goto(w.site.other('/pay/'))
	else await page.close()
	return context
}

it.each(ways)(
	'%s: at most 1 % of what customers did is lost when they close the tab',
	async (way) => {
		const finished: (() => Promise<void>)[] = []
		const w = await world(way, (fn) => void finished.push(fn))
		const share = closes / ways.length
		const from = Date.now()
		try {
			for (let n = 0; n < share; n += atOnce) {
				const some = Array.from({ length: Math.min(atOnce, share - n) }, (_, i) => n + i)
				const contexts =
					n === 0
						? [await visit(w, 0), ...(await Promise.all(some.slice(1).map((i) => visit(w, i))))]
						: await Promise.all(some.map((i) => visit(w, i)))
				// A context that is closed takes the requests with it that outlive their page.
				let quiet = -1
				while (quiet !== w.proxy.seen.length) {
					quiet = w.proxy.seen.length
					await sleep(250)
				}
				await Promise.all(contexts.map((c) => c.close()))
			}
			const want = share * 3
			const rows = await until(
				() => w.ask.rows(),
				(rows) => rows.length >= want,
				15_000,
			).catch(() => w.ask.rows())
			const right = { waited: 'success', open: 'abandoned', failed: 'failed' }
			const count = (name: keyof typeof right) =>
				rows.filter((r) => r.name === name && r.outcome === right[name]).length
			console.log(
				`${way}: ${share} tabs closed in ${Math.round((Date.now() - from) / 1000)} s; of ${share} each arrived: ` +
					`waiting ${count('waited')}, open ${count('open')}, failed ${count('failed')}`,
			)
			expect(new Set(rows.map((r) => r.id)).size).toBe(rows.length)
			expect(count('waited') + count('open') + count('failed')).toBeGreaterThanOrEqual(want * 0.99)
		} finally {
			for (const fn of finished) await fn()
		}
	},
	300_000,
)
