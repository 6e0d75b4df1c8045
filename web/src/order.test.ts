import { describe, expect, it } from "vitest";
import type { Journey } from "./api";
import {
  askFor,
  journeySorting,
  keyOf,
  nextOrder,
  noOrder,
  type Order,
  settleMs,
  worstFirst,
} from "./order";
import { journey, people } from "./samples";

const row = (name: string, state: Journey["state"], failed = 0, degraded = 0): Journey =>
  journey({ name, state, customers: people(1000, failed, degraded) });

const names = (o: Order): string => o.keys.map((k) => k.replace("shop/", "")).join(" ");
const next = (last: Order, rows: Journey[], hold: boolean, now: number) =>
  nextOrder(last, rows, journeySorting, hold, now);

describe("worst first", () => {
  it("by state, customers failed, customers degraded, name", () => {
    const rows = [
      row("well", "ok", 900),
      row("a-well", "ok"),
      row("silent", "no_data"),
      row("slow", "degraded", 2, 40),
      row("slower", "degraded", 2, 50),
      row("bad", "failing", 3),
      row("worse", "failing", 30),
      row("b-well", "ok"),
    ];
    expect(
      rows
        .sort(worstFirst)
        .map((j) => j.name)
        .join(" "),
    ).toBe("worse bad slower slow silent well a-well b-well");
  });
});

describe("when rows move", () => {
  const start = next(noOrder, [row("a", "ok", 5), row("b", "ok", 3)], false, 0);

  it("starts worst first", () => expect(names(start)).toBe("a b"));

  it("not for a count, until the rows have settled", () => {
    const overtaken = [row("a", "ok", 5), row("b", "ok", 6)];
    const soon = next(start, overtaken, false, settleMs - 1);
    expect(names(soon)).toBe("a b");
    expect(soon.held).toBe(false);
    expect(names(next(soon, overtaken, false, settleMs))).toBe("b a");
  });

  it("at once for a state", () => {
    expect(names(next(start, [row("a", "ok", 5), row("b", "failing", 3)], false, 1))).toBe("b a");
  });

  it("at once for a new row, in its place", () => {
    const rows = [row("a", "ok", 5), row("b", "ok", 3), row("c", "failing", 1)];
    expect(names(next(start, rows, false, 1))).toBe("c a b");
  });

  it("never while held; new rows come last, gone ones go", () => {
    const rows = [row("b", "failing", 90), row("c", "failing", 99), row("a", "ok")];
    const held = next(start, rows, true, settleMs * 9);
    expect(names(held)).toBe("a b c");
    expect(held.held).toBe(true);
    expect(names(next(held, [row("b", "ok"), row("c", "ok")], true, settleMs * 9))).toBe("b c");
  });

  it("at once when the hold ends, for a state that changed under it", () => {
    const rows = [row("a", "ok", 5), row("b", "failing", 3)];
    const held = next({ ...start, sorted: 1000 }, rows, true, 1001);
    expect(names(held)).toBe("a b");
    expect(names(next(held, rows, false, 1002))).toBe("b a");
  });
});

it.each([
  [{ app: "shop", name: "pay", kind: "step" }, "shop/pay", "step:shop/pay"],
  [{ app: "shop", name: "pay", kind: "journey" }, "journey:shop/pay", "journey:shop/pay"],
  [{ app: "", name: "pay", kind: "journey" }, "journey:pay", "journey:pay"],
])("%j is %s and is asked for as %s", (j, key, ask) => {
  expect(keyOf(j)).toBe(key);
  expect(askFor(j)).toBe(ask);
});
