// What is left of a journey's error budgets, in words and numbers.

import { type JourneyState, query, read, type Stamp } from "./api";
import { csv } from "./csv";
import { int, percent, plural } from "./format";

export type ObjectiveState = "ok" | "burning" | "spent" | "unknown";

export interface Burn {
  window: string;
  /** Bad ones over those allowed; null when nobody tried. */
  rate: number | null;
  factor: number;
  bad: number;
  n: number;
}

export interface ObjectiveAnswer {
  name: string;
  kind: string;
  target: number;
  window_ms: number;
  threshold_ms?: number;
  count?: string;
  state: ObjectiveState;
  sentence: string;
  bad: number;
  n: number;
  good_share: number | null;
  budget: {
    allowed: number;
    left: number;
    count_left: number;
    minutes_left: number;
    known_ms: number;
  } | null;
  burn: Burn[];
  sampled?: boolean;
  unknown?: string;
}

export interface ObjectivesAnswer extends Stamp {
  /** Worst budget first. */
  objectives: ObjectiveAnswer[];
  mend?: string;
}

export async function getObjectives(of: string, env?: string): Promise<ObjectivesAnswer> {
  const got = await read<ObjectivesAnswer>(`api/v1/objectives?${query({ of, env })}`);
  return { ...got, objectives: got.objectives ?? [] };
}

/** A state that the server may learn later is not known here: that is grey. */
export function shapeOf(o: ObjectiveAnswer): JourneyState {
  if (o.budget === null) return "no_data";
  const shapes: Partial<Record<string, JourneyState>> = {
    ok: "ok",
    burning: "degraded",
    spent: "failing",
  };
  return shapes[o.state] ?? "no_data";
}

export const stateWords: Record<JourneyState, string> = {
  ok: "Kept",
  degraded: "Burning",
  failing: "Spent",
  no_data: "No data",
};

const day = 86_400_000;

/** "28 d", "12 h". */
export function long(ms: number): string {
  return ms % day === 0
    ? `${int(ms / day)}\u00a0d`
    : ms >= 3_600_000
      ? `${int(ms / 3_600_000)}\u00a0h`
      : `${int(ms / 60_000)}\u00a0min`;
}

const units = (o: ObjectiveAnswer, n: number) =>
  o.count === "customers" ? plural(n, "customer") : plural(n, "try", "tries");

/** What is promised: "99.5 % of customers do not fail, over 28 d". */
export function promise(o: ObjectiveAnswer): string {
  const whose = o.count === "customers" ? "customers" : "tries";
  const what: Partial<Record<string, string>> = {
    completion: `${whose} reach the goal`,
    latency: `${whose} that reach the goal take no longer than ${int(o.threshold_ms ?? 0)}\u00a0ms`,
  };
  return `${percent(o.target)} of ${what[o.kind] ?? `${whose} do not fail`}, over ${long(o.window_ms)}`;
}

/** What is left: "40 % left: 4 more tries may go wrong, 5 min of a whole outage". */
export function left(o: ObjectiveAnswer): { share: string; rest: string } {
  const b = o.budget;
  if (!b) return { share: "unknown", rest: o.unknown ?? "nothing is known" };
  const partly =
    b.known_ms < o.window_ms * 0.99 ? `; of ${long(floor(b.known_ms))} that are known` : "";
  if (b.left <= 0)
    return {
      share: "nothing left",
      rest: `${units(o, Math.max(1, Math.round(-b.count_left)))} more than may go wrong${partly}`,
    };
  return {
    share: `${percent(b.left)} left`,
    rest: `${units(o, Math.floor(b.count_left + 1e-9))} more may go wrong, or ${minutes(b.minutes_left)} of a whole outage${partly}`,
  };
}

const floor = (ms: number) =>
  ms >= day ? ms - (ms % day) : ms >= 3_600_000 ? ms - (ms % 3_600_000) : ms - (ms % 60_000);

function minutes(n: number): string {
  return n >= 10 ? `${int(n)}\u00a0min` : `${Math.round(n * 10) / 10}\u00a0min`;
}

/** A burn rate with its n; nobody tried is not a rate of 0. */
export function rate(b: Burn | undefined): { value: string; of: string; over: boolean } {
  if (!b || b.rate === null) return { value: "–", of: "nobody tried", over: false };
  const value = b.rate >= 10 ? int(b.rate) : (Math.round(b.rate * 100) / 100).toString();
  return {
    value: `${value}×`,
    of: `${int(b.bad)} of ${int(b.n)}`,
    over: b.rate >= b.factor,
  };
}

/** The verdict of the block: the worst objective in a sentence, then how many are kept. */
export function objectivesVerdict(list: ObjectiveAnswer[]): string {
  const worst = list[0];
  if (!worst) return "";
  const kept = list.filter((o) => shapeOf(o) === "ok").length;
  const unknown = list.filter((o) => shapeOf(o) === "no_data").length;
  if (kept === list.length)
    return kept === 1 ? "The objective is kept" : `All ${plural(kept, "objective")} are kept`;
  const said = [`${int(kept)} of ${plural(list.length, "objective")} kept`];
  if (shapeOf(worst) !== "no_data" && shapeOf(worst) !== "ok")
    said.push(`${worst.name}: ${worst.sentence}`);
  if (unknown > 0) said.push(`${int(unknown)} unknown`);
  return said.join("; ");
}

const head =
  "objective,kind,target,window_ms,count,state,bad,n,budget_left,count_left,minutes_left,burn_1h,burn_6h,burn_3d,complete_until".split(
    ",",
  );

export function objectivesCsv(a: ObjectivesAnswer): string {
  return csv(
    head,
    a.objectives.map((o) => [
      o.name,
      o.kind,
      o.target,
      o.window_ms,
      o.count ?? "",
      o.state,
      o.bad,
      o.n,
      o.budget?.left ?? null,
      o.budget?.count_left ?? null,
      o.budget?.minutes_left ?? null,
      ...["1h", "6h", "3d"].map((w) => o.burn.find((b) => b.window === w)?.rate ?? null),
      a.complete_until ?? "",
    ]),
  );
}
