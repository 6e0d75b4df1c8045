// What an incident's page shows, as CSV: for a chat, a ticket, a spreadsheet.

import type { TimelineEntry } from "./api";
import { csv } from "./csv";
import { type Commanded, type FindingLine, type Plan, type Suspect, whereWords } from "./incident";
import type { Picture } from "./recoveryChart";
import { newestFirst } from "./timeline";

/** A file's name: what it holds, and of which incident. */
export const fileOf = (id: string, what: string): string => `felt-${id}-${what}.csv`;

export function chartCsv(p: Picture): string {
  return csv(
    ["from", "complete", "customers_failed", "customers", "tries", "failed", "degraded", "success"],
    p.columns.map((c) => [
      new Date(c.at).toISOString(),
      String(c.complete),
      c.customersFailed,
      c.customers,
      c.rated,
      c.failed,
      c.degraded,
      c.success,
    ]),
  );
}

export function partsCsv(i: Commanded): string {
  const all = [
    ...i.hit.map((p) => ["hit", p] as const),
    ...i.spared.map((p) => ["not hit", p] as const),
  ];
  return csv(
    ["fate", "part", "bad", "tries", "share", "customers", "other_bad", "other_tries", "explains"],
    all.map(([fate, p]) => [
      fate,
      whereWords(p),
      p.bad,
      p.n,
      p.share,
      p.customers,
      p.other_bad,
      p.other_n,
      p.explains,
    ]),
  );
}

const suspectRow = (s: Suspect) => [
  s.kind,
  s.what,
  s.at ?? "",
  s.score,
  s.bad,
  s.n,
  s.control_bad,
  s.control_n,
  s.text,
];

/** Suspects, then what left its band, then what moved first. */
export function signsCsv(i: Commanded): string {
  return csv(
    ["kind", "what", "at", "score", "bad", "tries", "control_bad", "control_tries", "text"],
    [
      ...i.suspects.map(suspectRow),
      ...i.nodes.map((n) => [
        "out of its band",
        [n.service, n.operation, n.callee && `→ ${n.callee}`].filter(Boolean).join(" "),
        n.first,
        null,
        null,
        n.n,
        null,
        null,
        n.text,
      ]),
      ...i.indicators.map((m) => [
        "moved",
        m.signal,
        m.first_out_of_band,
        null,
        null,
        null,
        null,
        null,
        m.text ?? "",
      ]),
    ],
  );
}

export function planCsv(plan: Plan[]): string {
  return csv(
    ["journey", "step", "action", "approver"],
    plan.flatMap((p) =>
      (p.actions ?? []).map((a) => [p.title, a.step ?? "", a.action, a.approver ?? ""]),
    ),
  );
}

export function timelineCsv(entries: TimelineEntry[]): string {
  return csv(
    ["at", "kind", "text", "actor"],
    newestFirst(entries).map((e) => [e.at, e.kind, e.text, e.actor ?? ""]),
  );
}

export function incidentFindingsCsv(list: FindingLine[]): string {
  return csv(
    ["id", "kind", "name", "paging", "ended", "explanation"],
    list.map((f) => [
      f.id,
      f.kind ?? "",
      f.name ?? "",
      String(f.paging ?? false),
      f.ended ?? "",
      f.explanation ?? "",
    ]),
  );
}
