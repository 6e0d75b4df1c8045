import { describe, expect, it } from "vitest";
import { type Command, offered, score } from "./menu";

const command = (group: Command["group"], name: string, about = ""): Command => ({
  key: `${group} ${name}`,
  group,
  name,
  about,
  run: () => undefined,
});

describe("what fits", () => {
  it.each([
    ["Checkout", "", "check", 9],
    ["Checkout", "", "out", 3],
    ["Pay by card", "", "card", 5],
    ["Pay", "shop, Payments", "shop pay", 9],
    ["Pay", "shop", "bank", 0],
    ["Anything", "", "", 1],
  ])("%s (%s) for %j: %d", (name, about, typed, want) =>
    expect(score({ name, about }, typed)).toBe(want),
  );

  it("is offered best first in its group, what is hurt first, the look-up last", () => {
    const all = [
      command("Pages", "Findings"),
      command("Look up", "Find the customer"),
      command("Journeys", "Repay"),
      command("Journeys", "Pay"),
      command("Incidents", "Pay is failing"),
    ];
    expect(offered(all, "pay").map((c) => c.name)).toEqual([
      "Pay is failing",
      "Pay",
      "Repay",
      "Find the customer",
    ]);
  });

  it("without a word is short", () => {
    const many = Array.from({ length: 300 }, (_, i) => command("Journeys", `j${i}`));
    expect(offered(many, "")).toHaveLength(5);
    expect(offered(many, "j")).toHaveLength(9);
  });
});
