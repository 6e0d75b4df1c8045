import { describe, expect, it } from "vitest";
import {
  against,
  burnSentence,
  burnWords,
  type Change,
  changesCsv,
  changeWords,
  concerns,
  folded,
  hitNow,
  hurtMost,
  incidentsCsv,
  matches,
  shortList,
  sparkBars,
  sparkWords,
  uncounted,
  worstStep,
} from "./now";
import { incident, journey, people } from "./samples";

const plain = (text: string) => text.replaceAll("\u00a0", " ");
const now = new Date("2026-03-04T14:30:00Z");

describe("a day", () => {
  const day = { bad: [0, 5, 30, 1, 0], n: [100, 100, 100, 2, 0] };

  it("is as high as its share, of what is said by enough tries", () => {
    const { bars, gaps, top } = sparkBars(day);
    expect(top).toBe(0.3);
    expect(bars.map((b) => [b.x, Math.round(b.height * 100), b.thin])).toEqual([
      [1, 17, false],
      [2, 100, false],
      [3, 100, true], // half of two tries is cut, and drawn as little worth
    ]);
    expect(gaps).toEqual([4]);
  });

  it("is pale where it is as every hour of the day, and not where it is more", () => {
    const { bars } = sparkBars({ bad: [30, 31, 29, 33, 60], n: [100, 100, 100, 100, 100] });
    expect(bars.map((b) => b.thin)).toEqual([true, true, true, true, false]);
  });

  it("does not make a mountain of the usual", () => {
    const { bars, top } = sparkBars({ bad: [1], n: [1000] });
    expect(top).toBe(0.1);
    expect(bars[0]?.height).toBeCloseTo(0.01);
  });

  it.each([
    [day, "11.9 % of 302 bad in 24 h, worst 30 % of 100 from 01:30"],
    [{ bad: [0, 0], n: [4, 0] }, "none of 4 tries was bad in 24 h"],
    [{ bad: [0], n: [0] }, "nobody tried in 24 h"],
  ])("%j is told", (d, want) =>
    expect(plain(sparkWords(d, Date.parse("2026-03-04T00:30:00Z"), 1_800_000, now))).toBe(want),
  );
});

describe("burn", () => {
  it.each([
    [0, "0×"],
    [0.04, "<0.1×"],
    [0.26, "0.3×"],
    [1, "1×"],
    [9.96, "10×"],
    [14.4, "14×"],
    [1200, "1,200×"],
  ])("%d is %s", (rate, want) => expect(burnWords(rate)).toBe(want));

  it("is a sentence with its numbers", () =>
    expect(
      plain(
        burnSentence({
          objective: "orders",
          rate: 14.4,
          bad: 72,
          n: 1000,
          count: "customers",
          fast: true,
        }),
      ),
    ).toBe(
      "Objective orders: 72 of 1,000 customers in the last hour were not good; the budget burns at 14× the rate that lasts",
    ));
});

describe("against a week before", () => {
  const at = (rate: number | null) => journey({ name: "pay", completion_rate: rate });
  it.each([
    [0.99, 0.98, "+1 points against 98 %"],
    [0.9, 0.994, "−9.4 points against 99.4 %"],
    [0.9, 0.9001, "±0 points against 90 %"],
  ])("%d against %d", (a, b, want) => expect(plain(against(at(a), at(b)))).toBe(want));

  it.each([[undefined], [at(null)]])("%j is nothing to compare", (then) =>
    expect(against(at(1), then)).toBe("no week to compare"),
  );
});

describe("a change", () => {
  const c = (over: Partial<Change>): Change => ({
    id: "d",
    kind: "deploy",
    started: "2026-03-04T14:00:00Z",
    ...over,
  });
  it.each([
    [{ services: ["web"], version: "5.2", previous: "5.1" }, "web 5.2 (was 5.1)"],
    [{ app: "shop", version: "new-cart on" }, "shop new-cart on"],
    [{ services: ["a", "b"], region: "eu" }, "a, b in eu"],
    [{}, "everything"],
  ])("%j is %s", (over, want) => expect(changeWords(c(over))).toBe(want));

  it("concerns its own app, or everybody's when it names none", () => {
    expect(concerns(c({ app: "shop" }), "shop")).toBe(true);
    expect(concerns(c({ app: "shop" }), "bank")).toBe(false);
    expect(concerns(c({}), "bank")).toBe(true);
    expect(concerns(c({ app: "shop" }), "")).toBe(true);
  });

  it("is a row of a table, with nothing that a spreadsheet would run", () =>
    expect(changesCsv([c({ author: "=cmd()", services: ["a", "b"] })]).split("\r\n")[1]).toBe(
      "d,deploy,,a b,,,,2026-03-04T14:00:00Z,,'=cmd(),",
    ));
});

describe("the list", () => {
  const rows = (failing: number, well: number) => [
    ...Array.from({ length: failing }, (_, i) => journey({ name: `f${i}`, state: "failing" })),
    ...Array.from({ length: well }, (_, i) => journey({ name: `w${i}` })),
  ];
  it.each([
    [0, 300, 8],
    [12, 300, 12],
    [40, 300, 16],
    [0, 3, 3],
  ])("%d failing of %d more shows %d", (bad, well, want) =>
    expect(shortList(rows(bad, well), 8, 16)).toHaveLength(want),
  );

  it("finds every word in name, app or owner", () => {
    const j = journey({ name: "pay", title: "Pay by card", owner: "Payments" });
    for (const typed of ["card", "SHOP pay", "payments", ""]) expect(matches(j, typed)).toBe(true);
    for (const typed of ["bank", "pay bank"]) expect(matches(j, typed)).toBe(false);
  });
});

it("knows how many an incident hits now, where its journey is on the page", () => {
  const here = journey({ name: "checkout", customers: people(100, 7) });
  expect(hitNow(incident(), [here])?.failed).toBe(7);
  expect(hitNow(incident({ app: "bank" }), [here])).toBeUndefined();
});

it("writes incidents as rows", () => {
  const row = incidentsCsv([{ ...incident(), priority: "P1", commander: "ana" }]).split("\r\n")[1];
  expect(row).toBe("i1,P1,72,open,,,2026-03-04T14:23:00Z,,412,20,13290,120,31,ana");
});

describe("journeys and their steps", () => {
  const row = (kind: string, name: string, failed: number, of: string[], state = "failing") => ({
    ...journey({ name, kind, app: "shop", journeys: of, state: state as "failing" }),
    customers: people(100, failed),
    hour: { customers: people(100, failed), outcomes: journey({ name }).outcomes },
  });
  const rows = [
    row("journey", "checkout", 0, []),
    row("step", "cart", 3, ["checkout"]),
    row("step", "pay", 40, ["checkout"]),
    row("journey", "search", 7, []),
    row("step", "search", 7, ["search"]),
    row("step", "login", 9, ["login"]),
    row("journey", "calm", 0, [], "ok"),
    row("step", "late", 2, ["calm"]),
  ];
  const whole = (name: string) =>
    rows.find((r) => r.kind === "journey" && r.name === name) as (typeof rows)[0];

  it("are not told twice when there is one step of the same name", () =>
    expect(folded(rows).map((r) => `${r.kind} ${r.name}`)).toEqual([
      "journey checkout",
      "step cart",
      "step pay",
      "journey search",
      "step login",
      "journey calm",
      "step late",
    ]));

  it.each([
    ["checkout", "pay"],
    ["search", undefined],
    ["calm", undefined],
  ])("where more customers fail than in the whole of %s is %s", (name, want) =>
    expect(worstStep(whole(name), rows)?.name).toBe(want),
  );
});

it.each([
  ["failed", 3, 9, "3 failed"],
  ["degraded", 3, 9, "9 served badly"],
  ["slow", 9, 3, "9 failed"],
])("%s with %d failed and %d degraded hurt %s", (kind, failed, degraded, want) => {
  const i = incident({ kind });
  i.impact.customers = { ...i.impact.customers, failed, degraded };
  const { n, word } = hurtMost(i);
  expect(`${n} ${word}`).toBe(want);
});

it("whom nobody counts is said, and who was counted is", () => {
  expect(uncounted(incident())).toBe("");
  expect(uncounted(incident({ impact_unknown: "too old" }))).toBe("too old");
  const bare = incident({ journey: "" });
  bare.impact.customers = { ...bare.impact.customers, total: 0, failed: 0 };
  expect(uncounted(bare)).toMatch(/names no journey/);
  const quiet = incident();
  quiet.impact.customers = { ...quiet.impact.customers, total: 0, failed: 0 };
  expect(uncounted(quiet)).toBe("");
});
