import "../styles/objectives.css";
import { useQuery } from "@tanstack/react-query";
import { clock, date, int } from "../format";
import {
  getObjectives,
  left,
  long,
  type ObjectiveAnswer,
  objectivesCsv,
  objectivesVerdict,
  promise,
  rate,
  shapeOf,
  stateWords,
} from "../objectives";
import { every, keepOf, type Pulse } from "../queries";
import { Csv } from "./Csv";
import { Shape } from "./Mark";

interface Props {
  of: string;
  name: string;
  env?: string;
  pulse: Pulse;
  now: Date;
}

/** What is left of a journey's error budgets: nothing at all when it promises nothing. */
export function Objectives({ of, name, env, pulse, now }: Props) {
  const asked = useQuery({
    queryKey: ["objectives", of, env],
    queryFn: () => getObjectives(of, env),
    refetchInterval: every(pulse, 60_000, 60_000),
    placeholderData: keepOf(of),
  });
  const answer = asked.data;
  if (!answer)
    return asked.error ? (
      <p className="problem" role="alert">
        No objectives: {asked.error.message}
      </p>
    ) : null;
  if (answer.objectives.length === 0) return null;
  const until = date(answer.complete_until);
  return (
    <section className="card objectives" data-testid="objectives">
      <header>
        <h2>
          Objectives <small>{until ? `complete until ${clock(until, now, true)}` : ""}</small>
        </h2>
        <Csv name={`felt-objectives-${name}.csv`} text={() => objectivesCsv(answer)} />
      </header>
      <p className="says" data-testid="objectives-verdict">
        {objectivesVerdict(answer.objectives)}
      </p>
      {asked.error && (
        <p className="problem" role="alert">
          The newest numbers are missing: {asked.error.message}
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th scope="col">Objective</th>
            <th scope="col">Budget left</th>
            <th scope="col">Burn, 1 h</th>
            <th scope="col">6 h</th>
            <th scope="col">3 d</th>
          </tr>
        </thead>
        <tbody>
          {answer.objectives.map((o) => (
            <Row key={o.name} o={o} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ o }: { o: ObjectiveAnswer }) {
  const state = shapeOf(o);
  const rest = left(o);
  return (
    <tr data-testid="objective" data-name={o.name} data-state={state}>
      <th scope="row">
        <span className={`mark is-${state}`}>
          <Shape state={state} /> {stateWords[state]}
        </span>{" "}
        <b>{o.name}</b>
        <span className="sub">{promise(o)}</span>
      </th>
      <td data-label="Budget left">
        <b>{rest.share}</b>
        {o.budget && (
          <span className={`budget is-${state}`} aria-hidden="true">
            <i style={{ width: `${Math.max(0, Math.min(1, o.budget.left)) * 100}%` }} />
          </span>
        )}
        <span className="sub">
          {rest.rest}
          {o.budget && ` (${int(o.bad)} bad of ${int(o.n)} in ${long(o.window_ms)})`}
          {o.sampled && "; at least: telemetry was sampled"}
        </span>
      </td>
      {["1h", "6h", "3d"].map((w) => (
        <Rate key={w} o={o} window={w} />
      ))}
    </tr>
  );
}

function Rate({ o, window }: { o: ObjectiveAnswer; window: string }) {
  const { value, of, over } = rate(o.burn.find((b) => b.window === window));
  return (
    <td data-label={`Burn, ${window}`}>
      <b className={over ? "is-over" : undefined}>{value}</b>
      <span className="sub">
        {of}
        {over && ", too fast"}
      </span>
    </td>
  );
}
