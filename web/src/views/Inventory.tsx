import "../styles/views.css";
import { useQuery } from "@tanstack/react-query";
import { getUnmapped } from "../ask";
import { clock, date, int, plural, windowWords } from "../format";
import {
  type InventoryAnswer,
  type InventoryJourney,
  isError,
  type Problem,
  place,
} from "../inventory";
import { inventoryVerdict, objectiveWords, placeWords } from "../inventoryWords";
import { Detectors } from "../parts/Detectors";
import { Go } from "../parts/Go";
import { Shape } from "../parts/Mark";
import { useInventory } from "../queries";
import { Explain } from "./Explain";
import { Head, Waiting } from "./Head";
import { Unmapped } from "./Unmapped";
import type { ViewProps } from "./view";

/** The journeys in force, what is wrong with the newest text, what is seen and not mapped. */
export default function Inventory({ window, env, pulse, fresh, now }: ViewProps) {
  const got = useInventory(pulse, true);
  const unmapped = useQuery({
    queryKey: ["unmapped", window, env],
    queryFn: () => getUnmapped(window, env),
  });
  const a = got.data;
  if (!a) return <Waiting error={got.error?.message} what="The inventory" />;
  const said = inventoryVerdict(
    a,
    unmapped.data && unmapped.data.names.length + unmapped.data.operations.length,
  );
  const loaded = date(a.loaded);
  return (
    <>
      <Head
        tone={said.tone}
        headline={said.headline}
        detail={[
          said.detail,
          loaded ? `in force since ${clock(loaded, now)}` : "",
          a.dir ? placeWords(a) : "",
        ].filter(Boolean)}
      />
      <Problems a={a} />
      <Journeys a={a} />
      <Detectors of={[]} name="" env={env} pulse={pulse} fresh={fresh} now={now} />
      {unmapped.data ? (
        <Unmapped a={unmapped.data} period={windowWords(window)} />
      ) : (
        <Waiting error={unmapped.error?.message} what="What is not mapped" />
      )}
      <Explain />
    </>
  );
}

function Problems({ a }: { a: InventoryAnswer }) {
  if (a.problems.length === 0) return null;
  return (
    <section className="card" data-testid="problems">
      <header>
        <h2>
          Problems of the newest text{" "}
          <small>{a.newest ? "it is in force" : "it is not in force"}</small>
        </h2>
      </header>
      <ul className="list">
        {a.problems.map((p) => (
          <ProblemLine key={`${place(p)} ${p.check} ${p.message}`} p={p} />
        ))}
      </ul>
    </section>
  );
}

function ProblemLine({ p }: { p: Problem }) {
  const state = isError(p) ? "failing" : "degraded";
  return (
    <li>
      <span className={`mark is-${state}`}>
        <Shape state={state} /> {isError(p) ? "Error" : "Warning"}
      </span>{" "}
      <code>{place(p)}</code> {p.message} <small>{p.check}</small>
      {p.suggestion && <span className="sub suggestion">{p.suggestion}</span>}
    </li>
  );
}

function Journeys({ a }: { a: InventoryAnswer }) {
  return (
    <section className="card" data-testid="inventory-journeys">
      <header>
        <h2>
          Journeys <small>{int(a.journeys.length)} in force</small>
        </h2>
      </header>
      {a.journeys.length === 0 ? (
        <p className="empty">
          No journey is written down yet: what is below was seen and can be the first.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">Journey</th>
              <th scope="col">Steps, and what they are</th>
              <th scope="col">Objectives</th>
              <th scope="col">Owner</th>
              <th scope="col">Reviewed</th>
            </tr>
          </thead>
          <tbody>
            {a.journeys.map((j) => (
              <Journey key={`${j.app} ${j.name}`} j={j} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Journey({ j }: { j: InventoryJourney }) {
  const of = `journey:${j.app ? `${j.app}/` : ""}${j.name}`;
  return (
    <tr data-name={j.name}>
      <th scope="row">
        <Go view="funnel" values={{ of }} className="name" walk>
          {j.title || j.name}
        </Go>
        <span className="sub">
          {[j.app, j.purpose, j.criticality ? `criticality ${j.criticality} of 5` : ""]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </th>
      <td>
        <ol className="steps">
          {(j.steps ?? []).map((s) => (
            <li key={s.name}>
              <b>{s.name}</b>{" "}
              <span className="sub">
                {[s.match, s.optional && "optional", s.async && "nobody waits for it"]
                  .filter(Boolean)
                  .join(", ")}
              </span>
            </li>
          ))}
        </ol>
        <span className="sub">{terms(j)}</span>
      </td>
      <td>
        {(j.objectives ?? []).length === 0 ? (
          <span className="sub">none</span>
        ) : (
          (j.objectives ?? []).map((o) => (
            <span key={o.name} className="line">
              {objectiveWords(o)}
            </span>
          ))
        )}
      </td>
      <td>{j.team || (j.owners ?? []).join(", ") || <span className="sub">no owner</span>}</td>
      <td className="nowrap">{j.reviewed || <span className="sub">never</span>}</td>
    </tr>
  );
}

/** idleWords is a length of time, exactly: 90 seconds are not two minutes. */
function idleWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds % 86_400 === 0) return plural(seconds / 86_400, "day");
  if (seconds % 3600 === 0) return plural(seconds / 3600, "hour");
  return seconds % 60 === 0 ? plural(seconds / 60, "minute") : plural(seconds, "second");
}

/** terms is when it is reached, and what makes tries one journey. */
function terms(j: InventoryJourney): string {
  const idle = idleWords(j.timeout_ms);
  return [
    `Reached when ${j.success_when}`,
    `degraded when ${j.degraded_when}`,
    `one per ${j.correlate}`,
    `abandoned after ${idle} without activity`,
  ].join("; ");
}
