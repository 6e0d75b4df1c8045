import { useState } from "react";
import { clock, date, plural } from "../format";
import {
  type CallNode,
  type Commanded,
  controlWords,
  first,
  leadWords,
  type Suspect,
  unasked,
  weightWords,
} from "../incident";
import { fileOf, signsCsv } from "../incidentTables";
import { plainly } from "../timeline";
import { Csv } from "./Csv";

/** The score from which something speaks for a suspect. */
const telling = 0.5;

/** What changed: changes and services that may have caused it, with what speaks for each. */
export function IncidentSuspects({
  i,
  now,
  onCause,
}: {
  i: Commanded;
  now: Date;
  onCause: () => void;
}) {
  const [all, setAll] = useState(false);
  // For whom little speaks only waits behind those for whom something does.
  const strong = i.suspects.filter((s) => s.score >= telling);
  const list = first(strong.length > 0 && !all ? strong : i.suspects, 2, all);
  const nodes = first(i.nodes, 1, all);
  const rest = all ? 0 : i.suspects.length - list.shown.length + nodes.rest + i.indicators.length;
  return (
    <section className="card suspects" data-answer="changed" aria-label="What changed?">
      <header>
        <h2>What changed?</h2>
        <Csv
          name={fileOf(i.id, "signs")}
          text={() => signsCsv(i)}
          empty={i.suspects.length + i.nodes.length + i.indicators.length === 0}
        />
        {i.status !== "resolved" && (
          <button type="button" className="link" onClick={onCause}>
            {i.cause ? "Say another cause" : "Say the cause"}
          </button>
        )}
      </header>
      {i.cause && (
        <p className="says">
          <b>Cause:</b> {[i.cause.change, i.cause.service, i.cause.note].filter(Boolean).join(", ")}
          {i.cause.confirmed_by && <small> said by {i.cause.confirmed_by}</small>}
        </p>
      )}
      {i.evidence_at === null && i.suspects.length === 0 ? (
        <p className="empty">{unasked(i, "nothing can be compared")}</p>
      ) : (
        list.shown.length === 0 && (
          <p className="empty">
            No change nearby stands out. That does not mean that nothing changed.
          </p>
        )
      )}
      <ol>
        {list.shown.map((s) => (
          <Line key={`${s.kind} ${s.what} ${s.at}`} s={s} now={now} />
        ))}
      </ol>
      {nodes.shown.length > 0 && (
        <>
          <h3>Left their band first</h3>
          <ol>
            {nodes.shown.map((n) => (
              <NodeLine key={`${n.service} ${n.operation} ${n.callee} ${n.what}`} n={n} now={now} />
            ))}
          </ol>
        </>
      )}
      {all && i.indicators.length > 0 && (
        <>
          <h3>What moved first</h3>
          <ol>
            {i.indicators.map((m) => {
              const at = date(m.first_out_of_band);
              return (
                <li key={m.signal}>
                  <b>{m.signal}</b>{" "}
                  <span className="sub">
                    {at && clock(at, now, true)} {plainly(m.text ?? "")}
                  </span>
                </li>
              );
            })}
          </ol>
        </>
      )}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(true)}>
          Show {plural(rest, "more sign")}
        </button>
      )}
    </section>
  );
}

function Line({ s, now }: { s: Suspect; now: Date }) {
  const at = date(s.at);
  return (
    <li data-walk tabIndex={-1}>
      <p className="suspect">
        <b className="cut" title={s.what}>
          {s.what}
        </b>
        <span className="sub">
          {[s.kind.replaceAll("_", " "), at && clock(at, now), leadWords(s)]
            .filter(Boolean)
            .join(", ")}
        </span>
      </p>
      <p className="sub clamp">
        <b>{weightWords(s.score)}</b>:{" "}
        {s.control_n > 0 ? controlWords(s) : s.text || controlWords(s)}
      </p>
    </li>
  );
}

function NodeLine({ n, now }: { n: CallNode; now: Date }) {
  const at = date(n.first);
  const name = n.callee
    ? `${n.service} → ${n.callee}`
    : [n.service, n.operation].filter(Boolean).join(" ");
  return (
    <li>
      <p className="suspect">
        <b className="cut" title={name}>
          {name}
        </b>
        <span className="sub">
          {[
            n.third_party && "third party",
            at && clock(at, now, true),
            n.origin && "nothing below it is out of its band",
          ]
            .filter(Boolean)
            .join(", ")}
        </span>
      </p>
      <p className="sub clamp">
        {n.text.startsWith(`${name}: `) ? n.text.slice(name.length + 2) : n.text}
      </p>
    </li>
  );
}
