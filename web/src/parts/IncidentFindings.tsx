import { useState } from "react";
import { clock, date, plural } from "../format";
import type { FindingLine } from "../incident";
import { incidentFindingsCsv } from "../incidentTables";
import { plainly } from "../timeline";
import { Csv } from "./Csv";

/** What the detectors saw: one line each, those of paging class and those that last first. */
export function IncidentFindings({ list, now }: { list: FindingLine[]; now: Date }) {
  const [open, setOpen] = useState(false);
  if (list.length === 0) return null;
  const rank = (f: FindingLine) => (f.ended ? 2 : 0) + (f.paging ? 0 : 1);
  const sorted = [...list].sort((x, y) => rank(x) - rank(y));
  const lasting = list.filter((f) => !f.ended).length;
  return (
    <details className="rests" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>
        It rests on {plural(list.length, "finding")}
        {lasting < list.length &&
          `, ${lasting === 0 ? "none of which lasts" : `${lasting} of them last`}`}
      </summary>
      {open && <Csv name="felt-incident-findings.csv" text={() => incidentFindingsCsv(list)} />}
      {open && (
        <ol>
          {sorted.map((f) => {
            const ended = date(f.ended);
            return (
              <li key={f.id}>
                {plainly(f.explanation || `${f.kind ?? "finding"} of ${f.name ?? "?"}`)}{" "}
                <span className="sub">
                  {[f.paging && "paging class", ended && `ended ${clock(ended, now)}`]
                    .filter(Boolean)
                    .join(", ")}
                </span>
              </li>
            );
          })}
        </ol>
      )}
    </details>
  );
}
