import { expect, it } from "vitest";
import { pinnedAt, scopeWords, shifted, toView, viewOf, windowOf, withParam } from "./url";

it.each([
  ["", "5m"],
  ["window=15m", "15m"],
  ["window=24h&journey=shop%2Fpay", "24h"],
  ["window=7d", "5m"],
])("%j asks for %s", (search, want) => expect(windowOf(new URLSearchParams(search))).toBe(want));

it("changes one value and leaves the others and the original", () => {
  const old = new URLSearchParams("window=1h&env=staging");
  expect(withParam(old, "journey", "shop/pay").toString()).toBe(
    "window=1h&env=staging&journey=shop%2Fpay",
  );
  expect(withParam(old, "env", null).toString()).toBe("window=1h");
  expect(old.toString()).toBe("window=1h&env=staging");
});

it.each([
  ["", "now"],
  ["view=funnel&of=checkout", "funnel"],
  ["view=nonsense", "now"],
])("%j shows %s", (search, want) => expect(viewOf(new URLSearchParams(search))).toBe(want));

it.each([
  ["window=7d", "funnel", "7d"],
  ["window=5m", "funnel", "24h"],
  ["window=7d", "now", "5m"],
] as const)("%j of %s asks for %s", (search, view, want) =>
  expect(windowOf(new URLSearchParams(search), view)).toBe(want),
);

it.each([
  ["", [], "every name"],
  ["journey:shop/checkout", [], "shop/checkout"],
  ["incident:inc-1", ["region=eu", "plan=pro"], "incident inc-1, region eu, plan pro"],
])("%j %j is %s", (of, where, want) => expect(scopeWords(of, where)).toBe(want));

it("takes the environment along to another view, and nothing else", () => {
  const old = new URLSearchParams("window=1h&env=staging&journey=shop%2Fpay");
  expect(toView(old, "trace", { id: "ab", span: "" }).toString()).toBe(
    "view=trace&env=staging&id=ab",
  );
  expect(toView(old, "tries", { where: ["plan=pro", "", "region=eu"] }).getAll("where")).toEqual([
    "plan=pro",
    "region=eu",
  ]);
  expect(toView(old, "now").toString()).toBe("env=staging");
});

it.each([
  ["to=2026-03-04T14:00:00Z", Date.parse("2026-03-04T14:00:00Z")],
  ["to=yesterday", undefined],
  ["", undefined],
])("%j ends at %s", (search, want) => expect(pinnedAt(new URLSearchParams(search))).toBe(want));

const at = Date.parse("2026-03-04T14:30:00.400Z");

it.each([
  [undefined, "5m", -1, "2026-03-04T14:25:00Z"],
  [Date.parse("2026-03-04T14:25:00Z"), "5m", -1, "2026-03-04T14:20:00Z"],
  [Date.parse("2026-03-04T14:20:00Z"), "5m", 1, "2026-03-04T14:25:00Z"],
  [Date.parse("2026-03-04T14:25:00Z"), "5m", 1, null],
  [Date.parse("2026-03-04T14:23:00Z"), "5m", 1, null], // two minutes of looking later
  [Date.parse("2026-03-04T14:00:00Z"), "24h", 1, null],
  [undefined, "5m", 1, null],
  [1000, "24h", -1, "1970-01-02T00:00:00Z"],
] as const)("from %s by %s, %d: %s", (to, window, by, want) =>
  expect(shifted(to, window, by, at)).toBe(want),
);
