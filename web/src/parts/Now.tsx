import { useEffect } from "react";
import type { Freshness as Fresh } from "../freshness";
import { type Pulse, useIncidents, useJourneys } from "../queries";
import type { Window } from "../url";
import { say, verdict } from "../verdict";
import { Incidents } from "./Incidents";
import { Journeys } from "./Journeys";
import { Panel } from "./Panel";
import { Resolved } from "./Resolved";
import { Verdict } from "./Verdict";

export interface NowProps {
  window: Window;
  env: string | undefined;
  pulse: Pulse;
  fresh: Fresh;
  otlp: string;
  /** The journey whose panel is open. */
  asked: string | null;
  onAsk: (key: string | null) => void;
  now: Date;
  at: number;
}

/** The first page: the verdict, the open incidents, the journeys worst first. */
export function Now(p: NowProps) {
  const { window: window_, env, pulse, fresh, otlp, now, at } = p;
  const journeys = useJourneys(window_, env, pulse);
  const open = useIncidents("open", env, pulse);
  const resolved = useIncidents("resolved", env, pulse);
  const rows = journeys.data?.journeys ?? [];
  const incidents = open.data ?? [];
  // No open incident is good news only when the server said so.
  const answers = open.data ? { journeys: journeys.data, incidents: open.data } : {};
  const judged = verdict({ freshness: fresh, ...answers, otlp, now });
  const sentence = say(judged.headline);
  const dim = !fresh.now && fresh.kind !== "replay" && fresh.kind !== "frozen";
  useEffect(() => {
    document.title = `${sentence} · Felt`;
  }, [sentence]);
  const silent = fresh.kind === "never" && rows.length === 0 && incidents.length === 0;
  return (
    <>
      <Verdict said={judged} otlp={otlp} />
      {open.error && fresh.kind !== "down" && (
        <p className="problem" role="alert">
          The open incidents could not be asked for: {open.error.message}. Asking again.
        </p>
      )}
      <Incidents incidents={open.data} journeys={rows} pulse={pulse} now={now} at={at} dim={dim} />
      {!silent && !(fresh.kind === "down" && !journeys.data) && (
        <>
          <Journeys
            answer={journeys.data}
            error={fresh.kind === "down" ? undefined : journeys.error?.message}
            waiting={journeys.isPlaceholderData}
            frozen={pulse.frozen}
            dim={dim}
            at={at}
            onOpen={p.onAsk}
          />
          <Resolved incidents={resolved.data ?? []} journeys={rows} now={now} />
        </>
      )}
      <Panel
        asked={p.asked}
        journeys={rows}
        window={journeys.data?.window ?? window_}
        env={env}
        pulse={pulse}
        now={now}
        onClose={() => p.onAsk(null)}
      />
    </>
  );
}
