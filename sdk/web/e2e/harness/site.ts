// Serves the pages of the tests, the built SDK, and a back end that says what it was asked.

import { existsSync, readFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Options } from '../../src/types'

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The built SDK: FELT_SDK_DIST, else the package's dist. */
const dist = join(process.env.FELT_SDK_DIST || at('../../dist/'), '/')
const types: Record<string, string> = {
	'.html': 'text/html; charset=utf-8',
	'.js': 'text/javascript',
	'.json': 'application/json',
	'.map': 'application/json',
}

/** What a page is told to begin the SDK with. */
export interface Config {
	options: Omit<Options, 'plugins' | 'classifyError' | 'redact' | 'debug'>
	/** Names of plugins. */
	plugins?: string[]
	/** False: the page only loads the SDK. */
	init?: boolean
	/** The HTML of its body. */
	body?: string
	/** A script of {@link Site.scripts} that runs before the page's own. */
	host?: string
}

/** A request to the back end of a page. */
export interface Call {
	path: string
	headers: IncomingHttpHeaders
}

export interface Site {
	/** The page of an app: `page` with modules, `csp` under a strict policy, `tag` with the script for a tag. */
	page(app: string, kind?: 'page' | 'csp' | 'tag'): string
	/** The same pages under another origin. */
	other(path: string): string
	configs: Map<string, Config>
	/** Further scripts under /hosts/, by name. */
	scripts: Map<string, string>
	calls(app: string): Call[]
	/** What browsers reported against the content security policy. */
	reports(app: string): string[]
	stop(): Promise<void>
}

const policy = (app: string, connect: string) =>
	[
		"default-src 'none'",
		"script-src 'self'",
		`connect-src 'self' ${connect}`,
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
		"base-uri 'none'",
		`report-uri /report/${app}`,
	].join('; ')

export async function startSite(): Promise<Site> {
	if (!existsSync(join(dist, 'index.js')) || !existsSync(join(dist, 'felt.js')))
		throw new Error('the SDK is not built: make sdk/web/dist')
	const configs = new Map<string, Config>()
	const scripts = new Map<string, string>()
	const calls = new Map<string, Call[]>()
	const reports = new Map<string, string[]>()
	const note = <T>(of: Map<string, T[]>, app: string, one: T) => of.set(app, [...(of.get(app) ?? []), one])

	const page = (kind: string, app: string, res: ServerResponse) => {
		const config = configs.get(app)
		if (!config) return void res.writeHead(404).end()
		const headers: Record<string, string> = {
			'content-type': types['.html'] ?? '',
			'cache-control': 'no-store',
		}
		if (kind === 'csp') headers['content-security-policy'] = policy(app, config.options.endpoint)
		const json = JSON.stringify(config).replace(/</g, '\\u003c')
		const host = config.host ? `<script type="module" src="/hosts/${config.host}.js"></script>` : ''
		const head = readFileSync(at(`../pages/${kind}.html`), 'utf8')
		res.writeHead(200, headers).end(
			head
				.replace('CONFIG', () => json)
				.replace('BODY', () => config.body ?? '')
				.replace('HOST', () => host),
		)
	}

	const answer = async (req: IncomingMessage, res: ServerResponse) => {
		const url = new URL(req.url ?? '/', 'http://site')
		const [, first = '', second = ''] = url.pathname.split('/')
		const parts: Buffer[] = []
		for await (const part of req) parts.push(part as Buffer)
		switch (first) {
			case 'page':
			case 'csp':
			case 'tag':
				return page(first, second, res)
			case 'api':
				note(calls, second, { path: url.pathname + url.search, headers: req.headers })
				return setTimeout(
					() =>
						res
							.writeHead(Number(url.searchParams.get('status') ?? 200), {
								'content-type': 'application/json',
								'access-control-allow-origin': '*',
								'access-control-allow-headers': '*',
							})
							.end('{"ok":true}'),
					Number(url.searchParams.get('ms') ?? 0),
				)
			case 'report':
				note(reports, second, Buffer.concat(parts).toString())
				return res.writeHead(204).end()
			case 'sdk':
				return file(dist, url.pathname.slice('/sdk/'.length), res)
			case 'pages':
				return file(at('../pages/'), url.pathname.slice('/pages/'.length), res)
			case 'lib':
				return file(at('../../node_modules/'), url.pathname.slice('/lib/'.length), res)
			case 'hosts': {
				const text = scripts.get(second)
				return res.writeHead(text ? 200 : 404, { 'content-type': types['.js'] }).end(text)
			}
			case 'pay':
				return file(at('../pages/'), 'pay.html', res)
			default:
				return res.writeHead(first === 'favicon.ico' ? 204 : 404).end()
		}
	}
	const server = createServer((req, res) => {
		answer(req, res).catch(() => res.destroy())
	})
	server.keepAliveTimeout = 60_000
	await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
	const { port } = server.address() as AddressInfo
	return {
		page: (app, kind = 'page') => `http://127.0.0.1:${port}/${kind}/${app}/`,
		other: (path) => `http://localhost:${port}${path}`,
		configs,
		scripts,
		calls: (app) => calls.get(app) ?? [],
		reports: (app) => reports.get(app) ?? [],
		stop: async () => {
			server.closeAllConnections()
			await new Promise((done) => server.close(done))
		},
	}
}

function file(dir: string, path: string, res: ServerResponse) {
	const name = normalize(join(dir, path))
	if (!name.startsWith(dir) || !existsSync(name)) return void res.writeHead(404).end()
	res
		.writeHead(200, { 'content-type': types[extname(name)] ?? 'application/octet-stream' })
		.end(readFileSync(name))
}
