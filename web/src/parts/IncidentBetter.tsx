import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { getSeries } from "../api";
import { ticks } from "../chart";
import { clock, date, int, percent } from "../format";
import { better, type Commanded, criterion, felt } from "../incident";
import { chartCsv, fileOf } from "../incidentTables";
import { every, keepOf, type Pulse } from "../queries";
import {
  axisWords,
  type Column,
  lineWords,
  measureWords,
  type Picture,
  picture,
  rangeOf,
  tellColumn,
} from "../recoveryChart";
import { Csv } from "./Csv";
import { Lane } from "./Lane";

interface Props {
  i: Commanded;
  pulse: Pulse;
  now: Date;
}

/** Is it getting better: one chart, the line that stands for recovered, and the changes below. */
export function IncidentBetter({ i, pulse, now }: Props) {
  const said = better(i, now);
  return (
    <section className="card better" data-testid="better" aria-label="Is it getting better?">
      <header>
        <h2>Is it getting better?</h2>
      </header>
      <p
        className={`says${said.good === true ? " is-ok" : said.good === false ? " is-failing" : ""}`}
      >
        {said.words}
      </p>
      {i.of ? (
        <Chart i={i} of={i.of} pulse={pulse} now={now} />
      ) : (
        <p className="empty">No chart: it names no journey.</p>
      )}
      {i.recovery && i.status !== "resolved" && (
        <p className="criterion">{criterion(i.recovery)}</p>
      )}
    </section>
  );
}

function Chart({ i, of, pulse, now }: Props & { of: string }) {
  const firstBad = date(i.first_bad) ?? date(i.opened) ?? now;
  const over = i.status === "resolved" ? (date(i.resolved)?.getTime() ?? null) : null;
  // Every step of time is a new range; the question is the same.
  const range = rangeOf(firstBad.getTime(), over, now.getTime());
  const asked = useQuery({
    queryKey: ["series", `incident ${i.id}`, range.from, range.to, range.step],
    queryFn: () => getSeries({ of, env: i.env, ...range }),
    refetchInterval: over === null ? every(pulse, 10_000) : false,
    placeholderData: keepOf(`incident ${i.id}`),
  });
  const answer = asked.data;
  if (!answer)
    return (
      <div className="chart is-empty" role="status">
        {asked.error ? `No chart: ${asked.error.message}` : "Asking how it went…"}
      </div>
    );
  const until = date(answer.complete_until)?.getTime() ?? answer.to;
  const pic = picture(answer, until, i, felt(i));
  return (
    <figure className="chart">
      <figcaption>
        <span>
          {measureWords[pic.measure]}, per{" "}
          {answer.step < 60 ? `${answer.step} s` : `${answer.step / 60} min`}
        </span>
        {pic.line !== null && (
          <span className="legend">
            <i className="is-line" /> {lineWords(pic)}
          </span>
        )}
      </figcaption>
      <Plot pic={pic} from={answer.from} to={answer.to} firstBad={firstBad} now={now} />
      <Lane from={answer.from} to={answer.to} env={i.env} pulse={pulse} now={now} app={i.app} />
      <Twin pic={pic} id={i.id} now={now} />
    </figure>
  );
}

interface PlotProps {
  pic: Picture;
  from: number;
  to: number;
  firstBad: Date;
  now: Date;
}

function Plot({ pic, from, to, firstBad, now }: PlotProps) {
  const [at, setAt] = useState<number | null>(null);
  const all = pic.columns;
  const last = all.findLastIndex((c) => c.complete && c.value !== null);
  const shown = all[at ?? last] ?? all.at(-1);
  const clamp = (n: number) => setAt(Math.max(0, Math.min(all.length - 1, n)));
  const walk = (e: KeyboardEvent) => {
    const here = at ?? Math.max(0, last);
    const next = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: all.length - 1 }[e.key];
    if (next === undefined) return;
    e.preventDefault();
    clamp(next);
  };
  const point = (e: PointerEvent<HTMLElement>) => {
    const box = e.currentTarget.getBoundingClientRect();
    clamp(Math.floor(((e.clientX - box.left) / box.width) * all.length));
  };
  const mark = (firstBad.getTime() - from) / (to - from);
  const high = pic.line === null ? 0 : (pic.line / pic.top) * 100;
  return (
    <>
      <div
        className="plot"
        tabIndex={0}
        role="slider"
        aria-label={`${measureWords[pic.measure]}: arrow keys walk through time`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, all.length - 1)}
        aria-valuenow={Math.max(0, at ?? last)}
        aria-valuetext={shown ? tellColumn(shown, pic.measure, now) : "nobody tried"}
        onKeyDown={walk}
        onPointerMove={point}
        onPointerLeave={() => setAt(null)}
        onBlur={() => setAt(null)}
      >
        <span className="max" aria-hidden="true">
          {axisWords(pic)}
        </span>
        <svg
          viewBox={`0 0 ${Math.max(1, all.length)} 100`}
          preserveAspectRatio="none"
          aria-hidden="true"
        >
          {all.map((c, x) => (
            <Bar key={c.at} c={c} x={x} pic={pic} lit={x === at} />
          ))}
        </svg>
        {pic.line !== null && (
          <span className="criterion-line" style={{ bottom: `${Math.min(100, high)}%` }} />
        )}
        {mark >= 0 && mark <= 1 && (
          <span
            className={`since${mark > 0.7 ? " is-late" : ""}`}
            style={{ left: `${mark * 100}%` }}
          >
            <b>first harm {clock(firstBad, now)}</b>
          </span>
        )}
      </div>
      <div className="axis" aria-hidden="true">
        {ticks(from, to, spacing(to - from)).map((t) => (
          <span key={t.at} style={{ left: `${t.x * 100}%` }}>
            {clock(new Date(t.at), now)}
          </span>
        ))}
      </div>
      <p className="readout">{shown ? tellColumn(shown, pic.measure, now) : "Nobody tried"}</p>
    </>
  );
}

/** Minutes between the axis's times, so that there are about six. */
const spacing = (ms: number): number =>
  [5, 10, 15, 30, 60, 120, 240, 720, 1440, 2880, 10_080].find((m) => ms / 60_000 / m <= 7) ??
  43_200;

function Bar({ c, x, pic, lit }: { c: Column; x: number; pic: Picture; lit: boolean }) {
  const over =
    pic.line !== null && c.value !== null && (pic.below ? c.value > pic.line : c.value < pic.line);
  // Without a line nobody can say that it is well: failures are failures, the rest is neither.
  const bare = pic.measure === "failed" ? "is-failed" : "is-neutral";
  const tint = pic.line === null ? bare : over ? "is-failed" : "is-success";
  const high = c.value === null ? 0 : Math.min(100, (c.value / pic.top) * 100);
  return (
    <g className={c.complete ? undefined : "is-open"}>
      {lit && <rect className="lit" x={x} y={0} width={1} height={100} />}
      {c.value === null && c.complete && (
        <rect className="none" x={x + 0.3} y={98.5} width={0.4} height={1.5} />
      )}
      {high > 0 && <rect className={tint} x={x + 0.08} y={100 - high} width={0.84} height={high} />}
    </g>
  );
}

/** The chart's numbers as a table, newest first. */
function Twin({ pic, id, now }: { pic: Picture; id: string; now: Date }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="twin" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>Same numbers as a table</summary>
      {open && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        <section className="scroll" tabIndex={0} aria-label="Tries by time">
          <Csv name={fileOf(id, "chart")} text={() => chartCsv(pic)} />
          <table className="numbers">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Customers failed</th>
                <th scope="col">of</th>
                <th scope="col">Tries</th>
                <th scope="col">Failed</th>
                <th scope="col">Share</th>
              </tr>
            </thead>
            <tbody>
              {pic.columns
                .filter((c) => c.rated > 0)
                .reverse()
                .map((c) => (
                  <tr key={c.at}>
                    <th scope="row">
                      {clock(new Date(c.at), now, true)}
                      {c.complete ? "" : " …"}
                    </th>
                    <td>{int(c.customersFailed)}</td>
                    <td>{int(c.customers)}</td>
                    <td>{int(c.rated)}</td>
                    <td>{int(c.failed)}</td>
                    <td>{percent(c.failed / c.rated)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}
