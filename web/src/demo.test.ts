import { expect, it } from "vitest";
import { type Demo, demoWords, progress } from "./demo";

const now = new Date("2026-03-04T14:30:00Z");
const live: Demo = { demo: true, scenario: "a", scenarios: [], phase: "live" };
const words = (over: Partial<Demo>) =>
  demoWords({ ...live, ...over }, now).replaceAll("\u00a0", " ");

it.each<[Partial<Demo>, string]>([
  [{}, "Made-up customers, live"],
  [
    {
      phase: "history",
      history: {
        done: 250_000,
        total: 500_000,
        from: "2026-02-04T14:30:00Z",
        to: "2026-03-04T14:30:00Z",
      },
    },
    "Taking in 28 days of history: 50 % of 500,000 interactions",
  ],
  [
    {
      phase: "history",
      history: { done: 1, total: 4, from: "2026-03-04T08:30:00Z", to: "2026-03-04T14:30:00Z" },
    },
    "Taking in 6 h of history: 25 % of 4 interactions",
  ],
  [
    { phase: "history", history: { done: 0, total: 0 } },
    "Taking in the history: 0 % of 0 interactions",
  ],
  [{ fault: { from: "2026-03-04T14:30:42Z" } }, "A fault strikes in 42 s"],
  [
    { fault: { name: "bad-release", from: "2026-03-04T14:29:00Z", active: true } },
    "The fault is on since 14:29: bad release",
  ],
  [
    { fault: { from: "2026-03-04T14:20:00Z", to: "2026-03-04T14:25:00Z", active: false } },
    "The fault was over at 14:25: customers recover",
  ],
])("%j", (over, want) => expect(words(over)).toBe(want));

it.each([
  [{ done: 5, total: 10 }, 0.5],
  [{ done: 0, total: 0 }, 0],
  [{ done: 20, total: 10 }, 1],
])("%j is %d", (history, want) =>
  expect(progress({ ...live, phase: "history", history })).toBe(want),
);
