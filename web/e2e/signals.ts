// Canned signals: one past its threshold, one within, a KPI, one that fell silent, one in words only.

import type { SignalAnswer, SignalsAnswer } from "../src/signals";

function signal(name: string, now: number, over: Partial<SignalAnswer>): SignalAnswer {
  const time = (ago: number) => new Date(now - ago * 1000).toISOString();
  return {
    name,
    kind: "signal",
    state: "ok",
    sentence: "",
    layer: "application",
    source: "http.server.request.duration",
    statistic: "p95",
    unit: "s",
    threshold: 0.8,
    limit: null,
    direction: "down",
    endangers: "conversion",
    owners: ["sre"],
    last: { time: time(5), value: 0.31, n: 40 },
    steps: Array.from({ length: 12 }, (_, i) => {
      const mean = 0.3 + (i % 4) / 50;
      return { start: time(300 - i * 20), mean, min: mean, max: mean, n: 2 };
    }),
    ...over,
  };
}

export function signals(): SignalsAnswer {
  const now = Date.now();
  const time = (ago: number) => new Date(now - ago * 1000).toISOString();
  return {
    question: { app: "shop", name: "checkout", from: time(300), to: time(0) },
    step: "20s",
    complete_until: time(15),
    signals: [
      signal("slow pages", now, {
        state: "bad",
        statistic: "above",
        unit: "1",
        threshold: 0.05,
        last: { time: time(5), value: 0.125, n: 400 },
      }),
      signal("p95", now, {}),
      signal("conversion", now, {
        kind: "kpi",
        state: "known",
        statistic: "",
        source: "completed / begun",
        layer: "",
        unit: "1",
        threshold: null,
        direction: "up",
        endangers: "",
        owners: [],
        last: { time: time(30), value: 0.375, n: 40 },
      }),
      signal("queue", now, {
        state: "no_data",
        source: "queue.depth",
        last: { time: "2026-01-02T03:04:05Z", value: 7, n: 1 },
        steps: [],
      }),
      signal("goodwill", now, {
        kind: "kpi",
        state: "not_measured",
        source: "smiles",
        statistic: "",
        layer: "",
        endangers: "",
        owners: [],
        threshold: null,
        last: null,
        steps: [],
        why: "numerator: known are journey: begun, completed, failed, abandoned",
      }),
    ],
  };
}
