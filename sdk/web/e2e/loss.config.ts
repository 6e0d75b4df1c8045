import { defineConfig } from 'vitest/config'

// 500 tabs closed, about two minutes: apart from the rest.
export default defineConfig({
	test: {
		include: ['e2e/loss/*.spec.ts'],
		environment: 'node',
		globalSetup: ['e2e/harness/setup.ts'],
		testTimeout: 600_000,
		hookTimeout: 60_000,
	},
})
