// Canned objectives: one spent, one burning, one kept, one of which nothing is known.

import type { ObjectiveAnswer, ObjectivesAnswer } from "../src/objectives";

const day = 86_400_000;

function objective(name: string, over: Partial<ObjectiveAnswer>): ObjectiveAnswer {
  return {
    name,
    kind: "success",
    target: 0.99,
    window_ms: 28 * day,
    count: "interactions",
    state: "ok",
    sentence: "120 of 40000 tries were not good in 28d",
    bad: 120,
    n: 40_000,
    good_share: 0.997,
    budget: {
      allowed: 400,
      left: 0.7,
      count_left: 280,
      minutes_left: 282.2,
      known_ms: 28 * day,
    },
    burn: [
      { window: "1h", rate: 0, factor: 14.4, bad: 0, n: 60 },
      { window: "6h", rate: 0.56, factor: 6, bad: 2, n: 360 },
      { window: "3d", rate: 0.7, factor: 1, bad: 30, n: 4300 },
    ],
    ...over,
  };
}

export function objectives(): ObjectivesAnswer {
  return {
    objectives: [
      objective("finished", {
        kind: "completion",
        target: 0.9,
        count: "customers",
        state: "spent",
        sentence:
          "300 of 1150 customers were not good in 28d, 185 more than the 115 allowed; it burns at 2.6 times the rate that lasts, 300 of 1150 in 3d",
        bad: 300,
        n: 1150,
        budget: {
          allowed: 115,
          left: -1.61,
          count_left: -185,
          minutes_left: -1400,
          known_ms: 6 * day,
        },
      }),
      objective("orders", {
        state: "burning",
        burn: [
          { window: "1h", rate: 16, factor: 14.4, bad: 48, n: 300 },
          { window: "6h", rate: 3.1, factor: 6, bad: 56, n: 1800 },
          { window: "3d", rate: 0.9, factor: 1, bad: 180, n: 20_000 },
        ],
      }),
      objective("kept", {}),
      objective("quick", {
        kind: "latency",
        threshold_ms: 2000,
        state: "unknown",
        sentence: "unknown: nobody reached the goal since 2026-03-01T00:00:00Z",
        unknown: "nobody reached the goal since 2026-03-01T00:00:00Z",
        bad: 0,
        n: 0,
        good_share: null,
        budget: null,
        burn: [{ window: "1h", rate: null, factor: 14.4, bad: 0, n: 0 }],
      }),
    ],
    complete_until: new Date(Date.now() - 12_000).toISOString(),
  };
}
