// What the inventory's own page says. Apart from inventory.ts, which every page loads.

import { int, plural, span } from "./format";
import type { InventoryAnswer, Objective } from "./inventory";
import type { Run, Tone } from "./verdict";

/** objectiveWords is "success 99.5 % over 28 d". */
export function objectiveWords(o: Objective): string {
  const slow = o.threshold_ms ? ` within ${span(o.threshold_ms / 1000)}` : "";
  // Targets are written by people: 0.9995 is 99.95 %, never rounded up to all.
  const target = Number((o.target * 100).toFixed(6));
  return `${o.kind || o.name}${slow} ${target}\u00a0% over ${span(o.window_ms / 1000)}`;
}

/** placeWords says where the files are, or would be. */
export function placeWords(a: InventoryAnswer): string {
  return a.by && a.by !== "files"
    ? `built in, by the ${a.by}: files in ${a.dir} take its place`
    : `files in ${a.dir}`;
}

/** inventoryVerdict says what runs and what is missing in it. */
export function inventoryVerdict(
  a: InventoryAnswer,
  unmapped: number | undefined,
): { tone: Tone; headline: Run[]; detail: string } {
  const seen =
    unmapped === undefined
      ? ""
      : unmapped === 0
        ? "nothing is seen that is in no journey"
        : `${int(unmapped)} seen and in no journey`;
  if (a.newest === false)
    return {
      tone: "degraded",
      headline: [
        { text: plural(a.errors, "error"), strong: true },
        {
          text: ` in the newest text: ${a.version > 0 ? `version ${int(a.version)} still rules` : "no inventory rules"}`,
        },
      ],
      detail: seen,
    };
  if (a.version === 0)
    return {
      tone: "unknown",
      headline: [
        { text: "No inventory", strong: true },
        { text: ": what telemetry names is counted, and nothing more is known of it" },
      ],
      detail: seen,
    };
  const steps = a.journeys.reduce((n, j) => n + (j.steps?.length ?? 0), 0);
  const unowned = a.journeys.filter((j) => !j.team && !j.owners?.length).length;
  return {
    tone: "ok",
    headline: [
      { text: plural(a.journeys.length, "journey"), strong: true },
      { text: ` with ${plural(steps, "step")} in version ${int(a.version)}` },
      { text: unowned > 0 ? `; ${int(unowned)} without an owner` : "" },
    ],
    detail: [a.warnings > 0 ? plural(a.warnings, "warning") : "", seen].filter(Boolean).join(" · "),
  };
}
