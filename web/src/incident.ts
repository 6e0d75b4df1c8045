// One incident, with everything that whoever commands it needs: the answers' types, the commands,
// and how the parts are put into words.

import {
  ApiError,
  call,
  type Distinct,
  type Impact,
  type Incident,
  type IncidentStatus,
  posting,
  query,
  read,
} from "./api";
import { clock, date, int, percent, plural, shareOf, span } from "./format";
import type { ObjectiveAnswer } from "./objectives";
import { plainly } from "./timeline";

export interface Asked {
  id: string;
  of?: string;
  from?: string;
  to?: string;
  where?: string[];
}

/** How a part of the customers fared, and the others at the same time. */
export interface Part {
  where: { key: string; value: string }[];
  bad: number;
  n: number;
  share: number | null;
  low: number;
  high: number;
  customers: number;
  usual: number;
  other_bad: number;
  other_n: number;
  explains: number;
  question?: Asked | null;
}

export interface Suspect {
  kind: string;
  change?: string;
  what: string;
  service?: string;
  at: string | null;
  /** From then to first_bad; below 0 it came afterwards. */
  lead_ms: number | null;
  bad: number;
  n: number;
  control_bad: number;
  control_n: number;
  score: number;
  text: string;
}

export interface CallNode {
  service: string;
  operation?: string;
  callee?: string;
  third_party?: boolean;
  what: string;
  first: string;
  n: number;
  origin: boolean;
  text: string;
}

export interface Recovery {
  since: string | null;
  holds: boolean;
  outcomes: number;
  needs: number;
  for_ms: number;
  failed: number;
  failed_to: number;
  completed: number;
  completed_from: number;
  volume: number;
  volume_from: number;
  text: string;
}

export interface Plan {
  journey: string;
  title: string;
  team?: string;
  owners: string[] | null;
  actions: { step?: string; action: string; approver?: string }[] | null;
  links: { name: string; url: string }[] | null;
  signals:
    | { name: string; business_risk?: string; typical_response?: string[]; owners?: string[] }[]
    | null;
}

export interface Budget extends ObjectiveAnswer {
  of: string;
  title: string;
}

export interface ScorePart {
  name: string;
  value: number;
  weight: number;
  input: string;
}

export interface FindingLine {
  id: string;
  kind?: string;
  name?: string;
  paging?: boolean;
  ended?: string | null;
  explanation?: string;
}

export interface Commanded extends Incident {
  of?: string;
  version: number;
  journeys: { of: string; title: string; team?: string; owners?: string[] | null }[];
  source?: string;
  priority: string | null;
  commander: string | null;
  detected: string | null;
  notified: string | null;
  acknowledged: string | null;
  understood: string | null;
  mitigated: string | null;
  recovered: string | null;
  reopened: string | null;
  /** FROM/TO: between its turns, when customers were well. */
  calm?: string[];
  elapsed_ms: number;
  finding_active: boolean;
  needs_reason: boolean;
  recovery: Recovery | null;
  score_parts: ScorePart[];
  impact_unknown?: string;
  impact_question?: Asked | null;
  silenced: string | null;
  findings: FindingLine[];
  evidence_at: string | null;
  hit: Part[];
  spared: Part[];
  suspects: Suspect[];
  nodes: CallNode[];
  indicators: { signal: string; layer?: string; first_out_of_band: string; text?: string }[];
  cause: { change?: string; service?: string; note?: string; confirmed_by?: string } | null;
  decisions: { at: string; policy: string; result: string }[];
  actions: { kind: string; actor?: string; ran: string | null; result?: string }[];
  revenue_at_risk: { low: number; mid: number; high: number; currency: string } | null;
  verdict: string | null;
  now: { from: string; impact: Impact; question?: Asked | null } | null;
  plan: Plan[];
  budgets: Budget[];
  draft_update: string;
  last_update: string | null;
  next_update: string | null;
  complete_until?: string;
}

const lists = [
  "journeys",
  "score_parts",
  "findings",
  "timeline",
  "hit",
  "spared",
  "suspects",
  "nodes",
  "indicators",
  "decisions",
  "actions",
  "plan",
  "budgets",
] as const;

/** whole fills in what an older server, or a list that is null, leaves out. */
export function whole(got: Partial<Commanded> & Incident): Commanded {
  const filled = { draft_update: "", elapsed_ms: 0, ...got } as Commanded;
  for (const key of lists)
    if (!Array.isArray(filled[key])) (filled as never as Record<string, unknown>)[key] = [];
  return filled;
}

export const path = (id: string, verb = "") =>
  `api/v1/incidents/${encodeURIComponent(id)}${verb && `/${verb}`}`;

export async function getCommanded(id: string): Promise<Commanded> {
  if (!id) throw new ApiError(404, "the address names no incident");
  return whole(await read<Commanded>(path(id)));
}

/** Who gives commands from this browser, where no tokens say it. */
export const actorKey = "felt.actor";

export function actor(): string {
  try {
    return localStorage.getItem(actorKey) ?? "";
  } catch {
    return "";
  }
}

export function setActor(name: string): void {
  try {
    localStorage.setItem(actorKey, name);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** A header carries Latin letters only; other names go without their marks. */
const headerName = (name: string) =>
  name
    .normalize("NFKD")
    .replace(/[^\x20-\x7e]/g, "")
    .trim();

export interface Told {
  incident: Commanded;
  /** False: the server has it, and does not show it yet. */
  applied: boolean;
}

async function send(to: string, body: object): Promise<Response> {
  const init = posting(body);
  const headers: Record<string, string> = {
    "content-type": "application/json",
    "idempotency-key": crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
  };
  const who = headerName(actor());
  if (who) headers["x-felt-actor"] = who;
  return call(to, { ...init, headers });
}

/** command gives one command to one incident. */
export async function command(id: string, verb: string, body: object): Promise<Told> {
  const res = await send(path(id, verb), body);
  const got = (await res.json()) as Commanded;
  return { incident: whole(got), applied: res.status !== 202 };
}

export interface Declaring {
  title: string;
  reason?: string;
  of?: string;
  env?: string;
  first_bad?: string;
  priority?: string;
}

/** declare opens an incident by hand and gives its id. */
export async function declare(what: Declaring): Promise<string> {
  const res = await send("api/v1/incidents", what);
  return ((await res.json()) as { id: string }).id;
}

export interface Silencing {
  env?: string;
  of?: string;
  for: string;
  reason: string;
}

export async function silence(what: Silencing): Promise<void> {
  await send("api/v1/silences", what);
}

/** The customers whom an incident harmed, as CSV. */
export async function getCohort(id: string, reason: string): Promise<string> {
  const res = await call(`${path(id, "customers")}?${query({ reason })}`, {
    headers: { accept: "text/csv" },
    signal: AbortSignal.timeout(120_000),
  });
  return res.text().catch(() => {
    throw new ApiError(0, "the list was cut off");
  });
}

export type Felt = "failed" | "degraded" | "less" | "declared";

/** felt is what customers feel: they fail, are served badly, come or get through less. */
export function felt(i: Pick<Commanded, "kind" | "source" | "findings">): Felt {
  if (i.findings.some((f) => f.paging && f.kind === "failed")) return "failed";
  if (i.kind === "degraded" || i.kind === "slow") return "degraded";
  if (i.kind === "drop" || i.kind === "silent" || i.kind === "funnel") return "less";
  return i.findings.length === 0 && i.source === "declared" ? "declared" : "failed";
}

/** hurtBy is the number of distinct customers that counts for what is felt, with its word. */
export function hurtBy(kind: Felt, d: Distinct): { n: number; word: string } {
  return kind === "degraded" && d.failed < d.degraded
    ? { n: d.degraded, word: "served badly" }
    : { n: d.failed, word: "failed" };
}

/** real says why Felt holds it for real, or that people say so. */
export function real(i: Commanded, now: Date): { words: string; sure: boolean } {
  const lasting = i.findings.filter((f) => !f.ended);
  const loud = lasting.filter((f) => f.paging);
  if (i.verdict === "noise") return { words: "People called it noise", sure: false };
  if (i.verdict === "duplicate") return { words: "People called it a duplicate", sure: false };
  const first = loud[0] ?? i.findings.find((f) => f.paging) ?? lasting[0] ?? i.findings[0];
  if (!first)
    return i.source === "declared"
      ? { words: "Declared by hand: no detector has found it", sure: false }
      : { words: "What opened it is not kept", sure: false };
  const many =
    i.findings.length > 1 ? `; and ${plural(i.findings.length - 1, "more finding")}` : "";
  const said = plainly(
    first.explanation || `${first.kind ?? "finding"} of ${first.name ?? i.journey}`,
  );
  if (lasting.length > 0) return { words: `${said}${many}`, sure: loud.length > 0 };
  const ended = date(
    i.findings
      .map((f) => f.ended ?? "")
      .sort()
      .at(-1),
  );
  return {
    words: `${said}${many}; no finding lasts${ended ? ` since ${clock(ended, now)}` : ""}`,
    sure: false,
  };
}

/** What its links ask about: all that it is about, without the times between its turns. */
export const scopeOf = (i: { id: string; of?: string; journeys?: unknown[]; calm?: string[] }) =>
  (i.journeys?.length ?? 0) > 1 || i.calm?.length ? `incident:${i.id}` : (i.of ?? "");

/** Why there is no evidence. */
export function unasked(i: Commanded, without: string): string {
  if (!i.of) return `It names no journey, so ${without}.`;
  return i.status === "resolved"
    ? "Not known: it was over before history was asked."
    : "Not known yet: history is being asked. The first answer takes some seconds.";
}

export const whereWords = (p: Part) => p.where.map((w) => `${w.key} ${w.value}`).join(" and ");

/** A part with its counts and, where there are few, its interval. */
export function partWords(p: Part): string {
  if (p.n <= 0) return "nobody came";
  const wide =
    p.n > 0 && p.n < 1000 ? ` (${Math.round(p.low * 100)}–${Math.round(p.high * 100)}\u00a0%)` : "";
  return `${shareOf(p.bad, p.n)} tries${wide}`;
}

export const othersWords = (p: Part) =>
  p.other_n > 0 ? `all others ${shareOf(p.other_bad, p.other_n)}` : "nobody else came";

/** When a suspect came, relative to the first harm. */
export function leadWords(s: Suspect): string {
  if (s.lead_ms === null) return "";
  const far = span(Math.abs(s.lead_ms) / 1000);
  if (Math.abs(s.lead_ms) < 1000) return "at the same moment";
  return s.lead_ms > 0 ? `${far} before the first harm` : `${far} after the first harm`;
}

/** What the touched and the untouched say. */
export function controlWords(s: Suspect): string {
  if (s.n <= 0) return "";
  const touched = `touched: ${shareOf(s.bad, s.n)} bad`;
  return s.control_n > 0
    ? `${touched}; untouched at the same time: ${shareOf(s.control_bad, s.control_n)}`
    : `${touched}; nobody was untouched, so only the time speaks`;
}

/** How much speaks for a suspect, in a word. */
export function weightWords(score: number): string {
  if (score >= 0.75) return "much speaks for it";
  return score >= 0.5 ? "some speaks for it" : "little speaks for it";
}

/** The criterion by which it resolves by itself, in a sentence. */
export function criterion(r: Recovery): string {
  const parts = [`≤ ${percent(r.failed_to)} fail`];
  if (r.completed_from > 0) parts.push(`≥ ${percent(r.completed_from)} complete`);
  if (r.volume_from > 0) parts.push(`≥ ${percent(r.volume_from)} of those expected come`);
  return `Recovered once, for ${span(r.for_ms / 1000)} and ${plural(r.needs, "try", "tries")}: ${parts.join(", ")}.`;
}

/** Is it getting better: one sentence, and whether it is good news. */
export function better(i: Commanded, now: Date): { words: string; good: boolean | null } {
  const at = (text: string | null | undefined) => {
    const d = date(text);
    return d ? clock(d, now) : "";
  };
  if (i.status === "resolved")
    return i.recovered
      ? { words: `Resolved. Customers recovered at ${at(i.recovered)}.`, good: true }
      : {
          words: `Resolved by hand at ${at(i.resolved)}: customers had not been seen to recover.`,
          good: null,
        };
  const r = i.recovery;
  if (i.recovered) return { words: `Customers recovered at ${at(i.recovered)}.`, good: true };
  if (!r)
    return {
      words: i.of
        ? "Recovery is not judged yet: not enough is known of what is usual."
        : "Recovery cannot be judged: it names no journey.",
      good: null,
    };
  if (r.text) return { words: r.text, good: r.holds };
  return r.holds
    ? { words: `Back to usual since ${at(r.since)}.`, good: true }
    : { words: "Not back to usual yet.", good: false };
}

export const statusWords: Record<IncidentStatus, string> = {
  open: "Open, nobody works on it",
  acknowledged: "Acknowledged",
  resolved: "Resolved",
};

/** Money in minor units: the middle, and the range it lies in. */
export function money(m: { low: number; mid: number; high: number; currency: string }): {
  value: string;
  range: string;
} {
  const f = new Intl.NumberFormat("en-US", {
    style: "currency",
    currency: m.currency,
    notation: "compact",
    maximumSignificantDigits: 3,
  });
  const whole = new Intl.NumberFormat("en-US", { style: "currency", currency: m.currency });
  const minor = 10 ** (whole.resolvedOptions().maximumFractionDigits ?? 2); // a yen has no cents
  const of = (v: number) => f.format(v / minor);
  return { value: of(m.mid), range: m.low === m.high ? "" : `${of(m.low)} to ${of(m.high)}` };
}

/** The worst error budget that is not kept; else how many are. */
export function budgetWords(list: Budget[]): { value: string; sub: string; bad: boolean } | null {
  const worst = list[0];
  if (!worst) return null;
  if (worst.budget === null)
    return {
      value: "unknown",
      sub: `${worst.name}: ${worst.unknown ?? "nothing is known"}`,
      bad: false,
    };
  const fast = worst.burn.find((b) => b.rate !== null && b.rate >= b.factor);
  const burn = fast?.rate ? `, burns at ${int(fast.rate)}×` : "";
  const value = worst.budget.left <= 0 ? "nothing left" : `${percent(worst.budget.left)} left`;
  const more = list.length > 1 ? `; ${plural(list.length - 1, "more objective")}` : "";
  return { value, sub: `${worst.title}, ${worst.name}${burn}${more}`, bad: worst.state !== "ok" };
}

/** first is the most important of a list, and how many are left out. */
export function first<T>(list: T[], n: number, all: boolean): { shown: T[]; rest: number } {
  return all || list.length <= n + 1
    ? { shown: list, rest: 0 }
    : { shown: list.slice(0, n), rest: list.length - n };
}

/** done tells which steps of the plan somebody has said are done or under way. */
export function done(i: Commanded, action: string): { by: string; at: Date | null } | null {
  const said = i.timeline.findLast(
    (e) => e.kind === "decision" && e.text.includes(doneText(action)),
  );
  return said ? { by: said.actor ?? "", at: date(said.at) } : null;
}

export const doneText = (action: string) => `Done: ${action}`;

export type Act =
  | "acknowledge"
  | "command"
  | "note"
  | "marker"
  | "update"
  | "mitigated"
  | "cause"
  | "priority"
  | "verdict"
  | "resolve"
  | "silence"
  | "customers"
  | "declare";

/** nextStep is the one thing to do now, and the act that does it, where one does. */
export function nextStep(i: Commanded): { words: string; act?: Act } {
  if (i.status === "resolved")
    return i.verdict
      ? { words: "Nothing: it is over." }
      : { words: "Say whether it was real or noise: detectors learn from it.", act: "verdict" };
  if (!i.needs_reason) return { words: "Customers are back: resolve it.", act: "resolve" };
  if (i.status === "open")
    return { words: "Acknowledge it, so that others know.", act: "acknowledge" };
  if (!i.commander) return { words: "Take command: one person decides.", act: "command" };
  if (i.mitigated) return { words: "It is mitigated: watch that customers come back." };
  const task = i.plan.flatMap((p) => p.actions ?? []).find((a) => !done(i, a.action));
  const suspect = i.suspects[0];
  if (suspect && suspect.score >= 0.5 && !i.cause)
    return { words: `Look at ${suspect.what} first${task ? `; then: ${task.action}` : ""}.` };
  if (task) return { words: `${task.action}.`.replace(/\.\.$/, "."), act: undefined };
  if (!i.cause) return { words: "Find out what changed, and say the cause.", act: "cause" };
  return { words: "Stop what hurts customers, and say how.", act: "mitigated" };
}
