import { describe, expect, it } from "vitest";
import { bannerOf, type InventoryAnswer, type Problem, place } from "./inventory";
import { inventoryVerdict, objectiveWords } from "./inventoryWords";
import { say } from "./verdict";

const now = new Date("2026-03-04T15:00:00Z");

const problem = (over: Partial<Problem> = {}): Problem => ({
  file: "checkout.yaml",
  line: 12,
  column: 5,
  severity: "error",
  check: "unknown-key",
  message: 'unknown key "stepps"',
  suggestion: 'did you mean "steps"?',
  ...over,
});

function inventory(over: Partial<InventoryAnswer> = {}): InventoryAnswer {
  return {
    version: 7,
    newest: true,
    errors: 0,
    warnings: 0,
    loaded: "2026-03-04T13:00:00Z",
    journeys: [],
    problems: [],
    ...over,
  };
}

const bad = (over: Partial<InventoryAnswer> = {}) =>
  inventory({
    newest: false,
    errors: 2,
    problems: [problem({ severity: "warning", line: 1 }), problem(), problem({ line: 20 })],
    ...over,
  });
const banner = (a: InventoryAnswer | undefined) => bannerOf(a, now)?.replaceAll("\u00a0", " ");

describe("the banner", () => {
  it("says what runs, what is wrong and where", () =>
    expect(banner(bad({ edited: "2026-03-04T14:23:10Z" }))).toBe(
      'The running inventory is version 7; the edit of 14:23 has 2 errors: checkout.yaml:12:5: unknown key "stepps", …',
    ));
  it("makes no time up", () =>
    expect(banner(bad({ errors: 1, problems: [problem()] }))).toBe(
      'The running inventory is version 7; the newest edit has 1 error: checkout.yaml:12:5: unknown key "stepps"',
    ));
  it("says when nothing runs at all", () =>
    expect(banner(bad({ version: 0 }))).toMatch(/^No inventory is running; /));
  it.each([
    ["not known", undefined],
    ["good", inventory()],
    ["warned of", inventory({ warnings: 1, problems: [problem({ severity: "warning" })] })],
    ["not there", inventory({ version: 0 })],
  ])("is silent when the inventory is %s", (_, a) => expect(banner(a)).toBeUndefined());
});

it.each([
  [{}, "checkout.yaml:12:5"],
  [{ column: 0 }, "checkout.yaml:12"],
  [{ line: 0, column: 0 }, "checkout.yaml"],
])("%j is at %s", (over, want) => expect(place(problem(over))).toBe(want));

it.each([
  [
    { name: "a", kind: "success", target: 0.9995, window_ms: 28 * 86_400_000 },
    "success 99.95 % over 28 d",
  ],
  [
    { name: "a", kind: "latency", target: 0.95, window_ms: 3_600_000, threshold_ms: 2000 },
    "latency within 2 s 95 % over 1 h",
  ],
])("%j is %s", (o, want) => expect(objectiveWords(o).replaceAll("\u00a0", " ")).toBe(want));

const journey = (name: string, team: string) => ({
  name,
  title: name,
  criticality: 3,
  team,
  owners: null,
  correlate: "session",
  steps: [
    { name: "a", interaction: "a", match: "interaction a" },
    { name: "b", interaction: "b", match: "interaction b" },
  ],
  success_when: "",
  degraded_when: "",
  timeout_ms: 1_800_000,
  objectives: null,
});

it.each([
  [
    inventory({ journeys: [journey("checkout", "Payments"), journey("login", "")] }),
    "ok",
    "2 journeys with 4 steps in version 7; 1 without an owner",
  ],
  [bad(), "degraded", "2 errors in the newest text: version 7 still rules"],
  [
    inventory({ version: 0 }),
    "unknown",
    "No inventory: what telemetry names is counted, and nothing more is known of it",
  ],
] as const)("the page says so (%#)", (a, tone, want) => {
  const said = inventoryVerdict(a, 5);
  expect(said.tone).toBe(tone);
  expect(say(said.headline).replaceAll("\u00a0", " ")).toBe(want);
  expect(said.detail).toBe("5 seen and in no journey");
});
