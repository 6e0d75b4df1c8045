import { expect, it } from "vitest";
import { cell, journeysCsv } from "./csv";
import { nowJourney, people } from "./samples";

it.each([
  ["plain", "plain"],
  ["a, b", '"a, b"'],
  ['say "no"', '"say ""no"""'],
  ["two\nlines", '"two\nlines"'],
  ["=1+1", "'=1+1"],
  ["-x", "'-x"],
  [12.5, "12.5"],
  [null, ""],
])("%j is %j", (value, want) => expect(cell(value)).toBe(want));

it("is one head and one row per journey, as many cells each", () => {
  const j = nowJourney({
    name: "pay",
    title: "Pay, now",
    customers: people(9, 2, 1),
    completion_rate: 0.5,
    hour: { customers: people(90, 4), outcomes: nowJourney({ name: "" }).outcomes },
    burn: { objective: "orders", rate: 2.5, bad: 5, n: 400, count: "interactions", fast: false },
  });
  const [head, row, end] = journeysCsv([j], "5m", "2026-03-04T14:30:00Z").split("\r\n");
  expect(head?.split(",")).toHaveLength(27);
  expect(row).toBe(
    'shop,pay,"Pay, now",,ok,,2,1,9,0,0,0,0,0,0,0,0,0,0.5,5m,2026-03-04T14:30:00Z,step,,4,90,orders,2.5',
  );
  expect(end).toBe("");
});
