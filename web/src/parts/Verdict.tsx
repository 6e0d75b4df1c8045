import { VisuallyHidden } from "@mantine/core";
import { useEffect, useState } from "react";
import { type Verdict as Said, say } from "../verdict";
import { Shape, stateOf } from "./Mark";

/** The verdict sentence, the first thing on the page. */
export function Verdict({ said }: { said: Said }) {
  // Screen readers hear news, not every count that grows.
  const [heard, setHeard] = useState("");
  const sentence = say(said.headline);
  // biome-ignore lint/correctness/useExhaustiveDependencies: announce on news only
  useEffect(() => setHeard(sentence), [said.news, said.tone]);
  return (
    <section
      className={`verdict is-${stateOf[said.tone]}`}
      data-testid="verdict"
      data-tone={said.tone}
    >
      <Shape state={stateOf[said.tone]} size={34} />
      <div>
        <h1>
          {said.headline.map((run) =>
            run.strong ? (
              <strong key={run.text}>{run.text}</strong>
            ) : (
              <span key={run.text}>{run.text}</span>
            ),
          )}
        </h1>
        {said.detail.length > 0 && <p className="detail">{said.detail.join(" · ")}</p>}
      </div>
      <VisuallyHidden role="status">{heard}</VisuallyHidden>
    </section>
  );
}
