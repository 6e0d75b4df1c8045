import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'

// What page and SDK agree on by name must survive the shortening of private names.
test('names of others, and names that are stored or sent, are not shortened', async () => {
	// @ts-expect-error: plain JavaScript, without types.
	const { settings } = await import('../scripts/build.mjs')
	const { outputFiles } = buildSync({
		...settings,
		entryPoints: ['src/iife.ts'],
		write: false,
		format: 'iife',
	})
	const code = outputFiles?.[0]?.text as string
	for (const name of [
		'__sentry_original__',
		'createCustomerInteraction',
		'traceparent',
		'opentelemetry.js.api.1',
	])
		expect(code).toContain(name)
	expect(code, 'private names are').not.toMatch(/\.[a-z]+[^_\W]_\b(?!_)/)
})
