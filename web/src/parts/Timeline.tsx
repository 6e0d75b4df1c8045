import { useState } from "react";
import type { TimelineEntry } from "../api";
import { clock, date, plural } from "../format";

const shown = 4;

/** What happened, newest first; the newest few until asked for all. */
export function Timeline({ entries, now }: { entries: TimelineEntry[]; now: Date }) {
  const [all, setAll] = useState(false);
  if (entries.length === 0) return null;
  const at = (e: TimelineEntry) => date(e.at)?.getTime() ?? 0;
  const newest = [...entries].sort((a, b) => at(b) - at(a));
  const rest = newest.length - shown;
  return (
    <section className="timeline" aria-label="Timeline, newest first">
      <ol>
        {newest.slice(0, all ? undefined : shown).map((e) => (
          <Entry key={`${e.at} ${e.kind} ${e.text}`} entry={e} now={now} />
        ))}
      </ol>
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show the newest only" : `Show ${plural(rest, "older entry", "older entries")}`}
        </button>
      )}
    </section>
  );
}

function Entry({ entry, now }: { entry: TimelineEntry; now: Date }) {
  const at = date(entry.at);
  return (
    <li>
      <time dateTime={entry.at}>{at ? clock(at, now, true) : entry.at}</time>
      <span className="kind">{entry.kind.replaceAll("_", " ")}</span>
      <span className="text">
        {entry.text}
        {entry.actor && <span className="actor"> {entry.actor}</span>}
      </span>
    </li>
  );
}
