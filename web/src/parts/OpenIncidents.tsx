import { Button } from "@mantine/core";
import type { Journey } from "../api";
import { clock, date, int, plural, shareOf, span, windowWords } from "../format";
import { hitNow, incidentsCsv, type Ranked, uncounted } from "../now";
import { incidentSorting } from "../order";
import type { Pulse } from "../queries";
import { lengthMs, type Window } from "../url";
import { useArrivals, useOrder } from "../useOrder";
import { called, intervalOf, lessThanExact } from "../verdict";
import { Csv } from "./Csv";
import { Go } from "./Go";
import { Shape } from "./Mark";

interface Props {
  incidents: Ranked[] | undefined;
  journeys: Journey[];
  /** The window of the journeys' numbers. */
  window: Window;
  error: string | undefined;
  pulse: Pulse;
  now: Date;
  at: number;
  dim: boolean;
  onDeclare: () => void;
}

/** The open incidents by score, a line each; Enter opens the incident's own page. */
export function OpenIncidents(p: Props) {
  const { incidents, error, pulse, at, dim } = p;
  const { sorted, held, box } = useOrder(useArrivals(incidents), incidentSorting, pulse.frozen, at);
  return (
    <section className={`open-incidents${dim ? " is-dim" : ""}`} data-testid="incidents">
      <header>
        <h2>
          Open incidents{" "}
          <small>{!incidents ? "" : sorted.length === 0 ? "none" : "by impact score"}</small>
        </h2>
        <span className="held">{held ? "order held while you are here" : ""}</span>
        <Button size="compact-xs" variant="default" className="csv" onClick={p.onDeclare}>
          Declare an incident…
        </Button>
        <Csv
          name="felt-incidents.csv"
          text={() => incidentsCsv(sorted)}
          empty={sorted.length === 0}
        />
      </header>
      {error && (
        <p className="problem" role="alert">
          The open incidents could not be asked for: {error}. Asking again.
        </p>
      )}
      {!incidents && !error && <p className="empty">Asking for the incidents…</p>}
      {sorted.length > 0 && (
        <div ref={box}>
          <ul>
            {sorted.map((i) => (
              <Line key={i.id} {...p} incident={i} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

function Line({ incident: i, journeys, window, now, dim }: Props & { incident: Ranked }) {
  const since = date(i.first_bad) ?? date(i.opened);
  const name = called(i, journeys);
  const hit = i.kind === "degraded" || i.kind === "slow" ? "degraded" : "failed";
  const felt = i.impact.customers[hit];
  // Younger than the window, "so far" says it all; the window would count who failed before, too.
  const young = since !== null && now.getTime() - since.getTime() < lengthMs(window);
  const here = young ? undefined : hitNow(i, journeys)?.[hit];
  const interval = hit === "failed" ? intervalOf(i.impact) : "";
  const title = i.title || name;
  return (
    <li data-testid="incident" data-id={i.id} data-status={i.status}>
      <span className="rank">
        <Shape state={dim ? "no_data" : hit === "failed" ? "failing" : "degraded"} size={18} />
        <b className="priority">{i.priority || "–"}</b>
      </span>
      <Score i={i} />
      <span className="what">
        <Go view="incident" values={{ id: i.id }} className="name" walk>
          {title}
        </Go>
        <span className="sub told">{i.sentence}</span>
      </span>
      <span className="who">
        {uncounted(i) ? (
          <span className="sub">not counted: {uncounted(i)}</span>
        ) : (
          <>
            <b data-testid="customers-failed" data-value={felt}>
              {lessThanExact(i.impact)}
              {plural(felt, "customer")}
            </b>{" "}
            {hit} so far
            <span className="sub">
              {shareOf(felt, i.impact.customers.total)}
              {interval && `, ${interval}`}
              {here !== undefined && `; ${int(here)} in the last ${windowWords(window)}`}
            </span>
          </>
        )}
      </span>
      <span className="when">
        {since && (
          <>
            <b>{span((now.getTime() - since.getTime()) / 1000)}</b>
            <span className="sub">since {clock(since, now)}</span>
          </>
        )}
      </span>
      <span className="by">
        {i.commander || <span className="is-nobody">nobody commands</span>}
        <span className="sub">
          {i.status === "acknowledged" ? "acknowledged" : "not acknowledged"}
          {i.silenced ? `; silenced: ${i.silenced}` : ""}
        </span>
      </span>
    </li>
  );
}

/** The score; what it is made of is shown on hover and on focus, and read out. */
function Score({ i }: { i: Ranked }) {
  const parts = i.score_parts ?? [];
  const id = `score-${i.id}`;
  return (
    <span className="score">
      <button type="button" aria-describedby={parts.length > 0 ? id : undefined}>
        <b>{Math.round(i.score)}</b>
        <small> of 100</small>
      </button>
      {parts.length > 0 && (
        <span className="parts" role="tooltip" id={id}>
          <b>Impact score {Math.round(i.score * 10) / 10}</b>
          {parts.map((p) => (
            <span key={p.name} className="part">
              <span>{p.name}</span>
              <i style={{ width: `${Math.round(p.value * 60)}px` }} />
              <span>{Math.round(p.value * 100) / 100}</span>
              <small>{p.input}</small>
            </span>
          ))}
          <small>Multiplied, each to the power of its weight in the inventory.</small>
        </span>
      )}
    </span>
  );
}
