// One felt and one Collector for all files; every case has an app of its own in them.

import type { TestProject } from 'vitest/node'
import { type Collector, type Felt, startCollector, startFelt } from './programs'

/** Where the programs under test are. */
export interface Places {
	api: string
	/** Where a page sends to: straight to Felt, and through the Collector. */
	direct: string
	collector: string
	/** Decodes and keeps nothing. */
	check: string
}

declare module 'vitest' {
	export interface ProvidedContext {
		places: Places
	}
}

/** How long the server waits for the span of an interaction of which it only knows that it is open. */
export const pendingAfterMs = 5000

/** The app whose journey the inventory knows. */
export const journeyApp = (way: string) => `e2e-journey-${way}`

const journey = (way: string) => `  - name: buy-${way}
    app: ${journeyApp(way)}
    steps:
      - {name: cart, match: {interaction: cart}}
      - {name: pay, match: {interaction: pay}}
`

export default async function setup(project: TestProject) {
	let felt: Felt | undefined
	let collector: Collector | undefined
	const stop = async () => {
		await collector?.stop()
		await felt?.stop()
	}
	try {
		felt = await startFelt({ 'e2e.yaml': `journeys:\n${['direct', 'collector'].map(journey).join('')}` }, [
			`--pending-after=${pendingAfterMs}ms`,
		])
		collector = await startCollector(felt.otlp)
		project.provide('places', {
			api: felt.url,
			direct: felt.otlp,
			collector: collector.otlp,
			check: collector.check,
		})
	} catch (e) {
		await stop()
		throw e
	}
	return stop
}
