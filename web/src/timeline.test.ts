import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "./api";
import { brief, newestFirst, plainly } from "./timeline";

/** "ouua" is opened, update, update, acknowledged, one second apart. */
const entries = (kinds: string): TimelineEntry[] =>
  [...kinds].map((k, i) => ({
    at: new Date(Date.UTC(2026, 2, 4, 14, 0, i)).toISOString(),
    kind: { o: "opened", u: "update", a: "acknowledged", n: "note" }[k] ?? k,
    text: `${k}${i}`,
  }));

const texts = (all: TimelineEntry[]): string => all.map((e) => e.text).join(" ");

describe("brief", () => {
  it.each([
    ["", ""],
    ["o", "o0"],
    ["ouuu", "u3 o0"],
    ["ouuauu", "u5 a3 u2 o0"],
    ["onnnnnn", "n6 n5 n4 n3 o0"],
  ])("%s", (kinds, want) => expect(texts(brief(entries(kinds)))).toBe(want));

  it("does not depend on the order it is given in, nor change it", () => {
    const mixed = entries("ouuauu").reverse();
    const before = texts(mixed);
    expect(texts(brief(mixed))).toBe("u5 a3 u2 o0");
    expect(texts(mixed)).toBe(before);
    expect(texts(newestFirst(entries("oua")))).toBe("a2 u1 o0");
  });
});

it.each([
  [
    "41 of 100 tries failed in 10 min (41 %), against 0.04 % of 17750 before; evidence 23.1, 14.0 opens a finding; worst with region=eu, release=1.2 and plan=pro",
    "41 of 100 tries failed in 10 min (41 %), against 0.04 % of 17,750 before; worst with region eu, release 1.2 and plan pro",
  ],
  ["9 of 9 tries with region=nz failed", "9 of 9 tries with region nz failed"],
  ["Rolled back web@2026.1 with --force=yes; a=b", "Rolled back web@2026.1 with --force yes; a=b"],
  ["", ""],
])("%s is plainly said", (text, want) => expect(plainly(text)).toBe(want));
