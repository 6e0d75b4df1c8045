import { useState } from "react";
import type { UnmappedAnswer } from "../ask";
import { csv } from "../csv";
import { int, plural, shareOf } from "../format";
import { Csv } from "../parts/Csv";
import { Snippet } from "../parts/Snippet";

interface Line {
  key: string;
  what: string;
  kind: string;
  volume: number;
  people: number | null;
  errors: string;
  suggested: string;
}

function linesOf(a: UnmappedAnswer): Line[] {
  const names = a.names.map((n) => {
    const o = n.outcomes;
    const tries = o.success + o.degraded + o.failed + o.abandoned + o.cancelled + o.open;
    return {
      key: `name ${n.app}/${n.name}`,
      what: `${n.app}/${n.name}`,
      kind: "interaction",
      volume: tries,
      people: n.customers.total,
      errors: o.failed > 0 ? `${shareOf(o.failed, tries)} failed` : "",
      suggested: n.suggested,
    };
  });
  const operations = a.operations.map((o) => ({
    key: `operation ${o.service} ${o.operation} ${o.kind}`,
    what: `${o.service}: ${o.operation}`,
    kind: `${o.kind} span`,
    volume: o.count,
    people: null,
    errors: o.errors > 0 ? `${shareOf(o.errors, o.count)} errors` : "",
    suggested: o.suggested,
  }));
  return [...names, ...operations];
}

const short = 10;

/** What is seen and in no journey, with the text that would take it. */
export function Unmapped({ a, period }: { a: UnmappedAnswer; period: string }) {
  const [open, setOpen] = useState("");
  const [all, setAll] = useState(false);
  const lines = linesOf(a);
  const rest = lines.length - short;
  const head = ["what", "kind", "customers", "volume", "errors"];
  const text = () =>
    csv(
      head,
      lines.map((l) => [l.what, l.kind, l.people, l.volume, l.errors]),
    );
  return (
    <section className="card" data-testid="unmapped">
      <header>
        <h2>
          Seen but in no journey{" "}
          <small>{lines.length === 0 ? "nothing" : `${int(lines.length)}, last ${period}`}</small>
        </h2>
        <Csv name="felt-unmapped.csv" text={text} empty={lines.length === 0} />
      </header>
      {(a.named ?? 0) > 0 && (
        <p className="empty">
          {plural(a.named ?? 0, "more operation")} need no rule: their spans name their interaction.
        </p>
      )}
      {lines.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Customers</th>
              <th scope="col">Volume</th>
              <th scope="col">Suggestion</th>
            </tr>
          </thead>
          <tbody>
            {lines.slice(0, all ? undefined : short).map((l) => (
              <tr key={l.key}>
                <th scope="row">
                  {l.what} <span className="sub">{l.kind}</span>
                </th>
                <td>
                  {l.people === null ? <span className="sub">not asked</span> : int(l.people)}
                </td>
                <td>
                  {int(l.volume)} <span className="sub">{l.errors}</span>
                </td>
                <td className="suggested">
                  <button
                    type="button"
                    className="link"
                    data-walk
                    aria-expanded={open === l.key}
                    onClick={() => setOpen(open === l.key ? "" : l.key)}
                  >
                    Journey that would take it
                  </button>
                  {open === l.key && <Snippet text={l.suggested} label={`YAML for ${l.what}`} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show the most frequent only" : `Show ${int(rest)} more`}
        </button>
      )}
    </section>
  );
}
