import { describe, expect, it } from "vitest";
import {
  about,
  amount,
  held,
  latest,
  lengthOf,
  type SignalAnswer,
  shapeOf,
  signalsCsv,
  signalsVerdict,
  spark,
  stateWord,
} from "./signals";

const plain = (s: string) => s.replaceAll("\u00a0", " ");
const noon = Date.parse("2026-03-04T12:00:00Z");
const at = (minutes: number) => new Date(noon + minutes * 60_000).toISOString();

function signal(over: Partial<SignalAnswer> = {}): SignalAnswer {
  return {
    name: "p95 latency",
    kind: "signal",
    state: "bad",
    sentence: "",
    layer: "application",
    source: "http.server.request.duration",
    of: 'service "api"',
    statistic: "p95",
    unit: "s",
    threshold: 0.5,
    limit: null,
    direction: "down",
    endangers: "conversion",
    last: { time: at(10), value: 0.75, n: 30 },
    steps: [],
    ...over,
  };
}

const steps = (values: (number | null)[]) =>
  values.flatMap((v, i) => (v === null ? [] : [{ start: at(i), mean: v, min: v, max: v, n: 6 }]));

describe("what a signal is", () => {
  it("is good only when a threshold says so, and grey when nothing is known", () => {
    expect(shapeOf(signal())).toBe("failing");
    expect(shapeOf(signal({ state: "ok" }))).toBe("ok");
    expect(shapeOf(signal({ state: "known", threshold: null }))).toBe("no_data");
    expect(shapeOf(signal({ state: "no_data" }))).toBe("no_data");
    expect(shapeOf(signal({ state: "ok", last: null }))).toBe("no_data");
    expect(shapeOf(signal({ state: "improving" as never }))).toBe("no_data");
    expect(stateWord(signal({ state: "improving" as never }))).toBe("Unknown");
  });

  it("says what it is made of and held against", () => {
    expect(about(signal())).toBe(
      'p95 of http.server.request.duration, of service "api", application',
    );
    expect(plain(held(signal()))).toBe("bad from 500 ms");
    expect(plain(held(signal({ direction: "up" })))).toBe("bad at or below 500 ms");
    expect(
      plain(
        held(
          signal({
            threshold: null,
            limit: 100,
            unit: "{connection}",
            last: { time: at(0), value: 91, n: 3 },
          }),
        ),
      ),
    ).toBe("91 % of 100 connections");
    expect(held(signal({ threshold: null }))).toBe("");
  });

  it("never shows a number that is no longer true", () => {
    const now = new Date(noon + 30 * 60_000);
    expect(plain(latest(signal(), now).value)).toBe("750 ms");
    const gone = latest(signal({ state: "no_data" }), now);
    expect(gone.value).toBe("no data");
    expect(gone.rest).toMatch(/^since \d\d:10:00$/);
    expect(latest(signal({ state: "no_data", last: null, why: "too late" }), now).rest).toBe(
      "too late",
    );
    expect(latest(signal({ state: "not_measured", last: null, why: "add source:" }), now)).toEqual({
      value: "not measured",
      rest: "add source:",
    });
    expect(latest(signal({ kind: "kpi" }), now).rest).toMatch(/of 30$/);
  });
});

it.each([
  [0.375, "1", "37.5 %"],
  [1.5, "1", "1.5"],
  [0.0421, "s", "42.1 ms"],
  [2.345, "s", "2.35 s"],
  [3 * 1024 ** 3, "By", "3 GiB"],
  [12.5, "1/s", "12.5/s"],
  [1234567, "{order}/min", "1,234,567 order/min"],
  [0, "", "0"],
  [Number.NaN, "s", "–"],
])("%d in %s is %s", (v, unit, want) => {
  expect(plain(amount(v, unit))).toBe(want);
});

describe("the small line", () => {
  it("keeps gaps, and shows the threshold when it is near", () => {
    const s = signal({
      steps: steps([0.2, 0.3, 0.4, null, null, null, null, 0.6, null, null, null, 0.3, 0.3]),
    });
    const line = spark(s, noon, noon + 13 * 60_000, 60_000);
    expect(line?.lines).toHaveLength(2);
    expect(line?.dots).toHaveLength(1);
    expect(line?.threshold).toBeGreaterThan(2);
    expect([line?.low, line?.high]).toEqual([0.2, 0.6]);
    expect(line?.lines[0]?.split(" ")).toHaveLength(3);
  });

  it("takes what comes once a minute for no gap", () => {
    const s = signal({ steps: steps([1, 2, 3, 4]) });
    expect(spark(s, noon, noon + 5 * 60_000, 10_000)?.lines).toHaveLength(1);
  });

  it("leaves a threshold out that is far away, and a line of one value flat", () => {
    const s = signal({ threshold: 100, steps: steps([0.2, 0.2]) });
    const line = spark(s, noon, noon + 120_000, 60_000);
    expect(line?.threshold).toBeNull();
    expect(line?.lines).toEqual(["30,14 90,14"]);
  });

  it("is none without values", () => {
    expect(spark(signal(), noon, noon + 60_000, 60_000)).toBeNull();
    expect(spark(signal({ steps: steps([1]) }), Number.NaN, Number.NaN, 0)).toBeNull();
  });
});

it("reads the server's lengths", () => {
  expect([lengthOf("10s"), lengthOf("1m0s"), lengthOf("24h0m0s")]).toEqual([
    10_000, 60_000, 86_400_000,
  ]);
});

it("sums up: what is bad first, then what is missing", () => {
  const ok = signal({ state: "ok", name: "pool" });
  expect(plain(signalsVerdict([signal(), ok, signal({ state: "no_data" })]))).toBe(
    "p95 latency is 750 ms, bad from 500 ms: it endangers conversion; 1 without data",
  );
  expect(plain(signalsVerdict([signal(), signal()]))).toMatch(/; 1 other past the threshold$/);
  expect(plain(signalsVerdict([ok, signal({ state: "not_measured" })]))).toBe(
    "1 signal within its threshold; 1 not measured",
  );
  expect(plain(signalsVerdict([signal({ state: "known", threshold: null })]))).toBe(
    "1 number, none with a threshold",
  );
  expect(signalsVerdict([])).toBe("");
});

it("goes into a file", () => {
  const text = signalsCsv({ step: "10s", complete_until: at(10), signals: [signal()] });
  expect(text.split(/\r?\n/)[1]).toBe(
    `p95 latency,signal,bad,0.75,30,s,0.5,,${at(10)},p95,http.server.request.duration,"service ""api""",application,conversion,${at(10)}`,
  );
});
