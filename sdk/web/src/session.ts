/**
 * Who it is: the session, the installation, the user and their segments.
 *
 * A session ends after 30 minutes without anything, and after 4 hours at most. Tabs of one origin share it
 * through localStorage, which is looked at and written at most once a second. Without consent, and where
 * storage is blocked or full, the same ids live in memory for as long as the page does.
 */
import type { Env } from './env'
import { threshold } from './ids'
import { browserIO, type IO, type Store } from './io'
import type { AttributeValue, Consent, Identity, LogRecord, Options, SpanRecord, User } from './types'

const IDLE = 30 * 60_000
const MAX = 4 * 3600_000
/** How far a clock that was set back may put things into the future before they are thrown away. */
const AHEAD = 60_000
const EVERY = 1000

const SESSION = 'felt.session'
const INSTALLATION = 'felt.installation'
const ID = /^[0-9a-f]{32}$/

interface Session {
	id: string
	/** Begun and last used, Unix ms. */
	start: number
	last: number
}

export interface SessionIdentity extends Identity {
	/** Puts the ids and the sampling of now on a record that was made while consent was pending; null: its session is not sent. */
	settle<R extends SpanRecord | LogRecord>(record: R): R | null
}

export function createIdentity(options: Options, env: Env, io: IO = browserIO(env.win)): SessionIdentity {
	let consent: Consent = options.consent || 'granted'
	let user: User | null = options.user || null
	let session: Session | undefined
	let installation: string | undefined
	let looked = Number.NEGATIVE_INFINITY
	/** Ids that were only ever in memory, which records that wait still carry. */
	const before = new Set<unknown>()

	// Undefined: no session at all is sent.
	const least = threshold(share(options.sampleRate))

	function storage<T>(fn: (store: Store) => T): T | undefined {
		try {
			const store = io.storage()
			return store && fn(store)
		} catch (error) {
			env.debug('felt: storage failed', error)
		}
	}
	const forget = () =>
		storage((s) => {
			s.removeItem(SESSION)
			s.removeItem(INSTALLATION)
		})

	const lives = (s: Session, now: number) =>
		now - s.last < IDLE && now - s.start < MAX && s.start - now < AHEAD && s.last - now < AHEAD

	/** What another tab or an earlier page left; anything that is not a session is none. */
	function stored(now: number): Session | undefined {
		const found = storage((s) => s.getItem(SESSION))?.split(' ')
		if (!found || !ID.test(found[0] as string)) return
		const s = { id: found[0] as string, start: Number(found[1]), last: Number(found[2]) }
		return lives(s, now) ? s : undefined
	}

	/** The session of now. */
	function touch(): Session {
		const now = io.wall()
		const granted = consent === 'granted'
		if (!session || !lives(session, now) || Math.abs(now - looked) >= EVERY) {
			looked = now
			const other = granted ? stored(now) : undefined
			if (other) session = other
			else if (!session || !lives(session, now)) session = { id: env.hex(32), start: now, last: now }
			session.last = now
			if (granted) {
				const { id, start } = session
				storage((s) => s.setItem(SESSION, `${id} ${start} ${now}`))
			} else before.add(session.id)
		}
		session.last = now
		return session
	}

	function installed(mine?: string): string {
		if (!installation) {
			const granted = consent === 'granted'
			const found = granted ? storage((s) => s.getItem(INSTALLATION)) : undefined
			const id = found && ID.test(found) ? found : mine || env.hex(32)
			installation = id
			if (!granted) before.add(id)
			else if (id !== found) storage((s) => s.setItem(INSTALLATION, id))
		}
		return installation
	}

	function sampling() {
		const rv = touch().id.slice(-14)
		return {
			rv,
			// No tracestate at all says the same as th:0, and is shorter.
			th: least?.replace(/0+$/, '') || undefined,
			// Which session it is, is known once it may be looked.
			sent: consent === 'pending' || (!!least && rv >= least),
		}
	}

	function attributes(): Record<string, AttributeValue> {
		const out: Record<string, AttributeValue> = {
			'session.id': touch().id,
			'app.installation.id': installed(),
		}
		if (user?.id) out['user.id'] = user.id
		if (user?.account) out['felt.account'] = user.account
		for (const key in user?.segment) out[`felt.segment.${key}`] = user.segment[key] as string
		return out
	}

	if (consent === 'denied') forget()

	return {
		attributes,
		sampling,
		setUser(to) {
			user = to
		},
		setConsent(to) {
			if (to === consent) return
			if (to === 'granted') {
				// The ids of memory become the stored ones, unless there are some: then those of memory were
				// only names for the same browser while it could not be looked.
				const mine = installation
				installation = undefined
				looked = Number.NEGATIVE_INFINITY
				consent = to
				touch()
				installed(mine)
			} else {
				// Ids that were stored are not used again.
				if (consent === 'granted') session = installation = undefined
				consent = to
				forget()
			}
		},
		settle(record) {
			const now = attributes()
			const attrs = { ...record.attributes }
			for (const key of ['session.id', 'app.installation.id'])
				if (before.has(attrs[key])) attrs[key] = now[key] as AttributeValue
			const { rv, th, sent } = sampling()
			return sent ? { ...record, attributes: attrs, traceState: th && `ot=th:${th};rv:${rv}` } : null
		},
		close() {
			// Nothing is watched and nothing runs: what is stored stays for the next page.
		},
	}
}

/** A share: NaN and what is not given count as all. */
function share(value: number | undefined): number {
	return value === undefined || Number.isNaN(value) ? 1 : Math.min(1, Math.max(0, value))
}
