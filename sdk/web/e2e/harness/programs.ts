// The programs under test: the real felt and a stock Collector, on free ports, with directories of their own.
//
// FELT_BIN names felt's binary (default ../../bin/felt), OTELCOL the Collector's (default: what
// deploy/collector/build.sh builds and keeps).

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until'

export interface Program {
	/** What it wrote so far, its end. */
	log(): string
	stop(): Promise<void>
}

export interface Felt extends Program {
	/** The page and the API. */
	url: string
	/** OTLP over HTTP. */
	otlp: string
	/** Where its inventory lies: what is written there is in force a moment later. */
	config: string
}

export interface Collector extends Program {
	/** Hands on to Felt. */
	otlp: string
	/** Decodes what it is given, says whether it could, and keeps nothing. */
	check: string
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export async function freePorts(n: number): Promise<number[]> {
	const servers = Array.from({ length: n }, () => createServer().listen(0, '127.0.0.1'))
	await Promise.all(servers.map((s) => once(s, 'listening')))
	const ports = servers.map((s) => (s.address() as { port: number }).port)
	await Promise.all(servers.map((s) => new Promise((done) => s.close(done))))
	return ports
}

function run(bin: string, args: string[]): { child: ChildProcess } & Program {
	const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'] })
	let log = ''
	for (const stream of [child.stdout, child.stderr])
		stream?.on('data', (chunk) => {
			log = (log + chunk).slice(-8000)
		})
	child.on('error', (e) => {
		log += `\n${e.message}`
	})
	child.on('exit', (code, signal) => {
		log += `\nended: ${code ?? signal}`
	})
	const ended = new Promise((done) => child.once('close', done))
	// Tests that are broken off leave nothing behind that runs.
	const last = () => child.kill('SIGKILL')
	process.once('exit', last)
	child.once('close', () => process.off('exit', last))
	const stop = async () => {
		if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
		child.kill('SIGTERM')
		const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
		await ended
		clearTimeout(timer)
	}
	return { child, log: () => log, stop }
}

const status = (url: string) =>
	fetch(url).then(
		(r) => r.status,
		() => 0,
	)

/** Starts felt. `files` are its inventory, `flags` are further settings. */
export async function startFelt(files: Record<string, string> = {}, flags: string[] = []): Promise<Felt> {
	const bin = resolve(process.env.FELT_BIN ?? here('../../../../bin/felt'))
	if (!existsSync(bin)) throw new Error(`no ${bin}: build it with make build, or name it with FELT_BIN`)
	const dir = mkdtempSync(join(tmpdir(), 'felt-sdk-'))
	const config = join(dir, 'config')
	mkdirSync(config)
	for (const [name, text] of Object.entries(files)) writeFileSync(join(config, name), text)
	const [page, http] = await freePorts(2)
	const at = (port: number | undefined) => `127.0.0.1:${port}`
	const places = ['--listen', at(page), '--otlp-http', at(http), '--otlp-grpc', 'off']
	const p = run(bin, ['serve', '--data', join(dir, 'data'), '--config', config, ...places, ...flags])
	const url = `http://${at(page)}`
	const stop = async () => {
		await p.stop()
		rmSync(dir, { recursive: true, force: true })
	}
	try {
		await until(
			async () => (/\nended: /.test(p.log()) ? -1 : status(`${url}/readyz`)),
			(s) => s === 200 || s < 0,
			30_000,
		)
		if (/\nended: /.test(p.log())) throw new Error('it ended')
	} catch (e) {
		await stop()
		throw new Error(`felt is not ready: ${e}\n${p.log()}`)
	}
	return { url, otlp: `http://${at(http)}`, config, log: p.log, stop }
}

/** Starts a stock Collector that hands on to `to`. */
export async function startCollector(to: string): Promise<Collector> {
	const bin =
		process.env.OTELCOL ||
		execFileSync(here('../../../../deploy/collector/build.sh'), {
			encoding: 'utf8',
			stdio: ['ignore', 'pipe', 'inherit'],
		}).trim()
	const dir = mkdtempSync(join(tmpdir(), 'felt-collector-'))
	const [through, check] = await freePorts(2)
	const cors = 'cors: {allowed_origins: ["*"], allowed_headers: ["*"]}'
	const receiver = (port: number | undefined) =>
		`{protocols: {http: {endpoint: "127.0.0.1:${port}", ${cors}}}}`
	writeFileSync(
		join(dir, 'collector.yaml'),
		`receivers:
  otlp: ${receiver(through)}
  otlp/check: ${receiver(check)}
processors:
  batch: {timeout: 100ms}
exporters:
  otlp_http: {endpoint: "${to}"}
  nop: {}
service:
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}
    logs: {receivers: [otlp], processors: [batch], exporters: [otlp_http]}
    traces/check: {receivers: [otlp/check], exporters: [nop]}
    logs/check: {receivers: [otlp/check], exporters: [nop]}
`,
	)
	const p = run(bin, ['--config', join(dir, 'collector.yaml')])
	const stop = async () => {
		await p.stop()
		rmSync(dir, { recursive: true, force: true })
	}
	try {
		await until(
			() => status(`http://127.0.0.1:${check}/v1/traces`),
			(s) => s > 0,
			30_000,
		)
	} catch (e) {
		await stop()
		throw new Error(`the Collector is not ready: ${e}\n${p.log()}`)
	}
	return { otlp: `http://127.0.0.1:${through}`, check: `http://127.0.0.1:${check}`, log: p.log, stop }
}
