import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "./api";
import { brief, newestFirst } from "./timeline";

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
