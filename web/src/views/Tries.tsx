import "../styles/views.css";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { getInteractions, type Interaction } from "../ask";
import { clock, date, int, plural, windowWords } from "../format";
import { Affected } from "../parts/Affected";
import { Csv } from "../parts/Csv";
import { Go } from "../parts/Go";
import { every, keepOf } from "../queries";
import { scopeWords, withParam } from "../url";
import { length } from "../waterfall";
import { levelWords, shortHash, triesCsv } from "../way";
import { Head, Waiting } from "./Head";
import { Outcome } from "./Outcome";
import type { ViewProps } from "./view";

const outcomes = ["", "failed", "degraded", "abandoned", "success", "cancelled"] as const;

/** The single tries behind a number, newest first, each with its customer and trace. */
export default function Tries({ window, env, pulse, fresh, now }: ViewProps) {
  const [params, setParams] = useSearchParams();
  const of = params.get("of") ?? "";
  const where = params.getAll("where");
  const outcome = outcomes.find((o) => o === params.get("outcome")) ?? "";
  const got = useQuery({
    queryKey: ["tries", of, outcome, window, env, ...where],
    queryFn: () => getInteractions({ of, outcome, window, env, where }),
    refetchInterval: every(pulse, 15_000),
    placeholderData: keepOf(of),
  });
  const name = scopeWords(of, where);
  const rows = got.data?.interactions;
  if (!rows) return <Waiting error={got.error?.message} what="The tries" />;
  const people = new Set(rows.map((i) => i.customer).filter(Boolean)).size;
  const more = got.data?.next ? "newest " : "";
  return (
    <>
      <Head
        headline={[
          { text: plural(people, "customer"), strong: true },
          {
            text: ` in the ${more}${plural(rows.length, `${outcome} try`.trim(), `${outcome} tries`.trim())} of `,
          },
          { text: name, strong: true },
          { text: `, last ${windowWords(got.data?.window ?? window)}` },
        ]}
        fresh={fresh}
      />
      <section className="card" data-testid="tries">
        <header>
          <h2>
            Single tries{" "}
            <small>newest first{got.data?.next && `, the newest ${int(rows.length)}`}</small>
          </h2>
          <label className="pick">
            Outcome{" "}
            <select
              value={outcome}
              onChange={(e) =>
                setParams((old) => withParam(old, "outcome", e.target.value || null), {
                  replace: true,
                })
              }
            >
              {outcomes.map((o) => (
                <option key={o} value={o}>
                  {o || "any"}
                </option>
              ))}
            </select>
          </label>
          {of && <Affected of={of} name={name} env={env} window={window} where={where} />}
          <Csv
            name={`felt-tries-${name.replaceAll(/[^A-Za-z0-9._-]+/g, "-")}-${window}.csv`}
            text={() => triesCsv(rows)}
            empty={rows.length === 0}
          />
        </header>
        {rows.length === 0 ? (
          <p className="empty">None in the last {windowWords(got.data?.window ?? window)}.</p>
        ) : (
          <table>
            <thead>
              <tr>
                <th scope="col">Ended</th>
                <th scope="col">Outcome</th>
                <th scope="col">What</th>
                <th scope="col">Took</th>
                <th scope="col">Customer</th>
                <th scope="col">Trace</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((i) => (
                <Row key={i.id} i={i} now={now} />
              ))}
            </tbody>
          </table>
        )}
      </section>
    </>
  );
}

function Row({ i, now }: { i: Interaction; now: Date }) {
  const end = date(i.end);
  return (
    <tr data-testid="try">
      <td>{end && clock(end, now, true)}</td>
      <td>
        <Outcome of={i} />
      </td>
      <th scope="row">
        {i.name} <span className="sub">{[i.reason, i.release].filter(Boolean).join(" · ")}</span>
      </th>
      <td>{length(i.duration_ms)}</td>
      <td>
        {i.customer ? (
          <Go
            view="customer"
            values={{ id: i.customer }}
            walk
            label={`Customer ${shortHash(i.customer)}`}
          >
            <code>{shortHash(i.customer)}</code>
          </Go>
        ) : (
          <span className="sub">unknown</span>
        )}{" "}
        <small>{i.customer && levelWords(i.identity_level)}</small>
      </td>
      <td>
        {i.trace_id ? (
          <Go view="trace" values={{ id: i.trace_id }} label={`Trace ${shortHash(i.trace_id)}`}>
            <code>{shortHash(i.trace_id)}</code>
          </Go>
        ) : (
          <span className="sub">none</span>
        )}
      </td>
    </tr>
  );
}
