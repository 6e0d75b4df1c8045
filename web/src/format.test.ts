import { describe, expect, it } from "vitest";
import {
  clock,
  date,
  percent,
  plural,
  shareOf,
  short,
  smallInterval,
  span,
  windowWords,
} from "./format";
import { identityWords } from "./identity";
import { wilson } from "./stats";

const flat = (text: string): string => text.replaceAll("\u00a0", " ");

describe("percent", () => {
  it.each([
    [0, "0 %"],
    [0.0004, "<0.1 %"],
    [0.001, "0.1 %"],
    [0.031, "3.1 %"],
    [0.5, "50 %"],
    [0.9994, "99.94 %"],
    [0.99989, "99.98 %"],
    [0.99999, ">99.99 %"],
    [1, "100 %"],
    [Number.NaN, "– %"],
  ])("%s is %s", (share, want) => expect(flat(percent(share))).toBe(want));

  it("never goes without its n", () => {
    expect(flat(shareOf(412, 13_290))).toBe("3.1 % of 13,290");
    expect(shareOf(0, 0)).toBe("nobody came");
  });

  it("wears an interval when n is small", () => {
    expect(flat(smallInterval(2, 18))).toBe("3–33 %");
    expect(flat(smallInterval(0, 10))).toBe("0–28 %");
    expect(smallInterval(2, 200)).toBe("");
    expect(smallInterval(0, 0)).toBe("");
  });
});

describe("wilson", () => {
  // Newcombe 1998, table I, method 3: score interval without continuity correction.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
    [29, 29, 0.883, 1],
  ])("%i of %i", (k, n, low, high) => {
    const got = wilson(k, n);
    expect(got[0]).toBeCloseTo(low, 4);
    expect(got[1]).toBeCloseTo(high, 4);
  });
});

describe("times", () => {
  const now = new Date("2026-03-04T14:30:00Z");
  it.each([
    ["2026-03-04T14:23:09Z", "14:23"],
    ["2026-03-03T23:59:00Z", "yesterday 23:59"],
    ["2026-03-02T08:00:00Z", "2 Mar 08:00"],
    ["2025-12-31T08:00:00Z", "31 Dec 2025 08:00"],
  ])("%s is %s", (at, want) => expect(flat(clock(new Date(at), now))).toBe(want));

  it.each([
    [0.4, "0 s"],
    [59, "59 s"],
    [125, "2 min"],
    [3600, "1 h"],
    [4320, "1 h 12 min"],
    [273_600, "3 d 4 h"],
    [-5, "0 s"],
  ])("%s seconds is %s", (s, want) => expect(flat(span(s))).toBe(want));

  it.each([null, undefined, "", "soon", "0001-01-01T00:00:00Z", 17])("%s is no time", (v) =>
    expect(date(v)).toBeNull(),
  );

  it("windows are words", () =>
    expect(["5m", "24h", "30d"].map(windowWords).map(flat)).toEqual(["5 min", "24 h", "30 d"]));
});

describe("identity", () => {
  it.each([
    [{ user: 390, session: 22 }, "user id 94.7 %, session only 5.3 % of 412"],
    [{ user: 0.75, installation: 0.25 }, "user id 75 %, installation 25 %"],
    [{ session: 9 }, "session only, all"],
    [{}, "nothing: nobody is identified"],
    [undefined, "nothing: nobody is identified"],
  ])("%j", (identity, want) => expect(flat(identityWords(identity))).toBe(want));
});

it("one is not plural", () => {
  expect(flat(plural(1, "try", "tries"))).toBe("1 try");
  expect(flat(plural(1204, "customer"))).toBe("1,204 customers");
});

it.each([
  [0, "0"],
  [9999, "9,999"],
  [12_345, "12.3K"],
  [2_160_000, "2.2M"],
])("%d is %s where room is scarce", (n, want) => expect(short(n)).toBe(want));
