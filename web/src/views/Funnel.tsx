import "../styles/views.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import type { Journey } from "../api";
import { type FunnelAnswer, getFunnel } from "../ask";
import { clock, date, int, percent, plural, shareOf, windowWords } from "../format";
import {
  began,
  type FunnelRow,
  funnelCsv,
  funnelVerdict,
  howLeft,
  howWords,
  rated,
  rowsOf,
  went,
} from "../funnel";
import type { InventoryAnswer } from "../inventory";
import { keyOf } from "../order";
import { Affected } from "../parts/Affected";
import { Csv } from "../parts/Csv";
import { Detectors } from "../parts/Detectors";
import { FindingsOf } from "../parts/FindingsOf";
import { Go } from "../parts/Go";
import { Completion, Split } from "../parts/Journeys";
import { Objectives } from "../parts/Objectives";
import { Signals } from "../parts/Signals";
import { every, keepOf, useJourneys } from "../queries";
import type { Tone } from "../verdict";
import { length } from "../waterfall";
import { Head, Waiting } from "./Head";
import type { ViewProps } from "./view";

/** Those who leave may do so though all is well: that is no reason for a green mark. */
const tones: Record<Journey["state"], Tone | undefined> = {
  ok: undefined,
  degraded: "degraded",
  failing: "failing",
  no_data: "unknown",
};

/** How customers get through the steps of a journey, and where they leave. */
export default function Funnel({ window, env, pulse, fresh, now }: ViewProps) {
  const [params] = useSearchParams();
  const of = params.get("of") ?? "";
  const funnel = useQuery({
    queryKey: ["funnel", of, window, env],
    queryFn: () => getFunnel(of, window, env),
    refetchInterval: every(pulse, 15_000),
    placeholderData: keepOf(of),
    enabled: of !== "",
  });
  const journeys = useJourneys(window, env, pulse);
  const rows = journeys.data?.journeys ?? [];
  const journey = rows.find(
    (j) =>
      j.kind === "journey" && (keyOf(j) === of || `${j.app}/${j.name}` === of || j.name === of),
  );
  const name = journey?.title || journey?.name || of.replace(/^journey:/, "").replace(/^.*\//, "");
  const answer = funnel.data;
  const ask = useSteps(of, answer);
  if (!of) return <Pick journeys={rows} waiting={!journeys.data} />;
  if (!answer) return <Waiting error={funnel.error?.message} what="The funnel" />;
  const said = funnelVerdict(answer, name);
  const whole = [of, ...answer.steps.map((s) => ask(s.name))];
  return (
    <>
      <Head
        tone={said.known ? journey && tones[journey.state] : "unknown"}
        headline={said.headline}
        detail={said.detail}
        fresh={fresh}
      />
      {funnel.error && <Waiting error={funnel.error.message} what="The newest numbers" />}
      <section
        className={`card${funnel.isPlaceholderData ? " is-waiting" : ""}`}
        data-testid="funnel"
      >
        <header>
          <h2>
            {name} <small>{about(journey, answer, now)}</small>
          </h2>
          <Affected of={of} name={name} env={env} window={window} />
          <Csv name={`felt-funnel-${name}-${window}.csv`} text={() => funnelCsv(answer)} />
        </header>
        <Steps answer={answer} ask={ask} window={window} />
      </section>
      <Ends answer={answer} />
      <FindingsOf of={whole} name={name} env={env} pulse={pulse} fresh={fresh} now={now} />
      <Objectives of={of} name={name} env={env} pulse={pulse} now={now} />
      <Signals of={of} name={name} window={window} env={env} pulse={pulse} now={now} />
      <Detectors of={whole} name={name} env={env} pulse={pulse} fresh={fresh} now={now} />
    </>
  );
}

function about(j: Journey | undefined, answer: FunnelAnswer, now: Date): string {
  const until = date(answer.complete_until);
  return [
    j?.owner || (j ? "no owner" : ""),
    j?.criticality ? `criticality ${j.criticality} of 5` : "",
    `last ${windowWords(answer.window)}`,
    until ? `complete until ${clock(until, now, true)}` : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

interface StepsProps {
  answer: FunnelAnswer;
  /** How a step is asked for. */
  ask: (name: string) => string;
  window: string;
}

/** useSteps tells how a step is asked for: by the name of the interactions that are it. */
function useSteps(of: string, answer: FunnelAnswer | undefined) {
  const client = useQueryClient();
  const [, inventory] =
    client.getQueriesData<InventoryAnswer>({ queryKey: ["inventory"] })[0] ?? [];
  const journey = answer?.question?.name ?? of.replace(/^journey:/, "").replace(/^.*\//, "");
  const app = answer?.question?.app ?? "";
  const steps = inventory?.journeys.find((j) => j.name === journey)?.steps ?? [];
  return (name: string) => {
    const interaction = steps.find((s) => s.name === name)?.interaction ?? name;
    return `step:${app ? `${app}/` : ""}${interaction}`;
  };
}

/** The bars are in the table, so that both say the same by themselves. */
function Steps({ answer, ask, window }: StepsProps) {
  const rows = rowsOf(answer);
  if (rows.length === 0) return <p className="empty">No step of it was seen.</p>;
  return (
    <table className="funnel">
      <thead>
        <tr>
          <th scope="col">Step</th>
          <th scope="col">Journeys that tried it, by outcome</th>
          <th scope="col">Step conversion</th>
          <th scope="col">Of all that began</th>
          <th scope="col">Median</th>
          <th scope="col">p90</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Step key={row.step.name} row={row} ask={ask(row.step.name)} window={window} />
        ))}
      </tbody>
    </table>
  );
}

function Step({ row, ask, window }: { row: FunnelRow; ask: string; window: string }) {
  const { step: s, conversion, overall, lost, width } = row;
  const o = s.outcomes;
  return (
    <tr data-testid="step" data-name={s.name} data-entered={s.entered} data-completed={s.completed}>
      <th scope="row">
        <Go view="tries" values={{ of: ask, window }} className="name" walk>
          {s.name}
        </Go>
        <span className="sub">{s.optional ? "optional" : ""}</span>
      </th>
      <td className="bars">
        <div style={{ width: `${Math.max(2, width * 100)}%` }}>
          <Split o={o} />
        </div>
        <span className="sub">
          <b className="n">{int(s.entered)}</b> tried, {int(s.completed)} completed
          {o.failed > 0 && <b className="is-failed"> {int(o.failed)} failed</b>}
          {o.degraded > 0 && <b className="is-degraded"> {int(o.degraded)} degraded</b>}
          {o.abandoned > 0 && <b> {int(o.abandoned)} abandoned</b>}
          {o.open > 0 && <span> {int(o.open)} open</span>}
          {lost > 0 && (
            <span className="lost"> {int(lost)} did not come on from the step before</span>
          )}
        </span>
      </td>
      <td data-label="Step conversion">
        <Share {...conversion} />
      </td>
      <td data-label="Of all that began">
        <Share {...overall} />
      </td>
      <td data-label="Median">{time(s.duration_ms.p50)}</td>
      <td data-label="p90">{time(s.duration_ms.p90)}</td>
    </tr>
  );
}

function Share({ k, n }: { k: number; n: number }) {
  if (n <= 0 || k > n) return <span className="sub">{went({ k, n })}</span>;
  return (
    <>
      <b>{percent(k / n)}</b>
      <span className="sub">{went({ k, n }).replace(/^[^ ]+ /, "")}</span>
    </>
  );
}

const time = (ms: number | null) => (ms === null ? "–" : length(ms));

/** How the journeys ended, and how those left who left. */
function Ends({ answer }: { answer: FunnelAnswer }) {
  const o = answer.outcomes;
  const n = rated(answer);
  return (
    <section className="card ends" data-testid="ends">
      <header>
        <h2>
          How they ended{" "}
          <small>
            {plural(n, "journey")} decided, {int(began(answer))} began at the first step
          </small>
        </h2>
      </header>
      <div className="columns">
        <dl>
          <dt>Completion</dt>
          <dd data-testid="completion" data-value={answer.completion_rate ?? ""}>
            <Completion rate={answer.completion_rate} n={n} />
          </dd>
          <dt>Success</dt>
          <dd>{int(o.success)}</dd>
          <dt>Degraded</dt>
          <dd>{int(o.degraded)}</dd>
          <dt>Failed</dt>
          <dd>{int(o.failed)}</dd>
          <dt>In no rate</dt>
          <dd>
            {int(o.open)} <small>still open,</small> {int(o.cancelled)}{" "}
            <small>changed their mind</small>
          </dd>
        </dl>
        <dl>
          <dt>Abandoned</dt>
          <dd>
            {int(o.abandoned)} {o.abandoned > 0 && <small>{shareOf(o.abandoned, n)}</small>}
          </dd>
          {howLeft(answer).map(({ how, n: left }) => (
            <div key={how} className="row">
              <dt>left {howWords[how]}</dt>
              <dd>
                {int(left)} {left > 0 && <small>{shareOf(left, o.abandoned)}</small>}
              </dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}

/** Without a journey in the address there is a choice of them. */
function Pick({ journeys, waiting }: { journeys: Journey[]; waiting: boolean }) {
  const whole = journeys.filter((j) => j.kind === "journey");
  return (
    <>
      <Head headline={[{ text: "Which journey?", strong: true }]} />
      {waiting && <Waiting what="The journeys" />}
      <ul className="card list">
        {whole.map((j) => (
          <li key={keyOf(j)}>
            <Go view="funnel" values={{ of: keyOf(j) }} walk>
              {j.title || j.name}
            </Go>
          </li>
        ))}
      </ul>
      {!waiting && whole.length === 0 && (
        <p className="empty">
          No journey was seen. A journey is written into the <Go view="inventory">inventory</Go>.
        </p>
      )}
    </>
  );
}
