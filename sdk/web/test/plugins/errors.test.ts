// @vitest-environment happy-dom
// @vitest-environment-options { "url": "https://shop.test/" }
import { afterEach, expect, test, vi } from 'vitest'
import { errors, redacted } from '../../src/plugins/errors'
import { fakeHost } from './fake'

let off: (() => void) | undefined
afterEach(() => {
	off?.()
	vi.useRealTimers()
})

function start() {
	const world = fakeHost()
	off = errors()(world.host)
	return world
}
function throws(error: unknown, more: ErrorEventInit = {}) {
	const filename = 'https://shop.test/app.js?v=3'
	const message = error instanceof Error ? error.message : ''
	window.dispatchEvent(
		Object.assign(new Event('error'), { error, message, filename, lineno: 3, colno: 7, ...more }),
	)
}
const rejects = (reason: unknown) =>
	window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason }))

test.each([
	['no such user ann.lee@example.com', 'no such user [email]'],
	['order 4711 of 2', 'order # of #'],
	['Failed https://a.test/x?email=a&b=c now', 'Failed https://a.test/x now'],
	[
		`Unexpected token 'J', "John Smith lives" is not valid JSON`,
		`Unexpected token 'J', "…" is not valid JSON`,
	],
	[`cut "John Smi`, 'cut "…"'],
	[
		`Cannot read properties of undefined (reading 'total')`,
		`Cannot read properties of undefined (reading 'total')`,
	],
])('redacts %s', (message, clean) => {
	expect(redacted(message)).toBe(clean)
})

test('tells an error with its frames, tied to the open interaction, and does not end it', () => {
	const { create, logs } = start()
	const pay = create('pay')
	const error = new RangeError('ann@example.com has 12 items')
	error.stack = `RangeError: ann@example.com has 12 items\n    at f (https://shop.test/app.js?v=3:10:5)\n    at g (https://shop.test/app.js#x:11:5)`
	throws(error)
	const [log] = logs('exception')
	expect(log).toMatchObject({
		severity: 17,
		context: pay.context,
		attributes: {
			'exception.type': 'RangeError',
			'exception.message': '[email] has # items',
			'exception.stacktrace':
				'    at f (https://shop.test/app.js:10:5)\n    at g (https://shop.test/app.js:11:5)',
		},
	})
	expect(pay.errors).toEqual([{ name: 'RangeError' }])
	expect(pay.ended).toBeUndefined()
})

test('keeps frames of Firefox and Safari', () => {
	const { logs } = start()
	const error = new Error('x')
	error.stack = 'f@https://shop.test/app.js:10:5\n@https://shop.test/app.js:12:5\n'
	throws(error)
	expect(logs('exception')[0]!.attributes['exception.stacktrace']).toBe(
		'f@https://shop.test/app.js:10:5\n@https://shop.test/app.js:12:5',
	)
})

test('cuts a long stack', () => {
	const { logs } = start()
	const error = new Error('x')
	error.stack = Array.from({ length: 99 }, (_, i) => `    at f${i} (https://shop.test/a.js:1:1)`).join('\n')
	throws(error)
	expect(`${logs('exception')[0]!.attributes['exception.stacktrace']}`.split('\n')).toHaveLength(20)
})

test('tells the same error once a minute, and not too many', () => {
	vi.useFakeTimers({ now: 1e12 })
	const { logs } = start()
	for (let i = 0; i < 5; i++) throws(new Error(`order ${i} broke`))
	expect(logs('exception')).toHaveLength(1)
	for (let i = 0; i < 50; i++) throws(new Error(`kind ${String.fromCharCode(65 + i)}`))
	expect(logs('exception')).toHaveLength(20)
	vi.setSystemTime(1e12 + 61_000)
	throws(new Error('order 9 broke'))
	expect(logs('exception')).toHaveLength(21)
})

test('tells rejections: errors, texts, and of others only that they were', () => {
	const { logs } = start()
	rejects(new TypeError('a'))
	rejects('b is down')
	rejects({ secret: 'ann' })
	rejects(undefined)
	rejects(null)
	expect(logs('exception').map(({ attributes: a }) => [a['exception.type'], a['exception.message']])).toEqual(
		[
			['TypeError', 'a'],
			['Error', 'b is down'],
			['Error', 'rejected'],
		],
	)
})

test("tells errors of other origins' scripts as such, and ties none", () => {
	const { create, logs } = start()
	const pay = create('pay')
	throws(null, { message: 'Script error.', filename: '', lineno: 0, colno: 0 })
	expect(logs('exception')[0]).toMatchObject({
		severity: 13,
		attributes: { 'exception.type': 'ScriptError' },
	})
	expect(pay.errors).toEqual([])
})

test('says nothing of what is harmless', () => {
	const { records } = start()
	throws(null, { message: 'ResizeObserver loop completed with undelivered notifications.' })
	throws(new Error('x'), { filename: 'chrome-extension://abc/x.js' })
	rejects(new DOMException('The user aborted', 'AbortError'))
	const image = document.body.appendChild(document.createElement('img'))
	image.dispatchEvent(new Event('error', { bubbles: false }))
	expect(records).toEqual([])
})

test('survives what is no error at all, and ends with teardown', () => {
	const { logs, records } = start()
	throws(Object.create(null))
	throws(undefined, { message: 'x' })
	expect(logs('exception').length).toBeGreaterThan(0)
	const before = records.length
	off?.()
	throws(new Error('later'))
	expect(records).toHaveLength(before)
})
