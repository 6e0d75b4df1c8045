// Questions to Felt's API, in the words of its OpenAPI document.

import { sleep, until } from './until'

export interface Row {
	id: string
	version: number
	app: string
	name: string
	journey?: string
	step?: string
	kind: 'step' | 'journey'
	start: string
	end: string
	duration_ms: number
	outcome: string
	client_outcome?: string
	outcome_rule: string
	reason?: string
	error_class?: string
	retries: number
	weight: number
	customer?: string
	identity_level: string
	account?: string
	session?: string
	trace_id?: string
	span_id?: string
	service?: string
	release?: string
	segments: Record<string, string>
}

export interface Impact {
	customers: { total: number; failed: number; degraded: number; recovered: number }
	sessions: { total: number; failed: number; degraded: number }
	interactions: Record<'success' | 'degraded' | 'failed' | 'abandoned' | 'cancelled' | 'open', number>
	identity: Record<'user' | 'pseudonym' | 'installation' | 'session', number>
}

export class Ask {
	constructor(
		readonly api: string,
		readonly app: string,
	) {}

	async get<T>(path: string, query: Record<string, string>): Promise<T> {
		const r = await fetch(`${this.api}/api/v1/${path}?${new URLSearchParams(query)}`)
		const text = await r.text()
		if (r.status !== 200) throw new Error(`${path}: ${r.status} ${text}`)
		return JSON.parse(text) as T
	}

	/** All tries of the app, oldest first. */
	async rows(traffic = 'customer'): Promise<Row[]> {
		const query = { of: `app:${this.app}`, window: '30m', limit: '1000', traffic }
		const { interactions } = await this.get<{ interactions: Row[] }>('interactions', query)
		return interactions
			.filter((r) => r.kind === 'step')
			.sort((a, b) => a.start.localeCompare(b.start) || a.name.localeCompare(b.name))
	}

	/** Waits for n tries. */
	atLeast(n: number, ms?: number): Promise<Row[]> {
		return until(
			() => this.rows(),
			(rows) => rows.length >= n,
			ms,
		)
	}

	/** Waits for n tries, and sees that no further one comes. */
	async exactly(n: number, ms?: number): Promise<Row[]> {
		await this.atLeast(n, ms)
		await sleep(1500)
		const rows = await this.rows()
		if (rows.length !== n) throw new Error(`${rows.length} rows, want ${n}: ${JSON.stringify(rows)}`)
		return rows
	}

	/** Waits for the one try of that name, and until it is as asked. */
	async one(name: string, is: (row: Row) => boolean = () => true, ms?: number): Promise<Row> {
		const rows = await until(
			async () => (await this.rows()).filter((r) => r.name === name),
			(rows) => rows.length > 0 && rows.every(is),
			ms,
		)
		if (rows.length !== 1) throw new Error(`${rows.length} rows of ${name}: ${JSON.stringify(rows)}`)
		return rows[0]!
	}

	/** Customers hit, over the whole app or one name of it. */
	impact(name?: string): Promise<Impact> {
		return this.get('impact', { of: name ? `${this.app}/${name}` : `app:${this.app}`, window: '30m' })
	}

	/** The spans of a trace that the server keeps, 404 as undefined. */
	async customer(id: string): Promise<{ identity_level: string; interactions: Row[] } | undefined> {
		const r = await fetch(`${this.api}/api/v1/customers/lookup`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify({ id }),
		})
		if (r.status === 404) return undefined
		return (await r.json()) as { identity_level: string; interactions: Row[] }
	}
}
