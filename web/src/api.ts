// The door to the server: the answers' types, and one function per question.
// Addresses are relative to the page, so that a proxy may put it under any path.

export type JourneyState = "ok" | "degraded" | "failing" | "no_data";
export type IncidentStatus = "open" | "acknowledged" | "resolved";
export type Method = "exact" | "estimate" | "lower_bound";

/** Distinct people (or sessions, or accounts) in a scope; one may be failed and degraded. */
export interface Distinct {
  total: number;
  failed: number;
  degraded: number;
}

/** Distinct customers of an incident: failed = recovered + lost + undecided. */
export interface CustomerImpact extends Distinct {
  recovered: number;
  lost: number;
  undecided: number;
}

/** Tries by outcome. Open ones are in no rate. */
export interface Outcomes {
  success: number;
  degraded: number;
  failed: number;
  abandoned: number;
  cancelled: number;
  open: number;
}

export interface Journey {
  name: string;
  app: string;
  title: string;
  owner: string;
  /** "journey" for a whole one, else "step". */
  kind: string;
  /** 1 (least) to 5 (most), where the inventory says; 0: it does not. */
  criticality?: number;
  /** Of a step: the journeys of the inventory that it is in. */
  journeys?: string[] | null;
  state: JourneyState;
  state_reason: string;
  outcomes: Outcomes;
  customers: Distinct;
  sessions: Distinct;
  /** (success + degraded) / (success + degraded + failed + abandoned); null when that is 0. */
  completion_rate: number | null;
}

/** The places every answer carries. */
export interface Stamp {
  question?: { app?: string; name?: string } | null;
  as_of?: unknown;
  complete_until?: string;
}

export interface JourneysAnswer extends Stamp {
  journeys: Journey[];
  /** Distinct customers over all journeys, where the server tells. */
  customers?: Distinct;
  /** The window this answer is about: a late answer never wears the new window's name. */
  window: string;
}

export interface Impact {
  customers: CustomerImpact;
  sessions: Distinct;
  accounts: Distinct;
  interactions: Partial<Outcomes>;
  method: Method;
  /** 95 % interval of customers.failed. */
  interval?: [number, number] | null;
  /** True: telemetry was sampled before it came here; customers is what was seen of it. */
  sampled?: boolean;
  /** How many customers there were, of sampled input. */
  estimated?: Partial<Record<keyof Distinct, Estimated>> | null;
  /** Customers by the level of identity they are known on. */
  identity?: Partial<Record<"user" | "pseudonym" | "installation" | "session", number>>;
}

/** An estimate with its 95 % interval. */
export interface Estimated {
  estimate: number;
  low: number;
  high: number;
}

export interface TimelineEntry {
  at: string;
  kind: string;
  text: string;
  actor?: string;
}

export interface Incident {
  id: string;
  journey: string;
  app: string;
  env: string;
  status: IncidentStatus;
  opened: string;
  resolved?: string | null;
  first_bad: string;
  score: number;
  impact: Impact;
  timeline: TimelineEntry[];
  /** Those that it rests on. */
  findings?: { id: string; kind?: string; paging?: boolean }[] | null;
  /** What customers felt first: failed, degraded, slow, drop, funnel, silent, burn. */
  kind?: string;
  /** What it is about, in people's words. */
  journeys?: { title: string; of?: string; app?: string; name?: string }[] | null;
  /** How it comes back, in a sentence. */
  recovery?: { since: string | null; text: string } | null;
  recovered?: string | null;
  impact_unknown?: string;
  title: string;
  sentence: string;
}

export interface Bucket {
  start: string;
  outcomes: Partial<Outcomes>;
  customers?: Partial<Distinct>;
  sessions?: Partial<Distinct>;
  duration_ms?: { p50: number | null; p95: number | null; p99: number | null } | null;
}

export interface SeriesAnswer extends Stamp {
  buckets: Bucket[];
  /** The range that was asked, milliseconds. */
  from: number;
  to: number;
  step: number;
}

export interface Health extends Stamp {
  lag_seconds?: number;
  last_event?: string | null;
  receiving?: boolean;
  /** Events that were ever worked off; last_event is of this start of Felt only. */
  processed?: { events?: number } | null;
  drops?: Record<string, number> | null;
  unmapped?: { names?: { name: string; count: number }[] | null; metrics?: number } | null;
  clock?: "wall" | "event";
  config_errors?: unknown[] | null;
  /** Where telemetry is taken, where the server tells. */
  otlp_http?: string;
  /** True: the server makes its own customers, see /demo/state. */
  demo?: boolean;
  /** Server's clock minus the browser's, milliseconds; 0 when too small to matter. */
  skew: number;
}

/** What the server said instead of an answer (RFC 9457), or that it said nothing (status 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

const timeout = 10_000;

async function problem(res: Response): Promise<ApiError> {
  const body = (await res.json().catch(() => null)) as { title?: string; detail?: string } | null;
  const text = body?.detail || body?.title || res.statusText || "no reason given";
  return new ApiError(res.status, `${text} (${res.status})`);
}

export async function call(path: string, init: RequestInit = {}): Promise<Response> {
  let res: Response;
  try {
    res = await fetch(address(path), {
      ...init,
      headers: { accept: "application/json", ...init.headers },
      signal: init.signal ?? AbortSignal.timeout(timeout),
      cache: "no-store",
    });
  } catch (cause) {
    const late = cause instanceof DOMException && cause.name === "TimeoutError";
    throw new ApiError(0, late ? `no answer within ${timeout / 1000} s` : "no connection");
  }
  if (!res.ok) throw await problem(res);
  return res;
}

export async function read<T>(path: string, init?: RequestInit): Promise<T> {
  const res = await call(path, init);
  try {
    return (await res.json()) as T;
  } catch {
    throw new ApiError(res.status, "the answer is not JSON: is this address Felt's?");
  }
}

/** address resolves a path of the API beside the page. */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

export function query(values: Record<string, string | string[] | undefined>): string {
  const q = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    for (const one of [value ?? ""].flat()) if (one) q.append(key, one);
  return q.toString();
}

export async function getJourneys(window: string, env?: string): Promise<JourneysAnswer> {
  const got = await read<JourneysAnswer>(`api/v1/journeys?${query({ window, env })}`);
  return { ...got, journeys: got.journeys ?? [], window };
}

export async function getIncidents(status: "open" | "resolved", env?: string): Promise<Incident[]> {
  const got = await read<{ incidents: Incident[] | null }>(
    `api/v1/incidents?${query({ status, env })}`,
  );
  return (got.incidents ?? []).map((i) => ({ ...i, timeline: i.timeline ?? [] }));
}

/** getIncident asks for one. */
export async function getIncident(id: string): Promise<Incident> {
  const got = await read<Incident>(`api/v1/incidents/${encodeURIComponent(id)}`);
  return { ...got, timeline: got.timeline ?? [] };
}

export interface SeriesQuestion {
  of: string;
  env?: string;
  /** Milliseconds; both on a step. */
  from: number;
  to: number;
  /** Seconds. */
  step: number;
}

export async function getSeries(q: SeriesQuestion): Promise<SeriesAnswer> {
  const got = await read<SeriesAnswer>(
    `api/v1/series?${query({
      of: q.of,
      env: q.env,
      from: new Date(q.from).toISOString(),
      to: new Date(q.to).toISOString(),
      step: `${q.step}s`,
    })}`,
  );
  return { ...got, buckets: got.buckets ?? [], from: q.from, to: q.to, step: q.step };
}

export async function getHealth(): Promise<Health> {
  const before = Date.now();
  const res = await call("api/v1/health");
  const date = Date.parse(res.headers.get("date") ?? "");
  const skew = Number.isNaN(date) ? 0 : date + 500 - (before + Date.now()) / 2;
  const got = (await res.json().catch(() => {
    throw new ApiError(res.status, "the answer is not JSON: is this address Felt's?");
  })) as Health;
  return { ...got, skew: Math.abs(skew) > 2000 ? skew : 0 };
}

/** posting is a request that carries a value. */
export const posting = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

export interface AffectedQuestion {
  of: string;
  window?: string;
  /** RFC 3339; instead of a window. */
  from?: string;
  env?: string;
  /** KEY=VALUE: all must hold. */
  where?: string[];
  reason: string;
}

/** getAffected takes the list of affected customers as CSV. */
export async function getAffected(q: AffectedQuestion): Promise<string> {
  const res = await call(`api/v1/affected?${query({ ...q })}`, {
    headers: { accept: "text/csv" },
    signal: AbortSignal.timeout(120_000),
  });
  return res.text().catch(() => {
    throw new ApiError(0, "the list was cut off");
  });
}
