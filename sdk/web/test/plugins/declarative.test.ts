// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://shop.test/cart" }
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { declarative } from '../../src/plugins/declarative'
import { type Answer, currentOf, requested } from '../../src/plugins/page'
import { fakeHost } from './fake'

let off: (() => void) | undefined
let world: ReturnType<typeof fakeHost>
beforeEach(() => {
	vi.useFakeTimers({ now: 1e12, toFake: ['setTimeout', 'clearTimeout', 'Date', 'requestAnimationFrame'] })
	world = fakeHost()
	off = declarative()(world.host)
})
afterEach(() => {
	off?.()
	document.body.replaceChildren()
	vi.useRealTimers()
	vi.restoreAllMocks()
})

function page(markup: string, selector = '#it'): HTMLElement {
	document.body.innerHTML = markup
	return document.body.querySelector<HTMLElement>(selector)!
}
const fire = (element: Element, type: string, more = {}) =>
	element.dispatchEvent(
		Object.assign(new Event(type, { bubbles: true, composed: true, cancelable: true }), more),
	)
const wait = (ms = 200) => vi.advanceTimersByTimeAsync(ms)
const ended = () => world.all.map((i) => [i.name, ...(i.ended ?? ['open'])].filter((x) => x !== undefined))
/** A handler that asks for something, as the network plugin would tell of it. */
function asks(element: Element, type = 'click') {
	const ends: ((answer: Answer) => void)[] = []
	element.addEventListener(type, () => ends.push(requested(currentOf(world.host))))
	return ends
}

test('begins at the click with what is declared, and is complete when the page has settled', async () => {
	const it = page(
		'<button id=it type=button data-felt-interaction=pay data-felt-journey=checkout data-felt-step=last data-felt-key=o-1 data-felt-timeout-ms=9000 data-felt-degraded-ms=2000><b>x</b></button>',
	)
	fire(it.firstElementChild!, 'click')
	expect(world.all[0]!.options).toEqual({
		journey: 'checkout',
		step: 'last',
		key: 'o-1',
		timeoutMs: 9000,
		degradedMs: 2000,
	})
	expect(ended()).toEqual([['pay', 'open']])
	await wait()
	expect(ended()).toEqual([['pay', 'complete']])
})

test('waits for its requests and for what follows from them', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	const ends = asks(it)
	fire(it, 'click')
	await wait(5000)
	ends[0]!({ status: 200 })
	await wait(30)
	const next = requested(world.all[0])
	await wait(5000)
	expect(ended()).toEqual([['pay', 'open']])
	next({ status: 201 })
	await wait()
	expect(ended()).toEqual([['pay', 'complete']])
})

test.each<[Answer, unknown[], unknown]>([
	[{ status: 503 }, ['fail', 'http_5xx'], 503],
	[{ status: 0, error_: 'network' }, ['fail', 'network'], undefined],
	[{ status: 0, error_: 'timeout' }, ['fail', 'timeout'], undefined],
	[{ status: 0, error_: 'aborted' }, ['complete'], undefined],
	[{ status: 402 }, ['complete'], 402],
	[{ status: 0 }, ['complete'], undefined],
])('ends with %o as %o', async (answer, how, status) => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	const ends = asks(it)
	fire(it, 'click')
	ends[0]!(answer)
	await wait()
	expect(ended()).toEqual([['pay', ...how]])
	expect(world.all[0]!.set['http.response.status_code']).toBe(status)
})

test('a failure among its requests is not made good by a later answer', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	const ends = asks(it)
	fire(it, 'click')
	const second = requested(world.all[0])
	ends[0]!({ status: 500 })
	second({ status: 200 })
	await wait()
	expect(ended()).toEqual([['pay', 'fail', 'http_5xx']])
})

test('ties requests of its own handlers only, while others are open', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	world.create('other')
	let tied: unknown
	it.addEventListener('click', () => {
		tied = currentOf(world.host)?.name
	})
	fire(it, 'click')
	await wait(1)
	expect(tied).toBe('pay')
	expect(currentOf(world.host)).toBeUndefined()
})

test('forms and their submit buttons begin at submit', async () => {
	const form = page(
		'<form id=it data-felt-interaction=order><button id=b data-felt-interaction=quick></button></form>',
	)
	const button = form.querySelector('button')!
	fire(button, 'click')
	await wait()
	expect(ended()).toEqual([])
	fire(form, 'submit', { submitter: null })
	fire(form, 'submit', { submitter: button })
	await wait()
	expect(ended()).toEqual([
		['order', 'complete'],
		['quick', 'complete'],
	])
})

test('data-felt-on decides', async () => {
	const form = page('<form data-felt-interaction=order data-felt-on=click><i id=it></i></form>')
	fire(form, 'click')
	await wait()
	expect(ended()).toEqual([['order', 'complete']])
})

test('a second click on the same is the same try; after its end it is a new one', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	fire(it, 'click')
	fire(it, 'click')
	await wait()
	fire(it, 'click')
	await wait()
	expect(ended()).toEqual([
		['pay', 'complete'],
		['pay', 'complete'],
	])
})

test('a handler that throws fails it, at once or later', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	const error = new Error('no total')
	it.addEventListener('click', () => {
		window.dispatchEvent(Object.assign(new Event('error'), { error, message: '', filename: 'a.js' }))
	})
	fire(it, 'click')
	await wait()
	expect(ended()).toEqual([['pay', 'fail', error]])
	const next = page('<button id=it type=button data-felt-interaction=next></button>')
	fire(next, 'click')
	await wait(20)
	window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason: error }))
	await wait()
	expect(ended()[1]).toEqual(['next', 'fail', error])
})

test('what the browser sends by itself is complete as the page gives way', async () => {
	const form = page('<form id=it data-felt-interaction=order></form>')
	fire(form, 'submit')
	await wait(5)
	window.dispatchEvent(new Event('beforeunload'))
	await wait(8000)
	expect(ended()).toEqual([['order', 'open']])
	window.dispatchEvent(new Event('pagehide'))
	expect(ended()).toEqual([['order', 'complete']])
})

test('without a network it fails, and a way that leads nowhere is taken back', async () => {
	const form = page('<form id=it data-felt-interaction=order></form>')
	fire(form, 'submit')
	await wait(5)
	window.dispatchEvent(new Event('beforeunload'))
	const onLine = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
	window.dispatchEvent(new Event('pagehide'))
	onLine.mockRestore()
	expect(ended()).toEqual([['order', 'fail', 'network']])
	fire(form, 'submit')
	await wait(5)
	window.dispatchEvent(new Event('beforeunload'))
	await wait(31_000)
	expect(ended()[1]).toEqual(['order', 'cancel', 'stayed'])
})

test('leaving the page in the middle of its requests is not its end', async () => {
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	asks(it)
	fire(it, 'click')
	await wait(500)
	window.dispatchEvent(new Event('beforeunload'))
	window.dispatchEvent(new Event('pagehide'))
	expect(ended()).toEqual([['pay', 'open']])
})

test('begins nothing without a name, on what is off, or after teardown', async () => {
	for (const markup of [
		'<button id=it type=button data-felt-interaction></button>',
		'<button id=it type=button aria-disabled=true data-felt-interaction=a></button>',
		'<button id=it></button>',
	]) {
		fire(page(markup), 'click')
	}
	const it = page('<button id=it type=button data-felt-interaction=pay></button>')
	off?.()
	fire(it, 'click')
	await wait()
	expect(ended()).toEqual([])
})
