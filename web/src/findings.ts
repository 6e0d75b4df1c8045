// What the detectors saw, in words. A finding is no incident: only those of paging class
// open one.

import { type Incident, type JourneyState, query, read, type Stamp } from "./api";
import { csv } from "./csv";
import { each } from "./detectors";
import { clock, date, int, plural, span } from "./format";
import type { Sorting } from "./order";
import type { Run, Tone } from "./verdict";

interface SegmentValue {
  key: string;
  value: string;
}

export interface Finding {
  id: string;
  kind: string;
  env: string;
  app: string;
  name: string;
  /** "step" or "journey". */
  of: string;
  /** When one value of a segment stands out alone. */
  segment?: SegmentValue | null;
  /** Values that stand out in the whole, worst first. */
  segments?: SegmentValue[] | null;
  about?: string;
  detector: string;
  detector_version: number;
  statistic: number;
  threshold: number;
  n: number;
  hit: number;
  share: number;
  baseline: number;
  /** 0: it is assumed. */
  baseline_n: number;
  expected: number;
  since: string;
  opened: string;
  updated: string;
  ended: string | null;
  paging: boolean;
  explanation: string;
}

export interface FindingsAnswer extends Stamp {
  findings: Finding[];
  /** There are older ones in the window that were not asked for. */
  more: boolean;
  window: string;
}

export const kinds = [
  "failed",
  "degraded",
  "slow",
  "drop",
  "funnel",
  "silent",
  "burn",
  "kpi",
  "saturation",
] as const;

const words: Partial<Record<string, string>> = {
  failed: "Failures",
  degraded: "Degraded",
  slow: "Slow",
  drop: "Fewer customers",
  funnel: "Lost on the way",
  silent: "No telemetry",
  burn: "Budget burns",
  kpi: "Out of its band",
  saturation: "Fills up",
};

export const kindWords = (kind: string): string => words[kind] ?? kind.replaceAll("_", " ");

/** kindOf reads ?kind=; what is no kind asks for all of them. */
export const kindOf = (asked: string | null): string => kinds.find((k) => k === asked) ?? "";

export interface FindingsQuestion {
  /** Names, the journey first; none: everything. */
  of: string[];
  kind?: string;
  paging?: boolean;
  window: string;
  env?: string;
}

const most = 200;

export async function getFindings(q: FindingsQuestion): Promise<FindingsAnswer> {
  const { kind, window, env } = q;
  const rest = { kind, window, env, paging: q.paging ? "true" : undefined, limit: String(most) };
  const got = await each(q.of, (of) =>
    read<{ findings: Finding[] | null } & Stamp>(`api/v1/findings?${query({ of, ...rest })}`),
  );
  return {
    ...got[0],
    findings: got.flatMap((a) => a.findings ?? []),
    more: got.some((a) => (a.findings ?? []).length >= most),
    window,
  };
}

export const lasts = (f: Finding): boolean => date(f.ended) === null;

/** State as the page shows it: of telemetry that is gone nothing is known, and that is grey. */
export function shapeOf(f: Finding, fresh: boolean): JourneyState | "over" {
  if (!lasts(f)) return "over";
  if (!fresh || f.kind === "silent") return "no_data";
  return f.paging ? "failing" : "degraded";
}

export function stateWords(f: Finding, fresh: boolean): string {
  if (!lasts(f)) return "Over";
  return fresh ? "Lasts" : "Lasted when last known";
}

/** The values it is about: "region=eu", or those that stand out. */
export function segmentWords(f: Finding): string {
  if (f.segment) return `only ${f.segment.key}=${f.segment.value}`;
  const list = f.segments ?? [];
  return list.length > 0 ? `worst with ${list.map((s) => `${s.key}=${s.value}`).join(", ")}` : "";
}

/** Since when, when it was seen, how long it lasted. */
export function times(f: Finding, now: Date): { since: string; opened: string; ended: string } {
  const [since, opened, ended] = [date(f.since), date(f.opened), date(f.ended)];
  const begin = since ?? opened;
  const ms = (to: Date) => to.getTime() - (begin?.getTime() ?? 0);
  return {
    since: begin ? clock(begin, now, true) : "unknown",
    opened: opened
      ? `found ${clock(opened, now, true)}${since && opened > since ? `, ${span((opened.getTime() - since.getTime()) / 1000)} later` : ""}`
      : "",
    ended: !begin
      ? ""
      : ended
        ? `over ${clock(ended, now, true)}, after ${span(ms(ended) / 1000)}`
        : `for ${span(ms(now) / 1000)} now`,
  };
}

/** Where a finding leads: its series; a source of telemetry is no series. */
export function seriesOf(f: Finding): { view: "funnel" | "tries"; of: string } | null {
  if (!f.name) return null;
  const scope = f.app ? `${f.app}/${f.name}` : f.name;
  return f.of === "journey"
    ? { view: "funnel", of: `journey:${scope}` }
    : { view: "tries", of: `step:${scope}` };
}

/** The incident that a finding is in, where one is known. */
export function incidentOf(f: Finding, all: Incident[]): Incident | undefined {
  return all.find((i) => i.findings?.some((one) => one.id === f.id));
}

const rank = (f: Finding) => (lasts(f) ? (f.paging ? 0 : 1) : 2);
const opened = (f: Finding) => date(f.opened)?.getTime() ?? 0;

/** Those that last and page first, then those that last, then the newest. */
export const findingSorting: Sorting<Finding> = {
  key: (f) => f.id,
  state: (f) => String(rank(f)),
  compare: (a, b) => rank(a) - rank(b) || opened(b) - opened(a) || (a.id < b.id ? -1 : 1),
};

/** How many more than usual, or fewer of those expected. */
const beyond = (f: Finding) => Math.abs(f.hit - f.expected);

const where = (f: Finding) => f.name || f.about || f.app || "a source";

export interface Said {
  tone?: Tone;
  headline: Run[];
  detail: string[];
}

/** The verdict: what lasts, worst first. That nothing was found is no proof that all is well. */
export function findingsVerdict(a: FindingsAnswer, period: string, now: Date): Said {
  const list = [...a.findings].sort(findingSorting.compare);
  const open = list.filter(lasts);
  const paging = list.filter((f) => f.paging);
  const said = `${plural(list.length, "finding")} in the last ${period}`;
  const detail = [
    list.length > 0 ? `${a.more ? "at least " : ""}${said}` : "",
    paging.length > 0 ? `${int(paging.length)} of paging class` : "",
  ];
  const worst = [...open].sort((a, b) => rank(a) - rank(b) || beyond(b) - beyond(a))[0];
  if (!worst)
    return {
      headline:
        list.length > 0
          ? [{ text: "No finding lasts", strong: true }]
          : [{ text: "Nothing was found", strong: true }, { text: ` in the last ${period}` }],
      detail,
    };
  const seen = worst.kind === "silent";
  return {
    tone: seen && open.every((f) => f.kind === "silent") ? "unknown" : toneOf(open),
    headline: [
      { text: plural(open.length, "finding"), strong: true },
      {
        text: ` ${open.length === 1 ? "lasts" : "last, worst"}: ${kindWords(worst.kind).toLowerCase()} at `,
      },
      { text: where(worst), strong: true },
      { text: ` since ${times(worst, now).since}` },
    ],
    detail,
  };
}

const toneOf = (open: Finding[]): Tone => (open.some((f) => f.paging) ? "failing" : "degraded");

const head =
  "since,opened,updated,ended,paging,kind,of,app,name,segment,segments,about,detector,hit,n,share,baseline,baseline_n,expected,statistic,threshold,explanation,id".split(
    ",",
  );

export function findingsCsv(list: Finding[]): string {
  const pair = (s: SegmentValue) => `${s.key}=${s.value}`;
  return csv(
    head,
    list.map((f) => [
      f.since,
      f.opened,
      f.updated,
      f.ended ?? "",
      f.paging ? "yes" : "no",
      f.kind,
      f.of,
      f.app,
      f.name,
      f.segment ? pair(f.segment) : "",
      (f.segments ?? []).map(pair).join(" "),
      f.about ?? "",
      f.detector,
      f.hit,
      f.n,
      f.share,
      f.baseline,
      f.baseline_n,
      f.expected,
      f.statistic,
      f.threshold,
      f.explanation,
      f.id,
    ]),
  );
}
