import type { Freshness } from "../freshness";
import type { Pulse } from "../queries";
import type { Window } from "../url";

/** What the frame tells every view; the rest it reads from the address. */
export interface ViewProps {
  window: Window;
  env: string | undefined;
  pulse: Pulse;
  fresh: Freshness;
  /** The time the data lives in. */
  now: Date;
}
