import { useState } from "react";
import type { Incident, Journey } from "../api";
import { clock, date, int, plural, shareOf, span } from "../format";
import { called } from "../verdict";

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
  const [all, setAll] = useState(false);
  const ended = (i: Incident) => date(i.resolved)?.getTime() ?? 0;
  const newest = [...incidents].sort((a, b) => ended(b) - ended(a));
  const rest = newest.length - shown;
  return (
    <section className="resolved" data-testid="resolved">
      <header>
        <h2>
          Recently resolved <small>{newest.length === 0 ? "none" : int(newest.length)}</small>
        </h2>
      </header>
      {newest.length > 0 && (
        <ul>
          {newest.slice(0, all ? undefined : shown).map((i) => (
            <Line key={i.id} incident={i} name={called(i, journeys)} now={now} />
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

function Line({ incident, name, now }: { incident: Incident; name: string; now: Date }) {
  const from = date(incident.first_bad) ?? date(incident.opened);
  const to = date(incident.resolved);
  const { customers } = incident.impact;
  return (
    <li>
      <span className="when">
        {from && clock(from, now)}
        {from && to && ` to ${clock(to, from)}`}
        {from && to && <small>{span((to.getTime() - from.getTime()) / 1000)}</small>}
      </span>
      <span className="what">{incident.title || name}</span>
      <span className="who">
        <b>{plural(customers.failed, "customer")}</b> failed{" "}
        <small>{shareOf(customers.failed, customers.total)}</small>
      </span>
      <span className="fate">
        {int(customers.recovered)} recovered, {int(customers.lost)} lost
        {customers.undecided > 0 && `, ${int(customers.undecided)} undecided`}
      </span>
    </li>
  );
}
