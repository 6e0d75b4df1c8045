// The page's questions to the server and when they are asked again: on news from the
// stream (paced), by polling while the stream is down, and now and then in any case,
// so that silence is noticed too.

import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { address, getHealth, getIncidents, getJourneys, getSeries, type Health } from "./api";
import { clockNow } from "./freshness";
import { getInventory } from "./inventory";
import { type FeedState, follow, pacer } from "./live";
import { getChanges, getNow } from "./now";
import { pace, type Window, week } from "./url";

/** How the page follows the server, the same for every question. */
export interface Pulse {
  frozen: boolean;
  feed: FeedState;
}

const retryMs = 3000;

/** every gives the polling interval: short after an error or without a stream. */
export function every(pulse: Pulse, calm: number, polling = 5000) {
  return (query: { state: { error: Error | null } }) => {
    if (pulse.frozen) return false as const;
    if (query.state.error) return retryMs;
    return pulse.feed === "open" ? calm : polling;
  };
}

/**
 * keepOf shows the last answer while another window of the same thing is asked for, and
 * never that of another thing: queryKey is [question, thing, …].
 */
export function keepOf(thing: string) {
  return <T>(last: T | undefined, query: { queryKey: readonly unknown[] } | undefined) =>
    query?.queryKey[1] === thing ? last : undefined;
}

export function useHealth(pulse: Pulse) {
  return useQuery({
    queryKey: ["health"],
    queryFn: getHealth,
    refetchInterval: every(pulse, 5000),
  });
}

export function useJourneys(window: Window, env: string | undefined, pulse: Pulse) {
  return useQuery({
    queryKey: ["journeys", window, env],
    queryFn: () => getJourneys(window, env),
    refetchInterval: every(pulse, 15_000, Math.max(5000, pace(window))),
    placeholderData: keepPreviousData,
  });
}

/**
 * useNow asks for everything of journeys that the first page shows: what moves each second, and
 * once a minute what moves slowly. to pins it to the past, where nothing is asked again.
 */
export function useNow(
  window: Window,
  env: string | undefined,
  to: number | undefined,
  pulse: Pulse,
) {
  const still = to !== undefined;
  const asked = useQuery({
    queryKey: ["now", window, env, to],
    queryFn: () => getNow({ window, env, to, day: false }),
    refetchInterval: still ? false : every(pulse, 15_000, Math.max(5000, pace(window))),
    placeholderData: keepPreviousData,
  });
  const day = useQuery({
    queryKey: ["day", env, to],
    queryFn: () => getNow({ window: "5m", env, to, day: true }),
    refetchInterval: still ? false : every(pulse, 60_000, 60_000),
    enabled: asked.data !== undefined,
    placeholderData: keepPreviousData,
  });
  return { asked, day: day.data };
}

/** useWeekBefore asks the same of a week before. */
export function useWeekBefore(
  window: Window,
  env: string | undefined,
  to: number | undefined,
  pulse: Pulse,
  enabled: boolean,
) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ["before", window, env, to],
    queryFn: () => {
      const now = clockNow(client.getQueryData<Health>(["health"]), Date.now());
      return getNow({ window, env, to: (to ?? now) - week, day: false });
    },
    refetchInterval: to === undefined ? every(pulse, 60_000, 60_000) : false,
    enabled,
  });
}

/** useChanges asks for what people changed in the last 24 h, or in longer. */
export function useChanges(
  env: string | undefined,
  pulse: Pulse,
  window: "24h" | "7d" | "30d" = "24h",
) {
  return useQuery({
    queryKey: ["changes", env, window],
    queryFn: () => getChanges(env, window),
    refetchInterval: every(pulse, 30_000, 30_000),
  });
}

export function useIncidents(status: "open" | "resolved", env: string | undefined, pulse: Pulse) {
  return useQuery({
    queryKey: ["incidents", status, env],
    queryFn: () => getIncidents(status, env),
    refetchInterval: every(pulse, status === "open" ? 10_000 : 60_000, 5000),
  });
}

/**
 * useInventory asks for what the inventory is, for the banner: after the numbers, and
 * seldom, because the stream tells of edits.
 */
export function useInventory(pulse: Pulse, enabled: boolean) {
  return useQuery({
    queryKey: ["inventory"],
    queryFn: getInventory,
    refetchInterval: every(pulse, 60_000, 30_000),
    enabled,
  });
}

export const chartMinutes = 15;
export const chartStep = 10;

/** useSeries asks for the last 15 minutes of one name, in steps of 10 s. */
export function useSeries(
  of: string,
  env: string | undefined,
  pulse: Pulse,
  pinned: number | undefined = undefined,
) {
  const client = useQueryClient();
  return useQuery({
    queryKey: ["series", of, env, pinned],
    queryFn: () => {
      const step = chartStep * 1000;
      const now = clockNow(client.getQueryData<Health>(["health"]), Date.now());
      const to = Math.ceil((pinned ?? now) / step) * step;
      return getSeries({ of, env, from: to - chartMinutes * 60_000, to, step: chartStep });
    },
    refetchInterval: pinned === undefined ? every(pulse, 10_000) : false,
    placeholderData: keepPreviousData,
  });
}

/** useFeed follows the server's events and asks again what they may have changed. */
export function useFeed(frozen: boolean, window: Window): FeedState {
  const client = useQueryClient();
  const [state, setState] = useState<FeedState>("connecting");
  const now = useRef({ frozen, window });
  now.current = { frozen, window };

  useEffect(() => {
    const again = (key: string[]) => () => {
      if (now.current.frozen || document.hidden) return;
      void client.invalidateQueries({ queryKey: key }, { cancelRefetch: false });
    };
    const often = [
      pacer(again(["incidents", "open"]), () => 1000),
      pacer(again(["journeys"]), () => pace(now.current.window)),
      pacer(again(["now"]), () => pace(now.current.window)),
      pacer(again(["health"]), () => 2000),
      pacer(again(["series"]), () => 5000),
      pacer(again(["changes"]), () => 10_000),
      pacer(again(["findings"]), () => 3000),
      pacer(again(["detectors"]), () => 10_000),
      pacer(again(["funnel"]), () => Math.max(3000, pace(now.current.window))),
    ];
    const seldom = pacer(again(["incidents", "resolved"]), () => 1000);
    const edits = ["inventory", "unmapped"].map((key) => pacer(again([key]), () => 1000));
    const stop = follow(() => new EventSource(address("api/v1/events")), {
      state: setState,
      changed: (urgent) => {
        for (const p of often) p.ask();
        if (urgent) seldom.ask();
      },
      inventory: () => {
        for (const p of edits) p.ask();
      },
    });
    return () => {
      stop();
      for (const p of [...often, seldom, ...edits]) p.stop();
    };
  }, [client]);

  // Leaving a freeze, and coming back to the tab, both mean: now, please.
  useEffect(() => {
    const all = () => {
      if (!now.current.frozen && !document.hidden) void client.invalidateQueries();
    };
    if (!frozen) all();
    document.addEventListener("visibilitychange", all);
    return () => document.removeEventListener("visibilitychange", all);
  }, [client, frozen]);
  return state;
}

/** useClock is the browser's clock, moving once a second. */
export function useClock(): number {
  const [at, set] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => set(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return at;
}
