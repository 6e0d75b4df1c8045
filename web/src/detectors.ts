// What each detector knows, and the smallest change that it would see: in words that
// promise no more than the server says.

import { type JourneyState, query, read, type Stamp } from "./api";
import { csv } from "./csv";
import { int, percent, plural, span } from "./format";
import { amount, lengthOf } from "./signals";

/** The smallest change that would be seen within a time; null: none would be. */
export interface Effect {
  within: string;
  size: number | null;
}

export interface Detector {
  app: string;
  name: string;
  of: string;
  detector: string;
  kind: string;
  about?: string;
  /** Customers decided in ten seconds, lately; one who tries often is one. */
  tries: number;
  usual?: number;
  known?: number;
  /** Tries that must be known before a smallest change can be told. */
  needs?: number;
  /** How long it must watch yet before one can be told. */
  wait_ms?: number;
  /** Evidence in nats at which a finding opens, and at which it is of paging class. */
  open?: number;
  page?: number;
  lasting: boolean;
  smallest: Effect[];
}

export interface DetectorsAnswer extends Stamp {
  detectors: Detector[];
}

/** The server tells no more at once. */
export const most = 2000;

/** each asks of several names at once; of none: once, of everything. */
export const each = <T>(of: string[], ask: (of: string) => Promise<T>): Promise<T[]> =>
  Promise.all((of.length > 0 ? of : [""]).map(ask));

/** getDetectors asks of names, the journey first; of none: of everything. */
export async function getDetectors(of: string[], env?: string): Promise<DetectorsAnswer> {
  const got = await each(of, (one) =>
    read<DetectorsAnswer>(`api/v1/detectors?${query({ of: one, env })}`.replace(/\?$/, "")),
  );
  return { ...got[0], detectors: got.flatMap((a) => a.detectors ?? []) };
}

/** What sort of number a detector watches. */
type Sort = "share" | "p90" | "volume" | "ratio" | "burn" | "value";

const sorts: Partial<Record<string, Sort>> = {
  slow_usual: "p90",
  volume: "volume",
  step_ratio: "ratio",
  burn_rate: "burn",
  value_band: "value",
};

const sortOf = (d: Detector): Sort => sorts[d.detector] ?? "share";

const names: Partial<Record<string, string>> = {
  failed_rate: "More fail",
  degraded_rate: "More are degraded",
  slow_limit: "More wait longer than the limit",
  slow_usual: "More wait longer than usual",
  volume: "Customers stay away",
  unfinished_rate: "More leave without finishing",
  left_after_failure_rate: "More leave after a failure",
  step_ratio: "Fewer come on from the step before",
  burn_rate: "The budget burns",
  value_band: "The value leaves its band",
};

/** What it watches for: "More fail". One that the server may learn later keeps its own name. */
export function watches(d: Detector): string {
  return names[d.detector] ?? d.detector.replaceAll("_", " ");
}

/** keyOf tells detectors apart. */
export const keyOf = (d: Detector): string =>
  [d.of, d.app, d.name, d.detector, d.about ?? ""].join(" ");

/** ofWords names the series: "journey shop/buy". */
export const seriesOf = (d: Pick<Detector, "app" | "name" | "of">): string =>
  `${d.of}:${d.app ? `${d.app}/` : ""}${d.name}`;

export type Sees = "finding" | "sees" | "learning" | "blind";

/** What it is able to: told apart, because only one of them is good. */
export function seesOf(d: Detector): Sees {
  if (d.lasting) return "finding";
  if (d.smallest.some((e) => e.size !== null)) return "sees";
  return waits(d) ? "learning" : "blind";
}

export const seesWords: Record<Sees, string> = {
  finding: "Finding lasts",
  sees: "Watching",
  learning: "Not yet",
  blind: "Sees nothing",
};

/** What sees nothing is grey, as is all of it when the answer is not of now. */
export function shapeOf(d: Detector, fresh: boolean): JourneyState {
  if (!fresh) return "no_data";
  const shapes: Record<Sees, JourneyState> = {
    finding: "degraded",
    sees: "ok",
    learning: "no_data",
    blind: "no_data",
  };
  return shapes[seesOf(d)];
}

/** Why nothing can be told yet: "340 of 2,000 tries known"; "": that is not the reason. */
export function waits(d: Detector): string {
  const [known, needs] = [Math.floor(d.known ?? 0), d.needs ?? 0];
  // Of a value the server does not say how many are known, only that nothing can be told.
  if (sortOf(d) === "value") return "too few values known, or none comes in this time";
  return [
    known < needs ? `${int(known)} of ${int(needs)} tries known` : "",
    (d.wait_ms ?? 0) > 0 ? `${span((d.wait_ms ?? 0) / 1000)} more to watch first` : "",
  ]
    .filter(Boolean)
    .join("; ");
}

/** points of a share, never smaller than it is: 0.0312 is "+3.2 points". */
export function points(size: number): string {
  const x = size * 100;
  const step = x < 1 ? 100 : 10;
  const n = Math.ceil(x * step - 1e-6) / step;
  return `+${n}\u00a0${n === 1 ? "point" : "points"}`;
}

/** up rounds so that the effect is never told smaller than it is. */
function up(x: number): number {
  const step = x < 10 ? 10 : 1;
  return Math.ceil(x * step - 1e-6) / step;
}

/** The change: "+3.1 points", "40 % fewer", "a burn of 14.4×", "a shift of 0.3"; "": none. */
export function change(d: Detector, size: number | null): string {
  if (size === null || !Number.isFinite(size)) return "";
  switch (sortOf(d)) {
    case "volume":
    case "ratio":
      return size >= 0.995 ? "all of them gone" : `${Math.ceil(size * 100 - 1e-6)}\u00a0% fewer`;
    case "burn":
      return `${up(size)}× the rate that lasts`;
    case "value":
      return `a shift of ${amount(size)}`;
    default:
      return points(size);
  }
}

/** What one cell says, and why when that is nothing. */
export function cell(d: Detector, e: Effect | undefined): { value: string; rest: string } {
  const said = change(d, e?.size ?? null);
  if (said && sortOf(d) === "burn")
    return { value: said.replace(/ .*/, ""), rest: reaches(d, e?.size ?? 0) };
  if (said) return { value: said, rest: reaches(d, e?.size ?? 0) };
  const why = waits(d);
  if (why) return { value: "not yet", rest: why };
  const whole: Partial<Record<Sort, string>> = {
    volume: "not even if nobody came",
    ratio: "not even if nobody came on",
  };
  return { value: "nothing", rest: whole[sortOf(d)] ?? "not even if it were all of them" };
}

/** Where the share would be then: "4.1 % instead of 1 %". */
function reaches(d: Detector, size: number): string {
  const base = sortOf(d) === "p90" ? 0.1 : sortOf(d) === "share" ? d.usual : undefined;
  if (base !== undefined) return `${percent(Math.min(1, base + size))} instead of ${percent(base)}`;
  if (sortOf(d) === "burn" && d.usual)
    return `the rate that lasts: ${percent(Math.min(1, size * d.usual))} bad`;
  return "";
}

/** "120 customers a minute", as many as are decided. */
export function volume(d: Detector): string {
  return d.tries > 0 ? `${perMinute(d.tries)}\u00a0customers a minute` : "nobody now";
}

/** perMinute of a count in ten seconds; little is not rounded to nobody. */
function perMinute(inTen: number): string {
  const n = inTen * 6;
  if (n < 0.1) return "<0.1";
  return n < 10 ? (Math.round(n * 10) / 10).toString() : int(n);
}

/** What is held for usual, and on how much that rests. */
export function usual(d: Detector): { value: string; rest: string } {
  const known = Math.floor(d.known ?? 0);
  const rests = d.known === undefined ? "" : `of ${plural(known, "known try", "known tries")}`;
  switch (sortOf(d)) {
    case "p90":
      return d.usual
        ? { value: `p90 ${amount(d.usual, "s")}`, rest: rests }
        : { value: "unknown", rest: "no p90 is learnt yet" };
    case "volume":
      return d.usual
        ? { value: `${perMinute(d.usual)} a minute`, rest: "expected now" }
        : { value: "unknown", rest: "no volume is learnt yet" };
    case "ratio":
      return d.usual
        ? { value: `${percent(d.usual)} come on`, rest: rests }
        : { value: "unknown", rest: "nobody came on yet" };
    case "burn":
      return { value: `${percent(d.usual ?? 0)} may be bad`, rest: "the objective allows it" };
    case "value":
      return { value: "its own course", rest: "with its season" };
    default:
  }
  if (d.usual === undefined) return { value: "unknown", rest: rests || "nothing is known yet" };
  const assumed = known < (d.needs ?? 0);
  return { value: percent(d.usual), rest: assumed ? `partly assumed, ${rests}` : rests };
}

/** What a finding needs: "opens at 14, pages at 22 nats". */
export function threshold(d: Detector): { value: string; rest: string } {
  if (!d.open) return { value: "its windows", rest: "14.4× in 1 h, 6× in 6 h, 1× in 3 d" };
  const nats = (n: number) => (Math.round(n * 10) / 10).toString();
  return {
    value: sortOf(d) === "value" ? nats(d.open) : `${nats(d.open)}\u00a0nats`,
    rest: d.page ? `pages at ${nats(d.page)}` : "never pages by itself",
  };
}

/** The whole row as one sentence. */
export function sentence(d: Detector): string {
  const told = d.smallest.filter((e) => e.size !== null);
  const first = told[0];
  const last = told.at(-1);
  if (!first || !last) {
    const why = waits(d);
    return why ? `not yet: ${why}` : `nothing within 30\u00a0min at ${volume(d)}`;
  }
  const share = sortOf(d) === "share" && d.usual !== undefined;
  const base = share ? ` on ${percent(d.usual ?? 0)} of ${volume(d)}` : ` at ${volume(d)}`;
  const head = `${change(d, first.size)}${sortOf(d) === "value" ? "" : base} within ${withinWords(first)}`;
  const later = `nothing smaller than ${change(d, last.size)} within ${withinWords(last)}`;
  return last === first ? `${head}; nothing smaller` : `${head}; ${later}`;
}

/** Nothing in any time, for the same reason: said once. */
export const tellsNothing = (d: Detector): boolean => d.smallest.every((e) => e.size === null);

/** "5m0s" is "5 min". */
export const withinWords = (e: Effect): string => span(lengthOf(e.within) / 1000);

const order: Record<Sees, number> = { finding: 0, sees: 1, blind: 2, learning: 3 };

/**
 * The verdict of the block: how many would see something within 5 min, how many nothing, and
 * with lead what would be seen of the first name.
 */
export function detectorsVerdict(list: Detector[], fresh: boolean, lead = true): string {
  const total = list.length;
  const soon = list.filter((d) =>
    d.smallest.some((e) => e.size !== null && lengthOf(e.within) <= 300_000),
  );
  const ever = list.filter((d) => d.smallest.some((e) => e.size !== null));
  const count = (sees: Sees) =>
    list.filter((d) => d.smallest.every((e) => e.size === null) && state(d) === sees).length;
  const said = [
    `${int(soon.length)} of ${plural(total, "detector")} would see a change within 5\u00a0min`,
    ever.length > soon.length ? `${int(ever.length - soon.length)} within 30\u00a0min only` : "",
    count("blind") > 0 ? `${int(count("blind"))} nothing at this volume` : "",
    count("learning") > 0 ? `${int(count("learning"))} not yet` : "",
  ].filter(Boolean);
  const main = lead && list.find((d) => isMain(d) && seriesOf(d) === seriesOf(list[0] ?? d));
  if (main) said.push(`${watches(main).toLowerCase()} at ${main.name}: ${sentence(main)}`);
  return `${fresh ? "" : "Last known: "}${said.join("; ")}`;
}

/** What is asked first of a name; of a whole journey that is whether customers get through. */
const isMain = (d: Detector) => d.detector === "failed_rate" || d.detector === "unfinished_rate";

/** A lasting finding says nothing about what else would be seen. */
const state = (d: Detector): Sees => seesOf({ ...d, lasting: false });

/** byUse puts findings first, then what sees something; names stay together. */
export function byUse(list: Detector[]): Detector[] {
  const first = new Map<string, number>();
  for (const d of list) if (!first.has(seriesOf(d))) first.set(seriesOf(d), first.size);
  const place = (d: Detector) => first.get(seriesOf(d)) ?? 0;
  return [...list].sort((a, b) => place(a) - place(b) || order[seesOf(a)] - order[seesOf(b)]);
}

const head =
  "of,app,name,detector,kind,about,sees,customers_per_minute,usual,known,needs,smallest_1m,smallest_5m,smallest_30m,opens_at,pages_at,finding_lasts,complete_until".split(
    ",",
  );

export function detectorsCsv(list: Detector[], until = ""): string {
  const size = (d: Detector, ms: number) =>
    d.smallest.find((e) => lengthOf(e.within) === ms)?.size ?? null;
  return csv(
    head,
    list.map((d) => [
      d.of,
      d.app,
      d.name,
      d.detector,
      d.kind,
      d.about ?? "",
      state(d),
      Math.round(d.tries * 600) / 100,
      d.usual ?? null,
      d.known === undefined ? null : Math.floor(d.known),
      d.needs ?? null,
      size(d, 60_000),
      size(d, 300_000),
      size(d, 1_800_000),
      d.open ?? null,
      d.page ?? null,
      d.lasting ? "yes" : "no",
      until,
    ]),
  );
}
