import type { TimelineEntry } from "./api";
import { date, int } from "./format";

/**
 * plainly leaves out of what a detector says how sure it had to be, which only its own page needs,
 * and writes the rest as the page does.
 */
export function plainly(text: string): string {
  return text
    .replace(/; evidence [\d.]+, [\d.]+ opens a finding/g, "")
    .replace(/ with [^;]+/g, (part) => part.replaceAll("=", " "))
    .replace(/\bof (\d{4,})\b/g, (_, n: string) => `of ${int(Number(n))}`);
}

const at = (e: TimelineEntry): number => date(e.at)?.getTime() ?? 0;
const routine = (e: TimelineEntry): boolean => /^updated?$/.test(e.kind);

export const newestFirst = (entries: TimelineEntry[]): TimelineEntry[] =>
  [...entries].sort((a, b) => at(b) - at(a));

/**
 * brief is the part of a timeline that is worth a glance, newest first: of routine
 * updates in a row only the newest, and at most `most` entries, the first one (how it
 * began) among them.
 */
export function brief(entries: TimelineEntry[], most = 5): TimelineEntry[] {
  const all = newestFirst(entries).filter(
    (e, i, rows) => !(routine(e) && i > 0 && routine(rows[i - 1] as TimelineEntry)),
  );
  return all.length <= most ? all : [...all.slice(0, most - 1), ...all.slice(-1)];
}
