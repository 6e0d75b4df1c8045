// Builds the page twice: as it is, and as the release in which nobody can pay.
import { copyFile, mkdir, rm } from 'node:fs/promises'
import { build } from 'esbuild'

await rm('dist', { recursive: true, force: true })
await mkdir('dist')
for (const broken of [false, true]) {
	await build({
		entryPoints: ['src/main.ts'],
		outfile: `dist/shop${broken ? '-broken' : ''}.js`,
		bundle: true,
		minify: true,
		sourcemap: true,
		format: 'esm',
		target: 'es2022',
		legalComments: 'none',
		// The SDK's parts have no side effects, and say so; that one part names another is no mistake.
		logOverride: { 'ignored-bare-import': 'silent' },
		define: { BROKEN_RELEASE: String(broken) },
	})
}
await copyFile('src/shop.css', 'dist/shop.css')
