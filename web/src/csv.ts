// Tables as CSV (RFC 4180), for a spreadsheet or a chat.

import type { Bar } from "./chart";
import type { NowJourney } from "./now";

const head = [
  "app",
  "journey",
  "title",
  "owner",
  "state",
  "state_reason",
  "customers_failed",
  "customers_degraded",
  "customers_total",
  "sessions_failed",
  "sessions_degraded",
  "sessions_total",
  "tries_success",
  "tries_degraded",
  "tries_failed",
  "tries_abandoned",
  "tries_cancelled",
  "tries_open",
  "completion_rate",
  "window",
  "complete_until",
  "kind",
  "criticality",
  "customers_failed_1h",
  "customers_total_1h",
  "burn_objective",
  "burn_rate_1h",
];

/** cell quotes what needs it, and defuses what a spreadsheet would run as a formula. */
export function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** csv writes a table with its head. */
export function csv(head: string[], rows: (string | number | null)[][]): string {
  return `${[head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** What a chart of tries shows. */
export function barsCsv(all: Bar[]): string {
  return csv(
    [
      "from",
      "complete",
      "customers_failed",
      "customers",
      "failed",
      "degraded",
      "success",
      "p95_ms",
    ],
    all.map((b) => [
      new Date(b.at).toISOString(),
      String(b.complete),
      b.customersFailed,
      b.customers,
      b.failed,
      b.degraded,
      b.success,
      b.p95,
    ]),
  );
}

export function journeysCsv(journeys: NowJourney[], window: string, completeUntil: string): string {
  const rows = journeys.map((j) => [
    j.app,
    j.name,
    j.title,
    j.owner,
    j.state,
    j.state_reason,
    j.customers.failed,
    j.customers.degraded,
    j.customers.total,
    j.sessions.failed,
    j.sessions.degraded,
    j.sessions.total,
    j.outcomes.success,
    j.outcomes.degraded,
    j.outcomes.failed,
    j.outcomes.abandoned,
    j.outcomes.cancelled,
    j.outcomes.open,
    j.completion_rate,
    window,
    completeUntil,
    j.kind,
    j.criticality ?? null,
    j.hour.customers.failed,
    j.hour.customers.total,
    j.burn?.objective ?? "",
    j.burn?.rate ?? null,
  ]);
  return csv(head, rows);
}
