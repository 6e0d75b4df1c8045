import { describe, expect, it } from "vitest";
import type { FunnelAnswer, FunnelStep } from "./ask";
import { began, funnelCsv, funnelVerdict, howLeft, rowsOf, went } from "./funnel";
import { people } from "./samples";
import { say } from "./verdict";

const none = { success: 0, degraded: 0, failed: 0, abandoned: 0, cancelled: 0, open: 0 };

function step(
  name: string,
  entered: number,
  completed: number,
  from: FunnelStep | null = null,
  over: Partial<FunnelStep> = {},
): FunnelStep {
  return {
    name,
    entered,
    completed,
    outcomes: { ...none, success: completed, failed: entered - completed },
    duration_ms: { p50: 800, p90: 2100, p99: 4000 },
    conversion: from && {
      from: from.name,
      n: from.completed,
      passed: Math.min(completed, from.completed),
      rate: from.completed ? Math.min(completed, from.completed) / from.completed : null,
    },
    ...over,
  };
}

function funnel(over: Partial<FunnelAnswer> = {}): FunnelAnswer {
  const cart = step("Cart", 1204, 1180);
  const address = step("Address", 1000, 960, cart);
  return {
    steps: [cart, address, step("Pay", 892, 820, address)],
    outcomes: { success: 800, degraded: 20, failed: 30, abandoned: 300, cancelled: 4, open: 0 },
    customers: people(1100, 71, 18),
    abandoned: { after_failure: 41, while_slow: 0, voluntarily: 259 },
    completion_rate: 820 / 1150,
    window: "24h",
    complete_until: "2026-03-04T14:30:00Z",
    ...over,
  };
}

const said = (a: FunnelAnswer) =>
  say(funnelVerdict(a, "Checkout").headline).replaceAll("\u00a0", " ");

describe("the sentence", () => {
  it("says how many who began did not get to the last step, and why", () =>
    expect(said(funnel())).toBe(
      "312 of 1,204 journeys that began at Cart did not reach Pay; 41 left after a failure",
    ));

  it("does not give up those who are still under way", () => {
    const a = funnel({ outcomes: { ...none, success: 800, abandoned: 300, open: 57 } });
    expect(said(a)).toBe(
      "312 of 1,204 journeys that began at Cart have not reached Pay; 41 left after a failure, 57 are still under way",
    );
  });

  it("says why they left when it was slow", () =>
    expect(
      said(funnel({ abandoned: { after_failure: 0, while_slow: 7, voluntarily: 293 } })),
    ).toMatch(/did not reach Pay; 7 left while it was slow$/));

  it("speaks of completion when more came in half-way than began", () => {
    const cart = step("Cart", 10, 10);
    const a = funnel({ steps: [cart, step("Pay", 30, 25, cart)] });
    expect(said(a)).toMatch(/^820 of 1,150 journeys through Checkout were completed/);
  });

  it("is grey without a journey", () => {
    const a = funnel({ outcomes: none, steps: [step("Cart", 0, 0)] });
    expect(said(a)).toBe("Nobody began Checkout in the last 24 h");
    expect(funnelVerdict(a, "Checkout").known).toBe(false);
  });

  it("has customers first and never a share without its n", () =>
    expect(
      funnelVerdict(funnel(), "Checkout").detail.map((d) => d.replaceAll("\u00a0", " ")),
    ).toEqual([
      "71 customers (6.5 % of 1,100) had a journey that failed in the last 24 h",
      "71.3 % of 1,150 decided journeys completed",
    ]));
});

it("says that every number is at least so when telemetry was sampled", () => {
  const a = funnel({ sampled: true });
  expect(funnelVerdict(a, "Checkout").detail.at(-1)).toBe(
    "at least: telemetry was sampled, and these are the journeys that were seen",
  );
});

describe("the rows", () => {
  it("convert those who completed both steps, not those who came in half-way", () => {
    const cart = step("Cart", 10, 10);
    const pay = step("Pay", 30, 25, cart);
    if (pay.conversion) pay.conversion.passed = 4;
    expect(rowsOf(funnel({ steps: [cart, pay] }))[1]?.conversion).toEqual({ k: 4, n: 10 });
  });

  it("are of those before, and of all that began", () => {
    const rows = rowsOf(funnel());
    expect(began(funnel())).toBe(1204);
    expect(rows.map((r) => [r.conversion, r.overall, r.lost])).toEqual([
      [{ k: 1180, n: 1204 }, { k: 1180, n: 1204 }, 0],
      [{ k: 960, n: 1180 }, { k: 960, n: 1204 }, 180],
      [{ k: 820, n: 960 }, { k: 820, n: 1204 }, 68],
    ]);
    expect(rows.map((r) => Math.round(r.width * 100))).toEqual([100, 83, 74]);
  });

  it("call nobody lost at a step that is optional", () => {
    const cart = step("Cart", 100, 100);
    const a = funnel({ steps: [cart, step("Voucher", 10, 10, cart, { optional: true })] });
    expect(rowsOf(a)[1]?.lost).toBe(0);
  });

  it("hold without any journey", () =>
    expect(rowsOf(funnel({ steps: [step("Cart", 0, 0)] }))[0]).toMatchObject({ width: 0 }));
});

it.each([
  [{ k: 820, n: 1204 }, "68.1 % of 1,204"],
  [{ k: 8, n: 10 }, "80 % of 10 (49–94 %)"],
  [{ k: 30, n: 10 }, "30 of 10, some came in here"],
  [{ k: 0, n: 0 }, "nobody came"],
  [{ k: 3, n: 0 }, "3, all came in here"],
])("%j went: %s", (share, want) => expect(went(share).replaceAll("\u00a0", " ")).toBe(want));

it("lists the ways of leaving, most first", () =>
  expect(howLeft(funnel()).map((h) => [h.how, h.n])).toEqual([
    ["voluntarily", 259],
    ["after_failure", 41],
    ["while_slow", 0],
  ]));

it("is a CSV of as many cells in each row", () => {
  const lines = funnelCsv(funnel()).trim().split("\r\n");
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line.split(",")).toHaveLength(16);
  expect(lines[1]).toMatch(/^Cart,1204,1180,0\.98\d+,0\.98\d+,1180,0,24,/);
});
