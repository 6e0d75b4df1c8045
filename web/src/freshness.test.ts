import { describe, expect, it } from "vitest";
import type { Health } from "./api";
import { assess, clockNow, dropped, type FreshInput } from "./freshness";

const at = Date.parse("2026-03-04T14:30:00Z");
const ago = (seconds: number): string => new Date(at - seconds * 1000).toISOString();
const health = (over: Partial<Health> = {}): Health => ({
  as_of: ago(0),
  complete_until: ago(12),
  lag_seconds: 1,
  last_event: ago(1),
  receiving: true,
  clock: "wall",
  skew: 0,
  ...over,
});

describe("may it be believed", () => {
  const cases: [string, Partial<FreshInput>, string, string][] = [
    ["fresh", { health: health() }, "live", ""],
    ["nothing asked yet", {}, "loading", "Asking Felt"],
    ["never answered", { error: "no connection" }, "down", "Felt does not answer"],
    ["no token", { error: "not allowed (401)" }, "down", "Felt wants a token"],
    [
      "no answer any more",
      { error: "x", health: health(), answered: at - 20_000 },
      "down",
      "Felt has not answered since 14:29:40",
    ],
    [
      "down beats frozen",
      { error: "x", health: health(), frozen: at },
      "down",
      "Felt does not answer",
    ],
    ["frozen", { health: health(), frozen: at - 60_000 }, "frozen", "Frozen at 14:29:00"],
    [
      "never any telemetry",
      { health: health({ last_event: null, receiving: false }) },
      "never",
      "No telemetry yet",
    ],
    [
      "nothing since a restart",
      { health: health({ last_event: null, receiving: false, processed: { events: 60 } }) },
      "no_data",
      "No data since Felt was started",
    ],
    [
      "the first is on its way",
      { health: health({ last_event: null }) },
      "behind",
      "The first telemetry is being worked off",
    ],
    ["a minute is still now", { health: health({ last_event: ago(60) }) }, "live", ""],
    [
      "telemetry stopped",
      { health: health({ last_event: ago(125) }) },
      "no_data",
      "No data for 2 min",
    ],
    ["behind", { health: health({ lag_seconds: 95 }) }, "behind", "Felt is 1 min behind"],
    [
      "a replay",
      { health: health({ clock: "event", last_event: ago(86_400) }) },
      "replay",
      "The clock follows the data and stands at yesterday 14:30",
    ],
    [
      "a browser that is two minutes fast",
      { health: health({ skew: -120_000, last_event: ago(121) }) },
      "live",
      "",
    ],
    [
      "a browser that is two minutes slow",
      { health: health({ skew: 120_000 }) },
      "no_data",
      "No data for 2 min",
    ],
  ];
  it.each(cases)("%s", (_, over, kind, words) => {
    const got = assess({ answered: 0, at, ...over });
    expect(got.kind).toBe(kind);
    expect(got.words.replaceAll("\u00a0", " ")).toBe(words);
    expect(got.now).toBe(kind === "live");
  });
});

it("the data's time is the server's, or in a replay the data's own", () => {
  expect(clockNow(undefined, at)).toBe(at);
  expect(clockNow(health({ skew: 5000 }), at)).toBe(at + 5000);
  expect(clockNow(health({ clock: "event", complete_until: ago(90) }), at)).toBe(at - 90_000);
});

it("drops of all kinds are added up", () => {
  expect(dropped(undefined)).toBe(0);
  expect(dropped(health({ drops: { spans: 120, attributes: 4 } }))).toBe(124);
});
