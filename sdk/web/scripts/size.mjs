// Sizes of what a page loads, gzip: three uses of the SDK against their budgets, and with --peers the same
// for others, each with its own documented minimal setup. `--write` puts the table into docs/benchmarks.md.
//
// "Minimal use" is init and one interaction, bundled by esbuild and minified by terser, as pages are.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, version as esbuild } from 'esbuild'
import { minify } from 'terser'
import { modules, terser } from './build.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const use = (plugins) => `
import { createCustomerInteraction, init } from '@felt/web'
${plugins.map((p) => `import { ${p} } from '@felt/web/${p}'`).join('\n')}
init({ endpoint: 'https://felt.example', app: 'shop', plugins: [${plugins.map((p) => `${p}()`)}] })
document.querySelector('#pay').addEventListener('click', () => {
	const pay = createCustomerInteraction('pay', { journey: 'checkout' })
	fetch('/pay').then(() => pay.complete(), (error) => pay.fail(error))
})`

const standard = ['network', 'errors', 'routes']
const everything = [...standard, 'frustration', 'vitals', 'declarative']
/** In bytes: 1 KB is 1024. */
export const budgets = [
	{ name: 'core', source: use([]), most: 6 * 1024 },
	{ name: 'standard', source: use(standard), most: 9 * 1024 },
	{ name: 'everything', source: use(everything), most: 12 * 1024 },
]

/** Bundles one page's use, and says how many bytes it is. */
async function bundle(source, options, resolveDir = root) {
	const result = await build({
		stdin: { contents: source, resolveDir, loader: 'ts' },
		bundle: true,
		minifySyntax: true,
		write: false,
		format: 'esm',
		target: 'es2021',
		platform: 'browser',
		define: { 'process.env.NODE_ENV': '"production"' },
		logLevel: 'error',
		...options,
	})
	const { code } = await minify(result.outputFiles[0].text, terser)
	return { raw: code.length, gzip: gzipSync(code, { level: 9 }).length }
}

/** The three uses, out of modules built as they are published. */
export async function own() {
	const dir = mkdtempSync(join(tmpdir(), 'felt-size-'))
	try {
		await modules(dir)
		const alias = { '@felt/web': join(dir, 'index.js') }
		for (const name of everything) alias[`@felt/web/${name}`] = join(dir, 'plugins', `${name}.js`)
		const rows = []
		for (const b of budgets)
			rows.push({ ...b, ...(await bundle(b.source, { alias, nodePaths: [join(root, 'node_modules')] })) })
		return rows
	} finally {
		rmSync(dir, { recursive: true, force: true })
	}
}

/**
 * Others, set up in sizes/ as their own first pages say. The second figure is of the nearest to what standard
 * does: requests (and what the product has with them), where that is apart.
 */
const peers = [
	['OpenTelemetry JS 3.1, OTLP/JSON exporter', 'otel3', 'with fetch instrumentation'],
	['OpenTelemetry JS 2.12, OTLP/JSON exporter', 'otel2', 'with fetch instrumentation'],
	['Elastic RUM', 'elastic'],
	['Sentry', 'sentry', 'with browser tracing'],
	['Grafana Faro', 'faro', 'with tracing'],
	['Datadog RUM', 'datadog', 'not the slim one'],
	['Honeycomb', 'honeycomb'],
	['Splunk', 'splunk'],
]

/** One file of a peer, with its own modules: each is installed alone, so none pays for another's versions. */
const peer = async (dir, file) => {
	const path = join(root, 'sizes', dir)
	return bundle(readFileSync(join(path, `${file}.js`), 'utf8'), { absWorkingDir: path }, path)
}

const released = (dir) => {
	const { dependencies } = JSON.parse(readFileSync(join(root, 'sizes', dir, 'package.json'), 'utf8'))
	const names = Object.keys(dependencies)
	const name = names.find((d) => d.includes('/sdk-trace')) || names[0]
	return `${name} ${dependencies[name]}`
}

function install(dir) {
	const cwd = join(root, 'sizes', dir)
	if (!existsSync(join(cwd, 'node_modules')))
		execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps'], {
			cwd,
			stdio: ['ignore', 'ignore', 'inherit'],
		})
}

const kb = (n) => (n / 1024).toFixed(1)

async function table(rows) {
	const lines = [
		'| | smallest use, KB gzip | more, KB gzip | more is | measured |',
		'|---|---|---|---|---|',
		`| **@felt/web** | **${kb(rows[0].gzip)}** | **${kb(rows[1].gzip)}**, **${kb(rows[2].gzip)}** | standard (requests, errors, routes), everything | this one |`,
	]
	for (const [name, dir, more] of peers) {
		install(dir)
		const least = await peer(dir, 'minimal')
		const rest = more ? await peer(dir, 'requests') : undefined
		lines.push(
			`| ${name} | ${kb(least.gzip)} | ${rest ? kb(rest.gzip) : ''} | ${more || ''} | ${released(dir)} |`,
		)
	}
	return lines.join('\n')
}

const HEADING = '## Size of the browser SDK'

/** Puts the table under its heading, instead of what is there. */
function write(text, rows) {
	const over = rows.some((r) => r.gzip > r.most) ? ', which they are as measured here' : ''
	const file = join(root, '../../docs/benchmarks.md')
	const page = readFileSync(file, 'utf8')
	const section = `${HEADING}

\`npm run size:peers\` in \`sdk/web\` (add \`-- --write\` for this page) bundles the smallest use of each
with esbuild ${esbuild} (ES2021 modules, tree-shaken), minifies it with terser as most pages do, and compresses it
with gzip -9; 1 KB is 1024 bytes. For us that is \`init\` and one interaction. The
uses are in \`sdk/web/sizes\`, each product set up as its own first page says. They do different things: several
record more than we do. \`make test-sdk\` fails when ours are over ${budgets.map((b) => b.most / 1024).join(', ')} KB${over}.
The script for a tag, with everything in it, is ${kb(script())} KB.

${text}
`
	const at = page.indexOf(HEADING)
	if (at < 0) return writeFileSync(file, `${page.trimEnd()}\n\n${section}`)
	const end = page.indexOf('\n## ', at)
	writeFileSync(file, page.slice(0, at) + section + (end < 0 ? '' : page.slice(end)))
}

/** dist/felt.js, when it was built. */
function script() {
	const file = join(root, 'dist/felt.js')
	return existsSync(file) ? gzipSync(readFileSync(file), { level: 9 }).length : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const rows = await own()
	for (const r of rows) {
		const over = r.gzip > r.most ? `  TOO BIG by ${r.gzip - r.most} bytes` : ''
		console.log(`${r.name.padEnd(12)} ${kb(r.gzip).padStart(5)} KB of ${kb(r.most)}${over}`)
	}
	if (rows.some((r) => r.gzip > r.most)) process.exitCode = 1
	if (process.argv.includes('--peers')) {
		const text = await table(rows)
		console.log(`\n${text}`)
		if (process.argv.includes('--write')) write(text, rows)
	}
}
