import { lazy, Suspense } from "react";
import { address, type Journey, query } from "../api";
import { int, plural, shareOf, windowWords } from "../format";
import { askFor, keyOf } from "../order";
import type { Pulse } from "../queries";
import { Affected } from "./Affected";
import { Boundary } from "./Boundary";
import { OutcomeChart } from "./Chart";
import { Dialog } from "./Dialog";
import { Go } from "./Go";
import { Completion, Split } from "./Journeys";
import { Mark } from "./Mark";

const Drivers = lazy(() => import("./Drivers"));

interface Props {
  asked: string | null;
  journeys: Journey[];
  window: string;
  env: string | undefined;
  /** Where the window ends, milliseconds; undefined: now. */
  pinned: number | undefined;
  pulse: Pulse;
  now: Date;
  onClose: () => void;
}

/** One journey's numbers beside the list; Esc closes it. */
export function Panel({ asked, journeys, window, env, pinned, pulse, now, onClose }: Props) {
  const j = journeys.find((one) => keyOf(one) === asked);
  return (
    <Dialog
      title={j ? j.title || j.name : asked}
      opened={asked !== null}
      onClose={onClose}
      size="lg"
      side
    >
      {asked !== null && (
        <div className="panel" data-testid="panel">
          {j ? (
            <Numbers j={j} window={window} />
          ) : (
            <p className="empty">Not seen in the last {windowWords(window)}.</p>
          )}
          <OutcomeChart
            of={j ? askFor(j) : asked}
            env={env}
            pulse={pulse}
            now={now}
            pinned={pinned}
          />
          {j && (
            <Boundary>
              <Suspense fallback={<p className="empty">Asking who is hit…</p>}>
                <Drivers of={askFor(j)} window={window} env={env} to={pinned} pulse={pulse} />
              </Suspense>
            </Boundary>
          )}
          {j && (
            <p className="ways">
              {j.kind === "journey" ? (
                <Go view="funnel" values={{ of: keyOf(j) }}>
                  Funnel: where they leave
                </Go>
              ) : (
                <Go view="tries" values={{ of: askFor(j) }}>
                  Single tries
                </Go>
              )}
              <Affected of={askFor(j)} name={j.title || j.name} env={env} window={window} />
              <a
                className="link"
                href={address(
                  `api/v1/impact?${query({
                    of: askFor(j),
                    env,
                    window,
                    to: pinned === undefined ? undefined : new Date(pinned).toISOString(),
                  })}`,
                )}
              >
                The question behind these numbers
              </a>
            </p>
          )}
        </div>
      )}
    </Dialog>
  );
}

function Numbers({ j, window }: { j: Journey; window: string }) {
  const { customers, sessions, outcomes: o } = j;
  const rated = o.success + o.degraded + o.failed + o.abandoned;
  return (
    <>
      <p className="lede">
        <Mark state={j.state} />
        <span>
          {j.state_reason || "nothing to report"}, last {windowWords(window)}
        </span>
      </p>
      <Split o={o} />
      <dl>
        <dt>Customers failed</dt>
        <dd>
          {int(customers.failed)} <small>{shareOf(customers.failed, customers.total)}</small>
        </dd>
        <dt>Customers degraded</dt>
        <dd>
          {int(customers.degraded)} <small>{shareOf(customers.degraded, customers.total)}</small>
        </dd>
        <dt>Sessions failed</dt>
        <dd>
          {int(sessions.failed)} <small>{shareOf(sessions.failed, sessions.total)}</small>
        </dd>
        <dt>Completion</dt>
        <dd>
          <Completion rate={j.completion_rate} n={rated} />
        </dd>
        <dt>Tries</dt>
        <dd>
          {int(o.failed)} <small>failed,</small> {int(o.degraded)} <small>degraded,</small>{" "}
          {int(o.success)} <small>success,</small> {int(o.abandoned)} <small>abandoned</small>
        </dd>
        <dt>In no rate</dt>
        <dd>
          {int(o.open)} <small>open,</small> {int(o.cancelled)} <small>cancelled</small>
        </dd>
        <dt>Owner</dt>
        <dd>
          {j.owner || "nobody"}
          {j.criticality ? <small> criticality {j.criticality} of 5</small> : null}
        </dd>
        <dt>Counted as</dt>
        <dd>
          <code>{keyOf(j)}</code> <small>{j.kind}</small>
        </dd>
      </dl>
      <p className="detail">
        {plural(rated, "try", "tries")} decide the rate; open and cancelled ones are in none.
      </p>
    </>
  );
}
