import { useState } from "react";
import { clock } from "../format";
import { marksOf, type Pin, pins, pinWords, reach, stretches } from "../lane";
import type { Change } from "../now";
import { type Pulse, useChanges, useIncidents } from "../queries";
import { Go } from "./Go";

interface Props {
  /** The chart's range, milliseconds. */
  from: number;
  to: number;
  env: string | undefined;
  pulse: Pulse;
  now: Date;
  /** Only what may concern this app. */
  app?: string;
}

/** The change lane under a time chart: what people changed, and incidents, on the chart's own axis. */
export function Lane({ from, to, env, pulse, now, app }: Props) {
  const asked = useChanges(env, pulse, reach(from, now.getTime()));
  const open = useIncidents("open", env, pulse);
  const over = useIncidents("resolved", env, pulse);
  const [told, setTold] = useState("");
  const mine = (c: Change) => !app || !c.app || c.app === app;
  const all = pins(marksOf((asked.data ?? []).filter(mine), from, to), from, to);
  const bad = stretches([...(open.data ?? []), ...(over.data ?? [])], from, to);
  const quiet = asked.error
    ? "Changes could not be asked for"
    : asked.data
      ? "No change in this time"
      : "Asking for changes…";
  return (
    <div className="lane" data-testid="lane">
      <div className="track">
        {bad.map((s) => (
          <Go
            key={s.key}
            view="incident"
            values={{ id: s.key }}
            className={`stretch${s.open ? " is-open" : ""}`}
            style={{ left: `${s.from * 100}%`, width: `${Math.max(0.8, (s.to - s.from) * 100)}%` }}
            label={`Incident: ${s.text}${s.open ? ", open" : ""}`}
            onTell={(on) => setTold(on ? `Incident: ${s.text}` : "")}
          >
            <span />
          </Go>
        ))}
        {all.map((p) => (
          <Marker key={p.marks[0]?.key} pin={p} now={now} onTell={setTold} />
        ))}
      </div>
      <p className="lane-told">
        {told ||
          (all.length > 0
            ? `Last: ${pinWords(all.at(-1) as Pin, now)}`
            : `${quiet}${asked.data ? ` (from ${clock(new Date(from), now)})` : ""}`)}
      </p>
    </div>
  );
}

function Marker({ pin, now, onTell }: { pin: Pin; now: Date; onTell: (words: string) => void }) {
  const words = pinWords(pin, now);
  const many = pin.marks.length > 1;
  return (
    <button
      type="button"
      className={`pin is-${many ? "many" : (pin.marks[0]?.kind ?? "")}`}
      style={{ left: `${pin.x * 100}%` }}
      aria-label={words}
      title={words}
      onPointerEnter={() => onTell(words)}
      onPointerLeave={() => onTell("")}
      onFocus={() => onTell(words)}
      onBlur={() => onTell("")}
      onClick={() => onTell(words)}
    >
      {many ? pin.marks.length : <Glyph kind={pin.marks[0]?.kind ?? ""} />}
    </button>
  );
}

/** The kind of a change by shape: told apart without colour. */
export function Glyph({ kind }: { kind: string }) {
  const path =
    {
      deploy: "M5 1 9 8H1z",
      fix: "M5 1 9 8H1z",
      flag: "M2 1h7L6.5 3.5 9 6H3v3H2z",
      launch: "M5 .5 6.4 3.6 9.7 4 7.2 6.2 7.9 9.5 5 7.8 2.1 9.5 2.8 6.2.3 4l3.3-.4z",
      campaign: "M5 .5 6.4 3.6 9.7 4 7.2 6.2 7.9 9.5 5 7.8 2.1 9.5 2.8 6.2.3 4l3.3-.4z",
      traffic_peak: "M0 9 3.5 5 5 1l1.5 4L10 9z",
      maintenance: "M1 4h8v2H1z",
    }[kind] ?? "M5 .5 9.5 5 5 9.5.5 5z";
  return (
    <svg className="glyph" width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      <path d={path} fill="currentColor" />
    </svg>
  );
}
