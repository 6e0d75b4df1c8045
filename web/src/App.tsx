import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { assess, clockNow } from "./freshness";
import { copy, step, useKeys } from "./keys";
import { Freshness } from "./parts/Freshness";
import { Header } from "./parts/Header";
import { Help } from "./parts/Help";
import { Incidents } from "./parts/Incidents";
import { Journeys } from "./parts/Journeys";
import { Panel } from "./parts/Panel";
import { Resolved } from "./parts/Resolved";
import { Verdict } from "./parts/Verdict";
import { useClock, useFeed, useHealth, useIncidents, useJourneys } from "./queries";
import { windowOf, withParam } from "./url";
import { say, verdict } from "./verdict";

const defaultOtlp = "http://localhost:4318";

/** The page "Now": the verdict, the open incidents, the journeys, how fresh it all is. */
export function App() {
  const [params, setParams] = useSearchParams();
  const window_ = windowOf(params);
  const env = params.get("env") ?? undefined;
  const [frozen, setFrozen] = useState<number | undefined>();
  const [help, setHelp] = useState(false);
  const [said, setSaid] = useState("");
  const at = useClock();

  const feed = useFeed(frozen !== undefined, window_);
  const pulse = { frozen: frozen !== undefined, feed };
  const health = useHealth(pulse);
  const journeys = useJourneys(window_, env, pulse);
  const open = useIncidents("open", env, pulse);
  const resolved = useIncidents("resolved", env, pulse);

  const fresh = assess({
    health: health.data,
    error: health.error?.message,
    answered: health.dataUpdatedAt,
    frozen,
    at,
  });
  const now = new Date(clockNow(health.data, frozen ?? at));
  const otlp = health.data?.otlp_http ?? defaultOtlp;
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

  const set = (key: string, value: string | null, replace = false) =>
    setParams((old) => withParam(old, key, value), { replace });
  const freeze = () => setFrozen((was) => (was === undefined ? Date.now() : undefined));
  const tellAll = (words: string) => {
    setSaid(words);
    setTimeout(() => setSaid(""), 2500);
  };
  const link = () =>
    void copy(window.location.href).then((ok) =>
      tellAll(ok ? "Link copied" : "The browser does not allow to copy"),
    );
  useKeys({
    "?": () => setHelp(true),
    j: () => step(1),
    k: () => step(-1),
    f: freeze,
    c: link,
  });

  const asked = params.get("journey");
  const silent = fresh.kind === "never" && rows.length === 0 && incidents.length === 0;
  return (
    <>
      <Header
        window={window_}
        onWindow={(w) => set("window", w, true)}
        env={env}
        feed={feed}
        frozen={frozen !== undefined}
        down={fresh.kind === "down"}
        fresh={fresh.now}
        onFreeze={freeze}
        onHelp={() => setHelp(true)}
        said={said}
      />
      <main>
        <Verdict said={judged} otlp={otlp} />
        {open.error && fresh.kind !== "down" && (
          <p className="problem" role="alert">
            The open incidents could not be asked for: {open.error.message}. Asking again.
          </p>
        )}
        <Incidents
          incidents={open.data}
          journeys={rows}
          pulse={pulse}
          now={now}
          at={at}
          dim={dim}
        />
        {!silent && !(fresh.kind === "down" && !journeys.data) && (
          <>
            <Journeys
              answer={journeys.data}
              error={fresh.kind === "down" ? undefined : journeys.error?.message}
              waiting={journeys.isPlaceholderData}
              frozen={frozen !== undefined}
              dim={dim}
              at={at}
              onOpen={(key) => set("journey", key)}
            />
            <Resolved incidents={resolved.data ?? []} journeys={rows} now={now} />
          </>
        )}
      </main>
      <Freshness health={health.data} fresh={fresh} now={now} />
      <Panel
        asked={asked}
        journeys={rows}
        window={journeys.data?.window ?? window_}
        env={env}
        pulse={pulse}
        now={now}
        onClose={() => set("journey", null)}
      />
      <Help opened={help} onClose={() => setHelp(false)} />
    </>
  );
}
