import type { Health } from "../api";
import { clock, date, int, plural, span } from "../format";
import { dropped, type Freshness as Fresh } from "../freshness";

interface Props {
  health: Health | undefined;
  fresh: Fresh;
  now: Date;
}

/** How fresh and how whole the data is; always in sight, details on demand. */
export function Freshness({ health, fresh, now }: Props) {
  const drops = dropped(health);
  const names = health?.unmapped?.names ?? [];
  const metrics = health?.unmapped?.metrics ?? 0;
  const errors = health?.config_errors ?? [];
  const until = date(health?.complete_until);
  const last = date(health?.last_event);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <footer className={`fresh${fresh.now ? "" : " is-old"}`} data-testid="freshness">
      <details>
        <summary>
          <b className="is">{fresh.now ? "Up to date" : fresh.words}</b>
          <span>as of {asOf(health?.as_of, now)}</span>
          <span>complete until {until ? clock(until, now, true) : "unknown"}</span>
          <span>lag {health?.lag_seconds === undefined ? "unknown" : lag(health.lag_seconds)}</span>
          <span className={drops > 0 ? "is-warn" : undefined}>{int(drops)} dropped</span>
          <span>{int(names.length)} unmapped</span>
          {errors.length > 0 && (
            <span className="is-warn">{plural(errors.length, "config error")}</span>
          )}
          <span className="more" aria-hidden="true">
            details
          </span>
        </summary>
        <div className="about">
          <dl>
            <dt>Last telemetry</dt>
            <dd>
              {last
                ? `${clock(last, now, true)}, ${span((now.getTime() - last.getTime()) / 1000)} ago`
                : "none yet"}
            </dd>
            <dt>Clock</dt>
            <dd>
              {health?.clock === "event" ? "follows the data" : "the wall's"}; times here are in{" "}
              {zone}
            </dd>
            <dt>Dropped</dt>
            <dd>
              {listed(
                Object.entries(health?.drops ?? {}).filter(([, n]) => n > 0),
                "nothing",
              )}
            </dd>
            <dt>Interactions in no journey</dt>
            <dd>
              {listed(
                names.slice(0, 12).map((n) => [n.name, n.count]),
                "none",
              )}
              {names.length > 12 && ` and ${names.length - 12} more`}
            </dd>
            <dt>Points of metrics in no journey</dt>
            <dd>{int(metrics)}</dd>
            <dt>Config errors</dt>
            <dd>{errors.length === 0 ? "none" : errors.map(text).join("; ")}</dd>
          </dl>
        </div>
      </details>
    </footer>
  );
}

/** as_of is a time, or a place in the log. */
function asOf(value: unknown, now: Date): string {
  const at = date(value);
  if (at) return clock(at, now, true);
  return value === undefined || value === null ? "unknown" : `place ${text(value)}`;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number"
    ? String(value)
    : JSON.stringify(value);
}

function lag(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)}\u00a0s` : span(seconds);
}

function listed(pairs: [string, number][], none: string): string {
  return pairs.length === 0 ? none : pairs.map(([name, n]) => `${name} ${int(n)}`).join(", ");
}
