// Canned answers of the pages beside the first one.

import type { Journey } from "../src/api";
import type {
  CustomerAnswer,
  Explained,
  FunnelAnswer,
  FunnelStep,
  Interaction,
  Span,
  TraceAnswer,
  UnmappedAnswer,
} from "../src/ask";
import type { InventoryAnswer } from "../src/inventory";

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();
const none = { success: 0, degraded: 0, failed: 0, abandoned: 0, cancelled: 0, open: 0 };

export const hash = "9f86d081884c7d659a2feaa0c55ad015";
export const rawId = "ada@example.com";
export const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const lostTrace = "0af7651916cd43dd8448eb211c80319c";

export const journeyRow: Journey = {
  name: "checkout",
  app: "shop",
  title: "Checkout",
  owner: "Payments",
  criticality: 5,
  kind: "journey",
  state: "ok",
  state_reason: "30 of 1,150 failed",
  outcomes: { success: 800, degraded: 20, failed: 30, abandoned: 300, cancelled: 4, open: 0 },
  customers: { total: 1100, failed: 71, degraded: 18 },
  sessions: { total: 1150, failed: 74, degraded: 18 },
  completion_rate: 820 / 1150,
};

function step(name: string, entered: number, completed: number, from?: FunnelStep): FunnelStep {
  const lost = entered - completed;
  const abandoned = Math.floor(lost / 2);
  return {
    name,
    optional: false,
    entered,
    completed,
    outcomes: { ...none, success: completed, failed: lost - abandoned, abandoned },
    duration_ms: { p50: 812, p90: 2140, p99: 9100 },
    conversion: from
      ? { from: from.name, n: from.completed, passed: completed, rate: completed / from.completed }
      : null,
  };
}

export function funnel(): Omit<FunnelAnswer, "window"> {
  const cart = step("Cart", 1204, 1180);
  const address = step("Address", 1000, 960, cart);
  return {
    question: { app: "shop", name: "checkout" },
    steps: [cart, address, step("Pay", 892, 820, address)],
    outcomes: journeyRow.outcomes,
    customers: journeyRow.customers,
    abandoned: { after_failure: 41, while_slow: 12, voluntarily: 247 },
    completion_rate: journeyRow.completion_rate,
    complete_until: ago(12),
  };
}

function made(id: string, at: number, over: Partial<Interaction>): Interaction {
  return {
    id,
    app: "shop",
    name: id,
    kind: "step",
    journey: "checkout",
    start: ago(at + 2),
    end: ago(at),
    duration_ms: 2000,
    outcome: "success",
    outcome_rule: "explicit",
    retries: 0,
    customer: hash,
    identity_level: "user",
    service: "web",
    release: "web@5f3c",
    segments: { region: "eu" },
    ...over,
  };
}

const pay = made("pay", 600, {
  outcome: "failed",
  reason: "card_declined",
  trace_id: traceId,
  duration_ms: 2412,
});

export const tries = (): Interaction[] => [
  pay,
  made("cart", 900, { trace_id: lostTrace }),
  made("browse", 4000, { journey: "", customer: "", identity_level: "none", outcome: "degraded" }),
];

export function customer(): Omit<CustomerAnswer, "window"> {
  const journey = made("j-1", 600, {
    name: "checkout",
    kind: "journey",
    start: ago(902),
    outcome: "abandoned",
    abandoned_how: "after_failure",
    duration_ms: 302_000,
    steps: [
      { name: "Cart", outcome: "success", tries: 1 },
      { name: "Address", outcome: "", tries: 0 },
      { name: "Pay", outcome: "failed", tries: 2 },
    ],
  });
  return {
    customer: hash,
    identity_level: "user",
    account: "0cc175b9c0f1b6a831c399e269772661",
    linked: [
      { level: "session", from: "92eb5ffee6ae2fec3ad71c777531578f", since: ago(902) },
      { level: "installation", from: "4a8a08f09d37b73795649038408b5f33", since: ago(90_000) },
    ],
    outcomes: { ...none, success: 4, failed: 1 },
    interactions: [journey, pay, made("cart", 890, {}), made("search", 90_000, { journey: "" })],
    more: false,
    days: [
      {
        day: ago(0).slice(0, 10),
        journey: "checkout",
        tries: 2,
        sessions: 1,
        outcomes: { ...none, success: 1, failed: 1 },
        recovered: 0,
        retries: 1,
      },
    ],
    events: [
      {
        id: "e1",
        time: ago(300),
        kind: "ticket",
        category: "payment",
        amount_minor: 1999,
        currency: "EUR",
      },
    ],
    facts: [{ key: "plan", value: "pro", since: ago(900_000) }],
  };
}

function span(id: string, offset: number, took: number, over: Partial<Span>): Span {
  return {
    span_id: id,
    depth: 0,
    service: "web",
    name: id,
    kind: "client",
    status: "unset",
    start: ago(602 - offset / 1000),
    end: ago(602 - (offset + took) / 1000),
    offset_ms: offset,
    duration_ms: took,
    attributes: { "http.route": "/pay", "server.address": "shop.example" },
    resource: 0,
    events: [],
    ...over,
  };
}

export function trace(id: string): TraceAnswer | null {
  if (id === lostTrace)
    return {
      trace_id: id,
      spans: [],
      resources: [],
      interactions: [made("cart", 900, { trace_id: id })],
      note: "the spans of this trace are not kept. Spans are kept of traces with a failed or degraded interaction, and of 1 % of the others, for 14 days; they are there about 1m30s after the interaction",
    };
  if (id !== traceId) return null;
  return {
    trace_id: id,
    spans: [
      span("aa00000000000001", 0, 2412, { name: "click pay", interaction: "pay", status: "error" }),
      span("aa00000000000002", 120, 2200, {
        name: "POST /pay",
        service: "payment",
        kind: "server",
        depth: 1,
        parent_id: "aa00000000000001",
        status: "error",
        resource: 1,
      }),
      span("aa00000000000003", 260, 1900, {
        name: "charge",
        service: "bank",
        depth: 2,
        parent_id: "aa00000000000002",
        status: "error",
        message: "card declined",
        resource: 2,
        events: [
          { time: ago(600), name: "exception", attributes: { "exception.type": "CardDeclined" } },
        ],
      }),
      span("aa00000000000004", 2350, 40, {
        depth: 0,
        orphan: true,
        parent_id: "ff",
        service: "log",
      }),
    ],
    resources: [
      {
        env: "production",
        service: "web",
        release: "5f3c",
        attributes: { "browser.name": "Firefox" },
      },
      { env: "production", service: "payment", attributes: {} },
      { env: "production", service: "bank", attributes: {} },
    ],
    interactions: [pay],
  };
}

export const noInventory: InventoryAnswer = {
  version: 0,
  newest: true,
  errors: 0,
  warnings: 0,
  loaded: null,
  journeys: [],
  problems: [],
};

export function inventory(bad: boolean): InventoryAnswer {
  return {
    version: 7,
    newest: !bad,
    errors: bad ? 2 : 0,
    warnings: bad ? 1 : 0,
    dir: "/etc/felt",
    loaded: ago(3600),
    journeys: [
      {
        name: "checkout",
        title: "Checkout",
        app: "shop",
        purpose: "purchase",
        criticality: 5,
        team: "Payments",
        owners: ["payments@shop.example"],
        correlate: "session",
        steps: [
          { name: "Cart", interaction: "cart", match: "interaction cart" },
          { name: "Address", interaction: "address", match: "interaction address" },
          {
            name: "Pay",
            interaction: "pay",
            match: 'server span with service = "payment", name starting with "POST /pay"',
          },
        ],
        success_when: "the last required step, Pay, succeeded",
        degraded_when: "a required step was degraded, or a step failed and then worked",
        timeout_ms: 1_800_000,
        objectives: [{ name: "pay", kind: "success", target: 0.995, window_ms: 2_419_200_000 }],
        reviewed: "2026-10-01",
      },
    ],
    problems: bad
      ? [
          {
            file: "checkout.yaml",
            line: 12,
            column: 5,
            severity: "error",
            check: "unknown-key",
            message: 'unknown key "stepps"',
            suggestion: 'did you mean "steps"?',
          },
          {
            file: "checkout.yaml",
            line: 31,
            column: 9,
            severity: "error",
            check: "unknown-step",
            message: 'success_when names step "Payy", which is none',
            suggestion: 'did you mean "Pay"?',
          },
          {
            file: "login.yaml",
            line: 1,
            column: 1,
            severity: "warning",
            check: "no-owner",
            message: "journey login has no owner",
          },
        ]
      : [],
  };
}

export function unmapped(): UnmappedAnswer {
  return {
    operations: [
      {
        service: "media",
        operation: "GET /video/{id}",
        kind: "server",
        count: 90_210,
        errors: 12,
        suggested:
          "journeys:\n  - name: video\n    match:\n      span: {service: media, kind: server, name: GET /video/{id}}\n",
      },
    ],
    names: [
      {
        app: "shop",
        name: "newsletter",
        outcomes: { ...none, success: 120, failed: 2 },
        customers: { total: 118, failed: 2, degraded: 0 },
        suggested: "journeys:\n  - name: newsletter\n    match: {interaction: newsletter}\n",
      },
    ],
  };
}

export function explained(): Explained {
  return {
    rules_version: 7,
    spans: [
      {
        signal: "span",
        span_id: "aa00000000000002",
        service: "payment",
        name: "GET /pay",
        kind: "server",
        verdict: "nothing",
        why: "neither its attributes nor a rule make it an interaction",
        near: [
          { rule: "checkout/Pay", failed: ['name is "GET /pay", not starting with "POST /pay"'] },
        ],
      },
    ],
    interactions: [],
    notes: [],
  };
}
