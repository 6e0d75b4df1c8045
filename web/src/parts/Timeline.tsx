import { useState } from "react";
import type { TimelineEntry } from "../api";
import { clock, date, plural } from "../format";
import { brief, newestFirst, plainly } from "../timeline";

/** What happened, newest first; the telling part of it until asked for all. */
export function Timeline({ entries, now }: { entries: TimelineEntry[]; now: Date }) {
  const [all, setAll] = useState(false);
  if (entries.length === 0) return null;
  const short = brief(entries);
  const rest = entries.length - short.length;
  return (
    <section className="timeline" aria-label="Timeline, newest first">
      <ol>
        {(all ? newestFirst(entries) : short).map((e) => (
          <Entry key={`${e.at} ${e.kind} ${e.text}`} entry={e} now={now} />
        ))}
      </ol>
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show less" : `Show ${plural(rest, "more entry", "more entries")}`}
        </button>
      )}
    </section>
  );
}

function Entry({ entry, now }: { entry: TimelineEntry; now: Date }) {
  const at = date(entry.at);
  const said = plainly(entry.text);
  return (
    <li>
      <time dateTime={entry.at}>{at ? clock(at, now, true) : entry.at}</time>
      <span className="kind">{entry.kind.replaceAll("_", " ")}</span>
      <span className="text">
        {said.startsWith(`${entry.kind}: `) ? said.slice(entry.kind.length + 2) : said}{" "}
        {entry.actor && <span className="actor">{entry.actor}</span>}
      </span>
    </li>
  );
}
