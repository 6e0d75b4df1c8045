import "../styles/views.css";
import "../styles/commander.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useSearchParams } from "wouter";
import { useActKeys } from "../actKeys";
import { ApiError } from "../api";
import { type Act, type Commanded, command, getCommanded } from "../incident";
import { fileOf, timelineCsv } from "../incidentTables";
import { Csv } from "../parts/Csv";
import Declare from "../parts/Declare";
import { Go } from "../parts/Go";
import { ActDialog } from "../parts/IncidentActs";
import { IncidentBetter } from "../parts/IncidentBetter";
import { IncidentFindings } from "../parts/IncidentFindings";
import { IncidentHead } from "../parts/IncidentHead";
import { IncidentPlan } from "../parts/IncidentPlan";
import { IncidentSuspects } from "../parts/IncidentSuspects";
import { IncidentUpdate } from "../parts/IncidentUpdate";
import { IncidentWho } from "../parts/IncidentWho";
import { Timeline } from "../parts/Timeline";
import { every } from "../queries";
import { withParam } from "../url";
import { Waiting } from "./Head";
import type { ViewProps } from "./view";

const acts: Act[] = [
  "command",
  "note",
  "marker",
  "update",
  "mitigated",
  "cause",
  "priority",
  "verdict",
  "resolve",
  "silence",
  "customers",
  "declare",
];

/** The commander's page: is it real, how many, who and who not, what changed, what do I do. */
export default function Incident(props: ViewProps) {
  const [params] = useSearchParams();
  const id = params.get("id") ?? "";
  const asked = useQuery({
    queryKey: ["incident", id],
    queryFn: () => getCommanded(id),
    refetchInterval: every(props.pulse, 5000),
  });
  const i = asked.data;
  const title = i?.title ?? "Incident";
  useEffect(() => {
    document.title = `${title} · Felt`;
  }, [title]);
  if (i) return <Page i={i} error={asked.error?.message} {...props} />;
  if (asked.error instanceof ApiError && asked.error.status === 404) return <Missing id={id} />;
  return <Waiting error={asked.error?.message} what="The incident" />;
}

function Missing({ id }: { id: string }) {
  return (
    <section className="verdict is-plain" data-testid="verdict" data-tone="plain">
      <div>
        <h1>There is no such incident</h1>
        <p className="detail">
          {id ? (
            <>
              Nothing is known of <code>{id}</code>: is the address whole?
            </>
          ) : (
            "The address names none."
          )}{" "}
          <Go view="now">Go to what is open</Go>.
        </p>
      </div>
    </section>
  );
}

function Page({ i, error, env, pulse, fresh, now }: ViewProps & { i: Commanded; error?: string }) {
  const [params, setParams] = useSearchParams();
  const [said, setSaid] = useState("");
  const client = useQueryClient();
  const ack = useMutation({
    mutationFn: () => command(i.id, "acknowledge", {}),
    onSuccess: () => setSaid("Acknowledged"),
    onError: (e) => setSaid(`Not acknowledged: ${e.message}`),
    onSettled: () => client.invalidateQueries({ queryKey: ["incident"] }),
  });
  const over = i.status === "resolved";
  const asked = acts.find((a) => a === params.get("act"));
  const open = (act: Act | null) =>
    act === "acknowledge"
      ? ack.mutate()
      : setParams((old) => withParam(old, "act", act), { replace: true });
  const to = (act: Act, when = true) => (when ? () => open(act) : undefined);
  useActKeys({
    a: to("acknowledge", i.status === "open"),
    t: to("command", !over),
    n: to("note"),
    m: to("marker", !over),
    u: to("update"),
    r: to("resolve", !over),
    s: to("silence"),
    v: to("verdict"),
    p: to("priority", !over),
    d: to("declare"),
  });
  const lives = !error && (fresh.now || fresh.kind === "loading" || over);
  return (
    <>
      {error && (
        <p className="problem" role="alert">
          The newest numbers are missing: {error}
        </p>
      )}
      <IncidentHead i={i} fresh={fresh} lives={lives} now={now} onAct={open} />
      <div className="halves">
        <div className="half">
          <IncidentBetter i={i} pulse={pulse} now={now} />
          <IncidentWho i={i} />
        </div>
        <div className="half">
          <IncidentSuspects i={i} now={now} onCause={() => open("cause")} />
          <IncidentPlan i={i} now={now} onAct={open} />
        </div>
      </div>
      <div className="halves">
        <section className="card story" aria-label="Timeline">
          <header>
            <h2>Timeline</h2>
            <Csv
              name={fileOf(i.id, "timeline")}
              text={() => timelineCsv(i.timeline)}
              empty={i.timeline.length === 0}
            />
            <button type="button" className="link" onClick={() => open("note")}>
              Add a note
            </button>
          </header>
          {i.timeline.length === 0 && <p className="empty">Nothing is written down yet.</p>}
          <Timeline entries={i.timeline} now={now} />
          <IncidentFindings list={i.findings} now={now} />
        </section>
        <IncidentUpdate i={i} now={now} onDone={setSaid} />
      </div>
      <p className="keys-told">
        Keys: a acknowledge, t take command, n note, m marker, u update, r resolve, s silence, v
        real or noise, p priority, d declare.
      </p>
      <p className="sr-status" role="status">
        {said}
      </p>
      {asked === "declare" && <Declare env={env} of={i.of} onClose={() => open(null)} />}
      {asked && asked !== "declare" && (
        <ActDialog act={asked} incident={i} onClose={() => open(null)} onDone={setSaid} />
      )}
    </>
  );
}
