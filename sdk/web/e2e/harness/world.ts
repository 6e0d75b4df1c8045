// What a case needs: an app of its own in Felt, a proxy before Felt or the Collector, a page that uses the SDK.

import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, inject, it, type TestContext } from 'vitest'
import type { Options } from '../../src/types'
import { Ask } from './ask'
import { launch, userAgent } from './browser'
import { type FaultProxy, startProxy } from './proxy'
import { type Config, type Site, startSite } from './site'

export const ways = ['direct', 'collector'] as const
export type Way = (typeof ways)[number]

let browser: Browser
let own: Site

/** The server of pages of this file. */
export const site = (): Site => own

/** Starts what all cases of a file share. */
export function common() {
	beforeAll(async () => {
		own = await startSite()
		browser = await launch()
	})
	afterAll(async () => {
		await browser?.close()
		await own?.stop()
	})
}

export interface World {
	way: Way
	app: string
	site: Site
	proxy: FaultProxy
	ask: Ask
	/** Opens a page, in the case's context unless told otherwise, and waits until the SDK is there. */
	open(
		config?: Partial<Omit<Config, 'options'>> & { options?: Partial<Options> },
		context?: BrowserContext,
	): Promise<Page>
	/** Opens the same page again, as another tab or another visitor. */
	again(context?: BrowserContext): Promise<Page>
	/** The case's context: one visitor. */
	context(): Promise<BrowserContext>
	/** Another visitor. */
	visitor(): Promise<BrowserContext>
	/** Errors that pages did not catch, and that their console told. */
	thrown: string[]
}

let count = 0

export async function world(
	way: Way,
	onFinished: (fn: () => Promise<void>) => void,
	name?: string,
): Promise<World> {
	const places = inject('places')
	const app = name ?? `e2e-${process.pid.toString(36)}-${++count}-${way}`
	const proxy = await startProxy(places[way], places.check)
	const contexts: BrowserContext[] = []
	const visitor = async () => {
		const context = await browser.newContext({ userAgent, viewport: { width: 900, height: 700 } })
		contexts.push(context)
		return context
	}
	const site = own
	let first: Promise<BrowserContext> | undefined
	onFinished(async () => {
		await Promise.all(contexts.map((c) => c.close()))
		await proxy.stop()
	})
	const self: World = {
		way,
		app,
		site,
		proxy,
		ask: new Ask(places.api, app),
		thrown: [],
		visitor,
		context: () => {
			first ??= visitor()
			return first
		},
		open: async (config = {}, context) => {
			site.configs.set(app, {
				...config,
				options: { endpoint: proxy.url, app, batchMs: 300, ...config.options },
			})
			return self.again(context)
		},
		again: async (context) => {
			const page = await (context ?? (await self.context())).newPage()
			page.on('pageerror', (e) => self.thrown.push(e.message))
			page.on('console', (m) => {
				if (m.type() === 'error' || m.type() === 'warning') self.thrown.push(m.text())
			})
			await page.goto(site.page(app))
			await page
				.waitForFunction(() => window.kit?.ready, undefined, { timeout: 20_000 })
				.catch((e) => {
					throw new Error(`the page is not ready: ${e.message} ${self.thrown.join('; ')}`)
				})
			return page
		},
	}
	return self
}

/** Declares a case that must hold straight and through the Collector. */
export function both(name: string, run: (w: World, ctx: TestContext) => Promise<void>, ms?: number) {
	for (const way of ways)
		it(`${name} (${way})`, async (ctx) => run(await world(way, ctx.onTestFinished), ctx), ms)
}
