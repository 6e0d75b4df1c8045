// The SDK beside OpenTelemetry of both generations, Sentry and Faro, begun before it and after it.

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { sleep, until } from '../e2e/harness/until'
import { common, site, type World, world } from '../e2e/harness/world'

interface HostSpan {
	name: string
	kind: number
	traceId: string
	spanId: string
	parentSpanId: string
}

declare global {
	interface Window {
		host: {
			said: string[]
			start(): void
			spans(): HostSpan[]
			own(fn: () => void): { traceId: string; spanId: string }
			identities(): unknown[]
			/** What `identities` was before the SDK came. */
			before?: unknown[]
			sent(): string
			traced(): string[]
			flush(): Promise<boolean>
		}
	}
}

common()

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const otel = ['otel2', 'otel3', 'faro'] as const
const hosts = ['none', 'sentry', ...otel] as const
type Host = (typeof hosts)[number]

beforeAll(async () => {
	for (const name of hosts.filter((h) => h !== 'none')) {
		const out = await build({
			entryPoints: [at(`./${name}/host.js`)],
			bundle: true,
			format: 'esm',
			write: false,
			platform: 'browser',
			target: 'es2022',
			logLevel: 'error',
			// shared.js is no part of a host's folder; what it uses is.
			nodePaths: [at(`./${name}/node_modules`)],
		})
		site().scripts.set(`${name}.js`, out.outputFiles[0]?.text ?? '')
	}
})

/** The versions that the matrix is about are those that are installed. */
describe('versions', () => {
	const version = (host: string, name: string) =>
		JSON.parse(readFileSync(at(`./${host}/node_modules/${name}/package.json`), 'utf8')).version as string
	it.each([
		['otel2', '@opentelemetry/api', /^1\.9\./],
		['otel2', '@opentelemetry/sdk-trace-web', /^2\.12\./],
		['otel3', '@opentelemetry/api', /^1\.10\./],
		['otel3', '@opentelemetry/sdk-trace', /^3\.1\./],
	])('%s has %s %s', (host, name, want) => {
		expect(version(host, name)).toMatch(want)
	})
})

async function open(w: World, host: Host, first: 'host' | 'felt'): Promise<Page> {
	const page = await w.open({
		plugins: ['network', 'errors'],
		host: host === 'none' ? undefined : host,
		init: false,
	})
	await page.evaluate(
		([host, first]) => {
			const start = () => {
				if (host !== 'none') window.host.start()
			}
			if (first === 'host') start()
			if (host !== 'none' && first === 'host') window.host.before = window.host.identities()
			window.kit.start()
			if (first === 'felt') start()
		},
		[host, first] as const,
	)
	return page
}

const orders = ['host', 'felt'] as const

for (const host of hosts)
	for (const first of host === 'none' ? (['host'] as const) : orders)
		describe(`${host}, ${first} first`, () => {
			it('one request, one span, one header, one trace, also after await', async (ctx) => {
				const w = await world('direct', ctx.onTestFinished)
				const page = await open(w, host, first)
				const told = await page.evaluate(async (base) => {
					let traceparent = ''
					await window.kit.felt.withCustomerInteraction(
						'checkout',
						async (i) => {
							traceparent = i.traceparent
							await fetch(`${base}first`)
							await new Promise((done) => setTimeout(done, 30))
							await fetch(`${base}second`)
							await i.run(() => fetch(`${base}third`))
						},
						{ journey: 'buy' },
					)
					return traceparent
				}, `/api/${w.app}/`)
				const traceId = told.slice(3, 35)
				const row = await w.ask.one('checkout', (r) => r.outcome === 'success')
				expect(row.trace_id).toBe(traceId)

				const calls = w.site.calls(w.app)
				expect(calls.map((c) => c.path.split('/').at(-1))).toEqual(['first', 'second', 'third'])
				// A header that was set twice arrives as one with a comma.
				for (const c of calls)
					expect(c.headers.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-0[0-9a-f]$`))

				const own = w.proxy.spans().filter((s) => s.kind === 3)
				if (otel.some((o) => o === host)) {
					// The host's spans and none of ours, within the interaction.
					const spans = await until(
						() => page.evaluate(() => window.host.spans().filter((s) => s.kind === 2)),
						(s) => s.length >= 3,
					)
					expect(own).toEqual([])
					expect(spans).toHaveLength(3)
					for (const s of spans) expect(s).toMatchObject({ traceId, parentSpanId: row.span_id })
					expect(calls.map((c) => c.headers.traceparent?.slice(36, 52)).sort()).toEqual(
						spans.map((s) => s.spanId).sort(),
					)
				} else {
					expect(own).toHaveLength(3)
					for (const c of calls)
						expect(decodeURIComponent(String(c.headers.baggage))).toContain('felt.interaction.name=checkout')
					for (const s of own) expect(s).toMatchObject({ traceId, parentSpanId: row.span_id })
					expect(calls.map((c) => c.headers.traceparent?.slice(36, 52)).sort()).toEqual(
						own.map((s) => s.spanId).sort(),
					)
				}
				await w.ask.exactly(1)
			})

			it('says nothing of a second registration, and the host keeps what it had', async (ctx) => {
				const w = await world('direct', ctx.onTestFinished)
				const page = await open(w, host, first)
				await page.evaluate(() => window.kit.felt.withCustomerInteraction('quiet', () => 1))
				await w.ask.one('quiet')
				if (host === 'none') {
					const symbols = await page.evaluate(() => Object.getOwnPropertySymbols(globalThis).map(String))
					expect(symbols.filter((s) => s.includes('opentelemetry'))).toEqual([])
					return
				}
				const said = await page.evaluate(() => window.host.said)
				expect(said).toEqual([])
				expect(w.thrown).toEqual([])
				if (first === 'host')
					expect(
						await page.evaluate(() => {
							const now = window.host.identities()
							return window.host.before?.every((one, n) => one === now[n])
						}),
					).toBe(true)
			})

			it.skipIf(!otel.some((o) => o === host))("leaves the host's own spans alone", async (ctx) => {
				const w = await world('direct', ctx.onTestFinished)
				const page = await open(w, host, first)
				const own = await page.evaluate(
					(url) =>
						window.host.own(() => {
							void fetch(url)
						}),
					`/api/${w.app}/own`,
				)
				const spans = await until(
					() => page.evaluate(() => window.host.spans()),
					(s) => s.filter((one) => one.traceId === own.traceId).length >= 2,
				)
				const request = spans.find((s) => s.kind === 2 && s.traceId === own.traceId)
				expect(request?.parentSpanId).toBe(own.spanId)
				expect(w.site.calls(w.app)[0]?.headers.traceparent).toContain(own.traceId)
				await sleep(500)
				expect(w.proxy.spans()).toEqual([])
			})

			it.skipIf(!otel.some((o) => o === host))(
				"an interaction within the host's span is a part of its trace",
				async (ctx) => {
					const w = await world('direct', ctx.onTestFinished)
					const page = await open(w, host, first)
					const own = await page.evaluate(() =>
						window.host.own(() => {
							window.kit.felt.createCustomerInteraction('inside').complete()
						}),
					)
					const row = await w.ask.one('inside', (r) => r.outcome === 'success')
					expect(row.trace_id).toBe(own.traceId)
					expect(w.proxy.spans().find((s) => s.name === 'inside')?.parentSpanId).toBe(own.spanId)
				},
			)

			it.skipIf(host !== 'sentry')('Sentry traces and reports as it did', async (ctx) => {
				const w = await world('direct', ctx.onTestFinished)
				const page = await open(w, host, first)
				await page.evaluate(async (url) => {
					await window.kit.felt.withCustomerInteraction('with sentry', () => fetch(url).then(() => undefined))
					setTimeout(() => {
						throw new TypeError('for both')
					})
				}, `/api/${w.app}/sentry`)
				await w.ask.one('with sentry')
				const sent = await until(
					async () => {
						await page.evaluate(() => window.host.flush())
						return page.evaluate(() => window.host.sent())
					},
					(s) => s.includes('for both') && s.includes('"http.client"'),
				)
				const traced = await page.evaluate(() => window.host.traced())
				expect(traced.filter((url) => url.endsWith('/sentry'))).toHaveLength(1)
				const [call] = w.site.calls(w.app)
				expect(call?.headers['sentry-trace']).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}/)
				// What Sentry tells its back ends stays beside ours.
				expect(call?.headers.baggage).toContain('sentry-')
				expect(decodeURIComponent(String(call?.headers.baggage))).toContain(
					'felt.interaction.name=with sentry',
				)
				// Our own requests are nothing to trace.
				expect(traced).toHaveLength(1)
				expect(sent).not.toContain(new URL(w.proxy.url).host)
			})
		})
