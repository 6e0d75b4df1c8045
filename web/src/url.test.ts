import { expect, it } from "vitest";
import { windowOf, withParam } from "./url";

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
