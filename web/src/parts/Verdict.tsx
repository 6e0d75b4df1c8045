import { VisuallyHidden } from "@mantine/core";
import { useEffect, useState } from "react";
import { type Verdict as Said, say } from "../verdict";
import { Go } from "./Go";
import { Shape, stateOf } from "./Mark";
import { Snippet } from "./Snippet";

/** The verdict sentence, the first thing on the page. */
export function Verdict({ said, otlp }: { said: Said; otlp: string }) {
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
        {said.guide === "endpoint" && <Guide otlp={otlp} />}
        {said.guide === "naming" && <Naming />}
      </div>
      <VisuallyHidden role="status">{heard}</VisuallyHidden>
    </section>
  );
}

function Guide({ otlp }: { otlp: string }) {
  return (
    <>
      <Snippet
        text={`export OTEL_EXPORTER_OTLP_ENDPOINT=${otlp}\nexport OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`}
      />
      <p className="detail">
        Then name what customers try: a span with <code>felt.interaction.name</code>, and{" "}
        <code>user.id</code> or <code>session.id</code>. This page fills by itself. To see it full
        at once: <code>felt demo</code>.
      </p>
    </>
  );
}

function Naming() {
  return (
    <>
      <p className="detail">
        Say it in the inventory: the <Go view="inventory">inventory page</Go> lists what comes in,
        with YAML that maps it; no code needs to change. Or name what customers try on the span that
        ends it:
      </p>
      <Snippet
        text={`felt.interaction.name    = "checkout"\nfelt.interaction.outcome = "success" | "degraded" | "failed"\nuser.id                  = "…"   (or session.id)`}
      />
    </>
  );
}
