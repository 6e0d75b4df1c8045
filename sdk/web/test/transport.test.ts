import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isOwn } from '../src/plugins/network'
import { createTransport, retryAfter } from '../src/transport'
import type { Options } from '../src/types'
import {
	bytes,
	fakeStorage,
	log,
	names,
	options,
	type Reply,
	type Request,
	resourceOf,
	START,
	span,
	world,
} from './world'

// Jitter in the middle of its range.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.5))
afterEach(() => {
	vi.useRealTimers()
	vi.restoreAllMocks()
})

function transport(more: Partial<Options> = {}, storage = fakeStorage(), w = world(storage)) {
	const own = options(more)
	const made = createTransport({ ...w.env, options: own }, w.tell)
	const t = {
		...made,
		/** As the core tells it. */
		setConsent(consent: Options['consent']) {
			own.consent = consent
			made.consent()
		},
	}
	return { w, t, storage, sent: () => w.requests.flatMap(names) }
}

/** What is still stored, oldest first. */
const stored = (storage: Storage): string[] =>
	Object.keys(storage)
		.filter((k) => k.startsWith('felt.queue.'))
		.sort()
		.flatMap((k) => JSON.parse(storage.getItem(k) as string)[1].s.map((s: string) => JSON.parse(s).name))

const big = (name: string, size: number) =>
	span(name, {
		attributes: Object.fromEntries(
			Array.from({ length: Math.ceil(size / 1024) }, (_, i) => [`a${i}`, 'x'.repeat(1000)]),
		),
	})

const urgent = (name: string) => span(name, { urgent: true, failed: true })

/** The most that was in flight at one time. */
function inFlight(requests: Request[]) {
	const open = requests.filter((r) => r.open)
	return { requests: open.length, bytes: open.reduce((n, r) => n + bytes(r), 0) }
}

describe('batches', () => {
	test('wait 10 s for others, and are one request of each kind', async () => {
		const { w, t, sent } = transport()
		t.add(span('a'))
		await w.pass(6000)
		t.add(log('felt.route'))
		t.add(span('b'))
		await w.pass(3999)
		expect(w.requests).toHaveLength(0)
		await w.pass(1)
		expect(sent()).toEqual(['a', 'b', 'felt.route'])
		expect(w.requests.map((r) => r.url)).toEqual([
			'https://felt.example/otlp/v1/traces',
			'https://felt.example/otlp/v1/logs',
		])
		await w.pass(60_000)
		expect(w.requests).toHaveLength(2)
		expect(w.deliveries).toEqual([
			{ ok: true, status: 200, records: 2, lost: 0, retryInMs: undefined },
			{ ok: true, status: 200, records: 1, lost: 0, retryInMs: undefined },
		])
	})

	test('an answer does not send what came meanwhile: that waits its own 10 s', async () => {
		const { w, t } = transport()
		w.reply(() => ({ status: 200, after: 500 }))
		t.add(span('a'))
		await w.pass(10_000)
		t.add(span('b'))
		await w.pass(9_999)
		expect(w.requests).toHaveLength(1)
		await w.pass(1)
		expect(w.requests).toHaveLength(2)
	})

	test('batchMs is the wait', async () => {
		const { w, t } = transport({ batchMs: 50 })
		t.add(span('a'))
		await w.pass(49)
		expect(w.requests).toHaveLength(0)
		await w.pass(1)
		expect(w.requests).toHaveLength(1)
	})

	test('leave early at 30 KB, and no request is bigger', async () => {
		const { w, t, sent } = transport()
		for (let i = 0; i < 6; i++) t.add(big(`s${i}`, 6000))
		expect(w.requests).toHaveLength(0)
		await w.pass(1)
		expect(sent()).toEqual(['s0', 's1', 's2', 's3', 's4', 's5'])
		for (const r of w.requests) expect(bytes(r)).toBeLessThanOrEqual(30_000)
	})

	test('carry the headers, keepalive, and nothing of the page', async () => {
		const { w, t } = transport()
		t.add(urgent('a'))
		await w.pass(0)
		const { init } = w.requests[0] as Request
		expect(init).toMatchObject({
			method: 'POST',
			keepalive: true,
			credentials: 'omit',
			referrerPolicy: 'origin',
		})
		expect(init.headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer browser-key' })
		const bare = transport({ key: undefined })
		bare.t.add(urgent('a'))
		await bare.w.pass(0)
		expect(bare.w.requests[0]?.init.headers).toEqual({ 'content-type': 'application/json' })
	})

	test('say when they were sent by the clock of the records', async () => {
		const { w, t } = transport()
		t.add(span('a'))
		await w.pass(10_000)
		expect(resourceOf(w.requests[0] as Request, 'felt.sent_at')).toBe(String(START + 10_000))
	})
})

describe('failures', () => {
	test('leave at once, with what waits', async () => {
		const { w, t, sent } = transport()
		t.add(span('a'))
		await w.pass(100)
		t.add(urgent('b'))
		await w.pass(0)
		expect(sent()).toEqual(['a', 'b'])
	})

	test('but at most a few times a second', async () => {
		const { w, t, sent } = transport()
		for (let i = 0; i < 100; i++) {
			t.add(urgent(`f${i}`))
			await w.pass(10)
		}
		expect(w.requests.length).toBeGreaterThanOrEqual(4)
		expect(w.requests.length).toBeLessThanOrEqual(5)
		await w.pass(250)
		expect(sent()).toHaveLength(100)
	})
})

describe('in flight', () => {
	test('at most 60,000 bytes; the rest follows when there is room', async () => {
		const { w, t, sent } = transport()
		w.reply(() => ({ status: 200, after: 300 }))
		for (let i = 0; i < 20; i++) t.add(big(`s${i}`, 9000))
		await w.pass(1)
		expect(inFlight(w.requests).requests).toBe(2)
		for (let i = 0; i < 20; i++) {
			expect(inFlight(w.requests).bytes).toBeLessThanOrEqual(60_000)
			await w.pass(100)
		}
		expect(sent().sort()).toEqual(Array.from({ length: 20 }, (_, i) => `s${i}`).sort())
	})

	test('at most 9 requests', async () => {
		const { w, t, sent } = transport()
		w.reply(() => ({ status: 200, after: 5000 }))
		for (let i = 0; i < 15; i++) {
			t.add(urgent(`f${i}`))
			await w.pass(250)
		}
		expect(inFlight(w.requests).requests).toBe(9)
		await w.pass(9000)
		expect(sent()).toHaveLength(15)
	})

	test('one record over 60,000 bytes is lost, and told', async () => {
		const { w, t } = transport()
		t.add(big('huge', 64_000))
		t.add(span('b'))
		await w.pass(10_000)
		expect(w.deliveries[0]).toMatchObject({ ok: false, status: 0, records: 1, lost: 1 })
		expect(w.requests.flatMap(names)).toEqual(['b'])
	})

	test('one record of 40 KB leaves alone', async () => {
		const { w, t, sent } = transport()
		t.add(big('large', 40_000))
		await w.pass(1)
		expect(sent()).toEqual(['large'])
	})
})

describe('a server that answers badly', () => {
	const faced = async (reply: (request: Request, n: number) => Reply) => {
		const x = transport()
		x.w.reply(reply)
		x.t.add(urgent('a'))
		x.t.add(span('b'))
		await x.w.pass(0)
		return x
	}

	test.each([503, 429])('%i with Retry-After in seconds: not before, everything waits', async (status) => {
		const { w, t, sent } = await faced((_, n) =>
			n === 1 ? { status, headers: { 'retry-after': '30' } } : { status: 200 },
		)
		expect(w.deliveries).toEqual([{ ok: false, status, records: 2, lost: 0, retryInMs: 30_500 }])
		t.add(urgent('c'))
		await t.flush()
		await w.pass(30_499)
		expect(w.requests).toHaveLength(1)
		await w.pass(1)
		expect(w.requests).toHaveLength(2)
		expect(sent()).toEqual(['a', 'b', 'a', 'b', 'c'])
		expect(w.deliveries[1]).toMatchObject({ ok: true, records: 3, lost: 0 })
	})

	test('Retry-After as a date', async () => {
		const date = new Date(START + 45_000).toUTCString()
		const { w } = await faced((_, n) =>
			n === 1 ? { status: 429, headers: { 'retry-after': date } } : { status: 200 },
		)
		await w.pass(45_000)
		expect(w.requests).toHaveLength(1)
		await w.pass(500)
		expect(w.requests).toHaveLength(2)
	})

	test.each<[string, Reply]>([
		['503', { status: 503 }],
		['429', { status: 429 }],
		['502', { status: 502 }],
		['504', { status: 504 }],
		['network', 'network'],
		['opaque', 'opaque'],
	])('%s without a time: backs off ever longer, up to a minute, and loses nothing', async (_, reply) => {
		const { w, sent } = await faced(() => reply)
		await w.pass(10 * 60_000)
		const gaps = w.requests.slice(1).map((r, i) => r.at - (w.requests[i] as Request).at)
		// 0.75 of 1, 2, 4 … 60 s.
		expect(gaps.slice(0, 8)).toEqual([750, 1500, 3000, 6000, 12_000, 24_000, 45_000, 45_000])
		expect(w.deliveries.every((d) => !d.ok && d.lost === 0 && (d.retryInMs as number) > 0)).toBe(true)
		w.reply(() => ({ status: 200 }))
		await w.pass(60_000)
		expect(sent().slice(-2)).toEqual(['a', 'b'])
		expect(w.deliveries.at(-1)).toMatchObject({ ok: true, records: 2 })
	})

	test('an answer begins the backoff anew', async () => {
		const { w, t } = await faced((_, n) => (n < 4 || n === 5 ? { status: 503 } : { status: 200 }))
		await w.pass(60_000)
		t.add(urgent('c'))
		await w.pass(0)
		expect(w.deliveries.at(-1)).toMatchObject({ ok: false, retryInMs: 750 })
	})

	test('what was tried before is tried first', async () => {
		const { w, t } = transport()
		w.reply((_, n) => (n === 1 ? { status: 503, after: 100 } : { status: 200 }))
		t.add(log('old', { urgent: true }))
		await w.pass(50)
		t.add(span('new'))
		await w.pass(20_000)
		expect(w.requests.map(names)).toEqual([['old'], ['old'], ['new']])
	})

	test('jitter: browsers do not come back at one time', async () => {
		const times = []
		for (const random of [0, 0.999]) {
			vi.mocked(Math.random).mockReturnValue(random)
			const { w } = await faced((_, n) => (n === 1 ? { status: 503 } : { status: 200 }))
			times.push(w.deliveries[0]?.retryInMs)
		}
		expect(times).toEqual([500, 999.5])
	})

	test('several that fail together are one failure', async () => {
		const { w, t } = transport()
		w.reply(() => ({ status: 503, after: 100 }))
		for (let i = 0; i < 4; i++) t.add(big(`s${i}`, 14_000))
		await w.pass(101)
		expect(w.deliveries.map((d) => d.retryInMs)).toEqual([750, 750, 750])
	})

	test('hangs: given up after 10 s, and tried again', async () => {
		const { w, sent } = await faced((_, n) => (n === 1 ? 'hang' : { status: 200 }))
		await w.pass(9_999)
		expect(w.requests[0]?.open).toBe(true)
		await w.pass(1)
		expect(w.requests[0]?.open).toBe(false)
		expect(w.deliveries[0]).toMatchObject({ ok: false, status: 0, records: 2, lost: 0 })
		await w.pass(60_000)
		expect(sent()).toEqual(['a', 'b', 'a', 'b'])
	})

	test('hangs after the head of its answer: what it said counts, nothing is sent twice', async () => {
		const { w } = await faced(() => ({ status: 200, hangBody: true }))
		await w.pass(60_000)
		expect(w.requests).toHaveLength(1)
		expect(w.deliveries).toEqual([{ ok: true, status: 200, records: 2, lost: 0, retryInMs: undefined }])
	})

	test.each([400, 401, 403, 404, 415, 500, 501])('%i: dropped and told, and no backoff', async (status) => {
		const { w, t } = await faced((_, n) => (n === 1 ? { status } : { status: 200 }))
		expect(w.deliveries).toEqual([{ ok: false, status, records: 2, lost: 2, retryInMs: undefined }])
		t.add(urgent('c'))
		await w.pass(250)
		expect(w.requests.map(names)).toEqual([['a', 'b'], ['c']])
	})

	test('413: split until it fits; one record that does not is lost', async () => {
		const { w, t } = transport()
		w.reply((r) => ({ status: names(r).length > 1 || names(r)[0] === 's3' ? 413 : 200 }))
		for (let i = 0; i < 5; i++) t.add(span(`s${i}`))
		await t.flush()
		await w.pass(1000)
		const taken = w.requests.filter((r) => names(r).length === 1).flatMap(names)
		expect(taken.sort()).toEqual(['s0', 's1', 's2', 's3', 's4'])
		expect(w.deliveries.reduce((n, d) => n + d.lost, 0)).toBe(1)
		expect(w.deliveries.filter((d) => d.ok)).toHaveLength(4)
	})

	test.each([
		['{"partialSuccess":{"rejectedSpans":"2","errorMessage":"late"}}', 2],
		['{"partialSuccess":{"rejectedSpans":1}}', 1],
		['{"partialSuccess":{"rejectedLogRecords":1}}', 1],
		['{"partialSuccess":{"rejectedSpans":"99"}}', 2],
		['{"partialSuccess":{}}', 0],
		['{"partialSuccess":null}', 0],
		['{}', 0],
		['', 0],
		['OK', 0],
		['null', 0],
	])('200 with %s: %i lost, nothing sent again', async (body, lost) => {
		const { w } = await faced(() => ({ status: 200, body }))
		await w.pass(60_000)
		expect(w.requests).toHaveLength(1)
		expect(w.deliveries).toEqual([{ ok: true, status: 200, records: 2, lost, retryInMs: undefined }])
	})

	test('for hours: memory is bounded, the oldest go, and every one that is lost is told', async () => {
		const { w, t } = transport()
		w.reply(() => 'network')
		for (let i = 0; i < 400; i++) {
			t.add(big(`s${i}`, 3000))
			await w.pass(1000)
		}
		const lost = w.deliveries.reduce((n, d) => n + d.lost, 0)
		expect(lost).toBeGreaterThan(100)
		w.reply(() => ({ status: 200 }))
		w.requests.length = 0
		await w.pass(120_000)
		const left = w.requests.flatMap(names)
		expect(left.length + lost).toBe(400)
		expect(w.requests.reduce((n, r) => n + bytes(r), 0)).toBeLessThan(660_000)
		expect(new Set(left).has('s399')).toBe(true)
		expect(new Set(left).has('s0')).toBe(false)
	})

	test('when the network is back it is tried at once, unless the server named a time', async () => {
		const { w } = await faced(() => 'network')
		await w.pass(20_000)
		w.reply(() => ({ status: 503, headers: { 'retry-after': '100' } }))
		const n = w.requests.length
		for (const fn of w.online) fn()
		await w.pass(0)
		expect(w.requests).toHaveLength(n + 1)
		for (const fn of w.online) fn()
		await w.pass(99_000)
		expect(w.requests).toHaveLength(n + 1)
	})
})

describe('flush', () => {
	test('resolves when all was answered, more than fits at once too', async () => {
		const { w, t, sent } = transport()
		w.reply(() => ({ status: 200, after: 100 }))
		for (let i = 0; i < 20; i++) t.add(big(`s${i}`, 9000))
		let done = false
		const flushed = t.flush().then(() => {
			done = true
		})
		await w.pass(250)
		expect(done).toBe(false)
		await w.pass(2000)
		await flushed
		expect(sent()).toHaveLength(20)
	})

	test('resolves at once with nothing to send, and for now when it is refused', async () => {
		const { w, t } = transport()
		await t.flush()
		w.reply(() => 'network')
		t.add(span('a'))
		await t.flush()
		expect(w.deliveries).toHaveLength(1)
		await t.flush()
		expect(w.requests).toHaveLength(1)
	})
})

describe('the page is left', () => {
	test('what waits leaves with keepalive within the budget, the rest is stored and leaves from the next page', async () => {
		const { w, t, storage } = transport()
		w.reply(() => 'hang')
		for (let i = 0; i < 20; i++) t.add(big(`s${i}`, 9000))
		t.hide()
		t.hide()
		await w.settle()
		const flown = w.requests.flatMap(names)
		expect(inFlight(w.requests).bytes).toBeLessThanOrEqual(60_000)
		expect(flown).toEqual(['s0', 's1', 's2', 's3', 's4', 's5'].slice(0, flown.length))
		expect(flown.length).toBeGreaterThan(3)
		expect([...flown, ...stored(storage)]).toEqual(Array.from({ length: 20 }, (_, i) => `s${i}`))

		const next = transport({ release: '2' }, storage)
		await next.w.pass(30_000)
		expect(next.sent()).toEqual(Array.from({ length: 20 - flown.length }, (_, i) => `s${i + flown.length}`))
		expect(stored(storage)).toEqual([])
		for (const r of next.w.requests) {
			expect(resourceOf(r, 'service.version'), 'the release that it was made in').toBe('1.2.3')
			expect(resourceOf(r, 'felt.sent_at')).toBe(String(r.at))
		}
	})

	test('while the server is away: all is stored, nothing is sent', async () => {
		const { w, t, storage } = transport()
		w.reply(() => 'network')
		t.add(urgent('a'))
		await w.pass(0)
		t.add(span('b'))
		t.hide()
		expect(w.requests).toHaveLength(1)
		expect(stored(storage)).toEqual(['a', 'b'])
		// The page was only hidden, and goes on.
		w.reply(() => ({ status: 200 }))
		await w.pass(2000)
		expect(w.requests.slice(1).flatMap(names)).toEqual(['a', 'b'])
		expect(stored(storage)).toEqual([])
	})

	test('without a network, all is stored and nothing is tried: nobody would be left to keep it', async () => {
		const { w, t, storage } = transport()
		w.win.navigator.onLine = false
		t.add(span('a'))
		t.hide()
		expect(w.requests).toHaveLength(0)
		expect(stored(storage)).toEqual(['a'])
	})

	test('storage that is full or blocked: it stays in memory', async () => {
		for (const broken of ['full', 'blocked'] as const) {
			const storage = fakeStorage()
			const { w, t } = transport({}, storage)
			w.reply(() => 'network')
			t.add(urgent('a'))
			await w.pass(0)
			storage.broken = broken
			t.hide()
			w.reply(() => ({ status: 200 }))
			await w.pass(2000)
			expect(w.requests.slice(1).flatMap(names)).toEqual(['a'])
		}
	})

	test('close sends, stores the rest, and takes nothing more', async () => {
		const { w, t, storage } = transport()
		t.add(span('a'))
		await t.close()
		expect(w.requests.flatMap(names)).toEqual(['a'])
		w.env.until.abort()
		expect(w.online.size).toBe(0)
		expect(w.timers.size).toBe(0)

		const away = transport({}, storage)
		away.w.reply(() => 'network')
		away.t.add(span('b'))
		await away.t.close()
		expect(stored(storage)).toEqual(['b'])
		expect(away.w.timers.size).toBe(0)
	})
})

describe('what earlier pages left', () => {
	/** A world in which the network is away. */
	function away(storage: Storage, begin = START) {
		const w = world(storage, begin)
		w.reply(() => 'network')
		return w
	}
	async function leave(storage: Storage, name: string, begin = START, more: Partial<Options> = {}) {
		const w = away(storage, begin)
		const { t } = transport(more, storage as never, w)
		t.add(span(name))
		t.hide()
		await w.settle()
		t.hide()
	}

	test('the oldest first, each when the one before it has arrived', async () => {
		const storage = fakeStorage()
		await leave(storage, 'second', START + 5000)
		await leave(storage, 'first', START)
		const w = world(storage, START + 10_000)
		w.reply(() => ({ status: 200, after: 100 }))
		transport({}, storage, w)
		await w.pass(99)
		expect(w.requests.map(names)).toEqual([['first']])
		await w.pass(99)
		expect(w.requests.map(names)).toEqual([['first'], ['second']])
		await w.pass(100)
		expect(stored(storage)).toEqual([])
	})

	test('keeps its own release when it waits beside new records', async () => {
		const storage = fakeStorage()
		await leave(storage, 'old')
		const w = away(storage)
		const { t } = transport({ release: '2' }, storage, w)
		await w.settle()
		t.add(span('new'))
		w.reply(() => ({ status: 200 }))
		await w.pass(20_000)
		const of = Object.fromEntries(w.requests.map((r) => [names(r)[0], resourceOf(r, 'service.version')]))
		expect(of).toEqual({ old: '1.2.3', new: '2' })
	})

	test('is taken by one tab only', async () => {
		const storage = fakeStorage()
		for (const name of ['a', 'b', 'c', 'd']) await leave(storage, name)
		const tabs = [world(storage), world(storage)]
		for (const w of tabs) {
			w.win.navigator.locks = tabs[0]?.locks
			w.reply(() => ({ status: 200, after: 10 }))
			transport({}, storage, w)
		}
		for (let i = 0; i < 10; i++) for (const w of tabs) await w.pass(1000)
		expect(tabs.flatMap((w) => w.requests.flatMap(names)).sort()).toEqual(['a', 'b', 'c', 'd'])
	})

	test('a lock that is refused leaves it for later', async () => {
		const storage = fakeStorage()
		await leave(storage, 'a')
		const w = world(storage)
		w.win.navigator.locks = { request: () => Promise.reject(new DOMException('no', 'SecurityError')) }
		const { t } = transport({}, storage, w)
		t.add(span('b'))
		await w.pass(20_000)
		expect(w.requests.map(names)).toEqual([['b']])
		expect(stored(storage)).toEqual(['a'])
	})

	test('stays when it cannot be sent, and is lost after a day, which is told', async () => {
		const storage = fakeStorage()
		await leave(storage, 'a')
		const w = away(storage)
		const { t } = transport({}, storage, w)
		await w.pass(3000)
		t.hide()
		expect(stored(storage)).toEqual(['a'])
		const late = transport({}, storage, world(storage, START + 24 * 3600_000 + 1))
		await late.w.pass(5000)
		expect(late.w.requests).toHaveLength(0)
		expect(late.w.deliveries).toEqual([{ ok: false, status: 0, records: 1, lost: 1 }])
		expect(stored(storage)).toEqual([])
	})

	test('is bounded: 20 batches, the oldest go, and are told', async () => {
		const storage = fakeStorage()
		const { w, t } = transport({}, storage)
		w.reply(() => 'network')
		for (let i = 0; i < 30; i++) {
			t.add(span(`s${i}`))
			t.hide()
			await w.pass(10)
			t.hide()
		}
		expect(stored(storage)).toHaveLength(20)
		expect(stored(storage).at(-1)).toBe('s29')
		expect(w.deliveries.reduce((n, d) => n + d.lost, 0)).toBe(10)
	})

	test("is of one app: another's whose name begins alike is left alone", async () => {
		const storage = fakeStorage()
		await leave(storage, 'a', START, { app: 'shop.eu' })
		await leave(storage, 'b', START, { app: 'shop/eu' })
		const { w, t } = transport({}, storage)
		await w.pass(30_000)
		t.setConsent('denied')
		expect(w.requests).toHaveLength(0)
		expect(stored(storage)).toEqual(['b', 'a'])
	})

	test('what is not readable is gone, and does not stop the rest', async () => {
		const storage = fakeStorage()
		storage.setItem('felt.queue.shop/0', '{"half')
		storage.setItem('felt.queue.shop/1', 'null')
		storage.setItem('felt.queue.shop/2', `[${START},{"b":"x","s":3}]`)
		storage.setItem('felt.queue.shop/3', `[${START},{"b":"x","s":["a"]}]`)
		storage.setItem('other', 'kept')
		await leave(storage, 'a')
		const { w, sent } = transport({}, storage)
		await w.pass(5000)
		expect(sent()).toEqual(['a'])
		expect(Object.keys(storage)).toEqual(['other'])
	})

	test('of another app of this origin is not touched', async () => {
		const storage = fakeStorage()
		await leave(storage, 'a', START, { app: 'bank' })
		const { w } = transport({}, storage)
		await w.pass(30_000)
		expect(w.requests).toHaveLength(0)
		expect(Object.keys(storage)).toHaveLength(1)
	})
})

describe('consent', () => {
	test('pending: nothing is sent, whatever happens', async () => {
		const { w, t, storage } = transport({ consent: 'pending' })
		await t.flush()
		t.hide()
		for (const fn of w.online) fn()
		await w.pass(60_000)
		expect(w.requests).toHaveLength(0)
		expect(Object.keys(storage)).toEqual([])
	})

	test('pending does not look for what earlier pages left', async () => {
		const storage = fakeStorage()
		const before = transport({}, storage)
		before.w.reply(() => 'network')
		before.t.add(span('old'))
		await before.t.close()
		const { w, t } = transport({ consent: 'pending' }, storage)
		await w.pass(30_000)
		expect(w.requests).toHaveLength(0)
		t.setConsent('granted')
		await w.pass(30_000)
		expect(w.requests.flatMap(names)).toEqual(['old'])
	})

	test('denied: nothing is stored, what was stored is removed', async () => {
		const storage = fakeStorage()
		const before = transport({}, storage)
		before.w.reply(() => 'network')
		before.t.add(span('old'))
		await before.t.close()
		expect(stored(storage)).toEqual(['old'])
		const { w, t } = transport({ consent: 'pending' }, storage)
		t.setConsent('denied')
		expect(Object.keys(storage)).toEqual([])
		w.reply(() => 'network')
		t.add(urgent('a'))
		await w.pass(250)
		expect(w.deliveries.at(-1)).toMatchObject({ ok: false, lost: 0 })
		t.hide()
		expect(Object.keys(storage)).toEqual([])
		w.reply(() => ({ status: 200 }))
		await w.pass(5000)
		expect(w.requests.at(-1)).toSatisfy((r: Request) => names(r)[0] === 'a')
	})
})

describe('around it', () => {
	test('the real fetch below the one of Sentry is taken', async () => {
		const w = world()
		const real = w.win.fetch
		const theirs = vi.fn()
		w.win.fetch = Object.assign(theirs, { __sentry_original__: real }) as never
		createTransport(w.env, w.tell).add(urgent('a'))
		await w.pass(0)
		expect(theirs).not.toHaveBeenCalled()
		expect(w.requests).toHaveLength(1)
	})

	test('fetch is the one of init: what is put around it later sees nothing', async () => {
		const { w, t } = transport()
		const patched = vi.fn()
		w.win.fetch = patched
		t.add(urgent('a'))
		await w.pass(0)
		expect(patched).not.toHaveBeenCalled()
		expect(w.requests).toHaveLength(1)
	})

	test('the OpenTelemetry of the page does not trace the requests, whoever came first', async () => {
		for (const keys of [
			['__original'],
			['__original', '__sentry_original__'],
			['__sentry_original__', '__original'],
		]) {
			const w = world()
			// Sentry's own doing, with what is no wrapper at all.
			Object.assign(w.win.fetch, { __sentry_original__: w.win.fetch })
			const theirs = vi.fn()
			for (const key of keys)
				w.win.fetch = Object.assign((...args: unknown[]) => theirs(...args), { [key]: w.win.fetch }) as never
			createTransport(w.env, w.tell).add(urgent('a'))
			await w.pass(0)
			expect(theirs).not.toHaveBeenCalled()
			expect(w.requests).toHaveLength(1)
		}
	})

	test.each([
		['https://felt.example/otlp', 'https://felt.example/otlp/v1/traces', true],
		['https://felt.example/otlp/', 'https://felt.example/otlp/v1/logs', true],
		['https://felt.example/otlp/v1/traces', 'https://felt.example/otlp/v1/logs', true],
		['https://felt.example/v1/traces/', 'https://felt.example/v1/traces', true],
		['https://felt.example/otlp', 'https://felt.example/otlp/v1/metrics', false],
		['https://felt.example/otlp', 'https://felt.example/otlp', false],
		['https://felt.example', 'https://felt.example/v1/traces/more', false],
		['/collect', 'https://shop.example/collect/v1/logs', true],
		['/collect', '/collect/v1/logs', true],
		['/collect', 'v1/logs', false],
	])('endpoint %s and %s: own is %s', (endpoint, url, own) => {
		const base = 'https://shop.example/cart?secret=1'
		expect(isOwn(options({ endpoint }), new URL(url, base).href, base)).toBe(own)
	})

	test.each([
		[null, 0],
		['', 0],
		['soon', 0],
		['-5', 0],
		['0', 0],
		['1.5', 1500],
		['120', 120_000],
		['999999999', 3600_000],
		['Thu, 01 Jan 1970 00:00:00 GMT', 0],
	])('Retry-After %s is %i ms', (value, ms) => {
		expect(retryAfter(value)).toBe(ms)
	})
})
