import type { JourneyState } from "../api";
import type { Interaction } from "../ask";
import { Shape } from "../parts/Mark";
import { outcomeWords } from "../way";

const shapes: Record<string, JourneyState> = {
  success: "ok",
  degraded: "degraded",
  failed: "failing",
};

/** How a try ended, by shape, word and colour; what is open or left has no colour. */
export function Outcome({ of }: { of: Pick<Interaction, "outcome" | "abandoned_how"> }) {
  const state = shapes[of.outcome] ?? "no_data";
  return (
    <span className={`mark is-${state}`}>
      <Shape state={state} />
      {outcomeWords(of)}
    </span>
  );
}
