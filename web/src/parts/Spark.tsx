import { date, plural } from "../format";
import { type Change, concerns, type Spark as Day, sparkBars, sparkWords } from "../now";

interface Props {
  day: Day | undefined;
  range: { from: string; to: string; step_ms: number } | undefined;
  changes: Change[];
  app: string;
  now: Date;
}

/**
 * 24 hours of one journey: how great a share went wrong in each half hour, and a tick for each
 * change. Two paths, so that 300 of them cost nothing.
 */
export function Spark({ day, range, changes, app, now }: Props) {
  if (!day || !range) return <span className="spark is-empty" />;
  const [from, to] = [Date.parse(range.from), Date.parse(range.to)];
  const { bars, gaps } = sparkBars(day);
  const steps = day.n.length;
  const path = (thin: boolean) =>
    bars
      .filter((b) => b.thin === thin)
      .map((b) => `M${b.x + 0.12} 20v${-Math.max(1, b.height * 20).toFixed(1)}h.76V20z`)
      .join("");
  const ticks = changes
    .filter((c) => concerns(c, app))
    .flatMap((c) => {
      const at = date(c.started)?.getTime();
      return at !== undefined && at >= from && at < to ? [((at - from) / (to - from)) * steps] : [];
    });
  const words = sparkWords(day, from, range.step_ms, now);
  const changed = ticks.length > 0 ? `; ${plural(ticks.length, "change")}` : "";
  return (
    <svg
      className="spark"
      viewBox={`0 0 ${steps} 25`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words + changed}
    >
      <title>{words + changed}</title>
      <path className="base" d={`M0 20.5H${steps}`} />
      {gaps.length > 0 && gaps.length < steps && (
        <path className="gap" d={gaps.map((x) => `M${x} 20.5h1`).join("")} />
      )}
      <path className="bad" d={path(false)} />
      <path className="bad is-thin" d={path(true)} />
      {ticks.length > 0 && (
        <path className="tick" d={ticks.map((x) => `M${x.toFixed(2)} 21v4`).join("")} />
      )}
    </svg>
  );
}
