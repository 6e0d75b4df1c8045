import { afterEach, describe, expect, test, vi } from 'vitest'
import { createIdentity } from '../src/session'
import type { Options } from '../src/types'
import { fakeStorage, options, START, world } from './world'

afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function identity(more: Partial<Options> = {}, storage = fakeStorage()) {
	const w = world(storage)
	/** As the core tells it: options change, and consent is told of. */
	const tab = () => {
		const own = options(more)
		const me = createIdentity({ ...w.env, options: own })
		return {
			...me,
			setUser(user: Options['user'] | null) {
				own.user = user || undefined
			},
			setConsent(consent: Options['consent']) {
				own.consent = consent
				me.consent()
			},
		}
	}
	const me = tab()
	return { w, storage, me, tab, session: () => me.attributes()['session.id'] }
}

describe('session', () => {
	test('ends after 30 minutes without anything, not before', async () => {
		const { w, session } = identity()
		const first = session()
		expect(first).toMatch(/^[0-9a-f]{32}$/)
		await w.pass(30 * MINUTE - 1)
		expect(session()).toBe(first)
		await w.pass(30 * MINUTE - 1)
		expect(session(), 'activity keeps it').toBe(first)
		await w.pass(30 * MINUTE)
		expect(session()).not.toBe(first)
	})

	test('ends after 4 hours however busy it is', async () => {
		const { w, session } = identity()
		const first = session()
		for (let i = 0; i < 23; i++) {
			await w.pass(10 * MINUTE)
			expect(session()).toBe(first)
		}
		await w.pass(10 * MINUTE - 1)
		expect(session()).toBe(first)
		await w.pass(1)
		expect(session()).not.toBe(first)
	})

	test('goes on in the next page, and ends over pages as well', async () => {
		const { w, tab, session, me } = identity()
		const first = session()
		const installation = me.attributes()['app.installation.id']
		await w.pass(20 * MINUTE)
		const next = tab()
		expect(next.attributes()['session.id']).toBe(first)
		expect(next.attributes()['app.installation.id']).toBe(installation)
		await w.pass(31 * MINUTE)
		const late = tab()
		expect(late.attributes()['session.id']).not.toBe(first)
		expect(late.attributes()['app.installation.id']).toBe(installation)
	})

	test('two tabs are one session: the busy one keeps it for the idle one, and a new one is new for both', async () => {
		const { w, tab, me } = identity()
		const other = tab()
		const first = me.attributes()['session.id']
		expect(other.attributes()['session.id']).toBe(first)
		for (let i = 0; i < 4; i++) {
			await w.pass(20 * MINUTE)
			expect(other.attributes()['session.id']).toBe(first)
		}
		expect(me.attributes()['session.id'], 'idle for 80 minutes itself').toBe(first)
		await w.pass(40 * MINUTE)
		const second = other.attributes()['session.id']
		expect(second).not.toBe(first)
		expect(me.attributes()['session.id']).toBe(second)
	})

	test('tabs that began at once without seeing each other agree within a second', async () => {
		const w = world()
		const real = Object.getOwnPropertyDescriptor(w.win, 'localStorage') as PropertyDescriptor
		Object.defineProperty(w.win, 'localStorage', { value: undefined, configurable: true })
		const a = createIdentity({ ...w.env, options: options() })
		const b = createIdentity({ ...w.env, options: options() })
		expect(a.attributes()['session.id']).not.toBe(b.attributes()['session.id'])
		Object.defineProperty(w.win, 'localStorage', real)
		await w.pass(1000)
		expect(a.attributes()['session.id']).toBe(b.attributes()['session.id'])
	})

	test('is written at most once a second', async () => {
		const { w, me, storage } = identity()
		for (let i = 0; i < 100; i++) {
			me.attributes()
			me.sampling()
			await w.pass(50)
		}
		// 5 s, the first write and the installation.
		expect(storage.writes).toBeGreaterThanOrEqual(5)
		expect(storage.writes).toBeLessThanOrEqual(7)
	})

	test('of the future, from a clock that was set back, is none', async () => {
		const { w, session } = identity()
		const first = session()
		w.jump(-10 * HOUR)
		const second = session()
		expect(second).not.toBe(first)
		w.jump(20 * MINUTE)
		expect(session()).toBe(second)
	})

	test.each([
		'',
		'x',
		'{}',
		'a b c',
		`${'a'.repeat(32)} x y`,
		`${'A'.repeat(32)} ${START} ${START}`,
		`somebody ${START} ${START}`,
		'🙂'.repeat(99),
	])('what somebody else stored (%s) is not a session', (text) => {
		const storage = fakeStorage()
		storage.setItem('felt.session', text)
		const { me } = identity({}, storage)
		expect(me.attributes()['session.id']).toMatch(/^0[0-9a-f]{31}$/)
		expect(me.attributes()['app.installation.id']).toMatch(/^0[0-9a-f]{31}$/)
	})

	test.each(['full', 'blocked'] as const)('storage that is %s is as good as memory', async (how) => {
		const storage = fakeStorage()
		storage.broken = how
		const { w, me, session } = identity({}, storage)
		const first = session()
		await w.pass(5 * MINUTE)
		expect(session()).toBe(first)
		expect(me.attributes()['app.installation.id']).toBe(me.attributes()['app.installation.id'])
		me.setConsent('denied')
		me.setConsent('granted')
		expect(session()).toMatch(/^[0-9a-f]{32}$/)
	})

	test('no storage at all, as on a server', () => {
		const w = world()
		const me = createIdentity({ ...w.env, options: options(), win: undefined })
		expect(me.attributes()['session.id']).toMatch(/^[0-9a-f]{32}$/)
	})
})

describe('user', () => {
	test('id, account and segments are told, until they change or go', () => {
		const { me } = identity({ user: { id: 'u1', account: 'acme', segment: { plan: 'pro', region: 'eu' } } })
		expect(me.attributes()).toMatchObject({
			'user.id': 'u1',
			'felt.account': 'acme',
			'felt.segment.plan': 'pro',
			'felt.segment.region': 'eu',
		})
		const session = me.attributes()['session.id']
		me.setUser({ id: 'u2' })
		expect(me.attributes()).toEqual({
			'session.id': session,
			'app.installation.id': expect.any(String),
			'user.id': 'u2',
		})
		me.setUser(null)
		expect(me.attributes()).toEqual({ 'session.id': session, 'app.installation.id': expect.any(String) })
	})

	test('is never stored', () => {
		const { me, storage } = identity({ user: { id: 'somebody@example.com', account: 'acme' } })
		me.attributes()
		expect(JSON.stringify({ ...storage })).not.toMatch(/somebody|acme/)
	})
})

describe('consent', () => {
	test('pending and denied store nothing; the ids live as long as the page', async () => {
		for (const consent of ['pending', 'denied'] as const) {
			const { w, storage, session, me } = identity({ consent })
			const first = session()
			await w.pass(5000)
			expect(session()).toBe(first)
			me.sampling()
			expect(Object.keys(storage), consent).toEqual([])
		}
	})

	test('pending does not even look: what is stored is not told', () => {
		const { tab, session, storage } = identity()
		const stored = session()
		expect(Object.keys(storage)).toContain('felt.session')
		const { me } = identity({ consent: 'pending' }, storage)
		expect(me.attributes()['session.id']).not.toBe(stored)
		expect(tab().attributes()['session.id']).toBe(stored)
	})

	test('denied removes what was stored, at once and at init, and its ids are new', () => {
		const { me, storage, session } = identity()
		const first = session()
		me.setConsent('denied')
		expect(Object.keys(storage)).toEqual([])
		expect(session()).not.toBe(first)
		expect(Object.keys(storage)).toEqual([])

		const other = fakeStorage()
		identity({}, other).me.attributes()
		expect(Object.keys(other)).not.toEqual([])
		identity({ consent: 'denied' }, other)
		expect(Object.keys(other)).toEqual([])
	})

	test('granted stores the ids of memory where nothing is stored', () => {
		const { me, storage, tab } = identity({ consent: 'pending' })
		const before = me.attributes()
		me.setConsent('granted')
		expect(me.attributes()).toEqual(before)
		expect(storage.getItem('felt.session')).toContain(before['session.id'])
		expect(storage.getItem('felt.session')).toContain(before['app.installation.id'])
		const next = tab()
		next.setConsent('granted')
		expect(next.attributes()).toEqual(before)
	})

	test('granted goes on with what is stored', () => {
		const storage = fakeStorage()
		const stored = identity({}, storage).me.attributes()
		const { me } = identity({ consent: 'pending' }, storage)
		expect(me.attributes()['session.id']).not.toBe(stored['session.id'])
		me.setConsent('granted')
		expect(me.attributes()).toEqual(stored)
	})
})

describe('sampling', () => {
	const at = (id: string, sampleRate?: number) => {
		const storage = fakeStorage()
		storage.setItem('felt.session', `${id} ${START} ${START}`)
		return identity({ sampleRate }, storage).me.sampling()
	}
	const id = (rv: string) => `${'5'.repeat(18)}${rv}`

	test.each([
		[0.5, '8'],
		[0.25, 'c'],
		[0.1, 'e666666'],
		[0.01, 'fd70a3d'],
	])('rate %s is th %s', (rate, th) => {
		expect(at(id('ffffffffffffff'), rate)).toEqual({ sent: true, rv: 'ffffffffffffff', th })
	})

	test.each([undefined, 1, 2])('rate %s needs no tracestate', (rate) => {
		expect(at(id('ffffffffffffff'), rate)).toMatchObject({ sent: true, rv: undefined })
	})

	test('is decided by randomness >= threshold, the border included', () => {
		expect(at(id('80000000000000'), 0.5).sent).toBe(true)
		expect(at(id('7fffffffffffff'), 0.5).sent).toBe(false)
		expect(at(id('00000000000000'), 1).sent).toBe(true)
		expect(at(id('bfffffffffffff'), 0.25).sent).toBe(false)
		expect(at(id('c0000000000000'), 0.25).sent).toBe(true)
	})

	test.each([0, -1, Number.NaN])('rate %s sends nothing', (rate) => {
		expect(at(id('ffffffffffffff'), rate).sent).toBe(false)
	})

	test('is the same for all tabs and pages of a session', () => {
		const { me, tab } = identity({ sampleRate: 0.5 })
		expect(tab().sampling()).toEqual(me.sampling())
	})

	test('a share of many sessions is that share', () => {
		const w = world()
		let seed = 7
		w.env.hex = (digits) => {
			let text = ''
			while (text.length < digits) {
				seed = (seed * 48271) % 2147483647
				text += (seed & 0xff).toString(16).padStart(2, '0')
			}
			return text.slice(0, digits)
		}
		let sent = 0
		for (let i = 0; i < 4000; i++)
			if (createIdentity({ ...w.env, options: options({ sampleRate: 0.2 }), win: undefined }).sampling().sent)
				sent++
		expect(sent / 4000).toBeGreaterThan(0.17)
		expect(sent / 4000).toBeLessThan(0.23)
	})
})
