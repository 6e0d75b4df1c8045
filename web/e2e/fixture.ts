// Canned answers, in the states the page must show. Times are relative to now, so
// that a fixture is as fresh as it claims.

import type { Bucket, Incident, Journey, JourneyState } from "../src/api";
import type { Ranked } from "../src/now";
import { fleet } from "./nowday";

export type State =
  | "empty"
  | "unnamed"
  | "well"
  | "quiet"
  | "incident"
  | "stale"
  | "behind"
  | "many"
  | "tiny"
  | "huge";

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

interface Row {
  name: string;
  title: string;
  owner: string;
  /** Customers, of them failed, degraded. */
  people: [number, number, number];
  state?: JourneyState;
  reason?: string;
}

const rows: Row[] = [
  { name: "checkout", title: "Checkout", owner: "Payments", people: [3120, 6, 14] },
  { name: "search", title: "Search", owner: "Discovery", people: [9870, 11, 40] },
  { name: "login", title: "Log in", owner: "Identity", people: [4410, 9, 3] },
  { name: "signup", title: "Sign up", owner: "Growth", people: [310, 1, 0] },
  { name: "add-to-cart", title: "Add to cart", owner: "Checkout", people: [5204, 3, 8] },
  { name: "product-page", title: "Product page", owner: "Discovery", people: [11930, 2, 61] },
  { name: "apply-voucher", title: "Apply voucher", owner: "Payments", people: [88, 1, 0] },
  { name: "track-order", title: "Track order", owner: "Fulfilment", people: [702, 0, 2] },
  { name: "return-item", title: "Return an item", owner: "Fulfilment", people: [41, 0, 0] },
  { name: "newsletter", title: "Newsletter", owner: "", people: [120, 0, 0] },
  { name: "chat-support", title: "Chat with support", owner: "Care", people: [64, 0, 1] },
  { name: "invoice-pdf", title: "Invoice as PDF", owner: "Billing", people: [77, 0, 0] },
];

function journey(r: Row): Journey {
  const [total, failed, degraded] = r.people;
  const tries = { failed: Math.round(failed * 1.6), degraded, success: Math.round(total * 1.3) };
  const rated = tries.failed + tries.degraded + tries.success;
  return {
    name: r.name,
    app: "shop",
    title: r.title,
    owner: r.owner,
    kind: "step",
    state: r.state ?? "ok",
    state_reason: r.reason ?? "",
    outcomes: { ...tries, abandoned: 0, cancelled: 2, open: 3 },
    customers: { total, failed, degraded },
    sessions: { total: Math.round(total * 1.1), failed: Math.round(failed * 1.1), degraded },
    completion_rate: rated ? (tries.success + tries.degraded) / rated : null,
  };
}

const hit: Record<string, Partial<Row>> = {
  checkout: { people: [3120, 412, 260], state: "failing", reason: "finding open since 14:23" },
  "apply-voucher": { people: [88, 7, 0], state: "failing", reason: "finding open" },
  search: {
    people: [9870, 11, 1460],
    state: "degraded",
    reason: "14.8 % of 12,831 tries degraded",
  },
  "invoice-pdf": { people: [0, 0, 0], state: "no_data", reason: "nothing for 3 min" },
};

export function journeys(state: State): Journey[] {
  if (state === "empty" || state === "unnamed") return [];
  if (state === "many" || state === "tiny" || state === "huge") return fleet(state);
  const bad = state === "incident" || state === "stale" || state === "behind";
  return rows.map((r) => {
    const quiet = state === "quiet" && r.name === "checkout";
    const over = quiet
      ? { people: [0, 0, 0] as Row["people"], state: "no_data" as const }
      : bad
        ? hit[r.name]
        : {};
    return journey({ ...r, ...over });
  });
}

/** What people did to the canned incidents. */
export interface Deeds {
  acknowledged: Set<string>;
  resolved: Map<string, string>;
}

function incident(
  id: string,
  of: Row,
  since: number,
  score: number,
  method: "exact" | "estimate",
  deeds: Deeds,
): Ranked {
  const [, failed, degraded] = of.people;
  const total = id === "inc-1" ? 13_290 : of.people[0];
  const [recovered, lost] = [Math.floor(failed * 0.3), Math.floor(failed * 0.08)];
  const resolved = deeds.resolved.get(id);
  const acked = deeds.acknowledged.has(id);
  const timeline = [
    {
      at: ago(since - 18),
      kind: "opened",
      text: `Failed share of ${of.title} 12.6 % in the last minute against 0.2 % in the last hour (p < 1e-9)`,
    },
    { at: ago(since - 60), kind: "updated", text: `${Math.floor(failed / 4)} customers failed` },
    {
      at: ago(since - 120),
      kind: "updated",
      text: `${Math.floor(failed / 2)} customers failed, score ${score - 9}`,
    },
  ];
  if (acked)
    timeline.push({
      at: ago(0),
      kind: "acknowledged",
      text: "Acknowledged",
      actor: "local",
    } as never);
  return {
    id,
    journey: of.name,
    app: "shop",
    env: "production",
    status: resolved !== undefined ? "resolved" : acked ? "acknowledged" : "open",
    opened: ago(since - 18),
    resolved: resolved !== undefined ? ago(0) : null,
    first_bad: ago(since),
    score,
    impact: {
      customers: { total, failed, degraded, recovered, lost, undecided: failed - recovered - lost },
      sessions: { total: Math.round(total * 1.06), failed: Math.round(failed * 1.05), degraded },
      accounts:
        id === "inc-1"
          ? { total: 214, failed: 19, degraded: 8 }
          : { total: 0, failed: 0, degraded: 0 },
      interactions: {
        success: Math.round(total * 1.1),
        degraded,
        failed: Math.round(failed * 2.3),
        abandoned: 40,
        cancelled: 12,
        open: 31,
      },
      method,
      interval:
        method === "exact"
          ? [failed, failed]
          : [Math.round(failed * 0.97), Math.round(failed * 1.03)],
      identity: {
        user: Math.round(total * 0.71),
        pseudonym: 0,
        installation: 0,
        session: total - Math.round(total * 0.71),
      },
    },
    timeline,
    findings: [{ id: id === "inc-1" ? "f-pay" : "f-other" }],
    title: id === "inc-1" ? "Customers fail at Checkout" : "Customers fail at Apply voucher",
    sentence: `${failed} of ${total} customers could not finish ${of.title}.`,
    priority: score > 60 ? "P1" : "P3",
    commander: id === "inc-1" ? null : "Maximiliane von der Hohenstein-Wertheim",
    silenced: id === "inc-2" ? "maintenance of the voucher service until 16:00 UTC" : null,
    score_parts: [
      { name: "criticality", value: 1, weight: 0.3, input: "5 of 5" },
      {
        name: "reach",
        value: 0.61,
        weight: 0.25,
        input: `${failed} of ${total} customers (${Math.round((failed / total) * 1000) / 10} %)`,
      },
      { name: "stage", value: 1, weight: 0.15, input: "the last step, where money is paid" },
      { name: "duration", value: 0.42, weight: 0.1, input: "6 min" },
      { name: "segment", value: 0.5, weight: 0.1, input: "not known" },
      { name: "harm", value: 0.88, weight: 0.1, input: "33 lost, 256 undecided, 123 recovered" },
    ],
  };
}

export function incidents(state: State, status: string, deeds: Deeds): Incident[] {
  const past: Incident = {
    ...incident("inc-0", { ...rows[2], people: [2210, 96, 4] } as Row, 7200, 31, "exact", deeds),
    status: "resolved",
    resolved: ago(5760),
    title: "Customers fail at Log in",
  };
  past.impact.customers = {
    total: 2210,
    failed: 96,
    degraded: 4,
    recovered: 81,
    lost: 15,
    undecided: 0,
  };
  const bad = state === "incident" || state === "stale" || state === "behind";
  const now = bad
    ? [
        incident("inc-1", { ...rows[0], ...hit.checkout } as Row, 372, 72, "estimate", deeds),
        incident("inc-2", { ...rows[6], ...hit["apply-voucher"] } as Row, 130, 24, "exact", deeds),
      ]
    : [];
  const all = state === "empty" || state === "unnamed" ? [] : [...now, past];
  return all.filter((i) =>
    status === "resolved" ? i.status === "resolved" : i.status !== "resolved",
  );
}

export function series(state: State, from: number, to: number, step: number): Bucket[] {
  const out: Bucket[] = [];
  const onset = Date.now() - 372_000;
  for (let at = from; at < to; at += step * 1000) {
    const wave = (Math.sin(at / 37_000) + Math.sin(at / 11_000)) * 14;
    const n = Math.round(150 + wave);
    const bad = state !== "well" && state !== "quiet" && at >= onset - 10_000;
    const failed = bad
      ? Math.round(n * 0.16 * Math.min(1, (at - onset + 20_000) / 60_000))
      : Math.round(Math.abs(wave) / 18);
    const degraded = Math.round(n * (bad ? 0.07 : 0.01));
    out.push({
      start: new Date(at).toISOString(),
      outcomes: {
        success: n - failed - degraded,
        degraded,
        failed,
        abandoned: 0,
        cancelled: 0,
        open: 0,
      },
      customers: { total: Math.round(n * 0.9), failed: Math.round(failed * 0.7), degraded },
      sessions: { total: n, failed, degraded },
      duration_ms: { p50: 310, p95: bad ? 2400 : 900, p99: 4100 },
    });
  }
  return out;
}

export function health(state: State) {
  const empty = state === "empty";
  return {
    as_of: ago(0.4),
    complete_until: empty ? ago(1) : ago(state === "stale" ? 135 : state === "behind" ? 95 : 12),
    lag_seconds: state === "behind" ? 95 : 0.8,
    last_event: empty ? null : ago(state === "stale" ? 125 : 1),
    receiving: !empty && state !== "stale",
    drops: state === "incident" ? { spans: 120, attributes: 4 } : { spans: 0 },
    unmapped: {
      names: empty
        ? []
        : [
            { name: "GET /healthz", count: 911 },
            { name: "cart.recalculate", count: 87 },
          ],
      metrics: 12,
    },
    clock: "wall",
    config_errors: [],
  };
}
