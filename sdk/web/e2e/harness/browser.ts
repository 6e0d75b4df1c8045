// The system's Chromium. There is no fall-back and no skipping: without a browser the tests fail and say
// what to install.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium } from 'playwright-core'
import { until } from './until'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
]

/** What people's browsers say of themselves. Headless Chromium's own name counts as a bot's. */
export const userAgent =
	'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/148.0.0.0 Safari/537.36'

function binary(): string {
	const asked = process.env.CHROMIUM
	const found = asked ? [asked].find(existsSync) : places.find(existsSync)
	if (!found)
		throw new Error(
			`no Chromium at ${asked ?? places.join(', ')}: install it (apt-get install chromium) or name it with CHROMIUM`,
		)
	return found
}

export const launch = (): Promise<Browser> =>
	chromium.launch({ executablePath: binary(), headless: true, args: flags })

/** A browser as people have it: its tabs hide each other, and it can be killed. */
export interface Plain {
	context: BrowserContext
	/** Ends all of its processes at once, without a word to the pages. */
	kill(): Promise<void>
	stop(): Promise<void>
}

/**
 * Starts a browser of its own. Playwright makes every page of the browsers it launches look seen and
 * focused; in one that is only connected to, tabs are hidden by other tabs as they are for people.
 */
export async function plain(): Promise<Plain> {
	const dir = mkdtempSync(join(tmpdir(), 'felt-chromium-'))
	const child = spawn(
		binary(),
		[
			'--headless=new',
			...flags,
			'--remote-debugging-port=0',
			`--user-data-dir=${dir}`,
			`--user-agent=${userAgent}`,
			'about:blank',
		],
		{ stdio: 'ignore', detached: true },
	)
	const ended = new Promise<void>((done) => child.once('close', () => done()))
	const last = () => signalAll(child, 'SIGKILL')
	process.once('exit', last)
	child.once('close', () => process.off('exit', last))
	const file = join(dir, 'DevToolsActivePort')
	const clean = async (signal: NodeJS.Signals) => {
		signalAll(child, signal)
		const timer = setTimeout(() => signalAll(child, 'SIGKILL'), 5000)
		await ended
		clearTimeout(timer)
		rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
	}
	try {
		const text = await until(
			() => (existsSync(file) ? readFileSync(file, 'utf8') : ''),
			(t) => /^\d+\n\S/.test(t),
		)
		const port = text.slice(0, text.indexOf('\n'))
		const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true })
		const context = browser.contexts()[0]
		if (!context) throw new Error('the browser has no context')
		return {
			context,
			kill: () => clean('SIGKILL'),
			stop: async () => {
				await browser.close().catch(() => undefined)
				await clean('SIGTERM')
			},
		}
	} catch (e) {
		await clean('SIGKILL')
		throw e
	}
}

/** Signals a process and all that it started: it leads a group of its own. */
function signalAll(child: ChildProcess, signal: NodeJS.Signals) {
	if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
	try {
		process.kill(-child.pid, signal)
	} catch {
		// It has just ended.
	}
}
