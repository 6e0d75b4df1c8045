/** How a try ended for the customer. What decides is in interaction.ts: judge and thrown. */
import type { Outcome } from './types'

/** The outcome, and a short word that groups. */
export type Verdict = readonly [Outcome, string?]

/** A step that went wrong: its name, whether it worked all the same, what it makes of its interaction. */
export type Bad = readonly [string, boolean, Verdict]

export const DONE: Verdict = ['success']
export const TIMEOUT: Verdict = ['failed', 'timeout']
