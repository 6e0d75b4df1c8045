import { useState } from "react";
import { useSearchParams } from "wouter";
import type { Incident, Journey } from "../api";
import { clock, date, int, plural, shareOf, span } from "../format";
import { hurtMost, incidentsCsv, uncounted } from "../now";
import { useAsked } from "../useAsked";
import { called } from "../verdict";
import { Csv } from "./Csv";
import { Go } from "./Go";

const shown = 5;

/** What was hurt lately and is over. */
export function Resolved({
  incidents,
  journeys,
  now,
}: {
  incidents: Incident[];
  journeys: Journey[];
  now: Date;
}) {
  const [params] = useSearchParams();
  const asked = params.get("incident");
  const [chosen, setAll] = useState<boolean | undefined>();
  const ended = (i: Incident) => date(i.resolved)?.getTime() ?? 0;
  const newest = [...incidents].sort((a, b) => ended(b) - ended(a));
  const all = chosen ?? newest.slice(shown).some((i) => i.id === asked);
  const rest = newest.length - shown;
  return (
    <section className="resolved" data-testid="resolved">
      <header>
        <h2>
          Recently resolved <small>{newest.length === 0 ? "none" : int(newest.length)}</small>
        </h2>
        <Csv
          name="felt-incidents-resolved.csv"
          text={() => incidentsCsv(newest)}
          empty={newest.length === 0}
        />
      </header>
      {newest.length > 0 && (
        <ul>
          {newest.slice(0, all ? undefined : shown).map((i) => (
            <Line
              key={i.id}
              incident={i}
              name={called(i, journeys)}
              asked={i.id === asked}
              now={now}
            />
          ))}
        </ul>
      )}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show the newest only" : `Show ${int(rest)} more`}
        </button>
      )}
    </section>
  );
}

function Line(p: { incident: Incident; name: string; asked: boolean; now: Date }) {
  const { incident, name, asked, now } = p;
  const line = useAsked<HTMLLIElement>(asked);
  const from = date(incident.first_bad) ?? date(incident.opened);
  const to = date(incident.resolved);
  const { customers } = incident.impact;
  const hurt = hurtMost(incident);
  return (
    <li ref={line} data-id={incident.id} aria-current={asked || undefined}>
      <span className="when">
        {from && clock(from, now)}
        {from && to && ` to ${clock(to, from)}`}
        {from && to && <small>{span((to.getTime() - from.getTime()) / 1000)}</small>}
      </span>
      <span className="what">
        <Go view="incident" values={{ id: incident.id }} walk>
          {incident.title || name}
        </Go>
      </span>
      {uncounted(incident) ? (
        <span className="who">
          <small>not counted: {uncounted(incident)}</small>
        </span>
      ) : (
        <>
          <span className="who">
            <b>{plural(hurt.n, "customer")}</b> {hurt.word}{" "}
            <small>{shareOf(hurt.n, customers.total)}</small>
          </span>
          <span className="fate">
            {customers.failed === 0
              ? ""
              : `${int(customers.recovered)} recovered, ${int(customers.lost)} lost`}
            {customers.undecided > 0 && `, ${int(customers.undecided)} undecided`}
          </span>
        </>
      )}
    </li>
  );
}
