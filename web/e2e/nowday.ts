// What the first page asks beside the rows: an hour, burns, a day in half hours, changes, drivers;
// and fleets of the sizes that a page must bear.

import type { Journey } from "../src/api";
import type { Demo } from "../src/demo";
import type { DriversAnswer } from "../src/drivers";
import type { Change, NowJourney, Spark } from "../src/now";
import type { State } from "./fixture";

const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const step = 1_800_000;

export function sparks() {
  const to = Math.ceil(Date.now() / step) * step;
  const at = (ms: number) => new Date(ms).toISOString();
  return { from: at(to - 48 * step), to: at(to), step_ms: step };
}

/** A day that is busy by day and quiet at night, with what is bad now at its end. */
function day(j: Journey, i: number): Spark {
  const n = Array.from({ length: 48 }, (_, k) =>
    Math.max(0, Math.round((j.customers.total / 3) * (1 + Math.sin((k + i) / 7.6)))),
  );
  const share = j.customers.total > 0 ? j.customers.failed / j.customers.total : 0;
  const bad = n.map((of, k) => {
    const noise = (Math.sin(k * 12.9 + i * 78.2) + 1) / 2;
    return Math.round(of * (k > 45 ? share : 0.004 * noise));
  });
  return { bad, n };
}

export function nowRow(j: Journey, i: number, full: boolean): NowJourney {
  const { total, failed, degraded } = j.customers;
  const n = total * 9;
  const bad = Math.round(failed * 1.8);
  return {
    ...j,
    hour: {
      customers: { total: total * 8, failed: Math.round(failed * 1.6), degraded: degraded * 2 },
      outcomes: { ...j.outcomes, failed: bad },
    },
    burn:
      j.kind === "journey" && n > 0
        ? {
            objective: "orders",
            rate: bad / n / 0.005,
            bad,
            n,
            count: "interactions",
            fast: bad / n / 0.005 >= 14.4,
          }
        : null,
    ...(full ? { spark: day(j, i) } : {}),
  };
}

export const changes = (state: State): Change[] =>
  state === "empty" || state === "unnamed" || state === "tiny"
    ? []
    : [
        {
          id: "d3",
          kind: "deploy",
          app: "shop",
          services: ["web"],
          version: "5f3c",
          previous: "4a11",
          started: ago(492),
          author: "ana",
          url: "https://ci.example/1201",
        },
        { id: "f1", kind: "flag", app: "shop", version: "new-cart on", started: ago(5200) },
        {
          id: "d2",
          kind: "deploy",
          app: "shop",
          services: ["payments-api", "payments-worker"],
          version: "2026.03.4",
          region: "eu-west-1",
          started: ago(11_000),
          author: "release-bot",
        },
        { id: "l1", kind: "launch", started: ago(40_000), author: "marketing" },
        { id: "c1", kind: "config", app: "bank", version: "rate limit 200", started: ago(60_000) },
        { id: "t1", kind: "traffic_peak", app: "shop", started: ago(70_000), ended: ago(66_000) },
      ];

export const drivers = (state: State): DriversAnswer => ({
  bad: 484,
  n: 15_002,
  drivers:
    state === "incident"
      ? [
          {
            key: "region",
            value: "eu-west",
            bad: 402,
            n: 4100,
            other_bad: 82,
            other_n: 10_902,
            explains: 0.77,
          },
          {
            key: "release",
            value: "web@5.2",
            bad: 380,
            n: 5200,
            other_bad: 104,
            other_n: 9802,
            explains: 0.67,
          },
        ]
      : [],
});

const words =
  "Return, exchange or warranty claim of an item that was bought as a guest with a voucher";

/** Rows for a fleet: 300 journeys, one customer, or ten million with names that are too long. */
export function fleet(state: State): Journey[] {
  const size = { many: 300, tiny: 1, huge: 6 }[state as "many" | "tiny" | "huge"] ?? 0;
  return Array.from({ length: size }, (_, i) => {
    const total =
      state === "huge" ? 10_000_000 - i * 1_234_567 : state === "tiny" ? 1 : 9000 - i * 29;
    const state_ =
      state === "tiny"
        ? "ok"
        : i === 7
          ? "failing"
          : i % 41 === 3
            ? "degraded"
            : i % 97 === 50
              ? "no_data"
              : "ok";
    const failed = state_ === "failing" ? Math.round(total * 0.12) : Math.floor(total * 0.001);
    const huge = state === "huge";
    return {
      name: huge ? `${words.replaceAll(" ", "-")}-${i}` : `journey-${i}`,
      app: huge ? "retail-platform-international-storefront-emea" : `app-${i % 40}`,
      title: huge
        ? i % 2
          ? `${words} ${i}`
          : `Donaudampfschifffahrtsgesellschaftskapitänsmützenabonnementverlängerungsversuch${i}`
        : i % 3
          ? `Journey ${i}`
          : "",
      owner: huge
        ? "Team Customer Retention and Aftersales Operations EMEA"
        : i % 5
          ? `Team ${i % 23}`
          : "",
      criticality: 1 + (i % 5),
      kind: "journey",
      state: huge && i === 0 ? "failing" : state_,
      state_reason:
        state_ === "degraded"
          ? "1,204 of 9,300 degraded"
          : huge && i === 0
            ? "1,200,000 of 10,000,000 customers failed (0.1 % in the hour before), since 14:23:05"
            : "",
      outcomes: {
        success: total,
        degraded: state_ === "degraded" ? Math.round(total * 0.15) : 0,
        failed: huge && i === 0 ? 1_900_000 : failed,
        abandoned: Math.round(total * 0.05),
        cancelled: 3,
        open: 9,
      },
      customers: { total, failed: huge && i === 0 ? 1_200_000 : failed, degraded: 0 },
      sessions: { total, failed, degraded: 0 },
      completion_rate: total > 0 ? total / (total * 1.05 + failed) : null,
    };
  });
}

export const demo = (phase: "history" | "live"): Demo => ({
  demo: true,
  scenario: "bad-release",
  scenarios: [
    { name: "bad-release", title: "Bad release of one service", text: "web@5f3c breaks paying" },
    { name: "region-down", title: "One region is down", text: "eu-west answers nobody" },
  ],
  phase,
  history: { done: 310_000, total: 500_000, from: ago(28 * 86_400), to: ago(0) },
  fault: { name: "bad release", from: ago(40), to: ago(-120), active: phase === "live" },
});
