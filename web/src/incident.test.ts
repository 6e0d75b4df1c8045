import { describe, expect, it } from "vitest";
import { type Case, commanded } from "../e2e/commander";
import {
  better,
  budgetWords,
  type Commanded,
  controlWords,
  criterion,
  done,
  felt,
  first,
  hurtBy,
  leadWords,
  money,
  nextStep,
  othersWords,
  partWords,
  real,
  type Suspect,
  scopeOf,
  weightWords,
  whole,
} from "./incident";
import { lineWords, measureOf, picture, rangeOf, tellColumn } from "./recoveryChart";

const now = new Date();
const of = (kind: Case) => commanded(kind, []);
const plain = (s: string) => s.replaceAll("\u00a0", " ");

describe("what is felt", () => {
  it.each([
    ["usual", "failed"],
    ["degraded", "degraded"],
    ["declared", "declared"],
  ] as const)("%s is %s", (kind, want) => expect(felt(of(kind))).toBe(want));
  it("less of a drop, until they fail too", () => {
    const drop = { kind: "drop", source: "detected", findings: [{ id: "f", kind: "drop" }] };
    expect(felt(drop)).toBe("less");
    expect(felt({ ...drop, findings: [{ id: "g", kind: "failed", paging: true }] })).toBe("failed");
  });
  it("counts those served badly where they are more", () => {
    expect(hurtBy("degraded", { total: 9, failed: 1, degraded: 5 })).toEqual({
      n: 5,
      word: "served badly",
    });
    expect(hurtBy("failed", { total: 9, failed: 1, degraded: 5 })).toEqual({
      n: 1,
      word: "failed",
    });
  });
});

describe("is it real", () => {
  it("rests on a finding of paging class that lasts", () => {
    expect(real(of("usual"), now)).toEqual({
      words: "158 of 1,002 tries failed in the last minute (0.3 % in the hour before)",
      sure: true,
    });
  });
  it("is not sure of what was declared, called noise, or is over", () => {
    expect(real(of("declared"), now)).toMatchObject({ sure: false });
    expect(real({ ...of("usual"), verdict: "noise" }, now)).toMatchObject({ sure: false });
    expect(real(of("resolved"), now).words).toMatch(/no finding lasts since/);
    expect(real(of("bare"), now).words).toBe("What opened it is not kept");
  });
  it("says how many more there are", () => {
    expect(plain(real(of("storm"), now).words)).toMatch(/; and 59 more findings$/);
  });
});

describe("what to do next", () => {
  const i = of("usual");
  const acked = { ...i, status: "acknowledged" as const };
  const led = { ...acked, commander: "Ana" };
  it.each([
    ["acknowledge", i, "acknowledge"],
    ["take command", acked, "command"],
    ["resolve", of("recovered"), "resolve"],
    ["verdict", of("resolved"), "verdict"],
    ["cause", { ...led, suspects: [], plan: [] }, "cause"],
    ["mitigated", { ...led, suspects: [], plan: [], cause: { note: "x" } }, "mitigated"],
  ] as [string, Commanded, string][])("%s", (_, given, act) =>
    expect(nextStep(given).act).toBe(act),
  );
  it("looks at a suspect for which much speaks, then at the plan", () => {
    expect(nextStep(led).words).toBe(
      "Look at web@5f3c first; then: Roll back the last deploy of web.",
    );
    const known = { ...led, cause: { change: "d1" } };
    expect(nextStep(known).words).toBe("Roll back the last deploy of web.");
    const rolled = {
      ...known,
      timeline: [
        {
          at: now.toISOString(),
          kind: "decision",
          text: "Done: Roll back the last deploy of web",
          actor: "Ana",
        },
      ],
    };
    expect(nextStep(rolled).words).toBe("Turn the flag new-basket off.");
    expect(done(rolled, "Roll back the last deploy of web")?.by).toBe("Ana");
    expect(done(rolled, "Turn the flag new-basket off")).toBeNull();
  });
  it("is nothing when it is over and judged", () => {
    expect(nextStep({ ...of("resolved"), verdict: "real" })).toEqual({
      words: "Nothing: it is over.",
    });
  });
});

describe("words of evidence", () => {
  const [hit] = of("usual").hit;
  const s = of("usual").suspects[0] as Suspect;
  it("never gives a share without its n", () => {
    expect(plain(partWords(hit as never))).toBe("16.8 % of 2,210 tries");
    expect(partWords({ ...(hit as never as object), n: 0, bad: 0 } as never)).toBe("nobody came");
    expect(plain(othersWords(hit as never))).toBe("all others 0.4 % of 11,080");
    expect(
      plain(
        partWords({ ...(hit as never as object), n: 40, bad: 10, low: 0.14, high: 0.4 } as never),
      ),
    ).toBe("25 % of 40 tries (14–40 %)");
    expect(othersWords({ other_n: 0 } as never)).toBe("nobody else came");
  });
  it("tells before from after, and touched from untouched", () => {
    expect(plain(leadWords(s))).toBe("2 min before the first harm");
    expect(plain(leadWords({ ...s, lead_ms: -30_000 }))).toBe("30 s after the first harm");
    expect(leadWords({ ...s, lead_ms: null })).toBe("");
    expect(plain(controlWords(s))).toBe(
      "touched: 9.8 % of 4,120 bad; untouched at the same time: 0.1 % of 9,170",
    );
    expect(controlWords({ ...s, control_n: 0 })).toMatch(/only the time speaks/);
    expect([0.9, 0.6, 0.2].map(weightWords)).toEqual([
      "much speaks for it",
      "some speaks for it",
      "little speaks for it",
    ]);
  });
});

describe("is it getting better", () => {
  it("says what the server says, and never that all is well without it", () => {
    expect(better(of("usual"), now)).toMatchObject({ good: false });
    expect(better(of("recovered"), now)).toMatchObject({ good: true });
    expect(better(of("early"), now)).toMatchObject({ good: null });
    expect(better({ ...of("resolved"), recovered: null }, now).words).toMatch(
      /had not been seen to recover/,
    );
  });
  it("says the criterion in one sentence", () => {
    expect(plain(criterion(of("usual").recovery as never))).toBe(
      "Recovered once, for 5 min and 30 tries: ≤ 1.2 % fail, ≥ 93 % complete, ≥ 80 % of those expected come.",
    );
  });
});

describe("numbers", () => {
  it("says the worst budget", () => {
    expect(budgetWords([])).toBeNull();
    const got = budgetWords(of("usual").budgets);
    expect(got && { ...got, value: plain(got.value) }).toEqual({
      value: "55 % left",
      sub: "Checkout, orders, burns at 6×",
      bad: true,
    });
    const unknown = { ...of("usual").budgets[0], budget: null, unknown: "nobody tried" };
    expect(budgetWords([unknown as never])).toMatchObject({ value: "unknown", bad: false });
  });
  it("says money as a range", () => {
    expect(
      money({ low: 1_200_000_00, mid: 2_400_000_00, high: 4_900_000_00, currency: "EUR" }),
    ).toEqual({
      value: "€2.4M",
      range: "€1.2M to €4.9M",
    });
    expect(money({ low: 500, mid: 500, high: 500, currency: "JPY" })).toEqual({
      value: "¥500",
      range: "",
    });
  });
  it("cuts a list only where that hides more than one", () => {
    expect(first([1, 2, 3], 2, false)).toEqual({ shown: [1, 2, 3], rest: 0 });
    expect(first([1, 2, 3, 4], 2, false)).toEqual({ shown: [1, 2], rest: 2 });
    expect(first([1, 2, 3, 4], 2, true).rest).toBe(0);
  });
  it("fills in what is null", () => {
    expect(whole({ hit: null } as never)).toMatchObject({ hit: [], plan: [], timeline: [] });
  });
});

describe("the chart", () => {
  it("begins before the first harm, on a step, with at most 120 columns", () => {
    const t = Date.UTC(2026, 2, 4, 14, 0, 7);
    for (const hours of [0, 0.1, 1, 5, 30, 300]) {
      const r = rangeOf(t, null, t + hours * 3_600_000);
      expect(r.from).toBeLessThanOrEqual(t - 600_000);
      expect(r.from % (r.step * 1000)).toBe(0);
      expect((r.to - r.from) / 1000 / r.step).toBeLessThanOrEqual(122);
    }
    expect(rangeOf(t, t + 60_000, t + 9e9).to).toBeLessThanOrEqual(t + 60_000 + 600_000 + 30_000);
  });

  const at = Date.UTC(2026, 2, 4, 14, 0, 0);
  const answer = {
    from: at,
    to: at + 30_000,
    step: 10,
    buckets: [
      {
        start: new Date(at).toISOString(),
        outcomes: { success: 90, failed: 10 },
        customers: { total: 95, failed: 9 },
      },
      { start: new Date(at + 10_000).toISOString(), outcomes: { success: 100 } },
    ],
  };

  it("draws failures below the line of what is usual", () => {
    const p = picture(answer, at + 20_000, of("usual"), "failed");
    expect(p.columns.map((c) => c.value)).toEqual([0.1, 0, null]);
    expect([p.line, p.top, p.below]).toEqual([0.012, 0.2, true]);
    expect(plain(lineWords(p))).toBe("recovered at 1.2 % or less");
    expect(plain(tellColumn(p.columns[0] as never, "failed", now))).toMatch(
      /9 of 95 customers failed; 10 % of 100 tries failed$/,
    );
    expect(tellColumn(p.columns[2] as never, "failed", now)).toMatch(/nobody tried yet/);
  });

  it("draws those who came where fewer come, against what is expected", () => {
    const i = { ...of("usual"), kind: "drop" };
    expect(measureOf("less", "drop")).toBe("tries");
    i.recovery = { ...(i.recovery as never as object), volume: 0.5, volume_from: 0.8 } as never;
    const p = picture(answer, at + 20_000, i, "less");
    expect(p.line).toBe(160);
    expect(p.below).toBe(false);
    expect(measureOf("less", "funnel")).toBe("completed");
  });

  it("has no line where recovery is not judged", () => {
    expect(picture(answer, at, of("early"), "failed").line).toBeNull();
    expect(lineWords(picture(answer, at, of("early"), "failed"))).toBe("");
  });
});

it.each([
  [{ id: "inc-1", of: "step:shop/pay", journeys: [{}] }, "step:shop/pay"],
  [{ id: "inc-1", of: "step:shop/pay", journeys: [{}, {}] }, "incident:inc-1"],
  [{ id: "inc-1", of: "step:shop/pay", journeys: [{}], calm: ["a/b"] }, "incident:inc-1"],
  [{ id: "inc-1", journeys: [] }, ""],
])("links of %j ask about %s", (i, want) => expect(scopeOf(i)).toBe(want));
