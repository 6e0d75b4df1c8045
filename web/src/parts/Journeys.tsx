import { TextInput } from "@mantine/core";
import { memo, useCallback, useDeferredValue, useMemo, useRef } from "react";
import { useSearchParams } from "wouter";
import type { Distinct, Journey } from "../api";
import { journeysCsv } from "../csv";
import { int, percent, plural, shareOf, short, smallInterval, windowWords } from "../format";
import {
  against,
  burnSentence,
  burnWords,
  type Change,
  type Spark as Day,
  matches,
  type NowAnswer,
  type NowJourney,
  shortList,
  stampOf,
  worstStep,
} from "../now";
import { askFor, journeySorting, keyOf } from "../order";
import { withParam } from "../url";
import { useOrder } from "../useOrder";
import { Csv } from "./Csv";
import { Go } from "./Go";
import { Mark } from "./Mark";
import { Spark } from "./Spark";

interface Props {
  answer: NowAnswer | undefined;
  /** What changes slowly: sparks and changes. */
  day: NowAnswer | undefined;
  /** All rows, those too that are folded away. */
  steps: NowJourney[];
  /** The same window a week before, when it is compared with. */
  before: NowAnswer | undefined;
  comparing: boolean;
  error: string | undefined;
  /** Another window was chosen and its answer is on the way. */
  waiting: boolean;
  frozen: boolean;
  dim: boolean;
  at: number;
  now: Date;
  onOpen: (key: string) => void;
}

const [least, most] = [6, 12];

/** The journeys, worst first. Rows never move while the pointer or the focus is on them. */
export function Journeys(p: Props) {
  const { answer, error, waiting, dim } = p;
  const [params, setParams] = useSearchParams();
  const typed = params.get("find") ?? "";
  // Letters come first; three hundred rows follow when there is time.
  const wanted = useDeferredValue(typed);
  const all = params.get("all") === "1" || wanted !== "";
  const rows = answer?.journeys ?? [];
  const { sorted, held, box } = useOrder(rows, journeySorting, p.frozen, p.at);
  const found = wanted ? sorted.filter((j) => matches(j, wanted)) : sorted;
  const shown = all ? found : shortList(found, least, most);
  const set = (key: string, value: string) =>
    setParams((old) => withParam(old, key, value || null), { replace: true });
  return (
    <section
      className={`journeys${waiting ? " is-waiting" : ""}${dim ? " is-dim" : ""}`}
      aria-busy={waiting}
      data-testid="journeys"
    >
      <header>
        <h2>
          Journeys{" "}
          <small>
            {rows.length > 0 && `${int(rows.length)}, `}worst first
            {answer && `, last ${windowWords(answer.window)}`}
          </small>
        </h2>
        <span className="held">{held ? "order held while you are here" : ""}</span>
        {(rows.length > least || typed !== "") && (
          <TextInput
            size="xs"
            className="filter"
            aria-label="Show only journeys with these words"
            placeholder="Filter"
            value={typed}
            onChange={(e) => set("find", e.currentTarget.value)}
          />
        )}
        {answer && (
          <Csv
            name={`felt-journeys-${answer.window}-${stampOf(answer)}.csv`}
            text={() => journeysCsv(found, answer.window, answer.complete_until ?? "")}
            empty={rows.length === 0}
          />
        )}
      </header>
      {error && (
        <p className="problem" role="alert">
          The journeys could not be asked for: {error}. Asking again.
        </p>
      )}
      {!answer && !error && (
        <div className="waiting" role="status">
          Asking for the journeys…
        </div>
      )}
      {answer && rows.length === 0 && (
        <p className="empty">No journey was seen in the last {windowWords(answer.window)}.</p>
      )}
      {rows.length > 0 && found.length === 0 && (
        <p className="empty">No journey has “{wanted}” in its name, app or owner.</p>
      )}
      {shown.length > 0 && answer && (
        <div ref={box}>
          <Table {...p} rows={shown} answer={answer} />
        </div>
      )}
      {!wanted && found.length > shortList(found, least, most).length && (
        <button
          type="button"
          className="link more"
          aria-expanded={all}
          onClick={() => set("all", all ? "" : "1")}
        >
          {all
            ? "Show the worst only"
            : `Show all ${int(found.length)}: ${rest(found.slice(shown.length))}`}
        </button>
      )}
    </section>
  );
}

/** What the rows are that are not shown, so that nobody takes them for good. */
function rest(rows: Journey[]): string {
  const by = (state: Journey["state"]) => rows.filter((j) => j.state === state).length;
  const parts = [
    [by("failing"), "failing"],
    [by("degraded"), "degraded"],
    [by("no_data"), "without data"],
    [by("ok"), "well"],
  ] as const;
  return parts
    .filter(([n]) => n > 0)
    .map(([n, word]) => `${int(n)} more ${word}`)
    .join(", ");
}

const none: Change[] = [];

function Table({
  rows,
  answer,
  day,
  before,
  comparing,
  steps,
  now,
  onOpen,
}: Props & { rows: NowJourney[]; answer: NowAnswer }) {
  const both = answer.journeys.some((j) => j.kind === "journey");
  const window = windowWords(answer.window);
  const days = new Map((day?.journeys ?? []).map((j) => [keyOf(j), j.spark]));
  const weeks = new Map((before?.journeys ?? []).map((j) => [keyOf(j), j]));
  // Three hundred rows are drawn again only when they have changed: times in them need the day only.
  const date = now.toDateString();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another day, not another second
  const today = useMemo(() => now, [date]);
  const latest = useRef(onOpen);
  latest.current = onOpen;
  const open = useCallback((key: string) => latest.current(key), []);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Journey</th>
          <th scope="col">
            Customers failing <span className="unit">{window} / 1 h</span>
          </th>
          <th scope="col">
            Completed <span className="unit">{window}</span>
          </th>
          <th scope="col">
            Burn <span className="unit">1 h</span>
          </th>
          <th scope="col">
            Went wrong <span className="unit">24 h</span>
          </th>
          <th scope="col">Owner</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((j) => (
          <Row
            key={keyOf(j)}
            j={j}
            tell={both}
            step={worstStep(j, steps)}
            window={answer.window}
            spark={days.get(keyOf(j))}
            range={day?.sparks}
            changes={day?.changes ?? none}
            week={weeks.get(keyOf(j))}
            comparing={comparing}
            today={today}
            onOpen={open}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  j: NowJourney;
  /** Say whether it is a journey or a step: there are both. */
  tell: boolean;
  /** Where more customers fail than in the whole of it. */
  step: NowJourney | undefined;
  window: string;
  spark: Day | undefined;
  range: NowAnswer["sparks"];
  changes: Change[];
  week: Journey | undefined;
  comparing: boolean;
  today: Date;
  onOpen: (key: string) => void;
}

const Row = memo(function Row(p: RowProps) {
  const { j } = p;
  return (
    <tr data-testid="journey" data-name={j.name} data-state={j.state}>
      <td className="state">
        <Mark state={j.state} />
      </td>
      <Name j={j} tell={p.tell} onOpen={p.onOpen} />
      <td className="hit">
        <Failing j={p.step ?? j} at={p.step} window={p.window} />
      </td>
      <td className="tries">
        <Tries j={j} />
        {p.comparing && <span className="sub was">{against(j, p.week)} a week before</span>}
      </td>
      <td className="burn">
        <Burning j={j} />
      </td>
      <td className="day">
        <Spark day={p.spark} range={p.range} changes={p.changes} app={j.app} now={p.today} />
      </td>
      <td className="owner" title={j.owner || undefined}>
        <span className="who">{j.owner || <span className="sub">no owner</span>}</span>
        {j.criticality ? <span className="sub">criticality {j.criticality}</span> : null}
      </td>
    </tr>
  );
});

function kindWords(j: Journey): string {
  if (j.kind === "journey") return "Journey";
  return j.journeys?.length ? `Step of ${j.journeys.join(", ")}` : "Step";
}

function Name({ j, tell, onOpen }: { j: Journey; tell: boolean; onOpen: (key: string) => void }) {
  const name = j.title || j.name;
  const why = j.state !== "ok" && j.state_reason;
  return (
    <th scope="row">
      <button
        type="button"
        className="name"
        data-walk
        title={name.length > 40 ? name : undefined}
        onClick={() => onOpen(keyOf(j))}
      >
        {name}
      </button>
      <span className="sub where-of" title={why || undefined}>
        {tell && j.kind !== "journey" && <b className="kind">{kindWords(j)}</b>}
        {j.kind === "journey" && (
          <Go view="funnel" values={{ of: keyOf(j) }} className="way" label={`Funnel of ${name}`}>
            Funnel
          </Go>
        )}{" "}
        {j.app}
        {why && ` · ${j.state_reason}`}
      </span>
    </th>
  );
}

/** Distinct customers failing in the window and in the hour; each leads to the tries behind it. */
function Failing({ j, at, window }: { j: NowJourney; at?: NowJourney; window: string }) {
  const { customers, hour } = j;
  const asked = { of: askFor(j), outcome: "failed" };
  const interval = smallInterval(customers.failed, customers.total);
  return (
    <>
      <Count n={customers.failed} values={{ ...asked, window: longEnough(window) }} of={j} />
      <span className="hour">
        {" / "}
        <Count n={hour.customers.failed} values={{ ...asked, window: "1h" }} of={j} hour />
      </span>
      <span className="sub">
        {customers.total > 0 ? shareOf(customers.failed, customers.total) : nobody(hour.customers)}
        {interval && ` (${interval})`}
        {at && ` at ${at.title || at.name}`}
      </span>
    </>
  );
}

/** The list of tries has no shorter window than a quarter of an hour. */
const longEnough = (window: string): string => (window === "5m" ? "15m" : window);

const nobody = (hour: Distinct): string =>
  hour.total > 0 ? `nobody now, ${int(hour.total)} in 1 h` : "nobody here";

interface CountProps {
  n: number;
  values: Record<string, string>;
  of: Journey;
  hour?: boolean;
}

function Count({ n, values, of, hour }: CountProps) {
  if (n === 0) return <b className="is-zero">0</b>;
  const label = `${plural(n, "customer")} failed at ${of.title || of.name}${hour ? " in 1 h" : ""}: the tries`;
  return (
    <Go view="tries" values={values} className="number" label={label}>
      <b>{int(n)}</b>
    </Go>
  );
}

function Tries({ j }: { j: NowJourney }) {
  const o = j.outcomes;
  const rated = o.success + o.degraded + o.failed + o.abandoned;
  return (
    <>
      <span className="rate">
        <Completion rate={j.completion_rate} n={rated} />
      </span>
      <Split o={o} />
      <span className="sub">
        {o.failed > 0 && <b className="is-failed">{int(o.failed)} failed</b>}
        {o.degraded > 0 && <b className="is-degraded">{int(o.degraded)} degraded</b>}
        {o.abandoned > 0 && <b>{int(o.abandoned)} abandoned</b>}
      </span>
    </>
  );
}

function Burning({ j }: { j: NowJourney }) {
  const b = j.burn;
  if (!b)
    return (
      <span
        className="sub"
        title={
          j.kind === "journey"
            ? "No objective that the last hour tells of"
            : "Objectives are of journeys"
        }
      >
        –
      </span>
    );
  return (
    <>
      <Go
        view="funnel"
        values={{ of: keyOf(j) }}
        className={`number${b.fast ? " is-fast" : ""}`}
        label={burnSentence(b)}
        onTell={() => undefined}
      >
        <b>{burnWords(b.rate)}</b>
      </Go>
      <span className="sub">
        {short(b.bad)} of {short(b.n)}
      </span>
    </>
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
        of {plural(n, "try", "tries")}
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
