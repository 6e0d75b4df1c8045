import { Button } from "@mantine/core";
import type { Journey, JourneysAnswer } from "../api";
import { journeysCsv } from "../csv";
import { int, percent, plural, shareOf, smallInterval, windowWords } from "../format";
import { save } from "../keys";
import { journeySorting, keyOf } from "../order";
import { useOrder } from "../useOrder";
import { Go } from "./Go";
import { Mark } from "./Mark";

interface Props {
  answer: JourneysAnswer | undefined;
  error: string | undefined;
  /** Another window was chosen and its answer is on the way. */
  waiting: boolean;
  frozen: boolean;
  dim: boolean;
  at: number;
  onOpen: (key: string) => void;
}

/** The journeys, worst first. Rows never move while the pointer or the focus is on them. */
export function Journeys({ answer, error, waiting, frozen, dim, at, onOpen }: Props) {
  const rows = answer?.journeys ?? [];
  const { sorted, held, box } = useOrder(rows, journeySorting, frozen, at);
  const both = rows.some((j) => j.kind === "journey");
  const csv = () => {
    if (!answer) return;
    const until = answer.complete_until ?? "";
    const stamp = until.replace(/[^0-9A-Za-z]/g, "");
    save(
      `felt-journeys-${answer.window}-${stamp}.csv`,
      "text/csv",
      journeysCsv(sorted, answer.window, until),
    );
  };
  return (
    <section
      className={`journeys${waiting ? " is-waiting" : ""}${dim ? " is-dim" : ""}`}
      aria-busy={waiting}
      data-testid="journeys"
    >
      <header>
        <h2>
          Journeys <small>worst first{answer && `, last ${windowWords(answer.window)}`}</small>
        </h2>
        <span className="held">{held ? "order held while you are here" : ""}</span>
        <Button
          size="compact-xs"
          variant="default"
          className="csv"
          onClick={csv}
          disabled={rows.length === 0}
        >
          CSV
        </Button>
      </header>
      {error && (
        <p className="problem" role="alert">
          The journeys could not be asked for: {error}. Asking again.
        </p>
      )}
      {!answer && !error && <Waiting />}
      {answer && rows.length === 0 && (
        <p className="empty">No journey was seen in the last {windowWords(answer.window)}.</p>
      )}
      {rows.length > 0 && (
        <div ref={box}>
          <table>
            <thead>
              <tr>
                <th scope="col">State</th>
                <th scope="col">Journey</th>
                <th scope="col">Customers failing</th>
                <th scope="col">Tries by outcome</th>
                <th scope="col">Completion</th>
                <th scope="col">Owner</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((j) => (
                <Row key={keyOf(j)} j={j} tell={both} onOpen={onOpen} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function kindWords(j: Journey): string {
  if (j.kind === "journey") return "Journey";
  return j.journeys?.length ? `Step of ${j.journeys.join(", ")}` : "Step";
}

interface RowProps {
  j: Journey;
  /** Say whether it is a journey or a step: there are both. */
  tell: boolean;
  onOpen: (key: string) => void;
}

function Row({ j, tell, onOpen }: RowProps) {
  const o = j.outcomes;
  const rated = o.success + o.degraded + o.failed + o.abandoned;
  return (
    <tr data-testid="journey" data-name={j.name} data-state={j.state}>
      <td className="state">
        <Mark state={j.state} />
      </td>
      <th scope="row">
        <button type="button" className="name" data-walk onClick={() => onOpen(keyOf(j))}>
          {j.title || j.name}
        </button>
        <span className="sub">
          {tell && <b className="kind">{kindWords(j)}</b>} {j.app}
          {j.state !== "ok" && j.state_reason && ` · ${j.state_reason}`}{" "}
          {j.kind === "journey" && (
            <Go
              view="funnel"
              values={{ of: keyOf(j) }}
              className="way"
              label={`Funnel of ${j.title || j.name}`}
            >
              Funnel
            </Go>
          )}
        </span>
      </th>
      <td className="hit">
        <b className={j.customers.failed > 0 ? undefined : "is-zero"}>{int(j.customers.failed)}</b>
        <span className="sub">
          {j.customers.total > 0 ? shareOf(j.customers.failed, j.customers.total) : "nobody here"}
          {smallInterval(j.customers.failed, j.customers.total) &&
            ` (${smallInterval(j.customers.failed, j.customers.total)})`}
        </span>
      </td>
      <td className="tries">
        <Split o={o} />
        <span className="sub">
          {plural(rated, "try", "tries")}
          {o.failed > 0 && <b className="is-failed"> {int(o.failed)} failed</b>}
          {o.degraded > 0 && <b className="is-degraded"> {int(o.degraded)} degraded</b>}
          {o.abandoned > 0 && <b> {int(o.abandoned)} abandoned</b>}
        </span>
      </td>
      <td className="rate">
        <Completion rate={j.completion_rate} n={rated} />
      </td>
      <td className="owner">
        {j.owner || <span className="sub">no owner</span>}
        {j.criticality ? <span className="sub">criticality {j.criticality}</span> : null}
      </td>
    </tr>
  );
}

/** The share that got through, never without its n. */
export function Completion({ rate, n }: { rate: number | null; n: number }) {
  if (rate === null || n === 0) return <span className="sub">no tries</span>;
  const range = smallInterval(Math.round(rate * n), n);
  return (
    <>
      <b>{percent(rate)}</b>
      <span className="sub">
        of {int(n)}
        {range && ` (${range})`}
      </span>
    </>
  );
}

/** Tries by outcome as one bar; a failure is never thinner than can be seen. */
export function Split({ o }: { o: Journey["outcomes"] }) {
  const parts = [
    ["is-failed", o.failed],
    ["is-degraded", o.degraded],
    ["is-abandoned", o.abandoned],
    ["is-success", o.success],
  ] as const;
  return (
    <div className="split" aria-hidden="true">
      {parts.map(([kind, n]) => n > 0 && <i key={kind} className={kind} style={{ flexGrow: n }} />)}
    </div>
  );
}

function Waiting() {
  return (
    <div className="waiting" role="status">
      Asking for the journeys…
    </div>
  );
}
