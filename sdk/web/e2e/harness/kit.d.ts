// What the page of the tests (pages/page.js) puts on its window.

import type * as sdk from '../../src/index'
import type { CustomerInteraction, Delivery, Ended, Felt, Frustration } from '../../src/types'

declare global {
	interface Window {
		kit: {
			ready: boolean
			sdk: typeof sdk
			/** Begins with the page's options, where it has not. */
			start(): void
			felt: Felt
			/** Interactions that a test keeps from one step to the next. */
			open: Record<string, CustomerInteraction>
			ended: Ended[]
			delivery: Delivery[]
			frustration: Frustration[]
			debug: string[]
		}
	}
}
