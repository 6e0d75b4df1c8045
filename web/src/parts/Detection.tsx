import "../styles/detection.css";
import { useQuery } from "@tanstack/react-query";
import { type Durations, detectionVerdict, getDetection, marks, place } from "../detection";
import { int, span } from "../format";
import { every, type Pulse } from "../queries";
import { Go } from "./Go";

/** How fast faults were found and mended: every incident a dot, against the target. */
export function Detection({ env, pulse }: { env: string | undefined; pulse: Pulse }) {
  const asked = useQuery({
    queryKey: ["detection", env],
    queryFn: () => getDetection("30d", env),
    refetchInterval: every(pulse, 60_000, 60_000),
  });
  const a = asked.data;
  if (!a)
    return asked.error ? (
      <p className="problem" role="alert">
        How fast faults were found could not be asked for: {asked.error.message}
      </p>
    ) : null;
  return (
    <section className="card detection" data-testid="detection">
      <header>
        <h2>
          How fast faults were found{" "}
          <small>incidents of the last 30 d, from the first harm on</small>
        </h2>
      </header>
      <p className="says">{detectionVerdict(a)}</p>
      {a.n > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Median</th>
              <th scope="col">90 % within</th>
              <th scope="col">of</th>
              <th scope="col">
                <span className="scale" aria-hidden="true">
                  {marks.map((m) => (
                    <i key={m.ms} style={{ left: `${place(m.ms) * 100}%` }}>
                      {m.words}
                    </i>
                  ))}
                </span>
                <span className="only-read">Longest</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {a.durations.map((d) => (
              <Row key={d.name} d={d} target={a.target_ms} />
            ))}
          </tbody>
        </table>
      )}
      {a.more && <p className="empty">There are more incidents than are looked at here.</p>}
    </section>
  );
}

function Row({ d, target }: { d: Durations; target: number }) {
  const of = (ms: number | null) => (ms === null ? "–" : span(ms / 1000));
  const judged = d.name === "detected" || d.name === "opened";
  const over = judged && d.median_ms !== null && d.median_ms > target;
  const longest = d.values[0];
  return (
    <tr data-name={d.name}>
      <th scope="row">{d.title}</th>
      <td>
        <b className={over ? "is-failed" : undefined}>{of(d.median_ms)}</b>
      </td>
      <td>{of(d.p90_ms)}</td>
      <td>{int(d.n)}</td>
      <td>
        <span className="dots" aria-hidden="true">
          {judged && <u style={{ left: `${place(target) * 100}%` }} title="target" />}
          {d.values.slice(0, 500).map((v) => (
            <i
              key={v.incident}
              className={judged && v.took_ms > target ? "is-late" : undefined}
              style={{ left: `${place(v.took_ms) * 100}%` }}
            />
          ))}
        </span>
        {longest && (
          <span className="sub">
            longest {of(longest.took_ms)}:{" "}
            <Go view="incident" values={{ id: longest.incident }}>
              {longest.title}
            </Go>
          </span>
        )}
      </td>
    </tr>
  );
}
