// The spans of a trace as a waterfall: how far from the left, in which colour, and the
// sentence above them.

import type { Span, TraceAnswer } from "./ask";
import { csv } from "./csv";
import { int, plural } from "./format";
import type { Run } from "./verdict";

export interface Bar {
  span: Span;
  /** Of the trace's length, 0..1. */
  left: number;
  width: number;
  /** Index of its service's colour. */
  colour: number;
}

export interface Waterfall {
  bars: Bar[];
  services: { name: string; colour: number; spans: number; errors: number }[];
  /** Milliseconds. */
  length: number;
}

/** How many colours there are; further services take them again, and wear their name. */
export const colours = 8;

export const failed = (s: Span): boolean => s.status === "error";
const endOf = (s: Span): number => s.offset_ms + s.duration_ms;

/** waterfall lays spans out in the order in which the server gave them. */
export function waterfall(spans: Span[]): Waterfall {
  // Clocks of machines differ: a child may begin before the first of all.
  const first = Math.min(0, ...spans.map((s) => s.offset_ms));
  const length = Math.max(0.001, ...spans.map((s) => endOf(s) - first));
  const byStart = [...spans].sort((a, b) => a.offset_ms - b.offset_ms);
  const order = [...new Set(byStart.map((s) => s.service))];
  const bars = spans.map((span) => ({
    span,
    left: (span.offset_ms - first) / length,
    width: Math.max(0, span.duration_ms) / length,
    colour: order.indexOf(span.service) % colours,
  }));
  return { bars, services: servicesOf(bars, order), length: spans.length > 0 ? length : 0 };
}

function servicesOf(bars: Bar[], order: string[]): Waterfall["services"] {
  return order.map((name, i) => {
    const mine = bars.filter((b) => b.span.service === name);
    return {
      name,
      colour: i % colours,
      spans: mine.length,
      errors: mine.filter((b) => failed(b.span)).length,
    };
  });
}

/** length is "820 µs", "340 ms", "2.4 s". */
export function length(milliseconds: number): string {
  if (milliseconds < 1) return `${int(Math.round(milliseconds * 1000))}\u00a0µs`;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)}\u00a0ms`;
  if (milliseconds < 1000) return `${int(milliseconds)}\u00a0ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
  const s = Math.round(milliseconds / 1000);
  return `${Math.floor(s / 60)}\u00a0min ${s % 60}\u00a0s`;
}

/** traceVerdict says what the customer felt, then where it broke first. */
export function traceVerdict(a: TraceAnswer, w: Waterfall): Run[] {
  const bad = a.interactions.filter((i) => i.outcome === "failed" || i.outcome === "degraded");
  const worst = bad.find((i) => i.outcome === "failed") ?? bad[0];
  const runs: Run[] = worst
    ? [
        { text: worst.name, strong: true },
        { text: ` ${worst.outcome === "failed" ? "failed" : "was degraded"}` },
        { text: worst.reason ? ` (${worst.reason})` : "" },
      ]
    : a.interactions[0]
      ? [
          { text: a.interactions[0].name, strong: true },
          {
            text: a.interactions[0].outcome
              ? ` ended with ${a.interactions[0].outcome}`
              : " is open",
          },
        ]
      : [{ text: "No interaction names this trace" }];
  if (w.bars.length === 0) return [...runs, { text: "; its spans are not kept" }];
  const broken = deepest(w);
  return [
    ...runs,
    {
      text: `: ${plural(w.bars.length, "span")} in ${plural(w.services.length, "service")} over ${length(w.length)}`,
    },
    ...(broken
      ? [{ text: `, the error came from ${broken.span.service}: ${broken.span.name}` }]
      : []),
  ];
}

/** deepest is the failed span that ended first among those without a failed child. */
function deepest(w: Waterfall): Bar | undefined {
  const bad = w.bars.filter((b) => failed(b.span));
  const parents = new Set(bad.map((b) => b.span.parent_id));
  return bad
    .filter((b) => !parents.has(b.span.span_id))
    .sort((a, b) => endOf(a.span) - endOf(b.span))[0];
}

const head = "start,duration_ms,service,name,kind,status,message,span_id,parent_id".split(",");

export function traceCsv(w: Waterfall): string {
  return csv(
    head,
    w.bars.map(({ span: s }) => [
      s.start,
      s.duration_ms,
      s.service,
      s.name,
      s.kind,
      s.status,
      s.message ?? "",
      s.span_id,
      s.parent_id ?? "",
    ]),
  );
}
