// What the first page asks of journeys in one go, and what it makes of it. Pure, but for the question.

import {
  type Distinct,
  type Incident,
  type Journey,
  type JourneysAnswer,
  type Outcomes,
  query,
  read,
} from "./api";
import { csv } from "./csv";
import { clock, int, percent, plural, shareOf } from "./format";

/** The objective of a journey whose error budget burns fastest. */
export interface Burn {
  objective: string;
  /** Share of bad ones in the last hour over the share allowed. */
  rate: number;
  bad: number;
  n: number;
  count: "interactions" | "customers";
  /** It has reached the factor that pages, on enough tries to tell. */
  fast: boolean;
}

/** A day of one name in equal steps. */
export interface Spark {
  bad: number[];
  n: number[];
}

export interface NowJourney extends Journey {
  hour: { customers: Distinct; outcomes: Outcomes };
  burn?: Burn | null;
  spark?: Spark;
}

export interface Change {
  id: string;
  kind: string;
  app?: string;
  services?: string[] | null;
  version?: string;
  previous?: string;
  region?: string;
  started: string;
  ended?: string | null;
  author?: string;
  url?: string;
  fixes?: string;
  outcome?: string;
}

export interface NowAnswer extends JourneysAnswer {
  journeys: NowJourney[];
  hour?: { from?: string; to?: string } | null;
  sparks?: { from: string; to: string; step_ms: number };
  changes?: Change[];
  health?: "ok" | "starting" | "degraded" | "silent";
}

/** An incident with what only lists of them need. */
export interface Ranked extends Incident {
  priority?: string | null;
  commander?: string | null;
  elapsed_ms?: number;
  score_parts?: { name: string; value: number; weight: number; input: string }[] | null;
  silenced?: string | null;
}

interface Asking {
  window: string;
  env?: string;
  /** Milliseconds; left out: now. */
  to?: number;
  /** With the sparks and the changes of a day. */
  day: boolean;
}

export async function getNow({ window, env, to, day }: Asking): Promise<NowAnswer> {
  const asked = {
    window,
    env,
    to: to === undefined ? undefined : new Date(to).toISOString(),
    day: day ? undefined : "false",
  };
  const got = await read<NowAnswer>(`api/v1/now?${query(asked)}`);
  return { ...got, journeys: got.journeys ?? [], window };
}

export async function getChanges(env?: string, window = "24h"): Promise<Change[]> {
  const got = await read<{ changes: Change[] | null }>(`api/v1/changes?${query({ window, env })}`);
  return got.changes ?? [];
}

const kinds: Record<string, string> = {
  deploy: "Deploy",
  flag: "Flag",
  launch: "Launch",
  campaign: "Campaign",
  config: "Configuration",
  region: "Region",
  traffic_peak: "Traffic peak",
  maintenance: "Maintenance",
  fix: "Fix",
};

export const changeKind = (kind: string): string => kinds[kind] ?? kind.replaceAll("_", " ");

/** What was changed, in a few words: "web 5.2 (was 5.1)". */
export function changeWords(c: Change): string {
  const what = c.services?.length ? c.services.join(", ") : c.app || "everything";
  const version = c.version ? ` ${c.version}` : "";
  const was = c.previous ? ` (was ${c.previous})` : "";
  const where = c.region ? ` in ${c.region}` : "";
  return `${what}${version}${was}${where}`;
}

/** concerns tells whether a change may have touched a journey of this app. */
export const concerns = (c: Change, app: string): boolean => !c.app || !app || c.app === app;

/** "14×", "0.3×"; what is not quite none is never rounded to it. */
export function burnWords(rate: number): string {
  if (rate >= 10) return `${int(Math.round(rate))}×`;
  if (rate <= 0) return "0×";
  return rate < 0.1 ? "<0.1×" : `${Math.round(rate * 10) / 10}×`;
}

export function burnSentence(b: Burn): string {
  const of = b.count === "customers" ? plural(b.n, "customer") : plural(b.n, "try", "tries");
  return `Objective ${b.objective}: ${int(b.bad)} of ${of} in the last hour were not good; the budget burns at ${burnWords(b.rate)} the rate that lasts`;
}

/** What is worse comes further up: the share that is full height is this at least. */
const leastTop = 0.1;

export interface SparkBar {
  /** From 0, the left end, in steps. */
  x: number;
  /** Share of the height; 0 where nothing was bad. */
  height: number;
  /** Too few tries to say much, or so small a share as every day has. */
  thin: boolean;
}

/** Half as much again as usual is more than usual. */
const more = 1.5;

/** sparkBars are the steps in which something was bad, and how high they go. */
export function sparkBars(s: Spark): { bars: SparkBar[]; gaps: number[]; top: number } {
  const share = s.n.map((n, i) => (n > 0 ? (s.bad[i] ?? 0) / n : 0));
  const solid = share.filter((_, i) => (s.n[i] ?? 0) >= enough);
  const top = Math.max(leastTop, ...solid);
  const usual = [...solid].sort((a, b) => a - b)[solid.length >> 1] ?? 0;
  const calm = solid.length >= enoughSteps ? Math.max(little, usual * more) : little;
  const bars = share.flatMap((v, x) =>
    v > 0 ? [{ x, height: Math.min(1, v / top), thin: (s.n[x] ?? 0) < enough || v < calm }] : [],
  );
  return { bars, gaps: s.n.flatMap((n, x) => (n === 0 ? [x] : [])), top };
}

const enough = 10;
const enoughSteps = 4;
const little = 0.01;

/** The day in a sentence, for the title and for screen readers. */
export function sparkWords(s: Spark, from: number, step: number, now: Date): string {
  const n = s.n.reduce((sum, one) => sum + one, 0);
  if (n === 0) return "nobody tried in 24 h";
  const bad = s.bad.reduce((sum, one) => sum + one, 0);
  if (bad === 0) return `none of ${plural(n, "try", "tries")} was bad in 24 h`;
  const least = Math.min(enough, Math.max(...s.n));
  let worst = -1;
  for (const [i, of] of s.n.entries())
    if (of >= least && (worst < 0 || rate(s, i) > rate(s, worst))) worst = i;
  const at = clock(new Date(from + worst * step), now);
  return `${shareOf(bad, n)} bad in 24 h, worst ${shareOf(s.bad[worst] ?? 0, s.n[worst] ?? 0)} from ${at}`;
}

const rate = (s: Spark, i: number): number => (s.bad[i] ?? 0) / (s.n[i] || 1);

/** Completion against the same window a week before, in points of a percent. */
export function against(now: Journey, then: Journey | undefined): string {
  if (!then || then.completion_rate === null || now.completion_rate === null)
    return "no week to compare";
  const points = (now.completion_rate - then.completion_rate) * 100;
  const sign = points > 0.05 ? "+" : points < -0.05 ? "−" : "±";
  return `${sign}${Math.abs(Math.round(points * 10) / 10)} points against ${percent(then.completion_rate)}`;
}

/** Why nobody is counted; "": they are. Nobody seen where nothing is looked at is not nobody hit. */
export const uncounted = (i: Incident): string =>
  i.impact_unknown ||
  (!i.journey && i.impact.customers.total === 0 ? "it names no journey, so nobody is counted" : "");

/** How many an incident hurt, and how: those who failed, else those who were served badly. */
export function hurtMost(i: Incident): { n: number; word: string } {
  const { failed, degraded } = i.impact.customers;
  const badly = (i.kind === "degraded" || i.kind === "slow") && degraded > failed;
  return badly ? { n: degraded, word: "served badly" } : { n: failed, word: "failed" };
}

/** Where customers fail now, for the row of an incident; undefined: not known. */
export function hitNow(i: Incident, rows: Journey[]): Distinct | undefined {
  return rows.find((j) => j.app === i.app && j.name === i.journey)?.customers;
}

export function incidentsCsv(rows: Ranked[]): string {
  const head =
    "id,priority,score,status,title,sentence,first_bad,resolved,customers_failed,customers_degraded,customers_total,customers_recovered,customers_lost,commander".split(
      ",",
    );
  const counted = (i: Ranked, n: number | undefined) => (uncounted(i) ? null : (n ?? null));
  return csv(
    head,
    rows.map((i) => [
      i.id,
      i.priority ?? "",
      i.score,
      i.status,
      i.title,
      i.sentence,
      i.first_bad,
      i.resolved ?? "",
      counted(i, i.impact.customers.failed),
      counted(i, i.impact.customers.degraded),
      counted(i, i.impact.customers.total),
      counted(i, i.impact.customers.recovered),
      counted(i, i.impact.customers.lost),
      i.commander ?? "",
    ]),
  );
}

export function changesCsv(rows: Change[]): string {
  const head = "id,kind,app,services,version,previous,region,started,ended,author,url".split(",");
  return csv(
    head,
    rows.map((c) => [
      c.id,
      c.kind,
      c.app ?? "",
      (c.services ?? []).join(" "),
      c.version ?? "",
      c.previous ?? "",
      c.region ?? "",
      c.started,
      c.ended ?? "",
      c.author ?? "",
      c.url ?? "",
    ]),
  );
}

/** matches finds rows by what a person types: every word somewhere in name, app or owner. */
export function matches(j: Journey, typed: string): boolean {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const text =
    `${j.title} ${j.name} ${j.app} ${j.owner} ${(j.journeys ?? []).join(" ")}`.toLowerCase();
  return words.every((w) => text.includes(w));
}

/**
 * folded leaves out what would say the same twice: a journey that was written down without steps
 * has one, of its own name.
 */
export function folded<T extends Journey>(rows: T[]): T[] {
  const whole = new Set(rows.filter((j) => j.kind === "journey").map((j) => `${j.app}/${j.name}`));
  return rows.filter((j) => {
    const only = j.kind === "step" && j.journeys?.length === 1 && j.journeys[0] === j.name;
    return !(only && whole.has(`${j.app}/${j.name}`));
  });
}

/**
 * worstStep is the step of a journey at which more customers fail than in whole journeys: whoever
 * fails on the way tries again, or leaves in the end. undefined: there is none.
 */
export function worstStep(j: NowJourney, rows: NowJourney[]): NowJourney | undefined {
  if (j.kind !== "journey" || j.state === "ok") return undefined;
  const steps = rows.filter(
    (s) => s.kind === "step" && s.app === j.app && s.journeys?.includes(j.name),
  );
  const worst = steps.reduce<NowJourney | undefined>(
    (w, s) => (s.customers.failed > (w?.customers.failed ?? 0) ? s : w),
    undefined,
  );
  return worst && worst.customers.failed > j.customers.failed ? worst : undefined;
}

/** shortList is the worst rows: all that are not well up to `most`, and at least `least`. */
export function shortList<T extends Journey>(sorted: T[], least: number, most: number): T[] {
  const bad = sorted.filter((j) => j.state === "failing" || j.state === "degraded").length;
  return sorted.slice(0, Math.min(most, Math.max(least, bad)));
}

/** How the journeys' answer is named in a file. */
export const stampOf = (a: NowAnswer): string =>
  (a.complete_until ?? "").replace(/[^0-9A-Za-z]/g, "");
