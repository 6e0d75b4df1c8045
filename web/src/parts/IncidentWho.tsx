import { useState } from "react";
import { int, plural } from "../format";
import {
  type Commanded,
  first,
  othersWords,
  type Part,
  partWords,
  scopeOf,
  unasked,
  whereWords,
} from "../incident";
import { fileOf, partsCsv } from "../incidentTables";
import { Csv } from "./Csv";
import { Go } from "./Go";

/** Who is hit, and who is not: each with its n, and with what counts it again. */
export function IncidentWho({ i }: { i: Commanded }) {
  const [all, setAll] = useState(false);
  const hit = first(i.hit, 2, all);
  const spared = first(i.spared, 2, all);
  const rest = hit.rest + spared.rest;
  return (
    <section className="card who" data-answer="who" aria-label="Who is hit, and who is not">
      <header>
        <h2>Who is hit, and who is not</h2>
        <Csv
          name={fileOf(i.id, "parts")}
          text={() => partsCsv(i)}
          empty={i.hit.length + i.spared.length === 0}
        />
      </header>
      {i.evidence_at === null ? (
        <p className="empty">{unasked(i, "nobody can be told apart")}</p>
      ) : (
        <div className="two">
          <div>
            <h3>Hit most</h3>
            {hit.shown.length === 0 && (
              <p className="sub">No part stands out: all that are told apart are hit alike.</p>
            )}
            <ul>
              {hit.shown.map((p) => (
                <Line key={whereWords(p)} i={i} p={p} kind="failing" />
              ))}
            </ul>
          </div>
          <div>
            <h3>Not hit</h3>
            {spared.shown.length === 0 && <p className="sub">Nobody is known to be spared.</p>}
            <ul>
              {spared.shown.map((p) => (
                <Line key={whereWords(p)} i={i} p={p} kind="ok" />
              ))}
            </ul>
          </div>
        </div>
      )}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(true)}>
          Show {plural(rest, "more part")}
        </button>
      )}
    </section>
  );
}

function Line({ i, p, kind }: { i: Commanded; p: Part; kind: "failing" | "ok" }) {
  const name = whereWords(p);
  const of = scopeOf(i);
  return (
    <li data-walk tabIndex={-1}>
      <span className="part" title={name}>
        <i className={`dot is-${kind}`} aria-hidden="true" />
        <Go view="tries" values={{ of, where: p.question?.where ?? [] }}>
          {name}
        </Go>
        {kind === "failing" && <b>{plural(p.customers, "customer")}</b>}
      </span>
      <span className="sub">
        {partWords(p)}; {othersWords(p)}
        {kind === "failing" &&
          p.explains > 0 &&
          `; ${int(Math.round(p.explains * 100))}\u00a0% of the harm`}
      </span>
    </li>
  );
}
