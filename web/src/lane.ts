// The change lane: what people changed and what went wrong, where it belongs under a time chart.
// Marks that would lie on each other become one with a number. Pure: drawing is in parts/Lane.tsx.

import type { Incident } from "./api";
import { clock, date, plural } from "./format";
import { type Change, changeKind, changeWords } from "./now";

/** Something at a time, or from one to another. */
export interface Mark {
  key: string;
  kind: string;
  /** Milliseconds. */
  at: number;
  text: string;
}

/** Marks that are shown as one; x is a share of the chart's width. */
export interface Pin {
  x: number;
  marks: Mark[];
}

/** A stretch of time: an incident. */
export interface Stretch {
  key: string;
  from: number;
  to: number;
  open: boolean;
  text: string;
}

/** reach is how far back changes must be asked for, so that those of the chart are among them. */
export function reach(from: number, now: number): "24h" | "7d" | "30d" {
  const days = (now - from) / 86_400_000;
  return days < 1 ? "24h" : days < 7 ? "7d" : "30d";
}

/** marksOf lists the changes that began in [from, to), in order of time. */
export function marksOf(changes: Change[], from: number, to: number): Mark[] {
  return changes
    .flatMap((c) => {
      const at = date(c.started)?.getTime();
      if (at === undefined || at < from || at >= to) return [];
      return [{ key: c.id, kind: c.kind, at, text: `${changeKind(c.kind)}: ${changeWords(c)}` }];
    })
    .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** pins puts marks on a lane; those nearer than gap (a share of the width) to the first of a pin join it. */
export function pins(marks: Mark[], from: number, to: number, gap = 0.02): Pin[] {
  const all: Pin[] = [];
  for (const m of marks) {
    const x = (m.at - from) / (to - from);
    const last = all.at(-1);
    if (last && x - last.x < gap) last.marks.push(m);
    else all.push({ x, marks: [m] });
  }
  return all;
}

/** stretches are the incidents that touch [from, to), cut to it, as shares of the width. */
export function stretches(incidents: Incident[], from: number, to: number): Stretch[] {
  return incidents.flatMap((i) => {
    const start = (date(i.first_bad) ?? date(i.opened))?.getTime();
    if (start === undefined) return [];
    const end = date(i.resolved)?.getTime();
    const until = end ?? to;
    if (start >= to || until <= from || until <= start) return [];
    const x = (at: number) => Math.max(0, Math.min(1, (at - from) / (to - from)));
    return [
      {
        key: i.id,
        from: x(start),
        to: x(until),
        open: end === undefined,
        text: i.title || i.journey,
      },
    ];
  });
}

/** pinWords is a pin in words: time and what, or how many and what they are. */
export function pinWords(p: Pin, now: Date): string {
  const [first] = p.marks;
  if (!first) return "";
  if (p.marks.length === 1) return `${clock(new Date(first.at), now)} ${first.text}`;
  const more = p.marks.slice(0, 3).map((m) => m.text);
  const rest = p.marks.length - more.length;
  return `${plural(p.marks.length, "change")} from ${clock(new Date(first.at), now)}: ${more.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}
