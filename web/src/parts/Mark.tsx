import type { JourneyState } from "../api";
import type { Tone } from "../verdict";

const words: Record<JourneyState, string> = {
  ok: "Well",
  degraded: "Degraded",
  failing: "Failing",
  no_data: "No data",
};

/** A state's shape. Octagon, triangle, circle, broken circle: told apart without colour. */
export function Shape({ state, size = 16 }: { state: JourneyState; size?: number }) {
  return (
    <svg
      className={`shape is-${state}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {state === "failing" && (
        <>
          <path className="fill" d="M4.9.8h6.2l4.1 4.1v6.2l-4.1 4.1H4.9L.8 11.1V4.9z" />
          <path className="ink" d="m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2" />
        </>
      )}
      {state === "degraded" && (
        <>
          <path
            className="fill"
            d="M8 .9c.5 0 .9.3 1.2.7l6.4 11.3c.5.9-.1 2-1.2 2H1.6c-1.1 0-1.7-1.1-1.2-2L6.8 1.6C7.1 1.2 7.5.9 8 .9z"
          />
          <path className="ink" d="M8 5.5v4m0 2.7v.1" />
        </>
      )}
      {state === "ok" && (
        <>
          <circle className="fill" cx="8" cy="8" r="7.3" />
          <path className="ink" d="m4.7 8.3 2.2 2.3 4.4-4.9" />
        </>
      )}
      {state === "no_data" && (
        <>
          <circle className="line" cx="8" cy="8" r="6.6" strokeDasharray="3.2 2" />
          <path className="dash" d="M5.2 8h5.6" />
        </>
      )}
    </svg>
  );
}

/** State by shape, word and colour. */
export function Mark({ state }: { state: JourneyState }) {
  return (
    <span className={`mark is-${state}`}>
      <Shape state={state} />
      {words[state]}
    </span>
  );
}

export const stateOf: Record<Tone, JourneyState> = {
  failing: "failing",
  degraded: "degraded",
  ok: "ok",
  unknown: "no_data",
};
