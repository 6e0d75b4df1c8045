import { lazy, Suspense, useEffect, useMemo } from "react";
import { useSearchParams } from "wouter";
import type { Health } from "../api";
import type { Freshness as Fresh } from "../freshness";
import { folded } from "../now";
import { type Pulse, useChanges, useIncidents, useNow, useWeekBefore } from "../queries";
import { pinnedAt, type Window } from "../url";
import { say, verdict, weekWords } from "../verdict";
import { Boundary } from "./Boundary";
import { Changes } from "./Changes";
import { DataHealth } from "./DataHealth";
import { Journeys } from "./Journeys";
import { OpenIncidents } from "./OpenIncidents";
import { Panel } from "./Panel";
import { Resolved } from "./Resolved";
import { Verdict } from "./Verdict";

const FirstRun = lazy(() => import("./FirstRun"));

export interface NowProps {
  window: Window;
  env: string | undefined;
  pulse: Pulse;
  fresh: Fresh;
  health: Health | undefined;
  otlp: string;
  /** The journey whose panel is open. */
  asked: string | null;
  onAsk: (key: string | null) => void;
  onDeclare: () => void;
  now: Date;
  at: number;
}

/** The first page: verdict, journeys worst first, open incidents, last changes, data health. */
export function Now(p: NowProps) {
  const { window: window_, env, pulse, fresh, otlp, now, at } = p;
  const [params] = useSearchParams();
  const pinned = pinnedAt(params);
  const comparing = params.get("compare") === "week";
  const { asked: journeys, day } = useNow(window_, env, pinned, pulse);
  const before = useWeekBefore(window_, env, pinned, pulse, comparing);
  const open = useIncidents("open", env, pulse);
  const resolved = useIncidents("resolved", env, pulse);
  const changes = useChanges(env, pulse);
  const rows = journeys.data?.journeys ?? [];
  const answer = useMemo(
    () => journeys.data && { ...journeys.data, journeys: folded(journeys.data.journeys) },
    [journeys.data],
  );
  // No open incident is good news only when the server said so; those of now say nothing of then.
  const incidents = pinned === undefined ? open.data : [];
  const answers = incidents ? { journeys: answer, incidents } : {};
  const said = verdict({ freshness: fresh, ...answers, otlp, now });
  const compared = comparing && journeys.data ? weekWords(journeys.data, before) : "";
  const judged = compared ? { ...said, detail: [...said.detail, compared] } : said;
  const sentence = say(judged.headline);
  const dim = !fresh.now && !["replay", "frozen", "past"].includes(fresh.kind);
  useEffect(() => {
    document.title = `${sentence} · Felt`;
  }, [sentence]);
  const silent = fresh.kind === "never" && rows.length === 0 && !open.data?.length;
  const known = !(fresh.kind === "down" && !journeys.data);
  return (
    <>
      <Verdict said={judged} />
      {judged.guide && (
        <Boundary>
          <Suspense>
            <FirstRun otlp={otlp} guide={judged.guide} env={env} pulse={pulse} />
          </Suspense>
        </Boundary>
      )}
      {!silent && known && judged.guide !== "naming" && (
        <Journeys
          answer={answer}
          steps={rows}
          day={day}
          before={before.data}
          comparing={comparing}
          error={fresh.kind === "down" ? undefined : journeys.error?.message}
          waiting={journeys.isPlaceholderData}
          frozen={pulse.frozen}
          dim={dim}
          at={at}
          now={now}
          onOpen={p.onAsk}
        />
      )}
      {!silent && known && (
        <OpenIncidents
          incidents={open.data}
          journeys={rows}
          window={window_}
          error={fresh.kind === "down" ? undefined : open.error?.message}
          pulse={pulse}
          now={now}
          at={at}
          dim={dim}
          onDeclare={p.onDeclare}
        />
      )}
      {!silent && known && (
        <>
          {(resolved.data?.length ?? 0) > 0 && (
            <Resolved incidents={resolved.data ?? []} journeys={rows} now={now} />
          )}
          <Changes
            changes={changes.data}
            error={fresh.kind === "down" ? undefined : changes.error?.message}
            now={now}
          />
          <DataHealth health={p.health} fresh={fresh} now={now} />
        </>
      )}
      <Panel
        asked={p.asked}
        journeys={rows}
        window={journeys.data?.window ?? window_}
        env={env}
        pinned={pinned}
        pulse={pulse}
        now={now}
        onClose={() => p.onAsk(null)}
      />
    </>
  );
}
