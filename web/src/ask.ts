// The questions of the views that load later: the answers' types, and one function
// per question. (What the first page asks is in api.ts.)

import { type Distinct, type Outcomes, posting, query, read, type Stamp } from "./api";

export type OutcomeWord = keyof Omit<Outcomes, "open"> | "";
export type AbandonedHow = "after_failure" | "while_slow" | "voluntarily" | "";

/** One step of a funnel; of the journeys in which it was tried. */
export interface FunnelStep {
  name: string;
  optional?: boolean;
  entered: number;
  /** Of entered: success or degraded. */
  completed: number;
  outcomes: Outcomes;
  /** From the first try to the completion. */
  duration_ms: { p50: number | null; p90: number | null; p99: number | null };
  /** From the last required step before; null for the first. */
  conversion: { from: string; n: number; passed: number; rate: number | null } | null;
}

export interface FunnelAnswer extends Stamp {
  steps: FunnelStep[];
  /** Of journeys; open ones are under way and in no rate. */
  outcomes: Outcomes;
  customers: Distinct;
  abandoned: Record<Exclude<AbandonedHow, "">, number>;
  completion_rate: number | null;
  /** Telemetry was sampled before it came here: every number is at least so. */
  sampled?: boolean;
  window: string;
}

export async function getFunnel(of: string, window: string, env?: string): Promise<FunnelAnswer> {
  const got = await read<FunnelAnswer>(`api/v1/funnel?${query({ of, window, env })}`);
  return { ...got, steps: got.steps ?? [], window };
}

export interface StepState {
  name: string;
  outcome: OutcomeWord;
  tries: number;
  start?: string;
  end?: string;
}

export interface Interaction {
  id: string;
  app: string;
  name: string;
  journey?: string;
  step?: string;
  kind: string;
  start: string;
  end: string;
  duration_ms: number;
  outcome: OutcomeWord;
  outcome_rule: string;
  reason?: string;
  error_class?: string;
  abandoned_how?: AbandonedHow;
  retries: number;
  customer?: string;
  identity_level: string;
  trace_id?: string;
  service?: string;
  release?: string;
  segments?: Record<string, string>;
  value_minor?: number;
  currency?: string;
  steps?: StepState[];
}

export interface InteractionsAnswer extends Stamp {
  interactions: Interaction[];
  next: string;
  window: string;
}

export async function getInteractions(q: {
  of: string;
  outcome: string;
  window: string;
  env?: string;
  where?: string[];
}): Promise<InteractionsAnswer> {
  const got = await read<InteractionsAnswer>(
    `api/v1/interactions?${query({ ...q, limit: "100" })}`,
  );
  return { ...got, interactions: got.interactions ?? [], window: q.window };
}

/** A session, installation or pseudonym that belongs to a customer. */
export interface Linked {
  from: string;
  level: string;
  since: string;
}

export interface CustomerDay {
  day: string;
  journey: string;
  tries: number;
  sessions: number;
  outcomes: Outcomes;
  recovered: number;
  retries: number;
}

export interface BusinessEvent {
  id: string;
  time: string;
  kind: string;
  journey?: string;
  category?: string;
  amount_minor?: number;
  currency?: string;
}

export interface CustomerAnswer extends Stamp {
  /** The keyed hash after links; what was hashed is not kept. */
  customer: string;
  identity_level: string;
  account?: string;
  linked: Linked[];
  /** Of steps and interactions; journeys apart. */
  outcomes: Outcomes;
  interactions: Interaction[];
  /** There are further ones in the window. */
  more: boolean;
  days: CustomerDay[];
  events: BusinessEvent[];
  facts: { key: string; value: string; since?: string; of?: string }[];
  window: string;
}

export async function getCustomer(hash: string, window: string, env?: string) {
  return whole(
    await read<CustomerAnswer>(
      `api/v1/customers/${encodeURIComponent(hash)}?${query({ window, env })}`,
    ),
    window,
  );
}

/** lookUp asks by any id or hash. The id goes in the body: addresses get into logs. */
export async function lookUp(id: string, window: string, env?: string) {
  return whole(
    await read<CustomerAnswer>(
      `api/v1/customers/lookup?${query({ window, env })}`,
      posting({ id }),
    ),
    window,
  );
}

/** isHash: a keyed hash may stand in an address, an id may not. */
export const isHash = (id: string): boolean => /^[0-9a-f]{32}$/.test(id);

function whole(got: CustomerAnswer, window: string): CustomerAnswer {
  return {
    ...got,
    window,
    linked: got.linked ?? [],
    interactions: got.interactions ?? [],
    days: got.days ?? [],
    events: got.events ?? [],
    facts: got.facts ?? [],
  };
}

export type Attributes = Record<string, string>;

export interface Span {
  span_id: string;
  parent_id?: string;
  /** 0 for a root, and for a span whose parent is not there. */
  depth: number;
  /** It names a parent that is not there. */
  orphan?: boolean;
  service: string;
  name: string;
  kind: string;
  status: string;
  message?: string;
  start: string;
  end: string;
  /** From the trace's first start. */
  offset_ms: number;
  duration_ms: number;
  interaction?: string;
  attributes: Attributes | null;
  /** Place in the trace's resources. */
  resource: number;
  events: { time: string; name: string; attributes?: Attributes | null }[] | null;
  links?: string[] | null;
}

export interface TraceAnswer extends Stamp {
  trace_id: string;
  /** Parents before their children, siblings in order of start. */
  spans: Span[];
  resources: { env: string; service: string; release?: string; attributes: Attributes | null }[];
  interactions: Interaction[];
  /** Why there are no spans. */
  note?: string;
}

export async function getTrace(id: string): Promise<TraceAnswer> {
  const got = await read<TraceAnswer>(`api/v1/traces/${encodeURIComponent(id)}`);
  return {
    ...got,
    spans: got.spans ?? [],
    resources: got.resources ?? [],
    interactions: got.interactions ?? [],
  };
}

/** An operation through which customers come in, and no rule takes it. */
export interface UnmappedOperation {
  service: string;
  operation: string;
  kind: string;
  count: number;
  errors: number;
  /** YAML of a journey that would take it. */
  suggested: string;
}

/** An interaction that is a step of no journey. */
export interface UnmappedName {
  app: string;
  name: string;
  outcomes: Outcomes;
  customers: Distinct;
  suggested: string;
}

export interface UnmappedAnswer extends Stamp {
  operations: UnmappedOperation[];
  /** Further ones, whose spans name their interaction. */
  named?: number;
  names: UnmappedName[];
}

export async function getUnmapped(window: string, env?: string): Promise<UnmappedAnswer> {
  const got = await read<UnmappedAnswer>(`api/v1/unmapped?${query({ window, env })}`);
  return { ...got, operations: got.operations ?? [], names: got.names ?? [] };
}

/** What one pasted span or log record counts as. */
export interface ExplainedSpan {
  signal: string;
  span_id: string;
  service: string;
  name: string;
  kind?: string;
  verdict: string;
  interaction?: string;
  app?: string;
  /** felt.interaction.name, or "rule checkout/pay". */
  by?: string;
  /** A sentence. */
  why: string;
  /** Rules that nearly hold, and what keeps them from it. */
  near?: { rule: string; failed: string[] | null }[] | null;
}

/** A row that would come of what was pasted. */
export interface ExplainedInteraction {
  id: string;
  app: string;
  name: string;
  steps?: string[] | null;
  outcome: OutcomeWord;
  outcome_rule: string;
  reason?: string;
  error_class?: string;
  abandoned_how?: AbandonedHow;
  duration_ms: number;
  identity_level: string;
  traffic: string;
}

export interface Explained {
  rules_version: number;
  spans: ExplainedSpan[];
  interactions: ExplainedInteraction[];
  notes: string[];
}

/** explain takes OTLP as JSON, a trace or one span, as text. */
export async function explain(text: string): Promise<Explained> {
  const got = await read<Explained>("api/v1/explain", { ...posting(null), body: text });
  return {
    ...got,
    spans: got.spans ?? [],
    interactions: got.interactions ?? [],
    notes: got.notes ?? [],
  };
}
