import { describe, expect, it } from "vitest";
import type { CustomerAnswer, Interaction } from "./ask";
import { say } from "./verdict";
import { byDay, outcomeWords, triesCsv, wayOf, wayVerdict } from "./way";

const now = new Date("2026-03-04T15:00:00Z");

function made(over: Partial<Interaction> & { id: string }): Interaction {
  return {
    app: "shop",
    name: over.id,
    kind: "step",
    start: "2026-03-04T14:00:00Z",
    end: "2026-03-04T14:00:01Z",
    duration_ms: 1000,
    outcome: "success",
    outcome_rule: "explicit",
    retries: 0,
    identity_level: "user",
    ...over,
  };
}

const checkout = made({
  id: "j1",
  name: "checkout",
  journey: "checkout",
  kind: "journey",
  start: "2026-03-04T14:00:00Z",
  end: "2026-03-04T14:10:00Z",
  outcome: "abandoned",
  abandoned_how: "after_failure",
});
const at = (id: string, minute: string, over: Partial<Interaction> = {}) =>
  made({
    id,
    journey: "checkout",
    start: `2026-03-04T14:${minute}:00Z`,
    end: `2026-03-04T14:${minute}:01Z`,
    ...over,
  });

function answer(over: Partial<CustomerAnswer> = {}): CustomerAnswer {
  return {
    customer: "9f86d081884c7d659a2feaa0c55ad015",
    identity_level: "user",
    linked: [],
    outcomes: { success: 5, degraded: 0, failed: 0, abandoned: 0, cancelled: 0, open: 0 },
    interactions: [],
    more: false,
    days: [],
    events: [],
    facts: [],
    window: "7d",
    ...over,
  };
}

describe("the way", () => {
  it("puts tries under their journey in order of time, and the rest beside it", () => {
    const late = at("pay-later", "40");
    const search = made({ id: "search", end: "2026-03-04T14:20:00Z" });
    const way = wayOf([
      late,
      search,
      checkout,
      at("pay", "05", { outcome: "failed" }),
      at("cart", "01"),
    ]);
    expect(way.map((s) => [s.head.id, s.tries.map((t) => t.id)])).toEqual([
      ["pay-later", []],
      ["search", []],
      ["j1", ["cart", "pay"]],
    ]);
  });

  it("keeps a try out of a journey of another name", () =>
    expect(wayOf([checkout, at("login", "05", { journey: "login" })])[1]?.tries).toEqual([]));

  it("is cut into days, newest first", () => {
    const old = made({ id: "old", start: "2026-03-03T23:00:00Z", end: "2026-03-03T23:00:00Z" });
    const days = byDay(wayOf([old, checkout, at("x", "30", { journey: "" })]));
    expect(days.map((d) => [d.day.getDate(), d.stops.length])).toEqual([
      [4, 2],
      [3, 1],
    ]);
  });
});

it.each([
  ["success", "", "success"],
  ["", "", "under way"],
  ["abandoned", "after_failure", "left after a failure"],
  ["abandoned", "while_slow", "left while it was slow"],
  ["cancelled", "", "changed their mind"],
] as const)("%s %s is said as %s", (outcome, abandoned_how, want) =>
  expect(outcomeWords({ outcome, abandoned_how })).toBe(want),
);

const said = (a: CustomerAnswer) => say(wayVerdict(a, "7 d", now)).replaceAll("\u00a0", " ");

it.each([
  [answer(), "Customer 9f86d081 had no failure in 5 tries in the last 7 d"],
  [
    answer({ outcomes: { ...answer().outcomes, success: 0 } }),
    "Customer 9f86d081 did nothing in the last 7 d",
  ],
  [
    answer({
      outcomes: { ...answer().outcomes, failed: 2, degraded: 1 },
      interactions: [at("pay", "05", { outcome: "failed" })],
    }),
    "Customer 9f86d081 failed 2 of 8 tries and was served badly 1 time in the last 7 d, last pay at 14:05",
  ],
])("tells the story in a sentence (%#)", (a, want) => expect(said(a)).toBe(want));

it("never has more than the hash of a customer in the CSV", () => {
  const [head, row] = triesCsv([{ ...checkout, customer: "9f86" }]).split("\r\n");
  expect(row?.split(",")).toHaveLength(head?.split(",").length ?? 0);
  expect(row).toContain("abandoned,after_failure");
});
