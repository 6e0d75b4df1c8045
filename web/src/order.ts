// Which row comes first: the worst. And when rows may move: never under the pointer,
// at once when a state changes, else only now and then, so that counts that grow side
// by side do not make the rows dance.

import type { Incident, Journey, JourneyState } from "./api";

const rank: Record<JourneyState, number> = { failing: 0, degraded: 1, no_data: 2, ok: 3 };

/** askFor names a row to the server, which takes a journey before a step of its name. */
export const askFor = (j: { app: string; name: string; kind?: string }): string =>
  j.kind === "step" ? `step:${scope(j)}` : keyOf(j);

/** A journey that was never seen may be of no app yet. */
const scope = (j: { app: string; name: string }): string => (j.app ? `${j.app}/${j.name}` : j.name);

export const settleMs = 15_000;

/** keyOf is how a row is asked for: a journey and its only step may share their name. */
export const keyOf = (j: { app: string; name: string; kind?: string }): string =>
  `${j.kind === "journey" ? "journey:" : ""}${scope(j)}`;

/** worstFirst compares by state, then customers failed, then degraded, then name. */
export function worstFirst(a: Journey, b: Journey): number {
  return (
    rank[a.state] - rank[b.state] ||
    b.customers.failed - a.customers.failed ||
    b.customers.degraded - a.customers.degraded ||
    b.customers.total - a.customers.total ||
    compare(keyOf(a), keyOf(b))
  );
}

/** byScore compares incidents: the one with the highest impact score first. */
export function byScore(a: Incident, b: Incident): number {
  return b.score - a.score || compare(a.opened, b.opened) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** How rows of one kind are told apart and sorted. */
export interface Sorting<T> {
  key(row: T): string;
  /** A change of it moves the row at once. */
  state(row: T): string;
  compare(a: T, b: T): number;
}

export const journeySorting: Sorting<Journey> = {
  key: keyOf,
  state: (j) => j.state,
  compare: worstFirst,
};

export const incidentSorting: Sorting<Incident> = {
  key: (i) => i.id,
  state: () => "",
  compare: byScore,
};

/** What the rows looked like last time. */
export interface Order {
  keys: string[];
  states: Record<string, string>;
  /** When the rows were last sorted, milliseconds. */
  sorted: number;
  /** True when rows are held in an order that is no longer worst first. */
  held: boolean;
}

export const noOrder: Order = { keys: [], states: {}, sorted: 0, held: false };

/** nextOrder decides the order of the rows. hold: the pointer is over them, or frozen. */
export function nextOrder<T>(
  last: Order,
  rows: T[],
  by: Sorting<T>,
  hold: boolean,
  now: number,
): Order {
  const states = Object.fromEntries(rows.map((row) => [by.key(row), by.state(row)]));
  const best = [...rows].sort(by.compare).map(by.key);
  const kept = last.keys.filter((key) => key in states);
  const known = new Set(kept);
  const stay = [...kept, ...best.filter((key) => !known.has(key))];
  const same = stay.every((key, i) => key === best[i]);
  // A hold keeps the old states too: the change still counts when the hold ends.
  if (hold && kept.length > 0)
    return { keys: stay, states: { ...states, ...last.states }, sorted: last.sorted, held: !same };
  const news = stay.length > kept.length || kept.some((key) => last.states[key] !== states[key]);
  if (!same && !news && now - last.sorted < settleMs)
    return { keys: stay, states, sorted: last.sorted, held: false };
  return { keys: best, states, sorted: now, held: false };
}
