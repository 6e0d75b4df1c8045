// A canned incident with everything its commander needs, in the states the page must show.

import { type Commanded, whole } from "../src/incident";

export type Case =
  | "usual"
  | "early"
  | "degraded"
  | "declared"
  | "resolved"
  | "recovered"
  | "huge"
  | "one"
  | "storm"
  | "long"
  | "bare";

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const since = 372;
const none = { total: 0, failed: 0, degraded: 0 };
const long =
  "Checkout-with-voucher-and-split-payment-and-a-name-that-somebody-made-from-a-whole-sentence-because-nobody-stopped-them";

const part = (
  where: [string, string],
  bad: number,
  n: number,
  other: [number, number],
  explains = 0,
) => ({
  where: [{ key: where[0], value: where[1] }],
  bad,
  n,
  share: bad / n,
  low: Math.max(0, bad / n - 0.03),
  high: Math.min(1, bad / n + 0.03),
  customers: Math.round(bad * 0.8),
  usual: 0.003,
  other_bad: other[0],
  other_n: other[1],
  explains,
  question: { id: "q1", where: [`${where[0]}=${where[1]}`] },
});

const impact = (total: number, failed: number, degraded = 0) => ({
  customers: {
    total,
    failed,
    degraded,
    recovered: Math.floor(failed * 0.3),
    lost: Math.floor(failed * 0.08),
    undecided: failed - Math.floor(failed * 0.3) - Math.floor(failed * 0.08),
  },
  sessions: { total: Math.round(total * 1.06), failed: Math.round(failed * 1.05), degraded },
  accounts: { total: Math.round(total / 62), failed: Math.round(failed / 70), degraded: 0 },
  interactions: { success: total, degraded, failed, abandoned: 0, cancelled: 0, open: 0 },
  method: "exact" as const,
  interval: [failed, failed] as [number, number],
  identity: { user: total },
});

function usual(): Commanded {
  return whole({
    id: "inc-1",
    version: 12,
    journey: "checkout",
    app: "shop",
    env: "production",
    of: "journey:shop/checkout",
    journeys: [{ of: "journey:shop/checkout", title: "Checkout", team: "Payments", owners: [] }],
    kind: "failed",
    source: "detected",
    status: "open",
    priority: "P1",
    commander: null,
    title: "Checkout is failing",
    sentence:
      "412 customers (3.1 % of 13,290) could not finish Checkout since 14:23 UTC, mostly eu-west on web 5.2; 2 min after deploy web@5f3c",
    first_bad: ago(since),
    detected: ago(since - 14),
    opened: ago(since - 18),
    notified: ago(since - 20),
    acknowledged: null,
    understood: null,
    mitigated: null,
    recovered: null,
    resolved: null,
    reopened: null,
    elapsed_ms: since * 1000,
    finding_active: true,
    needs_reason: true,
    recovery: {
      since: null,
      holds: false,
      outcomes: 0,
      needs: 30,
      for_ms: 300_000,
      failed: 0.158,
      failed_to: 0.012,
      completed: 0.79,
      completed_from: 0.93,
      volume: 0.97,
      volume_from: 0.8,
      text: "Not back to usual: 15.8 % of 913 tries failed in the last 5 min, at most 1.2 % is usual.",
    },
    score: 72.4,
    score_parts: [
      { name: "criticality", value: 1, weight: 0.3, input: "5 of 5" },
      { name: "reach", value: 0.61, weight: 0.25, input: "412 of 13,290 customers" },
      { name: "harm", value: 0.8, weight: 0.13, input: "failed or lost, of all hit" },
    ],
    impact: impact(13_290, 412, 260),
    impact_question: { id: "abc" },
    silenced: null,
    findings: [
      {
        id: "f-pay",
        kind: "failed",
        name: "checkout",
        paging: true,
        ended: null,
        explanation: "158 of 1,002 tries failed in the last minute (0.3 % in the hour before)",
      },
    ],
    timeline: [
      { at: ago(since), kind: "first_bad", text: "The first customer failed" },
      {
        at: ago(since - 18),
        kind: "opened",
        text: "158 of 1,002 tries failed (0.3 % in the hour before)",
      },
      { at: ago(since - 20), kind: "notified", text: "Slack payments-alerts was told" },
      { at: ago(since - 120), kind: "update", text: "206 customers failed, score 63" },
    ],
    evidence_at: ago(since - 25),
    hit: [
      part(["region", "eu-west"], 371, 2210, [41, 11_080], 0.89),
      part(["release", "web 5.2"], 402, 4120, [10, 9170], 0.97),
    ],
    spared: [
      part(["region", "us-east"], 9, 5110, [403, 8180]),
      part(["device", "ios"], 4, 2020, [408, 11_270]),
    ],
    suspects: [
      {
        kind: "deploy",
        change: "d1",
        what: "web@5f3c",
        service: "web",
        at: ago(since + 120),
        lead_ms: 120_000,
        bad: 402,
        n: 4120,
        control_bad: 10,
        control_n: 9170,
        score: 0.91,
        text: "9.8 % of 4,120 tries on web@5f3c fail, 0.1 % of 9,170 elsewhere",
      },
      {
        kind: "third_party",
        what: "api.bank.example",
        at: null,
        lead_ms: null,
        bad: 300,
        n: 2900,
        control_bad: 0,
        control_n: 0,
        score: 0.42,
        text: "Calls of payment to api.bank.example fail",
      },
    ],
    nodes: [
      {
        service: "payment",
        operation: "POST /pay",
        what: "errors",
        first: ago(since + 10),
        n: 912,
        origin: true,
        text: "12.1 % of 912 calls failed, 0.2 % is usual",
      },
    ],
    indicators: [
      {
        signal: "payment pool",
        layer: "infrastructure",
        first_out_of_band: ago(since + 60),
        text: "41 of 50, 12 is usual",
      },
    ],
    cause: null,
    decisions: [],
    actions: [],
    revenue_at_risk: null,
    verdict: null,
    now: { from: ago(300), impact: impact(1902, 96) },
    plan: [
      {
        journey: "checkout",
        title: "Checkout",
        team: "Payments",
        owners: ["Payments", "SRE"],
        actions: [
          { step: "Pay", action: "Roll back the last deploy of web", approver: "Payments on call" },
          { action: "Turn the flag new-basket off" },
          { action: "Send traffic of eu-west to eu-north", approver: "SRE lead" },
        ],
        links: [{ name: "Runbook", url: "https://runbooks.example/checkout" }],
        signals: [
          {
            name: "p95 of the checkout API",
            business_risk: "immediate revenue loss",
            typical_response: ["rollback", "scale", "isolate dependency"],
            owners: ["SRE", "Payments"],
          },
        ],
      },
    ],
    budgets: [
      {
        of: "journey:shop/checkout",
        title: "Checkout",
        name: "orders",
        kind: "success",
        target: 0.995,
        window_ms: 2_419_200_000,
        state: "burning",
        sentence: "burns",
        bad: 900,
        n: 400_000,
        good_share: 0.99775,
        budget: {
          allowed: 2000,
          left: 0.55,
          count_left: 1100,
          minutes_left: 40,
          known_ms: 2_419_200_000,
        },
        burn: [
          { window: "1h", rate: 14.2, factor: 14.4, bad: 400, n: 5600 },
          { window: "6h", rate: 6.4, factor: 6, bad: 410, n: 12_000 },
        ],
      },
    ],
    draft_update:
      "P1: 412 customers (3.1 % of 13,290) could not finish Checkout since 14:23 UTC, mostly eu-west on web 5.2.\nIn the last 5 minutes 96 of 1,902 customers failed.\nSuspected, not confirmed: 9.8 % of 4,120 tries on web@5f3c fail, 0.1 % of 9,170 elsewhere.\nNobody has taken command yet. Next update by 14:44 UTC.",
    last_update: null,
    next_update: ago(since - 18 - 900),
  } as Commanded);
}

const changes: Record<Case, (i: Commanded) => Partial<Commanded>> = {
  usual: () => ({}),
  early: () => ({
    evidence_at: null,
    hit: [],
    spared: [],
    suspects: [],
    nodes: [],
    indicators: [],
    recovery: null,
    first_bad: ago(24),
    opened: ago(8),
    elapsed_ms: 24_000,
    timeline: [
      { at: ago(8), kind: "opened", text: "9 of 31 tries failed (0.3 % in the hour before)" },
    ],
    sentence: "9 customers (31 % of 29) could not finish Checkout since 14:23 UTC",
    impact: impact(29, 9),
    score: 51,
  }),
  degraded: () => ({
    kind: "degraded",
    title: "Search is degraded",
    sentence: "1,460 customers (14.8 % of 9,870) were served slowly by Search since 14:23 UTC",
    impact: impact(9870, 11, 1460),
    findings: [
      {
        id: "f",
        kind: "degraded",
        paging: true,
        ended: null,
        explanation: "14.8 % of tries are slow",
      },
    ],
    priority: "P3",
    status: "acknowledged",
    commander: "Ana",
  }),
  declared: () => ({
    kind: "declared",
    source: "declared",
    title: "Customers are charged twice",
    sentence: "Customers are charged twice, says Ana since 14:23 UTC; how many is not known",
    of: "",
    journey: "",
    journeys: [],
    impact: {
      ...impact(0, 0),
      customers: { ...none, recovered: 0, lost: 0, undecided: 0 },
      sessions: none,
      accounts: none,
    },
    impact_unknown: "it names no journey, so nobody can be counted",
    now: null,
    findings: [],
    evidence_at: null,
    hit: [],
    spared: [],
    suspects: [],
    nodes: [],
    indicators: [],
    recovery: null,
    plan: [],
    budgets: [],
    score: 0,
    score_parts: [],
    priority: "P2",
  }),
  resolved: () => ({
    status: "resolved",
    recovered: ago(60),
    resolved: ago(30),
    finding_active: false,
    needs_reason: false,
    now: null,
    next_update: null,
    commander: "Ana",
    findings: usual().findings.map((f) => ({ ...f, ended: ago(90) })),
    sentence:
      "412 customers (3.1 % of 13,290) could not finish Checkout between 14:23 and 14:29 UTC",
    title: "Checkout was failing",
    cause: { change: "d1", note: "the new basket drops the token", confirmed_by: "Ana" },
  }),
  recovered: () => ({
    status: "acknowledged",
    commander: "Ana",
    mitigated: ago(200),
    finding_active: false,
    needs_reason: false,
    recovery: {
      ...(usual().recovery as NonNullable<Commanded["recovery"]>),
      holds: true,
      outcomes: 640,
      since: ago(310),
      text: "Back to usual since 14:26 UTC: 0.4 % of 640 tries failed, at most 1.2 % is usual.",
    },
  }),
  huge: () => ({
    impact: impact(10_000_000, 9_999_999),
    sentence:
      "9,999,999 customers (>99.9 % of 10,000,000) could not finish Checkout since 14:23 UTC",
    now: { from: ago(300), impact: impact(8_204_113, 8_204_100) },
    commander: "Maximiliane von der Hohenstein-Wertheim",
    revenue_at_risk: { low: 1_200_000_00, mid: 2_400_000_00, high: 4_900_000_00, currency: "EUR" },
  }),
  one: () => ({
    impact: impact(1, 1),
    sentence: "1 customer (100 % of 1) could not finish Checkout since 14:23 UTC",
    now: { from: ago(300), impact: impact(1, 1) },
    priority: "P5",
  }),
  storm: () => ({
    findings: Array.from({ length: 60 }, (_, n) => ({
      id: `f${n}`,
      kind: "failed",
      name: `step ${n}`,
      paging: n < 3,
      ended: n % 7 === 6 ? ago(10) : null,
      explanation: `${n + 3} of ${100 + n} tries of step ${n} failed (0.3 % in the hour before)`,
    })),
    journeys: Array.from({ length: 30 }, (_, n) => ({ of: `j${n}`, title: `Journey ${n}` })),
    hit: Array.from({ length: 12 }, (_, n) =>
      part(["region", `zone-${n}`], 40 - n, 300, [30, 9000], 0.1),
    ),
    suspects: Array.from(
      { length: 9 },
      (_, n) =>
        ({
          ...(usual().suspects[0] as never as object),
          what: `svc-${n}@1.${n}`,
          score: 0.9 - n / 10,
        }) as never,
    ),
    timeline: Array.from({ length: 80 }, (_, n) => ({
      at: ago(since - n * 4),
      kind: "update",
      text: `${n * 5} customers failed`,
    })),
  }),
  long: () => ({
    title: `${long.slice(0, 60)}… is failing`,
    sentence: `412 customers (3.1 % of 13,290) could not finish ${long} since 14:23 UTC, mostly eu-west-availability-zone-three-b on ${long}`,
    journeys: [{ of: "j", title: long, team: long }],
    hit: [part(["customer_segment_by_value", long], 371, 2210, [41, 11_080], 0.89)],
    spared: [part(["x", long], 9, 5110, [403, 8180])],
    suspects: [
      { ...(usual().suspects[0] as object), what: `${long}@5f3c9a7b`, text: long } as never,
    ],
    plan: [
      {
        ...(usual().plan[0] as object),
        actions: [{ action: `Roll back ${long} ${long}`, step: long, approver: long }],
      } as never,
    ],
    commander: long,
  }),
  bare: () => ({
    impact_unknown: "nobody was counted yet",
    evidence_at: ago(10),
    hit: [],
    spared: [],
    suspects: [],
    nodes: [],
    indicators: [],
    plan: [],
    budgets: [],
    score_parts: [],
    findings: [],
    timeline: [],
    recovery: null,
    now: null,
    priority: null,
  }),
};

/** What people did to it, newest last: the verb and the body. */
export interface Given {
  verb: string;
  body: Record<string, string>;
  key: string;
}

/** The canned incident with what was done to it. */
export function commanded(kind: Case, given: Given[]): Commanded {
  const base = usual();
  const i = { ...base, ...changes[kind](base) } as Commanded;
  for (const { verb, body } of given) {
    const who = "local";
    const note = (what: string, text: string) =>
      i.timeline.push({ at: ago(0), kind: what, text, actor: who });
    if (verb === "acknowledge") {
      i.status = "acknowledged";
      i.acknowledged = ago(0);
      note("acknowledged", "Acknowledged");
    }
    if (verb === "command") i.commander = body.commander || null;
    if (verb === "note") note(body.kind || "note", body.text ?? "");
    if (verb === "mitigated") i.mitigated = ago(0);
    if (verb === "cause") i.cause = { ...body, confirmed_by: who };
    if (verb === "priority") i.priority = body.priority || "P1";
    if (verb === "verdict") i.verdict = body.verdict ?? null;
    if (verb === "resolve") Object.assign(i, { status: "resolved", resolved: ago(0) });
  }
  return i;
}

export const refused = (i: Commanded, verb: string, body: Record<string, string>): string =>
  verb === "resolve" && i.needs_reason && !body.reason
    ? "customers are still failing: give a reason to resolve it all the same"
    : "";

/** How fast the canned faults were found. */
export function detection() {
  const took = (name: string, title: string, seconds: number[]) => ({
    name,
    title,
    n: seconds.length,
    median_ms: seconds.length ? (seconds[seconds.length >> 1] ?? 0) * 1000 : null,
    p90_ms: seconds.length ? (seconds[0] ?? 0) * 1000 : null,
    values: seconds.map((s, n) => ({
      incident: n === 0 ? "inc-1" : `x${n}`,
      title: "Checkout is failing",
      opened: ago(3600 * n),
      took_ms: s * 1000,
    })),
  });
  return {
    target_ms: 180_000,
    within: 6,
    n: 7,
    declared: 1,
    noise: 1,
    more: false,
    durations: [
      took("detected", "Time to detect (MTTD)", [310, 44, 30, 21, 18, 14, 9]),
      took("opened", "Time to an incident (MTTI)", [312, 46, 33, 24, 20, 18, 12]),
      took("notified", "Time until somebody was told", [314, 50, 35, 26, 22, 20, 14]),
      took("acknowledged", "Time until somebody worked on it", [1400, 300, 120]),
      took("mitigated", "Time until it was mitigated", []),
      took("resolved", "Time until it was resolved", [86_000, 4000, 1800, 900]),
    ],
  };
}
