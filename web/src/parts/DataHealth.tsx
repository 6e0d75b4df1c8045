import type { Health } from "../api";
import { clock, date, int, plural, span } from "../format";
import { dropped, type Freshness } from "../freshness";
import { Go } from "./Go";
import { Mark } from "./Mark";

interface Props {
  health: Health | undefined;
  fresh: Freshness;
  now: Date;
}

/** May the numbers above be believed: freshness, losses, and what is in none of them. */
export function DataHealth({ health, fresh, now }: Props) {
  if (!health) return null;
  const drops = dropped(health);
  const names = health.unmapped?.names?.length ?? 0;
  const errors = health.config_errors?.length ?? 0;
  const last = date(health.last_event);
  const until = date(health.complete_until);
  const state = !fresh.now ? "no_data" : drops > 0 || errors > 0 ? "degraded" : "ok";
  return (
    <section className="data-health" data-testid="data-health">
      <header>
        <h2>Data health</h2>
        <Mark state={state} />
        <span className="sub">{fresh.now ? "" : fresh.words}</span>
      </header>
      <dl>
        <div>
          <dt>Last telemetry</dt>
          <dd>{last ? `${span((now.getTime() - last.getTime()) / 1000)} ago` : "none yet"}</dd>
        </div>
        <div>
          <dt>Complete until</dt>
          <dd>{until ? clock(until, now, true) : "unknown"}</dd>
        </div>
        <div>
          <dt>Dropped since start</dt>
          <dd className={drops > 0 ? "is-warn" : undefined}>{int(drops)}</dd>
        </div>
        <div>
          <dt>In no journey</dt>
          <dd>{names > 0 ? <Go view="inventory">{plural(names, "name")}</Go> : "nothing"}</dd>
        </div>
        <div>
          <dt>Inventory</dt>
          <dd className={errors > 0 ? "is-warn" : undefined}>
            <Go view="inventory">{errors > 0 ? plural(errors, "error") : "no errors"}</Go>
          </dd>
        </div>
      </dl>
    </section>
  );
}
