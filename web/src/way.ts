// One customer's way: tries in order of time, those of a journey under the journey.

import type { CustomerAnswer, Interaction } from "./ask";
import { csv } from "./csv";
import { clock, date, int, plural } from "./format";
import type { Run } from "./verdict";

export interface Stop {
  /** A journey, or a try that belongs to none. */
  head: Interaction;
  /** The journey's tries, in order of time. */
  tries: Interaction[];
}

const at = (text: string): number => date(text)?.getTime() ?? 0;

/** wayOf puts tries under their journey; newest journey or lone try first. */
export function wayOf(all: Interaction[]): Stop[] {
  const journeys = all.filter((i) => i.kind === "journey");
  const tries = new Map<string, Interaction[]>(journeys.map((j) => [j.id, []]));
  const alone: Interaction[] = [];
  for (const i of all) {
    if (i.kind === "journey") continue;
    const home = journeys.find((j) => isOf(i, j));
    if (home) tries.get(home.id)?.push(i);
    else alone.push(i);
  }
  const stops = [
    ...journeys.map((head) => ({
      head,
      tries: (tries.get(head.id) ?? []).sort((a, b) => at(a.start) - at(b.start)),
    })),
    ...alone.map((head) => ({ head, tries: [] })),
  ];
  return stops.sort((a, b) => at(b.head.end) - at(a.head.end));
}

/** isOf: the journey's name, and a try that ended while the journey lasted. */
function isOf(i: Interaction, j: Interaction): boolean {
  return i.journey === j.name && at(i.end) >= at(j.start) && at(i.start) <= at(j.end);
}

/** byDay cuts a way into the reader's days, newest first. */
export function byDay(stops: Stop[]): { day: Date; stops: Stop[] }[] {
  const days: { day: Date; stops: Stop[] }[] = [];
  for (const stop of stops) {
    const end = new Date(at(stop.head.end));
    const day = new Date(end.getFullYear(), end.getMonth(), end.getDate());
    const last = days.at(-1);
    if (last && last.day.getTime() === day.getTime()) last.stops.push(stop);
    else days.push({ day, stops: [stop] });
  }
  return days;
}

/** The words of an outcome, as a person says them. */
export function outcomeWords(i: Pick<Interaction, "outcome" | "abandoned_how">): string {
  if (i.outcome === "") return "under way";
  if (i.outcome === "abandoned")
    return {
      after_failure: "left after a failure",
      while_slow: "left while it was slow",
      voluntarily: "left of their own will",
      "": "left",
    }[i.abandoned_how ?? ""];
  return i.outcome === "cancelled" ? "changed their mind" : i.outcome;
}

const levels: Record<string, string> = {
  user: "user id",
  pseudonym: "pseudonym",
  installation: "installation",
  session: "session",
};

export const levelWords = (level: string): string => levels[level] ?? level;

/** shortHash is enough of a hash to tell people apart. */
export const shortHash = (hash: string): string => hash.slice(0, 8);

/** wayVerdict is one customer's story in a sentence. */
export function wayVerdict(a: CustomerAnswer, window: string, now: Date): Run[] {
  const who: Run = { text: `Customer ${shortHash(a.customer)}`, strong: true };
  const { success, degraded, failed, abandoned, cancelled, open } = a.outcomes;
  const tries = success + degraded + failed + abandoned + cancelled + open;
  if (tries === 0 && a.interactions.length === 0)
    return [who, { text: ` did nothing in the last ${window}` }];
  const hurt = a.interactions.find((i) => i.outcome === "failed");
  const when = hurt && date(hurt.end);
  const said = [
    failed > 0 ? `failed ${int(failed)} of ${plural(tries, "try", "tries")}` : "",
    degraded > 0 ? `was served badly ${plural(degraded, "time")}` : "",
  ].filter(Boolean);
  return [
    who,
    {
      text:
        said.length > 0
          ? ` ${said.join(" and ")} in the last ${window}`
          : ` had no failure in ${plural(tries, "try", "tries")} in the last ${window}`,
    },
    ...(hurt && when ? [{ text: `, last ${hurt.name} at ${clock(when, now)}` }] : []),
  ];
}

const head =
  "end,kind,app,name,journey,step,outcome,abandoned_how,reason,duration_ms,service,release,trace_id,customer".split(
    ",",
  );

export function triesCsv(all: Interaction[]): string {
  return csv(
    head,
    all.map((i) => [
      i.end,
      i.kind,
      i.app,
      i.name,
      i.journey ?? "",
      i.step ?? "",
      i.outcome,
      i.abandoned_how ?? "",
      i.reason ?? "",
      i.duration_ms,
      i.service ?? "",
      i.release ?? "",
      i.trace_id ?? "",
      i.customer ?? "",
    ]),
  );
}
