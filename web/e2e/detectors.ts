// Canned detectors and findings: ones that see, ones that do not yet, one with a finding.

import type { Detector, DetectorsAnswer } from "../src/detectors";
import type { Finding } from "../src/findings";

const effects = (a: number | null, b: number | null, c: number | null) => [
  { within: "1m0s", size: a },
  { within: "5m0s", size: b },
  { within: "30m0s", size: c },
];

function detector(detector: string, kind: string, over: Partial<Detector>): Detector {
  return {
    app: "shop",
    name: "pay",
    of: "step",
    detector,
    kind,
    tries: 20,
    usual: 0.01,
    known: 20_000,
    needs: 2000,
    open: 14,
    page: 22,
    lasting: false,
    smallest: effects(null, 0.0312, 0.012),
    ...over,
  };
}

export const journey = "journey:shop/checkout";
const whole = { name: "checkout", of: "journey" };

const all: Detector[] = [
  detector("failed_rate", "failed", { ...whole, smallest: effects(0.11, 0.0312, 0.012) }),
  detector("burn_rate", "burn", {
    ...whole,
    about: "orders",
    known: undefined,
    needs: undefined,
    open: undefined,
    page: undefined,
    smallest: effects(43.9, 10.21, 3.14),
  }),
  detector("value_band", "kpi", {
    ...whole,
    about: "conversion",
    usual: undefined,
    known: undefined,
    needs: undefined,
    open: 12,
    page: undefined,
    smallest: effects(null, null, 0.031),
  }),
  detector("failed_rate", "failed", { lasting: true }),
  detector("degraded_rate", "degraded", {
    known: 340.7,
    usual: 0.02,
    smallest: effects(null, null, null),
  }),
  detector("slow_usual", "slow", { usual: 0.82, smallest: effects(null, 0.08, 0.021) }),
  detector("volume", "drop", {
    usual: 20,
    known: undefined,
    needs: undefined,
    wait_ms: 720_000,
    smallest: effects(null, null, null),
  }),
  detector("step_ratio", "funnel", {
    usual: 0.85,
    known: 900,
    needs: 100,
    smallest: effects(1, 0.412, 0.13),
  }),
  detector("failed_rate", "failed", {
    name: "rare",
    tries: 0.05,
    smallest: effects(null, null, null),
  }),
];

/** What the server answers of one name; "": of everything. */
export function detectors(of: string): DetectorsAnswer {
  return {
    complete_until: new Date(Date.now() - 12_000).toISOString(),
    detectors: all.filter((d) => !of || `${d.of}:${d.app}/${d.name}` === of),
  };
}

function finding(id: string, ago: number, over: Partial<Finding>): Finding {
  const time = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  return {
    id,
    kind: "failed",
    env: "production",
    app: "shop",
    name: "pay",
    of: "step",
    detector: "failed_rate",
    detector_version: 1,
    statistic: 24.6,
    threshold: 14,
    n: 667,
    hit: 430,
    share: 430 / 667,
    baseline: 0.011,
    baseline_n: 20_000,
    expected: 7,
    since: time(ago),
    opened: time(ago - 14),
    updated: time(5),
    ended: null,
    paging: true,
    explanation:
      "430 of 667 customers failed in 90 s (64 %), against 1.1 % of 20000 before; evidence 24.6, 14.0 opens a finding; worst with region=eu",
    ...over,
  };
}

export interface Asked {
  of: string;
  kind: string;
  paging: boolean;
}

export function findings(asked: Asked, news: boolean): Finding[] {
  const time = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
  const list = [
    finding("f-old", 9000, {
      paging: false,
      kind: "slow",
      detector: "slow_usual",
      segment: { key: "region", value: "us" },
      ended: time(8000),
      explanation: "61 of 300 customers waited longer than 820 ms in 5 min (20 %)",
    }),
    finding("f-pay", 300, { segments: [{ key: "region", value: "eu" }] }),
    finding("f-funnel", 200, {
      kind: "funnel",
      name: "checkout",
      of: "journey",
      paging: false,
      detector: "unfinished_rate",
      explanation: "72 of 134 customers left without finishing in 20 s (54 %)",
    }),
    finding("f-quiet", 120, {
      kind: "silent",
      name: "",
      about: "teller",
      paging: false,
      detector: "telemetry",
      explanation: "nothing comes from teller any more: what its customers do is not known",
    }),
  ];
  if (news)
    list.push(
      finding("f-new", 20, {
        hit: 31,
        n: 40,
        expected: 0.4,
        name: "search",
        explanation: "31 of 40 customers failed",
      }),
    );
  return list.filter(
    (f) =>
      (!asked.of || `${f.of}:${f.app}/${f.name}` === asked.of) &&
      (!asked.kind || f.kind === asked.kind) &&
      (!asked.paging || f.paging),
  );
}
