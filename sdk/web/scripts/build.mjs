// Builds dist/: ES modules with types and source maps, and the script for a tag.
//
// The modules are bundled together, so that what they share is one chunk and private properties, whose
// names end in one `_`, can be shortened everywhere at once. Names and syntax are left to the page's own
// bundler; the script for a tag is minified here.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { minify } from 'terser'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

/** What every build of the sources shares, here and in size.mjs. */
export const settings = {
	absWorkingDir: root,
	bundle: true,
	target: 'es2021',
	// React's hook is for React's bundlers; nothing here reads process.env.
	platform: 'browser',
	// One underscore: names of others end in two (Sentry's, zone.js's).
	mangleProps: /[^_]_$/,
	logLevel: 'warning',
}

/** How the script for a tag is minified, and a page's own bundle when sizes are measured. */
export const terser = { module: true, compress: { passes: 2 } }

export function entries() {
	const plugins = readdirSync(join(root, 'src/plugins')).filter((f) => f.endsWith('.ts'))
	return ['src/index.ts', ...plugins.map((f) => `src/plugins/${f}`), 'src/react.ts', 'src/react.tsx'].filter(
		(f) => existsSync(join(root, f)),
	)
}

export async function modules(outdir) {
	await build({
		...settings,
		entryPoints: entries(),
		outbase: 'src',
		outdir,
		format: 'esm',
		splitting: true,
		chunkNames: 'shared/[name]-[hash]',
		external: ['react', 'web-vitals'],
		jsx: 'automatic',
		sourcemap: true,
	})
}

async function script(name, outfile) {
	const { outputFiles } = await build({
		...settings,
		entryPoints: [name],
		outfile,
		write: false,
		format: 'iife',
		minifySyntax: true,
		sourcemap: 'external',
	})
	const [map, js] = outputFiles
	const url = `${basename(outfile)}.map`
	const { code, map: mapped } = await minify(js.text, {
		...terser,
		sourceMap: { content: map.text, filename: basename(outfile), url },
	})
	writeFileSync(outfile, code)
	writeFileSync(`${outfile}.map`, mapped)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	rmSync(dist, { recursive: true, force: true })
	await modules(dist)
	await script('src/iife.ts', join(dist, 'felt.js'))
	await script('src/queue.ts', join(dist, 'queue.js'))
	const tsc = createRequire(import.meta.url).resolve('typescript/package.json')
	execFileSync(process.execPath, [join(dirname(tsc), 'bin/tsc'), '-p', 'tsconfig.build.json'], {
		cwd: root,
		stdio: 'inherit',
	})
}
