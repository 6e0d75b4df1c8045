import { defineConfig } from 'vitest/config'

// The SDK beside what pages already have. The same browser, server and Collector as the end-to-end tests.
export default defineConfig({
	test: {
		include: ['hosts/*.spec.ts'],
		environment: 'node',
		globalSetup: ['e2e/harness/setup.ts'],
		testTimeout: 60_000,
		hookTimeout: 60_000,
		maxConcurrency: 4,
		sequence: { concurrent: true },
	},
})
