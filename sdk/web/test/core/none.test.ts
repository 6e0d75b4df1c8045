/** The module as a page or a server imports it. */
import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
	vi.resetModules()
	vi.unstubAllGlobals()
})

describe('on a server', () => {
	it('importing does nothing', async () => {
		const before = Object.getOwnPropertyNames(globalThis)
		const timers = vi.spyOn(globalThis, 'setTimeout')
		await import('../../src/index')
		expect(Object.getOwnPropertyNames(globalThis)).toEqual(before)
		expect(timers).not.toHaveBeenCalled()
		timers.mockRestore()
	})
	it('everything works, holds nothing and sends nothing', async () => {
		const fetched = vi.fn()
		vi.stubGlobal('fetch', fetched)
		const timers = vi.spyOn(globalThis, 'setTimeout')
		const f = await import('../../src/index')
		const felt = f.init({ endpoint: 'https://felt.example', app: 'shop', plugins: [fetched] })
		f.setUser({ id: 'u1' })
		f.setConsent('granted')
		const off = f.on('end', () => undefined)
		for (let n = 0; n < 2000; n++) f.createCustomerInteraction('a', { timeoutMs: 1000, resume: true })
		const i = felt.createCustomerInteraction('b')
		expect(await f.withCustomerInteraction('c', async () => 7)).toBe(7)
		i.complete()
		off()
		expect(i.outcome).toBe('success')
		expect(i.traceparent).toMatch(/^00-/)
		await f.flush()
		await f.shutdown()
		expect(fetched).not.toHaveBeenCalled()
		expect(timers).not.toHaveBeenCalled()
		timers.mockRestore()
	})
})

it('init begins once, and anew after shutdown', async () => {
	vi.stubGlobal(
		'window',
		Object.assign(new EventTarget(), {
			document: new EventTarget(),
			location: { pathname: '/', href: 'https://shop.example/' },
			navigator: {},
			fetch: vi.fn(),
			setTimeout: vi.fn(),
			clearTimeout: vi.fn(),
		}),
	)
	const f = await import('../../src/index')
	const plugin = vi.fn()
	const options = { endpoint: 'https://felt.example', app: 'shop', plugins: [plugin] }
	const first = f.init(options)
	expect(f.init({ ...options, app: 'other' })).toEqual(first)
	expect(plugin).toHaveBeenCalledTimes(1)
	await first.shutdown()
	f.init(options)
	expect(plugin).toHaveBeenCalledTimes(2)
	await f.shutdown()
})
