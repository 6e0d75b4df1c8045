// Where the bars of a chart go, and what each one says. Pure: drawing is elsewhere.

import type { SeriesAnswer } from "./api";
import { clock, int, percent, plural } from "./format";

/** One bar: tries of one step of time, by outcome. */
export interface Bar {
  /** Start, milliseconds. */
  at: number;
  failed: number;
  degraded: number;
  success: number;
  /** Tries that are in the rate: failed + degraded + success + abandoned. */
  rated: number;
  customersFailed: number;
  customers: number;
  /** 95th percentile of the duration, ms; null when unknown. */
  p95: number | null;
  /** False while more may still arrive for this step. */
  complete: boolean;
}

/** bars fills the whole asked range: a step without an answer is a bar of nothing. */
export function bars(answer: SeriesAnswer, completeUntil: number): Bar[] {
  const width = answer.step * 1000;
  const found = new Map(answer.buckets.map((b) => [Math.floor(Date.parse(b.start) / width), b]));
  const out: Bar[] = [];
  for (let at = Math.floor(answer.from / width); at * width < answer.to; at++) {
    const b = found.get(at);
    const o = b?.outcomes ?? {};
    const [failed, degraded, success] = [o.failed ?? 0, o.degraded ?? 0, o.success ?? 0];
    out.push({
      at: at * width,
      failed,
      degraded,
      success,
      rated: failed + degraded + success + (o.abandoned ?? 0),
      customersFailed: b?.customers?.failed ?? 0,
      customers: b?.customers?.total ?? 0,
      p95: failed + degraded + success > 0 ? (b?.duration_ms?.p95 ?? null) : null,
      complete: (at + 1) * width <= completeUntil,
    });
  }
  return out;
}

/** top is a round number at or above the highest bar: 1, 2 or 5 times a power of ten. */
export function top(all: Bar[]): number {
  const max = Math.max(1, ...all.map((b) => b.failed + b.degraded + b.success));
  const power = 10 ** Math.floor(Math.log10(max));
  return ([1, 2, 5, 10].find((m) => m * power >= max) ?? 10) * power;
}

/** tell is one bar in words, for the readout and for screen readers. */
export function tell(bar: Bar, now: Date): string {
  const at = clock(new Date(bar.at), now, true);
  if (bar.rated === 0) return `${at}: no tries${bar.complete ? "" : " yet"}`;
  const people = `${int(bar.customersFailed)} of ${plural(bar.customers, "customer")} failed`;
  const rest = `${int(bar.failed)} failed, ${int(bar.degraded)} degraded, ${int(bar.success)} success (${percent(bar.failed / bar.rated)} of ${plural(bar.rated, "try", "tries")} failed)`;
  return `${at}: ${people}; ${rest}${bar.complete ? "" : "; not complete yet"}`;
}

/** ticks are whole multiples of `every` minutes in the range, as shares of its width. */
export function ticks(from: number, to: number, every: number): { at: number; x: number }[] {
  const step = every * 60_000;
  const out: { at: number; x: number }[] = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step)
    out.push({ at, x: (at - from) / (to - from) });
  return out;
}
