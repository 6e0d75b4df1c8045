import { defineConfig } from 'vitest/config'

// Real browsers against one real server and one real Collector. Most of the time is waiting, so the cases
// of a file run together; files run one after the other, because all share two cores.
export default defineConfig({
	test: {
		include: ['e2e/*.spec.ts'],
		environment: 'node',
		globalSetup: ['e2e/harness/setup.ts'],
		testTimeout: 60_000,
		hookTimeout: 60_000,
		fileParallelism: false,
		maxConcurrency: 6,
		sequence: { concurrent: true },
	},
})
