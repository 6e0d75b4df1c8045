/**
 * Who it is: the session, the installation, the user and their segments.
 *
 * A session ends after 30 minutes without anything, and after 4 hours at most. Tabs of one origin share it
 * through localStorage, which is looked at and written at most once a second. Without consent, and where
 * storage is blocked or full, the same ids live in memory for as long as the page does.
 */
import type { Env } from './env'
import { threshold } from './ids'
import { createStore } from './storage'
import type { Identity } from './types'

/** Milliseconds. An enum, because its numbers are put where they are used. */
enum Limit {
	IDLE = 1_800_000,
	MAX = 14_400_000,
	EVERY = 1000,
}

const KEY = 'felt.session'
const ID = /^[0-9a-f]{32}$/

/**
 * When it began and was last used are Unix ms; text when they were stored, so nothing but subtracted. The
 * installation stays when the session ends.
 */
type Session = [id: string, start: number, last: number, installation: string]

export function createIdentity(env: Env): Identity {
	const { options, hex } = env
	const store = createStore(env, 'localStorage')
	/** Undefined: no session at all is sent. */
	const least = threshold(options.sampleRate ?? 1)
	let session: Session | undefined
	let installation = hex(32)
	let looked: number

	/** The id of the session of now. The machine's clock is the one that tabs share. */
	function touch(): string {
		const now = Date.now()
		const lives = (s: Session | undefined) =>
			s && ID.test(s[0]) && now - s[1] < Limit.MAX && Math.abs(now - s[2]) < Limit.IDLE
		// Looked at again also when the clock was set back.
		const look = !lives(session) || !(Math.abs(now - looked) < Limit.EVERY)
		if (look) {
			looked = now
			// Another tab's, or an earlier page's, goes first: so all agree.
			const found = store((s) => s.getItem(KEY)!.split(' ') as unknown as Session)
			if (found && ID.test(found[3])) installation = found[3]
			const [id, start] = [found, session].find(lives) || [hex(32), now]
			session = [id, start, now, installation]
			store((s) => s.setItem(KEY, session!.join(' ')))
		}
		session![2] = now
		return session![0]
	}

	/** Ids of memory become the stored ones, unless there are some; ids that were stored are not used again. */
	function consent() {
		looked = NaN
		if (options.consent === 'denied') {
			session = undefined
			installation = hex(32)
			store((s) => s.removeItem(KEY), true)
		}
	}
	consent()

	return {
		attributes() {
			const { id, account, segment } = options.user || {}
			const all: Record<string, string | undefined> = {
				'session.id': touch(),
				'app.installation.id': installation,
				'user.id': id,
				'felt.account': account,
			}
			for (const key in segment) all[`felt.segment.${key}`] = segment[key]
			return all as Record<string, string>
		},
		consent,
		sampling() {
			const rv = touch().slice(-14)
			// No tracestate says the same as th:0.
			return { rv: least! > '0' ? rv : undefined, th: least, sent: !!least && rv >= least }
		},
	}
}
