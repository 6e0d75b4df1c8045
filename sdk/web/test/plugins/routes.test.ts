// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://shop.test/cart?coupon=x" }
import { afterEach, expect, test } from 'vitest'
import { pathOf, routes } from '../../src/plugins/routes'
import { fakeHost } from './fake'

let off: (() => void) | undefined
afterEach(() => {
	off?.()
	off = undefined
	history.replaceState(null, '', '/cart?coupon=x')
	Reflect.deleteProperty(window, 'navigation')
})
function start() {
	const world = fakeHost()
	off = routes()(world.host)
	return world
}
const paths = (world: ReturnType<typeof start>) => world.logs('felt.route').map((log) => log.attributes)

test.each([
	['https://a.test/x/y?q=1#z', '/x/y'],
	['https://a.test/#/cart/2?q=1', '/#/cart/2'],
	['https://a.test/app#!/cart', '/app#!/cart'],
	['https://a.test/#section', '/'],
])('path of %s', (url, path) => expect(pathOf(new URL(url))).toBe(path))

test('tells a change of path, not of query or fragment', () => {
	const world = start()
	const pay = world.create('pay')
	const search = world.create('search', { abandonOnNavigation: true })
	history.pushState(null, '', '/cart?coupon=y')
	history.replaceState(null, '', '#there')
	expect(search.ended).toBeUndefined()
	history.pushState({ a: 1 }, '', '/checkout?card=4111')
	expect(search.ended).toEqual(['leave', 'navigation'])
	expect(pay.ended).toBeUndefined()
	expect(paths(world)).toEqual([{ 'url.path': '/checkout', 'felt.route.from': '/cart' }])
	expect(history.state).toEqual({ a: 1 })
	history.replaceState(null, '', '/done')
	history.pushState(null, '', '#/faq')
	window.dispatchEvent(new Event('popstate'))
	window.dispatchEvent(new Event('hashchange'))
	expect(paths(world).map((a) => a['url.path'])).toEqual(['/checkout', '/done', '/done#/faq'])
})

test('uses the Navigation API where there is one and leaves history alone', () => {
	const navigation = new EventTarget()
	Object.defineProperty(window, 'navigation', { value: navigation, configurable: true })
	const before = history.pushState
	const world = start()
	expect(history.pushState).toBe(before)
	history.pushState(null, '', '/checkout')
	navigation.dispatchEvent(new Event('currententrychange'))
	expect(paths(world)).toHaveLength(1)
	off?.()
	history.pushState(null, '', '/done')
	navigation.dispatchEvent(new Event('currententrychange'))
	expect(paths(world)).toHaveLength(1)
})

test('sends so many a minute; all end interactions', () => {
	const world = start()
	const pay = world.create('pay')
	for (let i = 0; i < 100; i++) history.replaceState(null, '', `/map/@${i}`)
	expect(paths(world)).toHaveLength(60)
	expect(world.logs('felt.route')[0]!.context).toEqual(pay.context)
	const late = world.create('late', { abandonOnNavigation: true })
	history.replaceState(null, '', '/map/late')
	expect(paths(world)).toHaveLength(60)
	expect(late.ended).toEqual(['leave', 'navigation'])
})

test("puts history back, but not from under another's wrapper", () => {
	const before = history.pushState
	start()
	off?.()
	expect(history.pushState).toBe(before)
	const world = start()
	const ours = history.pushState
	const theirs: typeof ours = function (this: History, ...args) {
		ours.apply(this, args)
	}
	history.pushState = theirs
	off?.()
	expect(history.pushState).toBe(theirs)
	history.pushState(null, '', '/elsewhere')
	expect(location.pathname).toBe('/elsewhere')
	expect(world.records).toEqual([])
	history.pushState = before
})
