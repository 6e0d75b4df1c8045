import { describe, expect, it } from "vitest";
import type { Span, TraceAnswer } from "./ask";
import { say } from "./verdict";
import { length, traceCsv, traceVerdict, waterfall } from "./waterfall";

function span(id: string, offset: number, took: number, over: Partial<Span> = {}): Span {
  return {
    span_id: id,
    depth: 0,
    service: "web",
    name: id,
    kind: "server",
    status: "unset",
    start: "2026-03-04T14:00:00Z",
    end: "2026-03-04T14:00:01Z",
    offset_ms: offset,
    duration_ms: took,
    attributes: {},
    resource: 0,
    events: [],
    ...over,
  };
}

const spans = [
  span("page", 0, 1000),
  span("POST /pay", 100, 800, { depth: 1, parent_id: "page", service: "payment", status: "error" }),
  span("charge", 200, 600, { depth: 2, parent_id: "POST /pay", service: "bank", status: "error" }),
  span("log", 950, 50, { depth: 1, parent_id: "page" }),
];

describe("the layout", () => {
  it("is in shares of the whole trace, in the server's order", () => {
    const w = waterfall(spans);
    expect(w.length).toBe(1000);
    expect(w.bars.map((b) => [b.span.span_id, b.left, b.width])).toEqual([
      ["page", 0, 1],
      ["POST /pay", 0.1, 0.8],
      ["charge", 0.2, 0.6],
      ["log", 0.95, 0.05],
    ]);
  });

  it("gives each service one colour, and counts its errors", () =>
    expect(waterfall(spans).services).toEqual([
      { name: "web", colour: 0, spans: 2, errors: 0 },
      { name: "payment", colour: 1, spans: 1, errors: 1 },
      { name: "bank", colour: 2, spans: 1, errors: 1 },
    ]));

  it("stays inside when a machine's clock is ahead", () => {
    const w = waterfall([span("a", 0, 100), span("b", -50, 100)]);
    expect(w.bars.map((b) => b.left)).toEqual([50 / 150, 0]);
    for (const b of w.bars) expect(b.left + b.width).toBeLessThanOrEqual(1);
  });

  it("holds for one span without a length, and for none", () => {
    expect(waterfall([span("a", 0, 0)]).bars[0]).toMatchObject({ left: 0, width: 0 });
    expect(waterfall([])).toMatchObject({ bars: [], services: [], length: 0 });
  });
});

const failedTry = {
  id: "i",
  app: "shop",
  name: "pay",
  kind: "step",
  start: "",
  end: "",
  duration_ms: 1000,
  outcome: "failed",
  outcome_rule: "explicit",
  reason: "card_declined",
  retries: 0,
  identity_level: "user",
} as const;
const trace = (over: Partial<TraceAnswer>): TraceAnswer => ({
  trace_id: "",
  spans,
  resources: [],
  interactions: [failedTry],
  ...over,
});
const said = (a: TraceAnswer) => say(traceVerdict(a, waterfall(a.spans))).replaceAll("\u00a0", " ");

describe("the sentence", () => {
  it("says what the customer felt, and names the deepest error", () =>
    expect(said(trace({}))).toBe(
      "pay failed (card_declined): 4 spans in 3 services over 1.0 s, the error came from bank: charge",
    ));
  it("says when the spans are not kept", () =>
    expect(said(trace({ spans: [] }))).toBe("pay failed (card_declined); its spans are not kept"));
  it("says when no interaction names it", () =>
    expect(said(trace({ interactions: [], spans: [span("a", 0, 5)] }))).toBe(
      "No interaction names this trace: 1 span in 1 service over 5.0 ms",
    ));
  it("calls what has no outcome open", () =>
    expect(said(trace({ interactions: [{ ...failedTry, outcome: "" }] }))).toMatch(
      /^pay is open:/,
    ));
});

it.each([
  [0.82, "820 µs"],
  [4.25, "4.3 ms"],
  [340.4, "340 ms"],
  [2400, "2.4 s"],
  [61_000, "1 min 1 s"],
])("%d ms is %s", (ms, want) => expect(length(ms).replaceAll("\u00a0", " ")).toBe(want));

it("is a CSV with a row per span", () =>
  expect(traceCsv(waterfall(spans)).trim().split("\r\n")).toHaveLength(5));
