import { describe, expect, it } from "vitest";
import type { Freshness } from "./freshness";
import { answer, impact, incident, journey, people } from "./samples";
import { say, type Verdict, type VerdictInput, verdict, weekWords } from "./verdict";

const live: Freshness = { kind: "live", now: true, words: "" };
const now = new Date("2026-03-04T14:30:00Z");
const checkout = journey({ name: "checkout", title: "Checkout", customers: people(900, 3) });

function judge(over: Partial<VerdictInput>): Verdict {
  return verdict({ freshness: live, otlp: "http://localhost:4318", now, incidents: [], ...over });
}

/** The headline with plain spaces. */
const words = (v: Verdict): string => say(v.headline).replaceAll("\u00a0", " ");
const second = (v: Verdict): string => v.detail.join(" · ").replaceAll("\u00a0", " ");

describe("an open incident", () => {
  it("says customers with n, what, and since when", () => {
    const v = judge({ journeys: answer(checkout), incidents: [incident()] });
    expect(words(v)).toBe("412 customers (3.1 % of 13,290) could not finish Checkout since 14:23");
    expect(v.tone).toBe("failing");
    expect(second(v)).toBe("484 of 15,002 tries failed (3.2 %)");
  });

  const cases: [string, Partial<VerdictInput>, string, string][] = [
    [
      "an estimate says about, and its interval first",
      {
        incidents: [incident({ impact: impact({ method: "estimate", interval: [398.4, 425.2] }) })],
      },
      "About 412 customers (3.1 % of 13,290) could not finish checkout since 14:23",
      "95 % interval 398–425 · 484 of 15,002 tries failed (3.2 %)",
    ],
    [
      "a lower bound says at least",
      { incidents: [incident({ impact: impact({ method: "lower_bound", interval: null }) })] },
      "At least 412 customers (3.1 % of 13,290) could not finish checkout since 14:23",
      "484 of 15,002 tries failed (3.2 %)",
    ],
    [
      "sampled telemetry says at least, and about how many there were",
      {
        incidents: [
          incident({
            impact: impact({
              method: "lower_bound",
              sampled: true,
              estimated: { failed: { estimate: 640, low: 590, high: 702 } },
              interval: [590, 702],
            }),
          }),
        ],
      },
      "At least 412 customers (3.1 % of 13,290) could not finish checkout since 14:23",
      "about 640, 590–702 of sampled telemetry · 484 of 15,002 tries failed (3.2 %)",
    ],
    [
      "one is not plural; another environment and another day are named",
      {
        incidents: [
          incident({
            env: "staging",
            first_bad: "2026-03-03T23:50:00Z",
            impact: impact({
              customers: { total: 20, failed: 1, degraded: 0, recovered: 0, lost: 0, undecided: 1 },
              interactions: { failed: 1 },
            }),
          }),
        ],
      },
      "1 customer (5 % of 20) could not finish checkout in staging since yesterday 23:50",
      "1 of 1 try failed (100 %)",
    ],
    [
      "nobody failed so far",
      {
        incidents: [
          incident({
            impact: impact({
              customers: { total: 20, failed: 0, degraded: 0, recovered: 0, lost: 0, undecided: 0 },
              interactions: {},
            }),
          }),
        ],
      },
      "An incident is open on checkout, no customer failed so far since 14:23",
      "",
    ],
    [
      "the worst score speaks, the others are named",
      { incidents: [incident({ id: "i2", journey: "pay", score: 9 }), incident()] },
      "412 customers (3.1 % of 13,290) could not finish checkout since 14:23",
      "484 of 15,002 tries failed (3.2 %) · 1 more incident open: pay",
    ],
  ];
  it.each(cases)("%s", (_, over, head, detail) => {
    const v = judge(over);
    expect(words(v)).toBe(head);
    expect(second(v)).toBe(detail);
  });

  it("only degraded customers make it degraded", () => {
    const customers = { total: 50, failed: 0, degraded: 4, recovered: 0, lost: 0, undecided: 0 };
    const v = judge({ incidents: [incident({ impact: impact({ customers }) })] });
    expect(v.tone).toBe("degraded");
    expect(words(v)).toBe("4 customers (8 % of 50) were served badly by checkout since 14:23");
  });

  it("says what is felt where it is no failure", () => {
    const customers = { total: 50, failed: 2, degraded: 4, recovered: 0, lost: 0, undecided: 2 };
    const interactions = { success: 60, failed: 2, abandoned: 38, open: 9 };
    const at = (kind: string, findings: { id: string; kind: string; paging: boolean }[] = []) =>
      judge({
        incidents: [incident({ kind, findings, impact: impact({ customers, interactions }) })],
      });
    expect(words(at("funnel"))).toBe(
      "38 of 100 tries (38 %) of checkout were left unfinished since 14:23",
    );
    expect(words(at("drop"))).toBe("Fewer customers than usual come to checkout since 14:23");
    expect(words(at("silent"))).toBe("Nothing is heard of customers of checkout since 14:23");
    expect(words(at("slow"))).toBe(
      "4 customers (8 % of 50) were served badly by checkout since 14:23",
    );
    expect(at("funnel").tone).toBe("degraded");
    const fails = at("drop", [{ id: "f1", kind: "failed", paging: true }]);
    expect(words(fails)).toBe("2 customers (4 % of 50) could not finish checkout since 14:23");
    expect(fails.tone).toBe("failing");
  });

  it("is no news when a count grows, and is when another incident opens", () => {
    const grown = incident({ impact: impact({ interactions: { failed: 9999 } }) });
    const one = judge({ incidents: [incident()] }).news;
    expect(judge({ incidents: [grown] }).news).toBe(one);
    expect(judge({ incidents: [grown, incident({ id: "i9" })] }).news).not.toBe(one);
  });
});

describe("no incident", () => {
  const search = journey({ name: "search", title: "Search", customers: people(1204, 2) });
  const pay = journey({ name: "pay", title: "Pay", customers: people(80, 1) });

  it("counts exactly when the server knows the distinct total", () => {
    const all = { ...answer(checkout, search), customers: people(1204, 3) };
    const v = judge({ journeys: all });
    expect(words(v)).toBe("All 2 journeys are well: 1,204 customers in the last 5 min, 3 failed");
    expect(v.tone).toBe("ok");
  });

  it("never adds up distinct customers of several journeys", () => {
    expect(words(judge({ journeys: answer(checkout, search) }))).toBe(
      "All 2 journeys are well: at least 1,204 customers in the last 5 min, 3 to 5 failed",
    );
  });

  it("counts tries second, each once: a whole journey is no further try", () => {
    const o = { success: 90, degraded: 5, failed: 3, abandoned: 2, cancelled: 7, open: 9 };
    const step = { ...search, outcomes: o };
    expect(second(judge({ journeys: answer(step, { ...pay, outcomes: o }) }))).toBe(
      "6 of 200 tries failed (3 %)",
    );
    const whole = { ...pay, kind: "journey", outcomes: { ...o, failed: 0 } };
    expect(second(judge({ journeys: answer(step, whole) }))).toBe("3 of 100 tries failed (3 %)");
  });

  it("one journey is its own total", () => {
    expect(words(judge({ journeys: answer(search) }))).toBe(
      "Search is well: 1,204 customers in the last 5 min, 2 failed",
    );
  });

  it("a silent journey is never green", () => {
    const v = judge({ journeys: answer(search, { ...pay, state: "no_data" }) });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toMatch(/^1 of 2 journeys is well, no data from Pay: /);
  });

  it("nothing but silence", () => {
    const v = judge({
      journeys: answer({ ...pay, state: "no_data" }, { ...search, state: "no_data" }),
    });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toBe("No data from any of 2 journeys in the last minute");
  });

  it("degraded and failing journeys are named, and the silent ones too", () => {
    const rows = answer({ ...search, state: "degraded" }, checkout, { ...pay, state: "no_data" });
    const v = judge({ journeys: rows });
    expect(v.tone).toBe("degraded");
    expect(words(v)).toMatch(/^1 of 3 journeys is degraded \(Search\): /);
    expect(second(v)).toBe("No data in the last minute: Pay");
    const worse = judge({
      journeys: answer({ ...search, state: "degraded" }, { ...pay, state: "failing" }),
    });
    expect(worse.tone).toBe("failing");
    expect(words(worse)).toMatch(/^1 of 2 journeys is failing \(Pay\): /);
  });

  it("tells steps from journeys where there are both", () => {
    const whole = journey({ name: "checkout", title: "Checkout", kind: "journey" });
    const step = journey({ name: "pay", state: "failing" });
    expect(words(judge({ journeys: answer(whole, step) }))).toMatch(
      /^1 of 2 journeys and steps is failing \(pay\): /,
    );
    expect(words(judge({ journeys: answer(whole) }))).toMatch(/^Checkout is well: /);
  });

  it("telemetry that names nothing is told how to", () => {
    const v = judge({ journeys: answer() });
    expect(v.tone).toBe("unknown");
    expect(v.guide).toBe("naming");
  });

  it("is not said before the server was asked for incidents", () => {
    const v = judge({ journeys: undefined, incidents: undefined });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toMatch(/^Asking/);
  });
});

describe("what is not now is grey and says so", () => {
  const stale: Freshness = { kind: "no_data", now: false, words: "No data for 2\u00a0min" };

  it("stale", () => {
    const v = judge({ freshness: stale, journeys: answer(checkout), incidents: [incident()] });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toBe("No data for 2 min: what is shown is not now");
    expect(second(v)).toBe(
      "Last known: 412 customers (3.1 % of 13,290) could not finish Checkout since 14:23",
    );
  });

  it("stale and well is not green either", () => {
    expect(judge({ freshness: stale, journeys: answer(checkout) }).tone).toBe("unknown");
  });

  it("never any telemetry", () => {
    const v = judge({ freshness: { kind: "never", now: false, words: "No telemetry yet" } });
    expect(words(v)).toBe("No telemetry yet: point an OTLP exporter at http://localhost:4318");
    expect(v.guide).toBe("endpoint");
  });

  it("down before anything was known", () => {
    const v = judge({
      freshness: { kind: "down", now: false, words: "Felt does not answer" },
      incidents: undefined,
    });
    expect(words(v)).toBe("Felt does not answer");
    expect(second(v)).toBe("Asking again every few seconds.");
  });

  it("a replay keeps its sentence and says whose clock it is", () => {
    const v = judge({
      freshness: { kind: "replay", now: false, words: "The clock follows the data" },
      incidents: [incident()],
    });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toMatch(/^412 customers/);
    expect(second(v)).toMatch(/^The clock follows the data/);
  });
});

it("cuts a name that would fill the sentence", () => {
  const long = journey({ name: "x".repeat(200), state: "failing", customers: people(10, 1) });
  const said = judge({ journeys: answer(long) });
  expect(say(said.headline)).toContain(`(${"x".repeat(59)}…)`);
});

describe("another time", () => {
  const past: Freshness = { kind: "past", now: false, words: "Looking back at 13:00" };
  it("is grey, and what held then is said to have held then", () => {
    const v = judge({ freshness: past, journeys: answer(checkout), incidents: [] });
    expect(v.tone).toBe("unknown");
    expect(words(v)).toBe("Looking back at 13:00: what is shown is not now");
    expect(second(v)).toMatch(/^Then: Checkout is well: 900 customers in the last 5 min, 3 failed/);
  });
});

describe("a week before", () => {
  const here = answer(checkout);
  const told = (before: Parameters<typeof weekWords>[1]) =>
    weekWords(here, before).replaceAll("\u00a0", " ");
  it.each([
    [{}, "Asking for a week before…"],
    [{ error: new Error("gone") }, "A week before could not be asked for: gone"],
    [{ data: answer() }, "A week before: no data"],
    [
      { data: answer(journey({ name: "checkout", customers: people(1000, 12) })) },
      "A week before 12 customers failed (1.2 % of 1,000, now 0.3 % of 900)",
    ],
  ])("%j", (before, want) => expect(told(before)).toBe(want));
});
