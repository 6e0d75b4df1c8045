import { expect, it } from "vitest";
import { type DetectionAnswer, detectionVerdict, place } from "./detection";

const answer = (over: Partial<DetectionAnswer>): DetectionAnswer => ({
  target_ms: 180_000,
  within: 3,
  n: 4,
  declared: 0,
  noise: 0,
  more: false,
  durations: [],
  ...over,
});
const said = (over: Partial<DetectionAnswer>) =>
  detectionVerdict(answer(over)).replaceAll("\u00a0", " ");

it("says how many were found in time, and who found the others", () => {
  expect(said({})).toBe("3 of 4 incidents detected within 3 min of the first harm");
  expect(said({ declared: 1, noise: 2 })).toBe(
    "3 of 4 incidents detected within 3 min of the first harm; 1 incident declared by people, which no detector opened; 2 called noise or a duplicate, in no number here",
  );
  expect(said({ n: 0 })).toBe("No incident was opened by a detector");
});

it("places lengths of time from a second to a day", () => {
  expect([0, 1000, 86_400_000, 1e12].map(place)).toEqual([0, 0, 1, 1]);
  expect(place(60_000)).toBeGreaterThan(0.3);
  expect(place(180_000)).toBeLessThan(place(3_600_000));
});
