import "../styles/signals.css";
import { useQuery } from "@tanstack/react-query";
import { clock, date, windowWords } from "../format";
import { every, keepOf, type Pulse } from "../queries";
import {
  about,
  getSignals,
  held,
  latest,
  lengthOf,
  type SignalAnswer,
  shapeOf,
  signalsCsv,
  signalsVerdict,
  spark,
  sparkWords,
  stateWord,
} from "../signals";
import { Csv } from "./Csv";
import { Lane } from "./Lane";
import { Shape } from "./Mark";

interface Props {
  of: string;
  name: string;
  window: string;
  env?: string;
  pulse: Pulse;
  now: Date;
}

/** What the technical series and business numbers of a journey did: nothing at all when it has none. */
export function Signals({ of, name, window, env, pulse, now }: Props) {
  const asked = useQuery({
    queryKey: ["signals", of, window, env],
    queryFn: () => getSignals(of, window, env),
    refetchInterval: every(pulse, 15_000),
    placeholderData: keepOf(of),
  });
  const answer = asked.data;
  if (!answer)
    return asked.error ? (
      <p className="problem" role="alert">
        No signals: {asked.error.message}
      </p>
    ) : null;
  if (answer.signals.length === 0) return null;
  const until = date(answer.complete_until);
  const range = {
    from: Date.parse(answer.question?.from ?? ""),
    to: Date.parse(answer.question?.to ?? ""),
    step: lengthOf(answer.step),
  };
  return (
    <section
      className={`card signals${asked.isPlaceholderData ? " is-waiting" : ""}`}
      data-testid="signals"
    >
      <header>
        <h2>
          Signals{" "}
          <small>
            last {windowWords(window)}
            {until ? ` · complete until ${clock(until, now, true)}` : ""}
          </small>
        </h2>
        <Csv name={`felt-signals-${name}-${window}.csv`} text={() => signalsCsv(answer)} />
      </header>
      <p className="says" data-testid="signals-verdict">
        {signalsVerdict(answer.signals)}
      </p>
      {asked.error && (
        <p className="problem" role="alert">
          The newest values are missing: {asked.error.message}
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Signal</th>
            <th scope="col">Now</th>
            <th scope="col">Held against</th>
            <th scope="col">Last {windowWords(window)}</th>
            <th scope="col">Endangers</th>
          </tr>
        </thead>
        <tbody>
          {answer.signals.map((s) => (
            <Row key={`${s.kind} ${s.name}`} s={s} now={now} {...range} />
          ))}
        </tbody>
        <tfoot>
          <tr>
            <td colSpan={3}>
              <span className="sub">What people changed in that time</span>
            </td>
            <td className="course">
              <Lane
                from={range.from}
                to={range.to}
                env={env}
                pulse={pulse}
                now={now}
                app={answer.question?.app}
              />
            </td>
            <td />
          </tr>
        </tfoot>
      </table>
    </section>
  );
}

interface RowProps {
  s: SignalAnswer;
  now: Date;
  from: number;
  to: number;
  step: number;
}

function Row({ s, now, from, to, step }: RowProps) {
  const state = shapeOf(s);
  const { value, rest } = latest(s, now);
  return (
    <tr data-testid="signal" data-name={s.name} data-state={s.state}>
      <th scope="row">
        <span className={`mark is-${state}`}>
          <Shape state={state} /> {stateWord(s)}
        </span>{" "}
        <b>{s.name}</b> {s.kind === "kpi" && <small>KPI</small>}
        <span className="sub">{about(s)}</span>
      </th>
      <td data-label="Now">
        <b>{value}</b>
        <span className="sub">{rest}</span>
      </td>
      <td data-label="Held against">{held(s) || <span className="sub">nothing</span>}</td>
      <td data-label="Course">
        <Line s={s} from={from} to={to} step={step} />
      </td>
      <td data-label="Endangers">
        {s.endangers ?? ""}
        {s.owners && s.owners.length > 0 && <span className="sub">{s.owners.join(", ")}</span>}
      </td>
    </tr>
  );
}

function Line({ s, from, to, step }: Omit<RowProps, "now">) {
  const line = spark(s, from, to, step);
  if (!line) return <span className="sub">no values</span>;
  return (
    <svg
      className={`spark is-${shapeOf(s)}`}
      viewBox="0 0 120 28"
      width="120"
      height="28"
      role="img"
      aria-label={sparkWords(s, line)}
    >
      <title>{sparkWords(s, line)}</title>
      {line.threshold !== null && (
        <line className="limit" x1="0" x2="120" y1={line.threshold} y2={line.threshold} />
      )}
      {line.lines.map((points) => (
        <polyline key={points} points={points} />
      ))}
      {line.dots.map((d) => (
        <circle key={d.x} cx={d.x} cy={d.y} r="1.5" />
      ))}
    </svg>
  );
}
