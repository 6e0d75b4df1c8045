import { describe, expect, it } from "vitest";
import { marksOf, pins, pinWords, reach, stretches } from "./lane";
import type { Change } from "./now";
import { incident } from "./samples";

const from = Date.parse("2026-03-04T14:00:00Z");
const to = Date.parse("2026-03-04T15:00:00Z");
const now = new Date("2026-03-04T15:00:00Z");
const change = (id: string, minute: number, over: Partial<Change> = {}): Change => ({
  id,
  kind: "deploy",
  services: ["web"],
  version: id,
  started: new Date(from + minute * 60_000).toISOString(),
  ...over,
});

describe("marks", () => {
  it("are those of the time, in its order, the end not in it", () =>
    expect(
      marksOf(
        [change("c", 59), change("a", 0), change("out", 60), change("old", -1)],
        from,
        to,
      ).map((m) => m.key),
    ).toEqual(["a", "c"]));

  it("without a time are left out", () =>
    expect(marksOf([change("a", 1, { started: "soon" })], from, to)).toEqual([]));
});

describe("pins", () => {
  const of = (...minutes: number[]) =>
    pins(
      marksOf(
        minutes.map((m, i) => change(`${i}`, m)),
        from,
        to,
      ),
      from,
      to,
      0.05,
    );

  it("lie where they belong", () => expect(of(0, 30).map((p) => p.x)).toEqual([0, 0.5]));

  it("that would lie on each other are one", () =>
    expect(of(30, 31, 32, 40).map((p) => p.marks.length)).toEqual([3, 1]));

  it("do not chain: what is far from the first is a pin of its own", () =>
    expect(of(30, 32, 34, 36).map((p) => p.marks.length)).toEqual([2, 2]));

  it("are told", () => {
    expect(of(30).map((p) => pinWords(p, now))).toEqual(["14:30 Deploy: web 0"]);
    expect(pinWords(of(30, 30, 30, 30)[0] as never, now).replaceAll("\u00a0", " ")).toBe(
      "4 changes from 14:30: Deploy: web 0; Deploy: web 1; Deploy: web 2; and 1 more",
    );
  });
});

describe("stretches", () => {
  const at = (first_bad: string, resolved: string | null) =>
    stretches([incident({ first_bad, resolved })], from, to).map((s) => [s.from, s.to, s.open]);
  it.each([
    ["2026-03-04T14:15:00Z", "2026-03-04T14:30:00Z", [[0.25, 0.5, false]]],
    ["2026-03-04T14:30:00Z", null, [[0.5, 1, true]]],
    ["2026-03-04T12:00:00Z", "2026-03-04T14:30:00Z", [[0, 0.5, false]]],
    ["2026-03-04T12:00:00Z", "2026-03-04T13:00:00Z", []],
    ["2026-03-04T16:00:00Z", null, []],
  ])("%s to %s", (first, last, want) => expect(at(first, last)).toEqual(want));
});

it.each([
  [0.5, "24h"],
  [1, "7d"],
  [6.9, "7d"],
  [20, "30d"],
])("a chart that begins %d days ago needs changes of %s", (days, want) =>
  expect(reach(0, days * 86_400_000)).toBe(want),
);
