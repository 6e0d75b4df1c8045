import "../styles/detectors.css";
import type { ReactNode } from "react";
import type { Incident } from "../api";
import {
  type Finding,
  type FindingsAnswer,
  findingSorting,
  findingsCsv,
  incidentOf,
  kindWords,
  lasts,
  segmentWords,
  seriesOf,
  shapeOf,
  stateWords,
  times,
} from "../findings";
import { clock, date, int, windowWords } from "../format";
import { type Pulse, useIncidents } from "../queries";
import { useArrivals, useOrder } from "../useOrder";
import { Csv } from "./Csv";
import { Go } from "./Go";
import { Shape } from "./Mark";

interface Props {
  answer: FindingsAnswer;
  error: string | undefined;
  /** Of a journey: its name, for the file. */
  name: string;
  env?: string;
  pulse: Pulse;
  /** False: what is shown is not now. */
  fresh: boolean;
  waiting: boolean;
  now: Date;
  empty: ReactNode;
  children?: ReactNode;
}

/** Findings, those that last first; rows keep still under the hand. */
export function Findings(p: Props) {
  const { answer, now, fresh } = p;
  const incidents = [
    ...(useIncidents("open", p.env, p.pulse).data ?? []),
    ...(useIncidents("resolved", p.env, p.pulse).data ?? []),
  ];
  const { sorted, held, box } = useOrder(
    useArrivals(answer.findings),
    findingSorting,
    p.pulse.frozen,
    now.getTime(),
  );
  const until = date(answer.complete_until);
  return (
    <section
      className={`card seen${p.waiting || !fresh ? " is-waiting" : ""}`}
      aria-busy={p.waiting}
      data-testid="findings"
    >
      <header>
        <h2>
          Findings{" "}
          <small>
            last {windowWords(answer.window)}
            {until ? ` · complete until ${clock(until, now, true)}` : ""}
            {held ? " · order held while you are here" : ""}
          </small>
        </h2>
        {p.children}
        <Csv
          name={`felt-findings${p.name ? `-${p.name}` : ""}-${answer.window}.csv`}
          text={() => findingsCsv(sorted)}
          empty={sorted.length === 0}
        />
      </header>
      {p.error && (
        <p className="problem" role="alert">
          The newest findings are missing: {p.error}
        </p>
      )}
      {answer.findings.length === 0 ? (
        <p className="empty">{p.empty}</p>
      ) : (
        <div ref={box}>
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Where</th>
                <th scope="col">What was seen</th>
                <th scope="col">When</th>
                <th scope="col">Leads to</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((f) => (
                <Row key={f.id} f={f} fresh={fresh} now={now} incident={incidentOf(f, incidents)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {answer.more && (
        <p className="empty">
          There are more: the newest {int(answer.findings.length)} are shown. Choose a shorter
          window or a kind.
        </p>
      )}
    </section>
  );
}

interface RowProps {
  f: Finding;
  fresh: boolean;
  now: Date;
  incident: Incident | undefined;
}

function Row({ f, fresh, now, incident }: RowProps) {
  const state = shapeOf(f, fresh);
  const when = times(f, now);
  const leads = seriesOf(f);
  return (
    <tr
      data-testid="finding"
      data-id={f.id}
      data-kind={f.kind}
      data-state={state}
      data-paging={f.paging}
    >
      <td>
        <span className={`mark is-${state}`}>
          {state === "over" ? <Ring /> : <Shape state={state} />} {stateWords(f, fresh)}
        </span>
        <span className="sub">{f.paging ? <Pages /> : "not of paging class"}</span>
      </td>
      <th scope="row">
        <b>{kindWords(f.kind)}</b>
        <span className="sub">
          {[f.of, f.app && f.name ? `${f.app}/${f.name}` : f.name || f.app, f.about]
            .filter(Boolean)
            .join(" · ")}
        </span>
        <span className="sub">{segmentWords(f)}</span>
      </th>
      <td className="what">{f.explanation || <span className="sub">nothing was said</span>}</td>
      <td data-label="When">
        since {when.since}
        <span className="sub">{when.opened}</span>
        <span className="sub">{lasts(f) && !fresh ? "" : when.ended}</span>
      </td>
      <td data-label="Leads to">
        {incident && (
          <Go view="now" values={{ incident: incident.id }} className="line" walk>
            Incident{incident.status === "resolved" ? ", resolved" : ""}
          </Go>
        )}
        {leads && (
          <Go
            view={leads.view}
            values={{ of: leads.of }}
            className="line"
            walk
            label={`${leads.view === "funnel" ? "Funnel" : "Single tries"} of ${f.name}`}
          >
            {leads.view === "funnel" ? "Funnel" : "Single tries"}
          </Go>
        )}
        {!incident && !leads && <span className="sub">nothing</span>}
      </td>
    </tr>
  );
}

/** What is over is neither good nor bad any more. */
function Ring() {
  return (
    <svg className="shape" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <circle className="ring" cx="8" cy="8" r="6.6" />
    </svg>
  );
}

/** Paging class by shape and word: a bell. */
function Pages() {
  return (
    <span className="pages">
      <svg width="13" height="13" viewBox="0 0 16 16" aria-hidden="true" fill="currentColor">
        <path d="M8 1a1.2 1.2 0 0 0-1.2 1.3A4.6 4.6 0 0 0 3.4 6.8V10L2 12v.8h12V12l-1.4-2V6.8a4.6 4.6 0 0 0-3.4-4.5A1.2 1.2 0 0 0 8 1zM6.3 13.6a1.7 1.7 0 0 0 3.4 0z" />
      </svg>
      Paging class
    </span>
  );
}
