// Small values for the tables of tests.

import type { Distinct, Impact, Incident, Journey, JourneysAnswer } from "./api";
import type { NowJourney } from "./now";

export const people = (total: number, failed = 0, degraded = 0): Distinct => ({
  total,
  failed,
  degraded,
});

export function journey(over: Partial<Journey> & { name: string }): Journey {
  return {
    app: "shop",
    title: "",
    owner: "",
    kind: "step",
    state: "ok",
    state_reason: "",
    outcomes: { success: 0, degraded: 0, failed: 0, abandoned: 0, cancelled: 0, open: 0 },
    customers: people(0),
    sessions: people(0),
    completion_rate: null,
    ...over,
  };
}

/** A journey as the first page asks for it. */
export function nowJourney(over: Partial<NowJourney> & { name: string }): NowJourney {
  const j = journey(over);
  return { ...j, hour: { customers: people(0), outcomes: j.outcomes }, ...over };
}

export function answer(...journeys: Journey[]): JourneysAnswer {
  return { journeys, window: "5m", complete_until: "2026-03-04T14:30:00Z" };
}

export function impact(over: Partial<Impact> = {}): Impact {
  return {
    customers: {
      total: 13_290,
      failed: 412,
      degraded: 20,
      recovered: 120,
      lost: 31,
      undecided: 261,
    },
    sessions: people(14_000, 430),
    accounts: people(0),
    interactions: { success: 14_467, degraded: 51, failed: 484, abandoned: 0 },
    method: "exact",
    interval: [412, 412],
    identity: { user: 13_290 },
    ...over,
  };
}

export function incident(over: Partial<Incident> = {}): Incident {
  return {
    id: "i1",
    journey: "checkout",
    app: "shop",
    env: "production",
    status: "open",
    opened: "2026-03-04T14:23:20Z",
    resolved: null,
    first_bad: "2026-03-04T14:23:00Z",
    score: 72,
    impact: impact(),
    timeline: [],
    title: "",
    sentence: "",
    ...over,
  };
}
