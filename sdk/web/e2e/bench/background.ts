// Customers who are there all the time, and fare well: what an ordinary failure rate is learnt of. Their
// interactions are sent as the SDK sends them, from here: hundreds of browsers need more than one machine.

import { randomBytes } from 'node:crypto'
import { userAgent } from '../harness/browser'

export interface Background {
	/** Interactions sent so far. */
	sent(): number
	/** Apps in which everything fails at present. */
	broken: Set<string>
	stop(): Promise<void>
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })

/** One customer's success, or once in two hundred times a failure: an ordinary day. */
function span(name: string, at: number, broken: boolean) {
	const id = randomBytes(16).toString('hex')
	const failed = broken || Math.random() < 1 / 200
	return {
		traceId: id,
		spanId: id.slice(0, 16),
		name,
		kind: 1,
		startTimeUnixNano: `${at - 200}000000`,
		endTimeUnixNano: `${at}000000`,
		attributes: [
			attribute('felt.interaction.name', name),
			attribute('felt.interaction.outcome', failed ? 'failed' : 'success'),
			attribute('session.id', id),
			attribute('user.id', `customer-${Math.floor(Math.random() * 1e6)}`),
		],
		...(failed ? { status: { code: 2 } } : {}),
	}
}

/** Sends so many interactions a second for each app. */
export function background(otlp: string, apps: string[], name: string, perSecond: number): Background {
	const broken = new Set<string>()
	let sent = 0
	let stopped = false
	const run = async () => {
		let due = 0
		let last = Date.now()
		while (!stopped) {
			await new Promise((done) => setTimeout(done, 500))
			const now = Date.now()
			due += ((now - last) / 1000) * perSecond
			last = now
			const n = Math.floor(due)
			due -= n
			if (n === 0) continue
			const resourceSpans = apps.map((app) => ({
				// Browsers like those of the customers in Chromium: no segment stands out but the app.
				resource: {
					attributes: [
						attribute('service.name', 'web'),
						attribute('service.namespace', app),
						attribute('telemetry.sdk.language', 'webjs'),
						attribute('user_agent.original', userAgent),
					],
				},
				scopeSpans: [
					{
						scope: { name: '@felt/web' },
						spans: Array.from({ length: n }, () => span(name, now, broken.has(app))),
					},
				],
			}))
			const r = await fetch(`${otlp}/v1/traces`, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify({ resourceSpans }),
			})
			if (!r.ok) throw new Error(`background: ${r.status} ${await r.text()}`)
			sent += n * apps.length
		}
	}
	const running = run()
	running.catch(() => undefined)
	return {
		sent: () => sent,
		broken,
		stop: () => {
			stopped = true
			return running
		},
	}
}
