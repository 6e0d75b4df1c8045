// The one chart of an incident: is it getting better, against the line below (or above) which
// customers have recovered. Pure: drawing is elsewhere.

import type { SeriesAnswer } from "./api";
import { type Bar, bars } from "./chart";
import { clock, int, percent, plural } from "./format";
import type { Commanded, Felt } from "./incident";

export interface Range {
  from: number;
  to: number;
  /** Seconds. */
  step: number;
}

const steps = [10, 30, 60, 300, 900, 3600, 21_600];
const before = 10 * 60_000;
const most = 120;

/** rangeOf begins a little before the first harm and ends now, or when it was over. */
export function rangeOf(firstBad: number, over: number | null, now: number): Range {
  const end = over === null ? now : Math.min(now, over + before);
  const from = Math.min(firstBad, end) - before;
  const step = steps.find((s) => (end - from) / 1000 / s <= most) ?? 86_400;
  const ms = step * 1000;
  return { from: Math.floor(from / ms) * ms, to: Math.ceil(end / ms) * ms, step };
}

export type Measure = "failed" | "completed" | "tries";

/** What the bars show: what recovery is judged by above all. */
export function measureOf(kind: Felt, incidentKind: string | undefined): Measure {
  if (incidentKind === "funnel") return "completed";
  return kind === "less" ? "tries" : "failed";
}

export interface Column extends Bar {
  /** 0 to 1 of the chart's top; null: nobody tried. */
  value: number | null;
}

export interface Picture {
  measure: Measure;
  columns: Column[];
  /** What the top of the chart is: a share, or tries. */
  top: number;
  /** The criterion; null where it is not judged. */
  line: number | null;
  /** True: recovered is below the line. */
  below: boolean;
}

function heightOf(b: Bar, m: Measure, degraded: boolean): number | null {
  if (m === "tries") return b.complete || b.rated > 0 ? b.rated : null;
  if (b.rated === 0) return null;
  if (m === "completed") return (b.success + b.degraded) / b.rated;
  return (b.failed + (degraded ? b.degraded : 0)) / b.rated;
}

const tops = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** picture turns an answer into columns and the line that stands for recovered. */
export function picture(answer: SeriesAnswer, until: number, i: Commanded, kind: Felt): Picture {
  const measure = measureOf(kind, i.kind);
  const all = bars(answer, until);
  const columns = all.map((b) => ({ ...b, value: heightOf(b, measure, kind === "degraded") }));
  const r = i.recovery;
  let line: number | null = null;
  if (r && measure === "failed" && kind !== "degraded") line = r.failed_to;
  if (r && measure === "completed" && r.completed_from > 0) line = r.completed_from;
  if (r && measure === "tries" && r.volume > 0 && r.volume_from > 0) {
    const lately = columns
      .filter((c) => c.complete)
      .slice(-Math.max(1, Math.ceil(300 / answer.step)));
    const mean = lately.reduce((sum, c) => sum + c.rated, 0) / Math.max(1, lately.length);
    line = (mean / r.volume) * r.volume_from;
  }
  const max = Math.max(line ?? 0, ...columns.map((c) => c.value ?? 0));
  const power = 10 ** Math.floor(Math.log10(Math.max(1, max)));
  const top =
    measure === "tries"
      ? ([1, 2, 5, 10].find((m) => m * power >= max) ?? 10) * power
      : (tops.find((t) => t >= max * 1.02) ?? 1);
  return { measure, columns, top, line, below: measure === "failed" };
}

/** One column in words, for the readout and for screen readers. */
export function tellColumn(c: Column, m: Measure, now: Date): string {
  const at = clock(new Date(c.at), now, true);
  const open = c.complete ? "" : "; not complete yet";
  if (c.rated === 0) return `${at}: nobody tried${c.complete ? "" : " yet"}`;
  const people = `${int(c.customersFailed)} of ${plural(c.customers, "customer")} failed`;
  const what =
    m === "tries"
      ? `${plural(c.rated, "try", "tries")} came`
      : m === "completed"
        ? `${percent((c.success + c.degraded) / c.rated)} of ${plural(c.rated, "try", "tries")} completed`
        : `${percent(c.failed / c.rated)} of ${plural(c.rated, "try", "tries")} failed`;
  return `${at}: ${people}; ${what}${open}`;
}

/** The line in words, beside it. */
export function lineWords(p: Picture): string {
  if (p.line === null) return "";
  if (p.measure === "tries") return `recovered from ${int(Math.round(p.line))} tries on`;
  return p.below
    ? `recovered at ${percent(p.line)} or less`
    : `recovered from ${percent(p.line)} on`;
}

export const axisWords = (p: Picture): string =>
  p.measure === "tries" ? int(p.top) : percent(p.top);

export const measureWords: Record<Measure, string> = {
  failed: "Tries that failed",
  completed: "Tries that completed",
  tries: "Tries that came",
};
