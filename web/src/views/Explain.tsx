import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Explained, explain } from "../ask";

/** A span is pasted, and Felt says what it counts as, by which rule, or why not. */
export function Explain({ env }: { env: string | undefined }) {
  const [text, setText] = useState("");
  const asking = useMutation({ mutationFn: () => explain(text, env) });
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
      <div aria-live="polite" className="explained">
        {asking.data?.map((x, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: answers have no name of their own and never move
          <Answer key={i} x={x} />
        ))}
      </div>
    </section>
  );
}

function Answer({ x }: { x: Explained }) {
  return (
    <article>
      <p>
        {x.interaction ? (
          <>
            Counts as <b>{x.interaction}</b>
            {x.journey && ` of journey ${x.journey}`}
          </>
        ) : (
          <b>Counts as nothing</b>
        )}
      </p>
    </article>
  );
}
