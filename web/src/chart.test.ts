import { describe, expect, it } from "vitest";
import type { SeriesAnswer } from "./api";
import { type Bar, bars, tell, ticks, top } from "./chart";

const from = Date.parse("2026-03-04T14:00:00Z");
const now = new Date("2026-03-04T14:15:00Z");
const answer = (over: Partial<SeriesAnswer> = {}): SeriesAnswer => ({
  from,
  to: from + 60_000,
  step: 10,
  buckets: [
    {
      start: "2026-03-04T14:00:20Z",
      outcomes: { success: 70, degraded: 3, failed: 15, abandoned: 2, open: 9 },
      customers: { total: 80, failed: 12 },
      duration_ms: { p50: 1, p95: 900, p99: 3 },
    },
  ],
  ...over,
});

const bar = (over: Partial<Bar>): Bar => ({
  at: from,
  failed: 0,
  degraded: 0,
  success: 0,
  rated: 0,
  customersFailed: 0,
  customers: 0,
  p95: null,
  complete: true,
  ...over,
});

describe("bars", () => {
  it("fill the whole range, and what may still grow is not complete", () => {
    const all = bars(answer(), from + 45_000);
    expect(all.map((b) => b.rated)).toEqual([0, 0, 90, 0, 0, 0]);
    expect(all.map((b) => b.complete)).toEqual([true, true, true, true, false, false]);
    expect(all[2]).toMatchObject({ failed: 15, customersFailed: 12, customers: 80, p95: 900 });
  });

  it("say what they are", () => {
    const [, , third, , fifth] = bars(answer(), from + 45_000);
    expect(tell(third as Bar, now).replaceAll("\u00a0", " ")).toBe(
      "14:00:20: 12 of 80 customers failed; 15 failed, 3 degraded, 70 success (16.7 % of 90 tries failed)",
    );
    expect(tell(fifth as Bar, now)).toBe("14:00:40: no tries yet");
  });
});

it.each([
  [0, 1],
  [1, 1],
  [3, 5],
  [10, 10],
  [101, 200],
  [999, 1000],
])("the top over %i is %i", (n, want) => {
  expect(top([bar({ success: n })])).toBe(want);
});

it("ticks stand on whole minutes", () => {
  const got = ticks(from + 60_000, from + 16 * 60_000, 5).map((t) => [
    new Date(t.at).getUTCMinutes(),
    t.x,
  ]);
  expect(got).toEqual([
    [5, 4 / 15],
    [10, 9 / 15],
    [15, 14 / 15],
  ]);
});
