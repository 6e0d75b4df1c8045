import { type ReactNode, useEffect } from "react";
import type { Freshness } from "../freshness";
import { Shape, stateOf } from "../parts/Mark";
import { type Run, say, type Tone } from "../verdict";

interface Props {
  /** Left out where the sentence judges nothing. */
  tone?: Tone;
  headline: Run[];
  detail?: string[];
  /** Left out by views of what is over and does not age. */
  fresh?: Freshness;
  children?: ReactNode;
}

/** The verdict of a view; what is not now is grey and says so. */
export function Head({ tone, headline, detail = [], fresh, children }: Props) {
  const sentence = say(headline);
  useEffect(() => {
    document.title = `${sentence} · Felt`;
  }, [sentence]);
  const old = fresh && !fresh.now && fresh.kind !== "loading" ? fresh.words : "";
  const judged = old ? "unknown" : tone;
  const state = judged && stateOf[judged];
  return (
    <section
      className={`verdict is-${state ?? "plain"}`}
      data-testid="verdict"
      data-tone={judged ?? "plain"}
    >
      {state && <Shape state={state} size={34} />}
      <div>
        <h1>
          {headline.map((run) =>
            run.strong ? (
              <strong key={run.text}>{run.text}</strong>
            ) : (
              <span key={run.text}>{run.text}</span>
            ),
          )}
        </h1>
        {[old, ...detail].some(Boolean) && (
          <p className="detail">{[old, ...detail].filter(Boolean).join(" · ")}</p>
        )}
        {children}
      </div>
    </section>
  );
}

/** What stands where an answer is not, or not yet. */
export function Waiting({ error, what }: { error?: string; what: string }) {
  return error ? (
    <p className="problem" role="alert">
      {what} could not be asked for: {error}
    </p>
  ) : (
    <p className="empty" role="status">
      Asking for {what.charAt(0).toLowerCase() + what.slice(1)}…
    </p>
  );
}
