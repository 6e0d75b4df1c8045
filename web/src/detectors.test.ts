import { describe, expect, it } from "vitest";
import {
  byUse,
  cell,
  type Detector,
  detectorsCsv,
  detectorsVerdict,
  each,
  points,
  seesOf,
  sentence,
  shapeOf,
  threshold,
  usual,
  volume,
  waits,
  watches,
} from "./detectors";

const plain = (s: string) => s.replaceAll("\u00a0", " ");
const effects = (a: number | null, b: number | null, c: number | null) => [
  { within: "1m0s", size: a },
  { within: "5m0s", size: b },
  { within: "30m0s", size: c },
];

function detector(over: Partial<Detector> = {}): Detector {
  return {
    app: "shop",
    name: "pay",
    of: "step",
    detector: "failed_rate",
    kind: "failed",
    tries: 20,
    usual: 0.01,
    known: 20_000.4,
    needs: 2000,
    open: 14,
    page: 22.46,
    lasting: false,
    smallest: effects(null, 0.031, 0.012),
    ...over,
  };
}

const none = effects(null, null, null);
const young = detector({ known: 340.9, smallest: none });
const blind = detector({ tries: 0.05, smallest: none });

describe("what would be seen", () => {
  it("is a change on what is usual, of how many, within which time", () => {
    expect(plain(sentence(detector()))).toBe(
      "+3.1 points on 1 % of 120 customers a minute within 5 min; nothing smaller than +1.2 points within 30 min",
    );
    expect(plain(sentence(detector({ smallest: effects(null, null, 0.2) })))).toBe(
      "+20 points on 1 % of 120 customers a minute within 30 min; nothing smaller",
    );
    expect(sentence(young)).toBe("not yet: 340 of 2,000 tries known");
    expect(plain(sentence(blind))).toBe("nothing within 30 min at 0.3 customers a minute");
    expect(plain(volume(detector({ tries: 0.001 })))).toBe("<0.1 customers a minute");
    expect(volume(detector({ tries: 0 }))).toBe("nobody now");
  });

  it.each<[number, string]>([
    [0.0301, "+3.1 points"],
    [0.01, "+1 point"],
    [0.00021, "+0.03 points"],
    [0.99, "+99 points"],
    [0.3, "+30 points"],
  ])("never tells %d smaller than it is", (size, want) => {
    expect(plain(points(size))).toBe(want);
  });

  it.each<[Partial<Detector>, number, string, string]>([
    [{}, 0.031, "+3.1 points", "4.1 % instead of 1 %"],
    [{ detector: "slow_usual", usual: 0.82 }, 0.08, "+8 points", "18 % instead of 10 %"],
    [{ detector: "volume", usual: 20 }, 0.412, "42 % fewer", ""],
    [{ detector: "step_ratio", usual: 0.85 }, 1, "all of them gone", ""],
    [{ detector: "burn_rate", usual: 0.01 }, 10.21, "11×", "the rate that lasts: 10.2 % bad"],
    [{ detector: "value_band", usual: undefined }, 0.031, "a shift of 0.031", ""],
    [{ detector: "learnt_later", usual: undefined }, 0.02, "+2 points", ""],
  ])("%o that sees %d", (over, size, value, rest) => {
    const said = cell(detector(over), { within: "5m0s", size });
    expect([plain(said.value), plain(said.rest)]).toEqual([value, rest]);
  });

  it("says why it is nothing", () => {
    const nothing = { within: "1m0s", size: null };
    expect(cell(young, nothing)).toEqual({ value: "not yet", rest: "340 of 2,000 tries known" });
    expect(cell(detector(), nothing).rest).toBe("not even if it were all of them");
    const drop = detector({ detector: "volume", needs: undefined, known: undefined });
    expect(cell(drop, nothing).rest).toBe("not even if nobody came");
    expect(cell(drop, undefined).value).toBe("nothing");
    expect(plain(waits({ ...drop, wait_ms: 720_000 }))).toBe("12 min more to watch first");
    expect(cell(detector({ detector: "value_band", needs: 0 }), nothing).rest).toBe(
      "too few values known, or none comes in this time",
    );
  });
});

describe("what it knows", () => {
  it("comes with its denominator, and what is assumed says so", () => {
    const said = (over: Partial<Detector>) => {
      const { value, rest } = usual(detector(over));
      return plain(`${value} | ${rest}`);
    };
    expect(said({})).toBe("1 % | of 20,000 known tries");
    expect(said({ known: 340.9 })).toBe("1 % | partly assumed, of 340 known tries");
    expect(said({ usual: undefined, known: undefined })).toBe("unknown | nothing is known yet");
    expect(said({ detector: "slow_usual", usual: 0.82 })).toBe(
      "p90 820 ms | of 20,000 known tries",
    );
    expect(said({ detector: "slow_usual", usual: undefined })).toMatch(/^unknown/);
    expect(said({ detector: "volume", usual: 20 })).toBe("120 a minute | expected now");
    expect(said({ detector: "volume", usual: undefined })).toMatch(/^unknown/);
    expect(said({ detector: "step_ratio", usual: 0.85, known: 900 })).toBe(
      "85 % come on | of 900 known tries",
    );
    expect(said({ detector: "burn_rate" })).toBe("1 % may be bad | the objective allows it");
  });

  it("opens and pages somewhere", () => {
    expect(plain(threshold(detector()).value)).toBe("14 nats");
    expect(threshold(detector()).rest).toBe("pages at 22.5");
    expect(threshold(detector({ page: undefined })).rest).toBe("never pages by itself");
    expect(threshold(detector({ detector: "burn_rate", open: undefined })).value).toBe(
      "its windows",
    );
  });

  it("keeps the name of a detector that the server learns later", () => {
    expect(watches(detector({ detector: "learnt_later" }))).toBe("learnt later");
  });
});

it("is grey when it sees nothing, does not know yet, or is not of now", () => {
  expect(shapeOf(detector(), true)).toBe("ok");
  expect(shapeOf(detector(), false)).toBe("no_data");
  expect([seesOf(young), shapeOf(young, true)]).toEqual(["learning", "no_data"]);
  expect([seesOf(blind), shapeOf(blind, true)]).toEqual(["blind", "no_data"]);
  expect(shapeOf(detector({ lasting: true }), true)).toBe("degraded");
});

it("sums up, and counts a lasting finding for what it would see", () => {
  const late = detector({ detector: "slow_usual", smallest: effects(null, null, 0.2) });
  expect(
    plain(detectorsVerdict([detector(), late, young, { ...blind, lasting: true }], true)),
  ).toBe(
    "1 of 4 detectors would see a change within 5 min; 1 within 30 min only; 1 nothing at this volume; 1 not yet; more fail at pay: +3.1 points on 1 % of 120 customers a minute within 5 min; nothing smaller than +1.2 points within 30 min",
  );
  expect(detectorsVerdict([detector()], true, false)).not.toContain("points");
  expect(detectorsVerdict([young], false)).toMatch(/^Last known: 0 of 1/);
});

it("keeps a name together, findings first", () => {
  const list = [young, detector({ name: "cart" }), detector({ detector: "volume", lasting: true })];
  expect(byUse(list).map((d) => `${d.name} ${d.detector}`)).toEqual([
    "pay volume",
    "pay failed_rate",
    "cart failed_rate",
  ]);
});

it("goes into a file", () => {
  const [, row] = detectorsCsv([detector()], "2026-03-04T12:00:00Z").split("\r\n");
  expect(row).toBe(
    "step,shop,pay,failed_rate,failed,,sees,120,0.01,20000,2000,,0.031,0.012,14,22.46,no,2026-03-04T12:00:00Z",
  );
});

it("asks of every name, of none for everything, and says when one cannot be asked", async () => {
  const echo = (of: string) => Promise.resolve(of);
  expect(await each(["journey:buy", "step:pay"], echo)).toEqual(["journey:buy", "step:pay"]);
  expect(await each([], echo)).toEqual([""]);
  const broken = (of: string) =>
    of === "b" ? Promise.reject(new Error("closed")) : Promise.resolve(of);
  await expect(each(["a", "b"], broken)).rejects.toThrow("closed");
});
