// The demo: a server that makes its own customers, and says so.

import { call, posting, read } from "./api";
import { clock, date, int, percent, span } from "./format";

export interface Demo {
  demo: boolean;
  scenario: string;
  scenarios: { name: string; title: string; text: string }[] | null;
  phase: "history" | "live";
  history?: { done: number; total: number; from?: string; to?: string } | null;
  fault?: { name?: string; from?: string; to?: string; active?: boolean } | null;
}

export const getDemo = (): Promise<Demo> => read<Demo>("demo/state");

export async function chooseScenario(name: string): Promise<void> {
  await call("demo/scenario", posting({ name }));
}

/** How far the history is taken in, 0 to 1; undefined: it is not being. */
export function progress(d: Demo): number | undefined {
  if (d.phase !== "history" || !d.history) return undefined;
  const { done, total } = d.history;
  return total > 0 ? Math.max(0, Math.min(1, done / total)) : 0;
}

/** What is being taken in: how long a past. */
export function taking(d: Demo): string {
  const [from, to] = [date(d.history?.from), date(d.history?.to)];
  if (!from || !to || to <= from) return "Taking in the history";
  const days = Math.round((to.getTime() - from.getTime()) / 86_400_000);
  return `Taking in ${days > 1 ? `${days} days` : span((to.getTime() - from.getTime()) / 1000)} of history`;
}

/** What the demo is doing, in a sentence. */
export function demoWords(d: Demo, now: Date): string {
  const share = progress(d);
  if (share !== undefined) {
    const total = d.history?.total ?? 0;
    return `${taking(d)}: ${percent(share)} of ${int(total)} interactions`;
  }
  const fault = d.fault;
  const from = date(fault?.from);
  const to = date(fault?.to);
  const what = (fault?.name ?? "").replaceAll(/[-_]/g, " ");
  if (fault?.active && from)
    return `The fault is on since ${clock(from, now)}${what ? `: ${what}` : ""}`;
  if (from && from > now)
    return `A fault strikes in ${span((from.getTime() - now.getTime()) / 1000)}`;
  if (to && to <= now) return `The fault was over at ${clock(to, now)}: customers recover`;
  return "Made-up customers, live";
}
