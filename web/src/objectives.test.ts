import { describe, expect, it } from "vitest";
import {
  left,
  type ObjectiveAnswer,
  objectivesCsv,
  objectivesVerdict,
  promise,
  rate,
  shapeOf,
} from "./objectives";

const plain = (s: string) => s.replaceAll("\u00a0", " ");

function objective(over: Partial<ObjectiveAnswer> = {}): ObjectiveAnswer {
  return {
    name: "orders",
    kind: "success",
    target: 0.995,
    window_ms: 28 * 86_400_000,
    count: "interactions",
    state: "ok",
    sentence: "300 of 100000 tries were not good in 28d",
    bad: 300,
    n: 100_000,
    good_share: 0.997,
    budget: {
      allowed: 500,
      left: 0.4,
      count_left: 200,
      minutes_left: 80.6,
      known_ms: 28 * 86_400_000,
    },
    burn: [
      { window: "1h", rate: 15.2, factor: 14.4, bad: 76, n: 1000 },
      { window: "6h", rate: 0.04, factor: 6, bad: 1, n: 5000 },
      { window: "3d", rate: null, factor: 1, bad: 0, n: 0 },
    ],
    ...over,
  };
}

const unknown = objective({
  name: "quick",
  state: "unknown",
  sentence: "unknown: nobody tried",
  unknown: "nobody tried since Monday",
  n: 0,
  bad: 0,
  good_share: null,
  budget: null,
});
const spent = objective({
  name: "people",
  count: "customers",
  state: "spent",
  sentence: "30 of 51 customers were not good in 28d",
  budget: {
    allowed: 25.5,
    left: -0.18,
    count_left: -4.5,
    minutes_left: -9,
    known_ms: 7_300_000,
  },
});

describe("the state", () => {
  it.each([
    ["ok", "ok"],
    ["burning", "degraded"],
    ["spent", "failing"],
    ["unknown", "no_data"],
    ["splendid", "no_data"],
  ])("%s is shown as %s", (state, want) =>
    expect(shapeOf(objective({ state: state as ObjectiveAnswer["state"] }))).toBe(want),
  );
  it("is never good without a budget", () =>
    expect(shapeOf(objective({ budget: null }))).toBe("no_data"));
});

describe("the promise", () => {
  it.each([
    [{}, "99.5 % of tries do not fail, over 28 d"],
    [
      { kind: "completion", count: "customers", window_ms: 43_200_000 },
      "99.5 % of customers reach the goal, over 12 h",
    ],
    [
      { kind: "latency", threshold_ms: 2000 },
      "99.5 % of tries that reach the goal take no longer than 2,000 ms, over 28 d",
    ],
  ])("%j: %s", (over, want) => expect(plain(promise(objective(over)))).toBe(want));
});

describe("what is left", () => {
  it("is a share, a number and minutes", () =>
    expect(Object.values(left(objective())).map(plain)).toEqual([
      "40 % left",
      "200 tries more may go wrong, or 81 min of a whole outage",
    ]));
  it("says how much too many, in customers, and of how much that is known", () =>
    expect(Object.values(left(spent)).map(plain)).toEqual([
      "nothing left",
      "5 customers more than may go wrong; of 2 h that are known",
    ]));
  it("is unknown, with the reason, not nothing", () =>
    expect(left(unknown)).toEqual({ share: "unknown", rest: "nobody tried since Monday" }));
});

it.each([
  [0, { value: "15×", of: "76 of 1,000", over: true }],
  [1, { value: "0.04×", of: "1 of 5,000", over: false }],
  [2, { value: "–", of: "nobody tried", over: false }],
  [9, { value: "–", of: "nobody tried", over: false }],
])("burn %i has its n, and nobody is not 0", (i, want) =>
  expect(rate(objective().burn[i])).toEqual(want),
);

describe("the verdict", () => {
  it.each([
    [[objective()], "The objective is kept"],
    [
      [spent, objective()],
      "1 of 2 objectives kept; people: 30 of 51 customers were not good in 28d",
    ],
    [[objective(), unknown], "1 of 2 objectives kept; 1 unknown"],
    [[unknown], "0 of 1 objective kept; 1 unknown"],
    [[], ""],
  ])("%#", (list, want) => expect(plain(objectivesVerdict(list))).toBe(want));
});

it("is a CSV of as many cells in each row, without a 0 for what is unknown", () => {
  const lines = objectivesCsv({ objectives: [objective(), unknown] } as never)
    .trim()
    .split("\r\n");
  for (const line of lines) expect(line.split(",")).toHaveLength(15);
  expect(lines[1]).toContain("0.4,200,80.6,15.2,0.04,,");
  expect(lines[2]).toContain("unknown,0,0,,,,");
});
