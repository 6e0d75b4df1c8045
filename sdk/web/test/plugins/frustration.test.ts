// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://shop.test/cart" }
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { frustration } from '../../src/plugins/frustration'
import { requested } from '../../src/plugins/page'
import { fakeHost } from './fake'

// No test of clicks goes anywhere.
document.addEventListener('click', (event) => event.preventDefault())

let off: (() => void) | undefined
let world: ReturnType<typeof fakeHost>
let picked = ''

beforeEach(() => {
	vi.useFakeTimers({ now: 1e12 })
	picked = ''
	vi.spyOn(document, 'getSelection').mockImplementation(() => ({ toString: () => picked }) as Selection)
	world = fakeHost()
	off = frustration()(world.host)
})
afterEach(() => {
	off?.()
	document.body.replaceChildren()
	vi.restoreAllMocks()
	vi.useRealTimers()
})

/** Markup, once and before anything is watched. */
function page<E extends HTMLElement = HTMLElement>(markup: string, selector = '#it'): E {
	document.body.innerHTML = markup
	return document.body.querySelector<E>(selector)!
}

interface Where extends MouseEventInit {
	/** Where the pointer went down, if elsewhere. */
	from?: [number, number]
	trusted?: boolean
}
function click(element: Element, { from, trusted = true, ...init }: Where = {}) {
	const at = {
		clientX: 100,
		clientY: 100,
		detail: 1,
		bubbles: true,
		composed: true,
		cancelable: true,
		...init,
	}
	element.dispatchEvent(
		Object.assign(new Event('pointerdown', { bubbles: true, composed: true }), {
			clientX: from?.[0] ?? at.clientX,
			clientY: from?.[1] ?? at.clientY,
		}),
	)
	const event = new MouseEvent('click', at)
	Object.defineProperty(event, 'isTrusted', { value: trusted })
	element.dispatchEvent(event)
}
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const told = () =>
	world
		.logs('felt.frustration')
		.map(({ attributes: a }) => [
			a['felt.frustration.kind'],
			a['felt.frustration.target'],
			a['felt.frustration.clicks'],
		])
async function clicks(element: Element, n: number, gap = 150, each?: () => void) {
	for (let i = 0; i < n; i++) {
		click(element)
		each?.()
		await wait(gap)
	}
}

describe('dead', () => {
	test('is a click on a control that nothing follows', async () => {
		const pay = world.create('pay')
		click(page('<button id=it>Pay 12.50 as Ann</button>'))
		await wait(2400)
		expect(told()).toEqual([])
		await wait(200)
		expect(told()).toEqual([['dead', 'button#it', 1]])
		expect(world.logs('felt.frustration')[0]).toMatchObject({ severity: 13, context: pay.context })
		expect(world.told).toEqual([{ kind: 'dead', target: 'button#it', clicks: 1, interaction: 'pay' }])
		expect(vi.getTimerCount()).toBe(0)
	})

	test('is tied to the interaction that the click opened', async () => {
		const button = page('<button id=it></button>')
		button.addEventListener('click', () => world.create('pay'))
		click(button)
		await wait(3000)
		expect(world.logs('felt.frustration')[0]!.context).toEqual(world.all[0]!.context)
	})

	test.each([
		['<div data-felt-name="Pay"><button id=it></button></div>', 'Pay'],
		['<button>text<b id=it>bold</b></button>', 'button'],
		['<a id=it href="#">x</a>', 'a#it'],
		['<a id=it href="/elsewhere">x</a>', 'a#it'],
		['<div id=it style="cursor: pointer">x</div>', 'div#it'],
		['<div role=button id=it>x</div>', 'div#it'],
		['<input type=submit id=it value=Pay>', 'input#it'],
	])('is seen in %s', async (markup, target) => {
		click(page(markup))
		await wait(3000)
		expect(told()).toEqual([['dead', target, 1]])
	})

	test.each([
		'<p id=it>text</p>',
		'<a id=it href="/x" target=_blank>x</a>',
		'<a id=it href="mailto:ann@example.com">x</a>',
		'<a id=it href="tel:123">x</a>',
		'<a id=it href="/file.pdf" download>x</a>',
		'<a id=it href="#section">x</a>',
		'<a id=it href="/cart">here already</a>',
		'<input id=it>',
		'<input id=it type=checkbox>',
		'<label><b id=it>x</b><input type=radio></label>',
		'<select id=it></select>',
		'<textarea id=it></textarea>',
		'<input type=search id=it>',
		'<object id=it style="cursor: pointer"></object>',
		'<div role=spinbutton><button id=it>+</button></div>',
		'<video id=it></video>',
		'<canvas id=it style="cursor: pointer"></canvas>',
		'<div contenteditable><b id=it style="cursor: pointer">x</b></div>',
		'<button id=it aria-disabled=true>x</button>',
		'<button id=it aria-haspopup=menu>x</button>',
		'<div role=slider><b id=it style="cursor: pointer">x</b></div>',
	])('is none in %s', async (markup) => {
		click(page(markup))
		await wait(3000)
		expect(told()).toEqual([])
	})

	const button = '<button id=it></button><div id=out></div>'
	const out = () => document.querySelector('#out')!
	test.each<[string, () => void]>([
		['text that changes', () => out().append('x')],
		['an attribute that changes', () => out().setAttribute('class', 'open')],
		['a request', () => requested(undefined)({ status: 200 })],
		['a request that is still under way', () => requested(undefined)],
		['focus that moves', () => out().dispatchEvent(new Event('focusin', { bubbles: true }))],
		['scrolling', () => out().dispatchEvent(new Event('scroll'))],
		['a field that changes', () => out().dispatchEvent(new Event('input', { bubbles: true }))],
		['a popover', () => out().dispatchEvent(new Event('toggle'))],
		['a field that is not valid', () => out().dispatchEvent(new Event('invalid'))],
		['leaving', () => window.dispatchEvent(new Event('beforeunload'))],
		['a window that loses focus', () => window.dispatchEvent(new Event('blur'))],
		['full screen', () => document.dispatchEvent(new Event('fullscreenchange'))],
		['text that is copied', () => out().dispatchEvent(new Event('copy', { bubbles: true }))],
		['a video that plays', () => out().dispatchEvent(new Event('play'))],
		['a video that stops', () => out().dispatchEvent(new Event('pause'))],
		['a style that changes', () => (out() as HTMLElement).style.setProperty('--x', '1')],
		['a fragment', () => window.dispatchEvent(new Event('hashchange'))],
		[
			'text that is selected',
			() => {
				picked = 'copied'
			},
		],
	])('is none with %s', async (_, happens) => {
		click(page(button))
		await wait(700)
		happens()
		await wait(3000)
		expect(told()).toEqual([])
	})

	test('is none with a dialog of the browser', async () => {
		const it = page(button)
		it.addEventListener('click', () => vi.setSystemTime(Date.now() + 900))
		click(it)
		await wait(3000)
		expect(told()).toEqual([])
	})

	test('is none with what moves by style alone, and one with what moved before', async () => {
		const moves = [{}]
		Object.assign(document, { getAnimations: () => [...moves] })
		const it = page(button)
		it.addEventListener('click', () => moves.push({}), { once: true })
		click(it)
		await wait(3000)
		expect(told()).toEqual([])
		click(it)
		await wait(3000)
		expect(told()).toEqual([['dead', 'button#it', 1]])
		Reflect.deleteProperty(document, 'getAnimations')
	})

	test('is none with a change inside of a shadow tree', async () => {
		const it = page(button)
		const root = out().attachShadow({ mode: 'open' })
		root.innerHTML = '<i></i>'
		click(it)
		await wait(500)
		root.querySelector('i')!.textContent = 'x'
		await wait(3000)
		expect(told()).toEqual([])
	})

	test("does not take the SDK's own requests for an answer", async () => {
		// The network plugin does not tell of them; that is its own test. Here: what began before is no answer either.
		const end = requested(undefined)
		click(page(button))
		await wait(3000)
		expect(told()).toEqual([['dead', 'button#it', 1]])
		end({ status: 200 })
	})

	test('is none where a first click was answered and the second is ignored', async () => {
		const it = page(button)
		click(it)
		out().append('Paying…')
		await wait(200)
		click(it)
		await wait(3000)
		expect(told()).toEqual([])
	})

	test('is none while a request of an earlier click is under way', async () => {
		const it = page(button)
		click(it)
		const end = requested(undefined)
		await wait(1500)
		click(it)
		await wait(9000)
		expect(told()).toEqual([])
		end({ status: 200 })
		click(it)
		await wait(3000)
		expect(told()).toEqual([['dead', 'button#it', 1]])
	})

	test('is none of a click by code, of another button or with a key held', async () => {
		const it = page(button)
		click(it, { trusted: false })
		click(it, { button: 1 })
		click(it, { ctrlKey: true })
		click(it, { metaKey: true })
		await wait(3000)
		expect(told()).toEqual([])
	})

	test('is none of a drag', async () => {
		click(page(button), { from: [40, 100] })
		await wait(3000)
		expect(told()).toEqual([])
	})

	test('is one of a key', async () => {
		click(page(button), { detail: 0, clientX: 0, clientY: 0, from: [900, 900] })
		await wait(3000)
		expect(told()).toEqual([['dead', 'button#it', 1]])
	})
})

describe('rage', () => {
	test('is three quick clicks that show nothing, told once', async () => {
		const pay = world.create('pay')
		await clicks(page('<button id=it></button>'), 5)
		await wait(4000)
		expect(told()).toEqual([['rage', 'button#it', 5]])
		expect(world.logs('felt.frustration')[0]!.context).toEqual(pay.context)
	})

	test('is none of two, of slow ones, of ones elsewhere', async () => {
		const it = page('<p id=it></p>')
		await clicks(it, 2)
		await wait(4000)
		await clicks(it, 6, 700)
		await wait(4000)
		for (const x of [0, 50, 100, 150]) click(it, { clientX: x })
		await wait(4000)
		expect(told()).toEqual([])
	})

	test('is one also where requests answer nobody', async () => {
		await clicks(page('<button id=it></button>'), 4, 150, () => requested(undefined))
		await wait(4000)
		expect(told()).toEqual([['rage', 'button#it', 4]])
	})

	test('is one where only the first click showed something', async () => {
		const it = page('<button id=it></button><i id=out></i>')
		let n = 0
		await clicks(it, 4, 150, () => {
			if (!n++) document.querySelector('#out')!.append('Paying…')
		})
		await wait(4000)
		expect(told()).toEqual([['rage', 'button#it', 4]])
	})

	test('is none of a stepper that answers each click', async () => {
		const it = page('<button id=it>+</button><i id=out></i>')
		await clicks(it, 8, 120, () => document.querySelector('#out')!.append('1'))
		await wait(4000)
		expect(told()).toEqual([])
	})

	test('is none of going to the end and beyond, a click too many', async () => {
		const it = page('<button id=it>next</button><i id=out></i>')
		let n = 0
		await clicks(it, 8, 120, () => {
			if (n++ < 5) document.querySelector('#out')!.append('1')
		})
		await wait(4000)
		expect(told()).toEqual([])
	})

	test('is none of selecting text by double and triple click', async () => {
		const it = page('<p id=it>some words</p>')
		click(it)
		for (const text of ['words', 'some words']) {
			it.dispatchEvent(new Event('pointerdown', { bubbles: true }))
			const event = new MouseEvent('click', { bubbles: true, detail: 2 })
			Object.defineProperty(event, 'isTrusted', { value: true })
			picked = text
			it.dispatchEvent(event)
			await wait(100)
		}
		click(it)
		click(it)
		await wait(4000)
		expect(told()).toEqual([])
	})

	test('is none of a key that is held down', async () => {
		const it = page('<button id=it></button><i id=out></i>')
		for (let i = 0; i < 9; i++) {
			click(it, { detail: 0 })
			await wait(30)
		}
		document.querySelector('#out')!.append('x')
		await wait(4000)
		expect(told()).toEqual([])
	})

	test('is none in fields, labels and video', async () => {
		for (const markup of [
			'<input id=it>',
			'<label id=it>x</label>',
			'<video id=it></video>',
			'<input type=number id=it>',
		]) {
			await clicks(page(markup), 5)
			await wait(4000)
		}
		expect(told()).toEqual([])
	})

	test('is told when the page is left', async () => {
		await clicks(page('<button id=it></button>'), 4, 50)
		expect(told()).toEqual([])
		window.dispatchEvent(new Event('pagehide'))
		expect(told()).toEqual([['rage', 'button#it', 4]])
	})
})

describe('error', () => {
	const throws = (filename = 'https://shop.test/app.js') =>
		window.dispatchEvent(Object.assign(new Event('error'), { error: new Error('x'), message: 'x', filename }))

	test('is a click with an error within a second, told once', async () => {
		const it = page('<button id=it></button>')
		it.addEventListener('click', () => throws())
		click(it)
		throws()
		await wait(4000)
		expect(told()).toEqual([['error', 'button#it', 1]])
	})

	test('is also a rejection', async () => {
		click(page('<button id=it></button>'))
		await wait(300)
		window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason: new Error('x') }))
		await wait(4000)
		expect(told()).toEqual([['error', 'button#it', 1]])
	})

	test("is none later, elsewhere on text, of extensions or other origins' scripts", async () => {
		const it = page('<button id=it></button><p id=text></p><i id=out></i>')
		click(it)
		document.querySelector('#out')!.append('x')
		throws('chrome-extension://abc/x.js')
		throws('')
		await wait(1100)
		throws()
		click(document.querySelector('#text')!)
		throws()
		await wait(4000)
		expect(told()).toEqual([])
	})
})

test('watches nothing while nobody waits, and nothing after teardown', async () => {
	const add = vi.spyOn(window, 'addEventListener')
	const watched = () =>
		add.mock.calls.filter(([, , o]) => !(o as AddEventListenerOptions).signal!.aborted).length
	const it = page('<button id=it></button>')
	click(it)
	expect(watched()).toBeGreaterThan(5)
	await wait(3000)
	expect(watched()).toBe(0)
	click(it)
	off?.()
	off = undefined
	click(it)
	await wait(4000)
	expect(watched()).toBe(0)
	expect(told()).toHaveLength(1)
	expect(vi.getTimerCount()).toBe(0)
})
