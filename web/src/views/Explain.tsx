import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Explained, type ExplainedSpan, explain } from "../ask";
import { int, plural } from "../format";
import { length } from "../waterfall";
import { Outcome } from "./Outcome";

/** A span is pasted, and Felt says what it counts as, by which rule, or why not. */
export function Explain() {
  const [text, setText] = useState("");
  const asking = useMutation({ mutationFn: () => explain(text) });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    asking.mutate();
  };
  return (
    <section className="card" data-testid="explain">
      <header>
        <h2>
          What would a span count as? <small>nothing that is pasted here is kept</small>
        </h2>
      </header>
      <form onSubmit={submit}>
        <Textarea
          label="A span or an export request, as OTLP/JSON"
          placeholder='{"name": "POST /pay", "kind": 2, "attributes": [{"key": "http.route", "value": {"stringValue": "/pay"}}]}'
          value={text}
          onChange={(e) => setText(e.currentTarget.value)}
          rows={6}
          spellCheck={false}
        />
        {asking.error && (
          <p className="problem" role="alert">
            Not explained: {asking.error.message}
          </p>
        )}
        <div className="acts">
          <Button type="submit" size="xs" loading={asking.isPending} disabled={!text.trim()}>
            Explain
          </Button>
        </div>
      </form>
      <div aria-live="polite" className="explained" data-testid="explained">
        {asking.data && <Answer x={asking.data} />}
      </div>
    </section>
  );
}

function Answer({ x }: { x: Explained }) {
  return (
    <>
      <p className="sub">
        {x.rules_version > 0 ? `By version ${int(x.rules_version)}` : "There is no inventory"}:{" "}
        {plural(x.interactions.length, "interaction")} from {plural(x.spans.length, "span")}
      </p>
      {x.interactions.map((i) => (
        <article key={i.id}>
          <p>
            <Outcome of={{ outcome: i.outcome, abandoned_how: i.abandoned_how }} /> <b>{i.name}</b>{" "}
            of {i.app}{" "}
            <span className="sub">
              {[
                i.steps?.length ? `step ${i.steps.join(", ")}` : "step of no journey",
                `decided by ${i.outcome_rule}`,
                i.reason,
                length(i.duration_ms),
                i.identity_level === "none" ? "nobody is named" : `customer by ${i.identity_level}`,
                i.traffic !== "customer" ? `${i.traffic} traffic, in no number` : "",
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </p>
        </article>
      ))}
      {x.spans.map((s, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: what was pasted may have no ids, and never moves
        <Span key={n} s={s} />
      ))}
      {x.notes.map((note) => (
        <p key={note} className="sub">
          {note}
        </p>
      ))}
    </>
  );
}

const verdicts: Record<string, string> = {
  interaction: "counts as",
  part: "is part of",
  step: "is a step inside",
  nothing: "counts as nothing",
};

function Span({ s }: { s: ExplainedSpan }) {
  return (
    <article>
      <p>
        <code>{s.name}</code>{" "}
        <span className="sub">{[s.service, s.kind].filter(Boolean).join(", ")}</span>{" "}
        {verdicts[s.verdict] ?? s.verdict} <b>{s.interaction}</b>
        {s.by && ` by ${s.by}`}
      </p>
      <p>{s.why}</p>
      {(s.near ?? []).map((n) => (
        <p key={n.rule} className="sub">
          Rule {n.rule} does not hold: {(n.failed ?? []).join("; ")}
        </p>
      ))}
    </article>
  );
}
