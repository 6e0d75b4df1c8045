import { expect, it } from "vitest";
import { cell, journeysCsv } from "./csv";
import { journey, people } from "./samples";

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
  const j = journey({
    name: "pay",
    title: "Pay, now",
    customers: people(9, 2, 1),
    completion_rate: 0.5,
  });
  const [head, row, end] = journeysCsv([j], "5m", "2026-03-04T14:30:00Z").split("\r\n");
  expect(head?.split(",")).toHaveLength(23);
  expect(row).toBe(
    'shop,pay,"Pay, now",,ok,,2,1,9,0,0,0,0,0,0,0,0,0,0.5,5m,2026-03-04T14:30:00Z,step,',
  );
  expect(end).toBe("");
});
