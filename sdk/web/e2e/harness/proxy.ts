// A proxy between the page and the endpoint. It can refuse, hang and cut, it keeps what it saw, and it lets a
// stock Collector decode every payload, whatever becomes of it.

import {
	createServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	request,
	type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Log, logsOf, type Span, spansOf, strange } from './otlp'
import { until } from './until'

/** How the next requests end: a status, no answer at all, or a connection that is cut. */
export type Fault = { status: number; retryAfter?: string } | 'hang' | 'cut'

/** One POST. */
export interface Seen {
	at: number
	path: string
	headers: IncomingHttpHeaders
	body: string
	/** What the page was answered; 0: nothing. */
	status: number
}

export interface FaultProxy {
	url: string
	seen: Seen[]
	/** Faults for the next requests, one each; then `fault` decides. */
	faults: Fault[]
	/** What every further request meets; undefined: it is handed on. */
	fault: Fault | undefined
	/** What was seen, taken apart. */
	spans(): Span[]
	logs(): Log[]
	stop(): Promise<void>
}

export async function startProxy(to: string, check: string): Promise<FaultProxy> {
	const wrong: string[] = []
	let checking = 0
	const self: FaultProxy = {
		url: '',
		seen: [],
		faults: [],
		fault: undefined,
		spans: () => self.seen.flatMap((s) => (s.path === '/v1/traces' ? spansOf(s.body) : [])),
		logs: () => self.seen.flatMap((s) => (s.path === '/v1/logs' ? logsOf(s.body) : [])),
		stop: async () => {
			server.closeAllConnections()
			await new Promise((done) => server.close(done))
			await until(
				() => checking,
				(n) => n === 0,
			)
			if (wrong.length > 0) throw new Error(`not valid OTLP: ${wrong.slice(0, 5).join('\n')}`)
		},
	}
	const judge = async (path: string, body: string) => {
		checking++
		try {
			const odd = strange(path, body)
			if (odd) wrong.push(`${odd}: ${body.slice(0, 2000)}`)
			const r = await fetch(check + path, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body,
			})
			const answer = await r.text()
			if (r.status !== 200 || /rejected/.test(answer))
				wrong.push(`${r.status} ${answer}: ${body.slice(0, 2000)}`)
		} catch (e) {
			wrong.push(`${path}: ${e}`)
		} finally {
			checking--
		}
	}
	const server = createServer((req, res) => {
		take(req).then(
			(body) => {
				const path = req.url ?? '/'
				if (req.method !== 'POST') return forward(to, req, res, body)
				const fault = self.faults.shift() ?? self.fault
				const seen = { at: Date.now(), path, headers: req.headers, body, status: 0 }
				self.seen.push(seen)
				void judge(path, body)
				if (!fault) return forward(to, req, res, body, seen)
				spoil(fault, res, seen)
			},
			() => res.destroy(),
		)
	})
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
	return self
}

async function take(req: IncomingMessage): Promise<string> {
	const parts: Buffer[] = []
	for await (const part of req) parts.push(part as Buffer)
	return Buffer.concat(parts).toString()
}

function spoil(fault: Fault, res: ServerResponse, seen: Seen) {
	if (fault === 'hang') return
	if (fault === 'cut') return void res.destroy()
	seen.status = fault.status
	const headers: Record<string, string> = {
		'access-control-allow-origin': '*',
		'access-control-expose-headers': 'Retry-After',
	}
	if (fault.retryAfter !== undefined) headers['retry-after'] = fault.retryAfter
	res.writeHead(fault.status, headers).end()
}

function forward(to: string, req: IncomingMessage, res: ServerResponse, body: string, seen?: Seen) {
	const { host: _, connection: __, ...headers } = req.headers
	const on = request(to + req.url, { method: req.method, headers }, (answer) => {
		if (seen) seen.status = answer.statusCode ?? 0
		res.writeHead(answer.statusCode ?? 502, answer.headers)
		answer.pipe(res)
	})
	on.on('error', () => res.destroy())
	on.end(body)
}
