/**
 * Who it is: the session, the installation, the user and their segments.
 *
 * A session ends after 30 minutes without anything, and after 4 hours at most. Tabs of one origin share it
 * through localStorage, which is looked at and written at most once a second. Without consent, and where
 * storage is blocked or full, the same ids live in memory for as long as the page does.
 */
import type { Env } from './env'
import { threshold } from './ids'
import { put } from './limits'
import { createStore } from './storage'
import type { Identity, Options } from './types'

/** Milliseconds. An enum, because its numbers are put where they are used. */
enum Limit {
	IDLE = 1_800_000,
	MAX = 14_400_000,
	/** How far a clock that was set back may put things into the future before they are thrown away. */
	AHEAD = 60_000,
	EVERY = 1000,
}

const SESSION = 'felt.session'
const INSTALLATION = 'felt.installation'
const ID = /^[0-9a-f]{32}$/

/** When it began and was last used are Unix ms; text when they were stored, so nothing but subtracted. */
type Session = [id: string, start: number, last: number]

export function createIdentity(options: Options, env: Env): Identity {
	const store = createStore(env)
	// Of 14 digits; undefined: no session at all is sent.
	const least = threshold(options.sampleRate ?? 1)
	let { consent = 'granted', user = null } = options
	let session: Session | undefined
	let installation = env.hex(32)
	let looked = 0

	/** The id of the session of now. The machine's clock is the one that tabs share. */
	function touch(): string {
		const now = Date.now()
		const lives = (s: Session | undefined) =>
			s && ID.test(s[0]) && now - s[1] < Limit.MAX && now - s[2] < Limit.IDLE && s[2] - now < Limit.AHEAD
		const granted = consent === 'granted'
		if (!lives(session) || Math.abs(now - looked) >= Limit.EVERY) {
			looked = now
			// Another tab's, or an earlier page's, goes first: so all agree.
			const found = granted ? store((s) => s.getItem(SESSION)!.split(' ') as unknown as Session) : undefined
			session = [found, session].find(lives) || [env.hex(32), now, now]
			session[2] = now
			if (granted) store((s) => s.setItem(SESSION, session!.join(' ')))
		}
		session![2] = now
		return session![0]
	}

	function setConsent(to: typeof consent) {
		const was = consent
		consent = to
		looked = 0
		if (to === 'granted')
			// Ids of memory become the stored ones, unless there are some: then those of memory were only names
			// for the same browser while nobody might look.
			store((s) => {
				const found = s.getItem(INSTALLATION) as string
				if (ID.test(found)) installation = found
				else s.setItem(INSTALLATION, installation)
			})
		if (to === 'denied') {
			// Ids that were stored are not used again.
			if (was === 'granted') {
				session = undefined
				installation = env.hex(32)
			}
			store((s) => {
				s.removeItem(SESSION)
				s.removeItem(INSTALLATION)
			})
		}
	}
	setConsent(consent)

	return {
		attributes() {
			const { id, account, segment } = user || {}
			const all: Record<string, string | undefined> = {
				'session.id': touch(),
				'app.installation.id': installation,
				'user.id': id,
				'felt.account': account,
			}
			for (const key in segment) all[`felt.segment.${key}`] = segment[key]
			return put({}, all)
		},
		setUser(to) {
			user = to
		},
		setConsent,
		sampling() {
			const rv = touch().slice(-14)
			// No tracestate says the same as th:0.
			return { rv, th: least?.replace(/0+$/, '') || undefined, sent: !!least && rv >= least }
		},
		close() {
			// Nothing is watched and nothing runs: what is stored stays for the next page.
		},
	}
}
