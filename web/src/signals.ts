// A journey's technical signals and business numbers, in words and as small lines.

import { type JourneyState, query, read, type Stamp } from "./api";
import { csv } from "./csv";
import { clock, date, int, percent, plural } from "./format";

export type SignalState = "bad" | "ok" | "known" | "no_data" | "not_measured";

export interface SignalStep {
  start: string;
  mean: number;
  min: number;
  max: number;
  n: number;
}

export interface SignalAnswer {
  name: string;
  kind: "signal" | "kpi";
  state: SignalState;
  sentence: string;
  layer?: string;
  source?: string;
  of?: string;
  statistic?: string;
  unit?: string;
  threshold: number | null;
  limit: number | null;
  /** Where better is; left out: nobody said. */
  direction?: string;
  endangers?: string;
  owners?: string[];
  last: { time: string; value: number; n: number } | null;
  steps: SignalStep[];
  why?: string;
}

export interface SignalsAnswer extends Stamp {
  question?: { app?: string; name?: string; from?: string; to?: string } | null;
  step: string;
  /** Bad ones first, then the known, then the others. */
  signals: SignalAnswer[];
  mend?: string;
}

export async function getSignals(of: string, window: string, env?: string): Promise<SignalsAnswer> {
  const got = await read<SignalsAnswer>(`api/v1/signals?${query({ of, window, env })}`);
  return { ...got, signals: got.signals ?? [] };
}

/** What has no threshold is neither good nor bad, and a state learnt later is not known here: grey. */
export function shapeOf(s: SignalAnswer): JourneyState {
  if (s.last === null) return "no_data";
  const shapes: Partial<Record<string, JourneyState>> = { bad: "failing", ok: "ok" };
  return shapes[s.state] ?? "no_data";
}

/** The word beside the shape. */
export function stateWord(s: SignalAnswer): string {
  const words: Partial<Record<string, string>> = {
    bad: "Past its threshold",
    ok: "Within",
    known: "No threshold",
    no_data: "No data",
    not_measured: "Not measured",
  };
  return words[s.state] ?? "Unknown";
}

/** Units as people write them, of UCUM as OpenTelemetry sends it. */
const units: Partial<Record<string, string>> = {
  "": "",
  "1": "",
  By: "B",
  "1/s": "/s",
  "/s": "/s",
  "1/min": "/min",
};

/** A value with three digits and its unit: "820 ms", "91 connections", "37.5 %". */
export function amount(v: number, unit = ""): string {
  if (!Number.isFinite(v)) return "–";
  if (unit === "1" && v >= 0 && v <= 1) return percent(v);
  if (unit === "s" && Math.abs(v) < 1) return `${digits(v * 1000)}\u00a0ms`;
  if (unit === "By") {
    let [n, power] = [v, 0];
    while (Math.abs(n) >= 1024 && power < 4) [n, power] = [n / 1024, power + 1];
    return `${digits(n)}\u00a0${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
  }
  // What stands in braces is counted.
  const said =
    units[unit] ?? unit.replace(/\{(\w*[a-z])\}/g, v === 1 || unit.includes("/") ? "$1" : "$1s");
  return said === "" ? digits(v) : `${digits(v)}${said.startsWith("/") ? "" : "\u00a0"}${said}`;
}

function digits(v: number): string {
  if (v !== 0 && Math.abs(v) < 0.001) return v.toExponential(1);
  return Math.abs(v) >= 1000 ? int(v) : Number(v.toPrecision(3)).toString();
}

/** What the value is: "p95 of http.server.request.duration, of service api". */
export function about(s: SignalAnswer): string {
  const what = s.statistic ? `${s.statistic} of ${s.source}` : (s.source ?? "");
  return [what, s.of ? `of ${s.of}` : "", s.layer ?? ""].filter(Boolean).join(", ");
}

/** What the value is held against: "at most 500 ms", "91 % of 100 connections". */
export function held(s: SignalAnswer): string {
  const said: string[] = [];
  if (s.threshold !== null)
    said.push(
      `bad ${s.direction === "up" ? "at or below" : "from"} ${amount(s.threshold, s.unit)}`,
    );
  if (s.limit !== null && s.limit !== 0)
    said.push(
      s.last
        ? `${percent(s.last.value / s.limit)} of ${amount(s.limit, s.unit)}`
        : `full at ${amount(s.limit, s.unit)}`,
    );
  return said.join("; ");
}

/** The last value, or since when there is none; never a number that is no longer true. */
export function latest(s: SignalAnswer, now: Date): { value: string; rest: string } {
  if (s.state === "not_measured") return { value: "not measured", rest: s.why ?? "" };
  const at = date(s.last?.time);
  if (s.state === "no_data" || !s.last)
    return {
      value: "no data",
      rest: [at ? `since ${clock(at, now, true)}` : "", s.why ?? ""].filter(Boolean).join(": "),
    };
  const n =
    s.kind === "kpi"
      ? `of ${int(s.last.n)}`
      : `from ${plural(Math.round(s.last.n), "measurement")}`;
  return {
    value: amount(s.last.value, s.unit),
    rest: `${at ? `${clock(at, now, true)}, ` : ""}${n}`,
  };
}

export interface Spark {
  /** One text of points for each run of steps without a gap, in a box of width x height. */
  lines: string[];
  /** Steps with nothing on either side. */
  dots: { x: number; y: number }[];
  /** Where the threshold is; null: none, or out of the box. */
  threshold: number | null;
  low: number;
  high: number;
}

/** The small line of a signal: gaps stay gaps. */
export function spark(s: SignalAnswer, from: number, to: number, step: number): Spark | null {
  const [width, height] = [120, 28];
  const points = s.steps
    .map((p) => ({ at: Date.parse(p.start), v: p.mean }))
    .filter((p) => Number.isFinite(p.at) && Number.isFinite(p.v));
  if (points.length === 0 || !(to > from)) return null;
  const all = points.map((p) => p.v);
  let [low, high] = [Math.min(...all), Math.max(...all)];
  const near =
    s.threshold !== null &&
    s.threshold <= high + (high - low || Math.abs(high)) * 2 &&
    s.threshold >= low - (high - low || Math.abs(low)) * 2;
  if (near && s.threshold !== null)
    [low, high] = [Math.min(low, s.threshold), Math.max(high, s.threshold)];
  const y = (v: number) =>
    high > low ? height - 2 - ((v - low) / (high - low)) * (height - 4) : height / 2;
  const x = (at: number) =>
    Math.max(0, Math.min(width, ((at + step / 2 - from) / (to - from)) * width));
  // Points of an exporter that sends once a minute are a minute apart, and no gap.
  const apart = points.slice(1).map((p, i) => p.at - (points[i]?.at ?? 0));
  const usual = [...apart].sort((a, b) => a - b)[Math.floor(apart.length / 2)] ?? step;
  const lines: string[] = [];
  const dots: Spark["dots"] = [];
  let run: { x: number; y: number }[] = [];
  const close = () => {
    const [only] = run;
    if (run.length === 1 && only) dots.push(only);
    else if (run.length > 1) lines.push(run.map((p) => `${round(p.x)},${round(p.y)}`).join(" "));
    run = [];
  };
  points.forEach((p, i) => {
    if (i > 0 && p.at - (points[i - 1]?.at ?? 0) > 2.5 * Math.max(usual, step)) close();
    run.push({ x: x(p.at), y: y(p.v) });
  });
  close();
  return {
    lines,
    dots,
    threshold: near && s.threshold !== null ? round(y(s.threshold)) : null,
    low: Math.min(...all),
    high: Math.max(...all),
  };
}

const round = (n: number) => Math.round(n * 10) / 10;

/** The small line in words. */
export function sparkWords(s: SignalAnswer, line: Spark): string {
  return `${s.name}: from ${amount(line.low, s.unit)} to ${amount(line.high, s.unit)} in ${plural(s.steps.length, "step")} with a value`;
}

/** "1m0s" as the server writes it, in milliseconds. */
export function lengthOf(step: string): number {
  const in_: Partial<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
  let ms = 0;
  for (const [, n, unit] of step.matchAll(/(\d+)([hms])/g))
    ms += Number(n) * (in_[unit ?? ""] ?? 0);
  return ms;
}

/** The verdict of the block. */
export function signalsVerdict(list: SignalAnswer[]): string {
  const bad = list.filter((s) => s.state === "bad");
  const count = (state: SignalState) => list.filter((s) => s.state === state).length;
  const rest = [
    count("no_data") ? `${int(count("no_data"))} without data` : "",
    count("not_measured") ? `${int(count("not_measured"))} not measured` : "",
  ];
  const first = bad[0];
  let said = "";
  if (first)
    said = `${first.name} is ${amount(first.last?.value ?? Number.NaN, first.unit)}, ${held(first)}${first.endangers ? `: it endangers ${first.endangers}` : ""}${bad.length > 1 ? `; ${plural(bad.length - 1, "other")} past the threshold` : ""}`;
  else if (count("ok"))
    said = `${plural(count("ok"), "signal")} within ${count("ok") === 1 ? "its threshold" : "their thresholds"}`;
  else if (count("known")) said = `${plural(count("known"), "number")}, none with a threshold`;
  return [said, ...rest].filter(Boolean).join("; ");
}

const head =
  "name,kind,state,value,n,unit,threshold,limit,time,statistic,source,of,layer,endangers,complete_until".split(
    ",",
  );

export function signalsCsv(a: SignalsAnswer): string {
  return csv(
    head,
    a.signals.map((s) => [
      s.name,
      s.kind,
      s.state,
      s.last?.value ?? null,
      s.last?.n ?? null,
      s.unit ?? "",
      s.threshold,
      s.limit,
      s.last?.time ?? "",
      s.statistic ?? "",
      s.source ?? "",
      s.of ?? "",
      s.layer ?? "",
      s.endangers ?? "",
      a.complete_until ?? "",
    ]),
  );
}
