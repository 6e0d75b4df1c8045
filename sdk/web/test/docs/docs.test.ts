// The samples of the guides are code: TypeScript is checked against the sources, scripts in HTML are parsed, JSON in
// shell commands is read.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const docs = join(root, '../../docs')
const guides = ['web-quickstart.md', 'server-side.md', 'mobile.md']

interface Sample {
	guide: string
	line: number
	language: string
	code: string
}

const samples = guides.flatMap((guide): Sample[] => {
	const text = readFileSync(join(docs, guide), 'utf8')
	return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((found) => ({
		guide,
		line: text.slice(0, found.index).split('\n').length,
		language: found[1]!,
		code: found[2]!,
	}))
})

/** What is wrong with each file, as `file:line message`. */
async function check(files: Record<string, string>): Promise<string> {
	const dir = join(root, 'node_modules/.cache/felt-docs')
	rmSync(dir, { recursive: true, force: true })
	mkdirSync(dir, { recursive: true })
	for (const name in files) writeFileSync(join(dir, name), files[name]!)
	cpSync(join(import.meta.dirname, 'stand-ins.d.ts'), join(dir, 'stand-ins.d.ts'))
	const plugins = readdirSync(join(root, 'src/plugins')).map((file) => file.replace('.ts', ''))
	const paths = Object.fromEntries([
		['@felt/web', ['../../../src/index.ts']],
		['@felt/web/react', ['../../../src/react.ts']],
		...plugins.map((name) => [`@felt/web/${name}`, [`../../../src/plugins/${name}.ts`]]),
	])
	const compilerOptions = {
		rootDir: '../../..',
		paths,
		types: [],
		experimentalDecorators: true,
		noUnusedLocals: false,
	}
	writeFileSync(
		join(dir, 'tsconfig.json'),
		JSON.stringify({ extends: '../../../tsconfig.json', compilerOptions, include: ['*'] }),
	)
	const tsc = join(root, 'node_modules/.bin/tsc')
	const failed = await promisify(execFile)(tsc, ['--noEmit', '-p', dir], { cwd: dir }).catch((error) => error)
	return `${failed.stdout}`.trim()
}

const isTypeScript = ({ language }: Sample) => /^tsx?$/.test(language)

test('the TypeScript of the guides fits the SDK', { timeout: 60_000 }, async () => {
	const files = Object.fromEntries(
		samples
			.filter(isTypeScript)
			.map(({ guide, line, language, code }) => [`${guide}-${line}.${language}`, `${code}\nexport {}\n`]),
	)
	expect(Object.keys(files).length).toBeGreaterThan(12)
	expect(await check(files)).toBe('')
})

test('a sample that does not fit is found', { timeout: 60_000 }, async () => {
	const wrong = `import { init } from '@felt/web'\ninit({ endpoint: 'x', application: 'shop' })\n`
	expect(await check({ 'wrong.ts': wrong })).toContain('wrong.ts(2,')
})

test('scripts in HTML can be parsed, and the pages have nothing that a strict policy forbids', () => {
	const html = samples.filter(({ language }) => language === 'html')
	expect(html.length).toBeGreaterThan(0)
	for (const { code } of html) {
		for (const [, script] of code.matchAll(/<script[^>]*>(.*?)<\/script>/gs)) new Function(script!)
		expect(code).not.toMatch(/\son\w+=/)
	}
})

test('the script tag of the quick start works in either order', () => {
	const html = samples.find(({ code }) => code.includes('felt.ready'))!.code
	const script = /<script>(.*?)<\/script>/s.exec(html)![1]!
	const page: Record<string, unknown> = {}
	const run = () => new Function('window', `with (window) {${script}}`)(page)
	run()
	const queued = (page.felt as { q: ((felt: unknown) => void)[] }).q
	expect(queued).toHaveLength(1)
	const made: Record<string, unknown>[] = []
	const plugin = () => 'plugin'
	const loaded = {
		init: (options: Record<string, unknown>) => made.push(options),
		ready: (fn: (felt: unknown) => void) => fn(loaded),
		...Object.fromEntries(
			['network', 'errors', 'routes', 'frustration', 'vitals', 'declarative'].map((name) => [name, plugin]),
		),
	}
	queued[0]!(loaded)
	page.felt = loaded
	run()
	expect(made).toMatchObject([{ app: 'shop' }, { app: 'shop' }])
	expect(made[0]!.plugins).toHaveLength(6)
})

test('JSON in shell commands can be read', () => {
	const shell = samples.filter(({ language, code }) => language === 'sh' && code.includes("-d '"))
	expect(shell).toHaveLength(1)
	for (const { code } of shell) {
		const body = code.slice(code.indexOf("-d '") + 4, code.lastIndexOf("'")).replace(/'\$[^']*'/g, '1')
		expect(JSON.parse(body)).toHaveProperty('resourceLogs')
	}
})
