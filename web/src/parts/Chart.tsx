import { Fragment, type KeyboardEvent, type PointerEvent, useState } from "react";
import { type Bar, bars, tell, ticks, top } from "../chart";
import { barsCsv } from "../csv";
import { clock, date, int } from "../format";
import { chartMinutes, chartStep, type Pulse, useSeries } from "../queries";
import { Csv } from "./Csv";
import { Lane } from "./Lane";

interface Props {
  of: string;
  env?: string;
  pulse: Pulse;
  /** Where a line is drawn: when the first customer failed. */
  mark?: string;
  now: Date;
  /** Where the 15 minutes end, milliseconds; left out: now. */
  pinned?: number;
}

/** Tries of the last 15 minutes by outcome, with the same numbers as a table. */
export function OutcomeChart({ of, env, pulse, mark, now, pinned }: Props) {
  const series = useSeries(of, env, pulse, pinned);
  const answer = series.data;
  if (!answer)
    return (
      <div className="chart is-empty" role="status">
        {series.error ? `No chart: ${series.error.message}` : "Asking for the last 15 min…"}
      </div>
    );
  const until = date(answer.complete_until)?.getTime() ?? answer.to;
  const all = bars(answer, until);
  return (
    <figure className="chart">
      <figcaption>
        <span>
          Tries per {chartStep} s,{" "}
          {pinned === undefined
            ? `last ${chartMinutes}\u00a0min`
            : `${chartMinutes}\u00a0min to ${clock(new Date(answer.to), now)}`}
        </span>
        <span className="legend">
          <i className="is-success" /> success <i className="is-degraded" /> degraded{" "}
          <i className="is-failed" /> failed
        </span>
      </figcaption>
      <Plot all={all} from={answer.from} to={answer.to} mark={date(mark)} now={now} />
      <Lane from={answer.from} to={answer.to} env={env} pulse={pulse} now={now} app={appOf(of)} />
      <Twin all={all} name={of.replace(/[^A-Za-z0-9]+/g, "-")} now={now} />
    </figure>
  );
}

/** The app in a name as it is asked for: "journey:shop/checkout" is of shop. */
function appOf(of: string): string | undefined {
  const name = of.replace(/^(journey|step):/, "");
  return name.includes("/") ? name.slice(0, name.indexOf("/")) : undefined;
}

interface PlotProps {
  all: Bar[];
  from: number;
  to: number;
  mark: Date | null;
  now: Date;
}

function Plot({ all, from, to, mark, now }: PlotProps) {
  const [at, setAt] = useState<number | null>(null);
  const max = top(all);
  const lastFull = all.findLastIndex((b) => b.complete && b.rated > 0);
  const shown = all[at ?? lastFull] ?? all.at(-1);
  const marked = mark ? (mark.getTime() - from) / (to - from) : -1;
  const walk = (e: KeyboardEvent) => {
    const here = at ?? Math.max(0, lastFull);
    const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: all.length - 1 }[e.key];
    if (to === undefined) return;
    e.preventDefault();
    setAt(Math.max(0, Math.min(all.length - 1, to)));
  };
  const point = (e: PointerEvent<HTMLElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    const i = Math.floor(((e.clientX - box.left) / box.width) * all.length);
    setAt(Math.max(0, Math.min(all.length - 1, i)));
  };
  return (
    <>
      <div
        className="plot"
        tabIndex={0}
        role="slider"
        aria-label="Tries by outcome: arrow keys walk through time"
        aria-valuemin={0}
        aria-valuemax={all.length - 1}
        aria-valuenow={Math.max(0, at ?? lastFull)}
        aria-valuetext={shown ? tell(shown, now) : "no tries"}
        onKeyDown={walk}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        <span className="max" aria-hidden="true">
          {int(max)}
        </span>
        <svg viewBox={`0 0 ${all.length} 100`} preserveAspectRatio="none" aria-hidden="true">
          {all.map((b, x) => (
            <Column key={b.at} bar={b} x={x} max={max} lit={x === at} />
          ))}
        </svg>
        {marked >= 0 && marked <= 1 && (
          <span
            className={`since${marked > 0.7 ? " is-late" : ""}`}
            style={{ left: `${marked * 100}%` }}
          >
            <b>first failed {mark && clock(mark, now)}</b>
          </span>
        )}
      </div>
      <div className="axis" aria-hidden="true">
        {ticks(from, to, 5).map((t) => (
          <span key={t.at} style={{ left: `${t.x * 100}%` }}>
            {clock(new Date(t.at), now)}
          </span>
        ))}
      </div>
      <p className="readout">{shown ? tell(shown, now) : "No tries in the last 15 min"}</p>
    </>
  );
}

function Column({ bar, x, max, lit }: { bar: Bar; x: number; max: number; lit: boolean }) {
  const high = (n: number) => (n / max) * 100;
  const stack = [
    ["is-failed", bar.failed],
    ["is-degraded", bar.degraded],
    ["is-success", bar.success],
  ] as const;
  let y = 100;
  return (
    <g className={bar.complete ? undefined : "is-open"}>
      {lit && <rect className="lit" x={x} y={0} width={1} height={100} />}
      {bar.rated === 0 && bar.complete && (
        <rect className="none" x={x + 0.3} y={98.5} width={0.4} height={1.5} />
      )}
      {stack.map(([kind, n]) => {
        if (n === 0) return <Fragment key={kind} />;
        y -= high(n);
        return (
          <rect key={kind} className={kind} x={x + 0.08} y={y} width={0.84} height={high(n)} />
        );
      })}
    </g>
  );
}

/** The chart's numbers as a table, newest first; steps without tries are left out. */
function Twin({ all, name, now }: { all: Bar[]; name: string; now: Date }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="twin" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Same numbers as a table</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="scroll" tabIndex={0} aria-label="Tries by time">
          <Csv name={`felt-${name}-15m.csv`} text={() => barsCsv(all)} />
          <table className="numbers">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Customers failed</th>
                <th scope="col">of</th>
                <th scope="col">Failed</th>
                <th scope="col">Degraded</th>
                <th scope="col">Success</th>
                <th scope="col">p95</th>
              </tr>
            </thead>
            <tbody>
              {all
                .filter((b) => b.rated > 0)
                .reverse()
                .map((b) => (
                  <tr key={b.at}>
                    <th scope="row">
                      {clock(new Date(b.at), now, true)}
                      {b.complete ? "" : " …"}
                    </th>
                    <td>{int(b.customersFailed)}</td>
                    <td>{int(b.customers)}</td>
                    <td>{int(b.failed)}</td>
                    <td>{int(b.degraded)}</td>
                    <td>{int(b.success)}</td>
                    <td>{b.p95 === null ? "–" : `${int(b.p95)}\u00a0ms`}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
