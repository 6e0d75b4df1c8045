// How fast faults were found and mended, as distributions against the target.

import { query, read, type Stamp } from "./api";
import { int, plural, span } from "./format";

export interface Took {
  incident: string;
  title: string;
  opened: string;
  took_ms: number;
}

export interface Durations {
  name: string;
  title: string;
  n: number;
  median_ms: number | null;
  p90_ms: number | null;
  /** Longest first. */
  values: Took[];
}

export interface DetectionAnswer extends Stamp {
  target_ms: number;
  within: number;
  n: number;
  declared: number;
  noise: number;
  more: boolean;
  durations: Durations[];
}

export async function getDetection(window: string, env?: string): Promise<DetectionAnswer> {
  const got = await read<DetectionAnswer>(`api/v1/detection?${query({ window, env })}`);
  return {
    ...got,
    durations: (got.durations ?? []).map((d) => ({ ...d, values: d.values ?? [] })),
  };
}

/** One sentence: how many were found in time. */
export function detectionVerdict(a: DetectionAnswer): string {
  const rest = [
    a.declared > 0 &&
      `${plural(a.declared, "incident")} declared by people, which no detector opened`,
    a.noise > 0 && `${int(a.noise)} called noise or a duplicate, in no number here`,
  ].filter(Boolean);
  const target = span(a.target_ms / 1000);
  const said =
    a.n === 0
      ? "No incident was opened by a detector"
      : `${int(a.within)} of ${plural(a.n, "incident")} detected within ${target} of the first harm`;
  return [said, ...rest].join("; ");
}

/** Where a length of time lies on an axis from a second to a day, 0 to 1: each ten times as long is as far. */
export function place(ms: number): number {
  const x = Math.log10(Math.max(1000, ms) / 1000) / Math.log10(86_400);
  return Math.min(1, Math.max(0, x));
}

export const marks = [
  { ms: 1000, words: "1 s" },
  { ms: 60_000, words: "1 min" },
  { ms: 3_600_000, words: "1 h" },
  { ms: 86_400_000, words: "1 d" },
];
