import { defineConfig } from 'vitest/config'

// Times, printed. They are held by nothing: a busy machine is no fault.
export default defineConfig({
	test: {
		include: ['e2e/bench/*.bench.ts'],
		environment: 'node',
		testTimeout: 3_600_000,
		hookTimeout: 60_000,
		fileParallelism: false,
		disableConsoleIntercept: true,
	},
})
