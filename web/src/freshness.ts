// May what is on the page be believed as "now"? Everything that is not plainly live
// makes the page grey and is said in words.

import type { Health } from "./api";
import { clock, date, span } from "./format";

/** Without an event for this long (seconds) the numbers are not now. */
export const noDataAfter = 60;
/** Further behind than this (seconds) the numbers are not now. */
export const behindAfter = 30;

export type FreshKind =
  | "loading" // the first answer is still on its way
  | "down" // the server does not answer
  | "frozen" // the reader stopped the page
  | "past" // the reader looks at another time
  | "never" // no telemetry has ever arrived
  | "no_data" // telemetry stopped
  | "behind" // telemetry arrives faster than it is worked off
  | "replay" // the clock follows the data: nothing is "now"
  | "live";

export interface Freshness {
  kind: FreshKind;
  /** True when the numbers are those of this moment. */
  now: boolean;
  /** What is wrong, as the first words of a sentence; "" when live. */
  words: string;
}

export interface FreshInput {
  health?: Health;
  /** Why the last question failed, if it did. */
  error?: string;
  /** When the server last answered, browser's clock, milliseconds; 0 for never. */
  answered: number;
  /** When the reader froze the page, browser's clock, milliseconds. */
  frozen?: number;
  /** Where the window ends that the reader looks at, milliseconds; left out: now. */
  pinned?: number;
  /** Browser's clock, milliseconds. */
  at: number;
}

const not = (kind: FreshKind, words: string): Freshness => ({ kind, now: false, words });

export function assess({ health, error, answered, frozen, pinned, at }: FreshInput): Freshness {
  if (error !== undefined) {
    // As api.ts words it.
    if (error.endsWith("(401)")) return not("down", "Felt wants a token");
    if (answered <= 0) return not("down", "Felt does not answer");
    return not(
      "down",
      `Felt has not answered since ${clock(new Date(answered), new Date(at), true)}`,
    );
  }
  if (!health) return not("loading", "Asking Felt");
  if (frozen !== undefined)
    return not("frozen", `Frozen at ${clock(new Date(frozen), new Date(at), true)}`);
  const last = date(health.last_event);
  if (pinned !== undefined && last)
    return not("past", `Looking back at ${clock(new Date(pinned), new Date(at))}`);
  if (!last)
    return health.receiving
      ? not("behind", "The first telemetry is being worked off")
      : health.processed?.events
        ? not("no_data", "No data since Felt was started")
        : not("never", "No telemetry yet");
  if (health.clock === "event")
    return not("replay", `The clock follows the data and stands at ${clock(last, new Date(at))}`);
  const age = (at + health.skew - last.getTime()) / 1000;
  if (age > noDataAfter) return not("no_data", `No data for ${span(age)}`);
  const lag = health.lag_seconds ?? 0;
  if (lag > behindAfter) return not("behind", `Felt is ${span(lag)} behind`);
  return { kind: "live", now: true, words: "" };
}

/** clockNow is the time the data lives in: the server's, or in a replay the data's own. */
export function clockNow(health: Health | undefined, at: number): number {
  const until = date(health?.complete_until) ?? date(health?.last_event);
  if (health?.clock === "event" && until) return until.getTime();
  return at + (health?.skew ?? 0);
}

/** dropped is everything the door dropped, of all kinds. */
export function dropped(health: Health | undefined): number {
  return Object.values(health?.drops ?? {}).reduce((sum, n) => sum + (Number(n) || 0), 0);
}
