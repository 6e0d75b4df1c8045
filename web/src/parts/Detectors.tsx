import "../styles/detectors.css";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { useSearchParams } from "wouter";
import {
  byUse,
  cell,
  type Detector,
  detectorsCsv,
  detectorsVerdict,
  getDetectors,
  keyOf,
  most,
  seesOf,
  seesWords,
  sentence,
  seriesOf,
  shapeOf,
  tellsNothing,
  threshold,
  usual,
  volume,
  watches,
} from "../detectors";
import { clock, date, int } from "../format";
import type { Freshness } from "../freshness";
import { every, keepOf, type Pulse } from "../queries";
import { withParam } from "../url";
import { Csv } from "./Csv";
import { Go } from "./Go";
import { Shape } from "./Mark";

interface Props {
  /** The journey and its steps; none: everything, with a choice of one name. */
  of: string[];
  name: string;
  env?: string;
  pulse: Pulse;
  fresh: Freshness;
  now: Date;
}

const short = 12;

/** What would be seen: of each detector the smallest change at the present volume. */
export function Detectors({ of, name, env, pulse, fresh, now }: Props) {
  const [params] = useSearchParams();
  const [all, setAll] = useState(false);
  const thing = of.join(" ");
  const asked = useQuery({
    queryKey: ["detectors", thing, env],
    queryFn: () => getDetectors(of, env),
    refetchInterval: every(pulse, 30_000, 30_000),
    placeholderData: keepOf(thing),
  });
  const answer = asked.data;
  if (!answer)
    return (
      <p className={asked.error ? "problem" : "empty"} role={asked.error ? "alert" : "status"}>
        {asked.error
          ? `What would be seen is not known: ${asked.error.message}`
          : "Asking what would be seen…"}
      </p>
    );
  const chosen = of.length === 0 ? (params.get("of") ?? "") : "";
  const list = byUse(answer.detectors.filter((d) => !chosen || seriesOf(d) === chosen));
  const current = !asked.error && (fresh.now || fresh.kind === "loading");
  const until = date(answer.complete_until);
  const rest = list.length - short;
  return (
    <section className="card seen" data-testid="detectors">
      <header>
        <h2>
          What would be seen{" "}
          <small>
            at the present volume{until ? ` · complete until ${clock(until, now, true)}` : ""}
          </small>
        </h2>
        {of.length === 0 && <Choice list={answer.detectors} chosen={chosen} />}
        <Csv
          name={`felt-detectors${name ? `-${name}` : ""}.csv`}
          text={() => detectorsCsv(list, answer.complete_until)}
          empty={list.length === 0}
        />
      </header>
      {asked.error && (
        <p className="problem" role="alert">
          What would be seen now is not known: {asked.error.message}
        </p>
      )}
      {list.length === 0 ? (
        <p className="empty">
          Nothing would be seen: no detector runs {chosen || name ? "for it" : ""} yet. One starts
          with the first try of a name.
        </p>
      ) : (
        <p className="says" data-testid="detectors-verdict">
          {detectorsVerdict(list, current, of.length > 0 || chosen !== "")}
          {answer.detectors.length >= most && `; only the first ${int(most)} are listed`}
        </p>
      )}
      {list.length > 0 && <Rows list={all ? list : list.slice(0, short)} fresh={current} />}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show ${int(rest)} more`}
        </button>
      )}
    </section>
  );
}

/** Which name; in the address, so that a link shows the same. */
function Choice({ list, chosen }: { list: Detector[]; chosen: string }) {
  const [, setParams] = useSearchParams();
  const known = [...new Set(list.map(seriesOf))];
  if (chosen && !known.includes(chosen)) known.push(chosen);
  return (
    <div className="picks">
      <label>
        Of
        <select
          aria-label="Detectors of"
          value={chosen}
          onChange={(e) => {
            const to = e.currentTarget.value;
            setParams((old) => withParam(old, "of", to || null), { replace: true });
          }}
        >
          <option value="">everything</option>
          {known.map((one) => (
            <option key={one} value={one}>
              {one.replace(":", " ")}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Rows({ list, fresh }: { list: Detector[]; fresh: boolean }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Detector</th>
          <th scope="col">Usual now</th>
          <th scope="col">Within 1 min</th>
          <th scope="col">5 min</th>
          <th scope="col">30 min</th>
          <th scope="col">Opens at</th>
        </tr>
      </thead>
      <tbody>
        {list.map((d, i) => {
          const before = list[i - 1];
          return (
            <Fragment key={keyOf(d)}>
              {(!before || seriesOf(before) !== seriesOf(d)) && <Group d={d} />}
              <Row d={d} fresh={fresh} />
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

function Group({ d }: { d: Detector }) {
  const view = d.of === "journey" ? "funnel" : "tries";
  return (
    <tr className="group">
      <th scope="rowgroup" colSpan={6}>
        <Go view={view} values={{ of: seriesOf(d) }} walk>
          {d.name}
        </Go>{" "}
        <small>{[d.of, d.app, volume(d)].filter(Boolean).join(" · ")}</small>
      </th>
    </tr>
  );
}

function Row({ d, fresh }: { d: Detector; fresh: boolean }) {
  const state = shapeOf(d, fresh);
  const base = usual(d);
  const opens = threshold(d);
  return (
    <tr
      data-testid="detector"
      data-name={`${d.of} ${d.name} ${d.detector}`}
      data-state={state}
      title={sentence(d)}
    >
      <th scope="row">
        <span className={`mark is-${state}`}>
          <Shape state={state} /> {fresh ? seesWords[seesOf(d)] : "Not known now"}
        </span>{" "}
        <b>{watches(d)}</b>
        <span className="sub">{d.about ?? ""}</span>
      </th>
      <td data-label="Usual now" className="usual">
        {base.value}
        <span className="sub">{base.rest}</span>
      </td>
      {tellsNothing(d) ? (
        <td colSpan={3} className="usual" data-label="Within 1, 5 and 30 min">
          <b className="nothing">{cell(d, undefined).value}</b>
          <span className="sub">{cell(d, undefined).rest}</span>
        </td>
      ) : (
        ["1m0s", "5m0s", "30m0s"].map((within) => <Cell key={within} d={d} within={within} />)
      )}
      <td data-label="Opens at">
        {opens.value}
        <span className="sub">{opens.rest}</span>
      </td>
    </tr>
  );
}

function Cell({ d, within }: { d: Detector; within: string }) {
  const effect = d.smallest.find((e) => e.within === within);
  const { value, rest } = cell(d, effect);
  const none = effect?.size == null;
  return (
    <td data-label={`Within ${within.replace("m0s", "\u00a0min")}`}>
      <b className={none ? "nothing" : undefined}>{value}</b>
      <span className="sub">{rest}</span>
    </td>
  );
}
