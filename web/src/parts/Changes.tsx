import { useState } from "react";
import { clock, date, int, span } from "../format";
import { type Change, changeKind, changesCsv, changeWords } from "../now";
import { Csv } from "./Csv";
import { Glyph } from "./Lane";

interface Props {
  changes: Change[] | undefined;
  error: string | undefined;
  now: Date;
}

const short = 5;

/** What people changed in the last 24 h, newest first. */
export function Changes({ changes, error, now }: Props) {
  const [all, setAll] = useState(false);
  const rows = changes ?? [];
  const rest = rows.length - short;
  return (
    <section className="changes" data-testid="changes">
      <header>
        <h2>
          Last changes{" "}
          <small>{changes && (rows.length === 0 ? "none" : int(rows.length))} in 24 h</small>
        </h2>
        <Csv name="felt-changes.csv" text={() => changesCsv(rows)} empty={rows.length === 0} />
      </header>
      {error && (
        <p className="problem" role="alert">
          The changes could not be asked for: {error}. Asking again.
        </p>
      )}
      {changes && rows.length === 0 && (
        <p className="empty">
          No deploy, flag or launch was told in 24 h. Tell Felt of them with CDEvents or
          CloudEvents: then it can say what came before an incident.
        </p>
      )}
      {rows.length > 0 && (
        <ul>
          {rows.slice(0, all ? undefined : short).map((c) => (
            <Line key={c.id} c={c} now={now} />
          ))}
        </ul>
      )}
      {rest > 0 && (
        <button
          type="button"
          className="link more"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? "Show the newest only" : `Show ${int(rest)} more`}
        </button>
      )}
    </section>
  );
}

function Line({ c, now }: { c: Change; now: Date }) {
  const at = date(c.started);
  const what = changeWords(c);
  return (
    <li data-id={c.id}>
      <span className="when">
        {at && clock(at, now)}
        <small>{at && `${span((now.getTime() - at.getTime()) / 1000)} ago`}</small>
      </span>
      <span className="kind">
        <Glyph kind={c.kind} /> {changeKind(c.kind)}
      </span>
      <span className="what" title={what.length > 60 ? what : undefined}>
        {c.url && /^https?:\/\//.test(c.url) ? (
          <a href={c.url} rel="noreferrer" target="_blank">
            {what}
          </a>
        ) : (
          what
        )}
        {c.app && c.services?.length ? <small> {c.app}</small> : null}
      </span>
      <span className="by">{c.author ?? ""}</span>
    </li>
  );
}
