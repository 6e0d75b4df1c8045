import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { acknowledge, type Incident } from "../api";
import { clock, date, int, shareOf, span } from "../format";
import type { Pulse } from "../queries";
import { useAsked } from "../useAsked";
import { Affected } from "./Affected";
import { OutcomeChart } from "./Chart";
import { Impact, lead } from "./Impact";
import { Shape } from "./Mark";
import { Resolve } from "./Resolve";
import { Timeline } from "./Timeline";

interface Props {
  incident: Incident;
  name: string;
  /** The worst one: open from the start, and its sentence is the verdict. */
  first: boolean;
  /** The address names it. */
  asked: boolean;
  pulse: Pulse;
  /** The time the data lives in. */
  now: Date;
  dim: boolean;
}

/** An open incident: who is hurt, is it getting better, what was done. */
export function IncidentCard({ incident, name, first, asked, pulse, now, dim }: Props) {
  const [chosen, setChosen] = useState<boolean | undefined>();
  const card = useAsked<HTMLElement>(asked);
  const open = chosen ?? (first || asked);
  const of = incident.app ? `${incident.app}/${incident.journey}` : incident.journey;
  return (
    <article
      ref={card}
      className={`incident${dim ? " is-dim" : ""}`}
      data-testid="incident"
      data-id={incident.id}
      aria-labelledby={`title-${incident.id}`}
    >
      <Head
        incident={incident}
        name={name}
        now={now}
        dim={dim}
        open={open}
        of={of}
        onToggle={() => setChosen(!open)}
      />
      {open && (
        <div id={`body-${incident.id}`}>
          {!first && incident.sentence && <p className="sentence">{incident.sentence}</p>}
          <div className="body">
            <Impact impact={incident.impact} />
            <OutcomeChart
              of={of}
              env={incident.env}
              pulse={pulse}
              mark={incident.first_bad}
              now={now}
            />
          </div>
          <Timeline entries={incident.timeline} now={now} />
        </div>
      )}
    </article>
  );
}

interface HeadProps {
  incident: Incident;
  name: string;
  now: Date;
  dim: boolean;
  open: boolean;
  of: string;
  onToggle: () => void;
}

function Head({ incident, name, now, dim, open, of, onToggle }: HeadProps) {
  const [resolving, setResolving] = useState(false);
  const client = useQueryClient();
  const ack = useMutation({
    mutationFn: () => acknowledge(incident.id),
    onSettled: () => client.invalidateQueries({ queryKey: ["incidents"] }),
  });
  const since = date(incident.first_bad) ?? date(incident.opened);
  const acknowledged = incident.status === "acknowledged";
  const { customers, method } = incident.impact;
  return (
    <header>
      <Shape state={dim ? "no_data" : "failing"} size={20} />
      <h2 id={`title-${incident.id}`}>
        <button
          type="button"
          className="name"
          data-walk
          aria-expanded={open}
          aria-controls={`body-${incident.id}`}
          onClick={onToggle}
        >
          {incident.title || name}
        </button>
      </h2>
      <p className="meta">
        {!open && (
          <span>
            <b>
              {lead[method]}
              {int(customers.failed)}
            </b>{" "}
            failed so far, {shareOf(customers.failed, customers.total)}
          </span>
        )}
        {since && (
          <span>
            since <b>{clock(since, now)}</b>, {span((now.getTime() - since.getTime()) / 1000)}
          </span>
        )}
        <span title="Impact score, 0 to 100">
          score <b>{Math.round(incident.score)}</b> of 100
        </span>
        {open && <code>{of}</code>}
        <span className={`status${acknowledged ? " is-acked" : ""}`}>
          {acknowledged ? "acknowledged" : "not acknowledged"}
        </span>
      </p>
      <div className="acts">
        {!acknowledged && (
          <Button size="xs" onClick={() => ack.mutate()} loading={ack.isPending}>
            Acknowledge
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => setResolving(true)}>
          Resolve…
        </Button>
        {open && <Affected of={of} name={name} env={incident.env} from={incident.first_bad} />}
      </div>
      {ack.error && (
        <p className="problem" role="alert">
          Not acknowledged: {ack.error.message}
        </p>
      )}
      <Resolve
        incident={incident}
        name={name}
        opened={resolving}
        onClose={() => setResolving(false)}
      />
    </header>
  );
}
