// The verdict: one sentence made from data, the first thing on the page. Distinct
// customers first, tries second, never a percentage without its n; what is unknown or
// old is said so and is never green.

import type { Impact, Incident, Journey, JourneysAnswer } from "./api";
import { clock, date, int, percent, plural, shareOf, windowWords } from "./format";
import type { Freshness } from "./freshness";
import { byScore, worstFirst } from "./order";

export type Tone = "failing" | "degraded" | "ok" | "unknown";

/** A run of text; strong runs carry the number and the name. */
export interface Run {
  text: string;
  strong?: boolean;
}

export interface Verdict {
  tone: Tone;
  headline: Run[];
  /** Second lines, each a whole remark. */
  detail: string[];
  /** Changes only when there is something new to announce, not when a count grows. */
  news: string;
  /** Show how to send telemetry. */
  guide?: "endpoint" | "naming";
}

export interface VerdictInput {
  freshness: Freshness;
  journeys?: JourneysAnswer;
  incidents?: Incident[];
  otlp: string;
  now: Date;
}

/** What stands before a number that is not exact. */
export const lead = { exact: "", estimate: "≈", lower_bound: "≥" } as const;

const strong = (text: string): Run => ({ text, strong: true });
const plain = (text: string): Run => ({ text });

export const say = (runs: Run[]): string => runs.map((r) => r.text).join("");

const longest = 60;

/** A name in a sentence: one that is very long is cut, the row beneath has it all. */
const cut = (name: string): string =>
  name.length > longest ? `${name.slice(0, longest - 1).trimEnd()}…` : name;

const nameOf = (j: Journey): string => cut(j.title || j.name);

/** verdict says how things are, and before that whether it can know. */
export function verdict(input: VerdictInput): Verdict {
  const { freshness: fresh, otlp } = input;
  if (fresh.kind === "loading")
    return {
      tone: "unknown",
      headline: [plain("Asking Felt how the customers are…")],
      detail: [],
      news: "",
    };
  if (fresh.kind === "never")
    return {
      tone: "unknown",
      headline: [strong("No telemetry yet"), plain(`: point an OTLP exporter at ${otlp}`)],
      detail: [],
      news: "never",
      guide: "endpoint",
    };
  const known = input.journeys || input.incidents ? judge(input) : undefined;
  if (fresh.now) return known ?? unanswered;
  if (fresh.kind === "replay" && known)
    return { ...known, tone: "unknown", detail: [fresh.words, ...known.detail] };
  return {
    tone: "unknown",
    headline: [strong(fresh.words), plain(known ? ": what is shown is not now" : "")],
    detail: known
      ? [
          `${fresh.kind === "past" ? "Then" : "Last known"}: ${say(known.headline)}`,
          ...remarks(fresh),
        ]
      : remarks(fresh),
    news: fresh.kind,
    guide: known?.guide,
  };
}

const unanswered: Verdict = {
  tone: "unknown",
  headline: [plain("Asking Felt how the customers are…")],
  detail: [],
  news: "",
};

function remarks(fresh: Freshness): string[] {
  if (fresh.kind === "down") return ["Asking again every few seconds."];
  if (fresh.kind === "frozen") return ["Press f to go on."];
  if (fresh.kind === "past") return ["Press ] to come nearer to now."];
  return [];
}

function judge({ journeys, incidents, now }: VerdictInput): Verdict {
  const worst = [...(incidents ?? [])].sort(byScore);
  if (worst[0]) return hurt(worst[0], worst.slice(1), journeys?.journeys ?? [], now);
  if (!journeys) return unanswered;
  if (journeys.journeys.length === 0)
    return {
      tone: "unknown",
      headline: [
        strong("No journey seen"),
        plain(
          ` in the last ${windowWords(journeys.window)}: telemetry arrives, and nothing says yet what in it customers try`,
        ),
      ],
      detail: [],
      news: "unnamed",
      guide: "naming",
    };
  return overall(journeys);
}

/** called is what people call an incident's journey: the inventory's title, else its name. */
export function called(incident: Incident, journeys: Journey[]): string {
  const said = incident.journeys?.find((j) => j.name === undefined || j.name === incident.journey);
  if (said?.title) return cut(said.title);
  const found = journeys.find((j) => j.app === incident.app && j.name === incident.journey);
  return found ? nameOf(found) : cut(incident.journey);
}

function hurt(incident: Incident, others: Incident[], journeys: Journey[], now: Date): Verdict {
  const { customers, interactions } = incident.impact;
  const name = called(incident, journeys);
  const from = date(incident.first_bad) ?? date(incident.opened);
  const since = from ? ` since ${clock(from, now)}` : "";
  const where = incident.env && incident.env !== "production" ? ` in ${incident.env}` : "";
  const lead = lessThanExact(incident.impact);
  const kind = suffered(incident);
  const apart = kind !== "failed" ? unlike(kind, incident.impact, name) : undefined;
  const headline =
    apart ??
    (customers.failed > 0
      ? [
          plain(lead),
          strong(plural(customers.failed, "customer")),
          plain(` (${shareOf(customers.failed, customers.total)}) could not finish `),
          strong(name),
        ]
      : customers.degraded > 0
        ? badly(incident.impact, name)
        : [plain("An incident is open on "), strong(name), plain(", no customer failed so far")]);
  const detail = [];
  if (incident.recovery?.since && incident.recovery.text) detail.push(incident.recovery.text);
  const range = intervalOf(incident.impact);
  const about = estimatedOf(incident.impact);
  if (about) detail.push(`about ${about} of sampled telemetry`);
  else if (range) detail.push(`95\u00a0% interval ${range}`);
  detail.push(tries(interactions));
  if (others.length > 0)
    detail.push(
      `${plural(others.length, "more incident")} open: ${others.map((i) => called(i, journeys)).join(", ")}`,
    );
  return {
    tone:
      (apart && kind !== "silent") || (customers.failed === 0 && customers.degraded > 0)
        ? "degraded"
        : "failing",
    headline: [...headline, plain(`${where}${since}`)],
    detail: detail.filter(Boolean),
    news: [incident, ...others].map((i) => i.id).join(),
  };
}

/** suffered is what customers feel: that they fail, as soon as that stands out, else what it was opened for. */
function suffered({ kind, findings }: Incident): string {
  const fails = findings?.some((f) => f.paging && f.kind === "failed");
  return fails ? "failed" : (kind ?? "failed");
}

/** unlike is the headline of what is no failure, as far as its numbers are there. */
function unlike(kind: string, impact: Impact, name: string): Run[] | undefined {
  const { success = 0, degraded = 0, failed = 0, abandoned = 0 } = impact.interactions;
  const decided = success + degraded + failed + abandoned;
  if (kind === "funnel" && abandoned > 0)
    return [
      plain(lessThanExact(impact)),
      strong(`${int(abandoned)} of ${plural(decided, "try", "tries")}`),
      plain(` (${percent(abandoned / decided)}) of `),
      strong(name),
      plain(" were left unfinished"),
    ];
  if (kind === "drop")
    return [strong("Fewer customers"), plain(" than usual come to "), strong(name)];
  if (kind === "silent")
    return [strong("Nothing is heard"), plain(" of customers of "), strong(name)];
  if ((kind === "degraded" || kind === "slow") && impact.customers.degraded > 0)
    return badly(impact, name);
  return undefined;
}

function badly(impact: Impact, name: string): Run[] {
  const { degraded, total } = impact.customers;
  return [
    plain(lessThanExact(impact)),
    strong(plural(degraded, "customer")),
    plain(` (${shareOf(degraded, total)}) ${degraded === 1 ? "was" : "were"} served badly by `),
    strong(name),
  ];
}

/** lessThanExact is what goes before a number that is not exact. */
export function lessThanExact(impact: Impact): string {
  if (impact.method === "lower_bound") return "At least ";
  return impact.method === "estimate" ? "About " : "";
}

/** intervalOf is "398–425" when the interval says more than the number itself, else "". */
export function intervalOf(impact: Impact): string {
  const [low, high] = impact.interval ?? [];
  if (low === undefined || high === undefined || low === high) return "";
  return `${int(Math.round(low))}–${int(Math.round(high))}`;
}

/** estimatedOf is "640, 590–702" when the input was sampled: how many failed customers there were. */
export function estimatedOf(impact: Impact): string {
  const failed = impact.sampled ? impact.estimated?.failed : undefined;
  if (!failed) return "";
  return `${int(failed.estimate)}, ${int(failed.low)}–${int(failed.high)}`;
}

function tries(by: Impact["interactions"]): string {
  const failed = by.failed ?? 0;
  const rated = failed + (by.success ?? 0) + (by.degraded ?? 0) + (by.abandoned ?? 0);
  return rated > 0
    ? `${int(failed)} of ${plural(rated, "try", "tries")} failed (${percent(failed / rated)})`
    : "";
}

/** attempts adds up the tries of all rows: a whole journey is no further try, as its customers are no further ones. */
function attempts(rows: Journey[]): string {
  const steps = rows.filter((j) => j.kind !== "journey");
  const sum = { success: 0, degraded: 0, failed: 0, abandoned: 0 };
  for (const { outcomes: o } of steps.length > 0 ? steps : rows) {
    sum.success += o.success;
    sum.degraded += o.degraded;
    sum.failed += o.failed;
    sum.abandoned += o.abandoned;
  }
  return tries(sum);
}

function list(journeys: Journey[]): string {
  const names = [...journeys].sort(worstFirst).map(nameOf);
  return names.length > 3
    ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
    : names.join(", ");
}

function overall(answer: JourneysAnswer): Verdict {
  const all = answer.journeys;
  const by = (state: Journey["state"]) => all.filter((j) => j.state === state);
  const [failing, degraded, silent] = [by("failing"), by("degraded"), by("no_data")];
  const counted = `: ${people(answer)}`;
  const [one, many] = nouns(all);
  const of = (n: number) =>
    n === all.length && n === 1 ? `1 ${one}` : `${int(n)} of ${plural(all.length, one, many)}`;
  const is = (n: number) => (n === 1 ? "is" : "are");
  const quiet = silent.length > 0 ? [`No data in the last minute: ${list(silent)}`] : [];
  const build = (tone: Tone, head: string, rest: string, detail: string[]): Verdict => ({
    tone,
    headline: [strong(head), plain(rest)],
    detail: [...detail, attempts(all)].filter(Boolean),
    news: `${tone} ${failing.length} ${degraded.length} ${silent.length}`,
  });
  if (failing.length > 0)
    return build(
      "failing",
      `${of(failing.length)} ${is(failing.length)} failing`,
      ` (${list(failing)})${counted}`,
      quiet,
    );
  if (degraded.length > 0)
    return build(
      "degraded",
      `${of(degraded.length)} ${is(degraded.length)} degraded`,
      ` (${list(degraded)})${counted}`,
      quiet,
    );
  if (silent.length === all.length)
    return build(
      "unknown",
      all.length === 1
        ? `No data from ${list(all)}`
        : `No data from any of ${plural(all.length, one, many)}`,
      " in the last minute",
      [],
    );
  if (silent.length > 0)
    return build(
      "unknown",
      `${of(all.length - silent.length)} ${is(all.length - silent.length)} well`,
      `, no data from ${list(silent)}${counted}`,
      [],
    );
  const head =
    all.length === 1 ? `${list(all)} is well` : `All ${plural(all.length, one, many)} are well`;
  return build("ok", head, counted, []);
}

/** weekWords is a week before, for who compares: "a week before 12 of 10,300 customers failed". */
export function weekWords(
  now: JourneysAnswer,
  before: { data?: JourneysAnswer; error?: Error | null },
): string {
  if (before.error) return `A week before could not be asked for: ${before.error.message}`;
  if (!before.data) return "Asking for a week before…";
  const then = wholeOf(before.data);
  if (!then || then.total === 0) return "A week before: no data";
  const here = wholeOf(now);
  const change = here ? `, now ${shareOf(here.failed, here.total)}` : "";
  return `A week before ${plural(then.failed, "customer")} failed (${shareOf(then.failed, then.total)}${change})`;
}

/** wholeOf is everybody, counted once; undefined where nobody can tell. */
function wholeOf(answer: JourneysAnswer): JourneysAnswer["customers"] {
  const rows = answer.journeys.map((j) => j.customers);
  return answer.customers ?? (rows.length === 1 ? rows[0] : undefined);
}

/** nouns is what rows are called: where whole journeys are known, a step is not one. */
function nouns(rows: Journey[]): [one: string, many: string] {
  const whole = rows.filter((j) => j.kind === "journey").length;
  return whole > 0 && whole < rows.length
    ? ["journey and step", "journeys and steps"]
    : ["journey", "journeys"];
}

/**
 * people is "1,204 customers in the last 5 min, 3 failed". Distinct customers of
 * several journeys cannot be added up; without the server's own total it says the
 * bounds that are certain.
 */
function people(answer: JourneysAnswer): string {
  const rows = answer.journeys.map((j) => j.customers);
  const window = `in the last ${windowWords(answer.window)}`;
  const whole = wholeOf(answer);
  if (whole) return `${plural(whole.total, "customer")} ${window}, ${int(whole.failed)} failed`;
  const most = Math.max(...rows.map((c) => c.total));
  const low = Math.max(...rows.map((c) => c.failed));
  const high = rows.reduce((sum, c) => sum + c.failed, 0);
  return `at least ${plural(most, "customer")} ${window}, ${low === high ? int(high) : `${int(low)} to ${int(high)}`} failed`;
}
