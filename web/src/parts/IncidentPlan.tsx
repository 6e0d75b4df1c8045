import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { clock, plural } from "../format";
import {
  type Act,
  type Commanded,
  command,
  done,
  doneText,
  first,
  nextStep,
  type Plan,
} from "../incident";
import { fileOf, planCsv } from "../incidentTables";
import { Csv } from "./Csv";

interface Props {
  i: Commanded;
  now: Date;
  onAct: (act: Act) => void;
}

/** What do I do: the next step, then the action plan of the inventory as tasks, and what was decided. */
export function IncidentPlan({ i, now, onAct }: Props) {
  const [all, setAll] = useState(false);
  const next = nextStep(i);
  const many = i.plan.length > 1;
  const tasks = i.plan.flatMap((p) =>
    (p.actions ?? []).map((a) => ({ ...a, title: many ? p.title : "" })),
  );
  const shown = first(tasks, 4, all);
  const decisions = [
    ...i.decisions.map((d) => ({ at: d.at, text: `${d.policy}: ${d.result}` })),
    ...i.timeline
      .filter((e) => e.kind === "decision" && !e.text.includes("Done: "))
      .map((e) => ({ at: e.at, text: e.text })),
  ];
  const hints = i.plan.some((p) => (p.signals ?? []).some((s) => s.typical_response?.length));
  const rest = shown.rest + (all ? 0 : decisions.length + (hints ? 1 : 0));
  return (
    <section className="card plan" data-answer="do" aria-label="What do I do?">
      <header>
        <h2>What do I do?</h2>
        <Csv name={fileOf(i.id, "plan")} text={() => planCsv(i.plan)} empty={tasks.length === 0} />
        <Links plan={i.plan} />
      </header>
      <p className="says next">
        <b>Next:</b>{" "}
        {next.act ? (
          <button type="button" className="link" onClick={() => onAct(next.act as Act)}>
            {next.words}
          </button>
        ) : (
          next.words
        )}
      </p>
      {tasks.length === 0 && (
        <p className="empty">
          The inventory has no action plan for it: write one, as{" "}
          <code>action_plan: [{"{action: Roll back}"}]</code>.
        </p>
      )}
      <ul className="tasks">
        {shown.shown.map((t) => (
          <Task key={`${t.title} ${t.step} ${t.action}`} i={i} task={t} now={now} />
        ))}
      </ul>
      {all && <Told i={i} decisions={decisions} now={now} />}
      {rest > 0 && (
        <button type="button" className="link" aria-expanded={all} onClick={() => setAll(true)}>
          Show {plural(rest, "more")}: tasks, decisions, typical responses
        </button>
      )}
    </section>
  );
}

function Links({ plan }: { plan: Plan[] }) {
  const links = plan.flatMap((p) => p.links ?? []).filter((l) => /^https?:\/\//i.test(l.url));
  const seen = new Map(links.map((l) => [l.url, l]));
  return (
    <span className="links">
      {[...seen.values()].slice(0, 3).map((l) => (
        <a key={l.url} href={l.url} target="_blank" rel="noreferrer">
          {l.name}
        </a>
      ))}
    </span>
  );
}

interface TaskProps {
  i: Commanded;
  task: { step?: string; action: string; approver?: string; title: string };
  now: Date;
}

function Task({ i, task, now }: TaskProps) {
  const client = useQueryClient();
  const is = done(i, task.action);
  const [ticked, setTicked] = useState(false);
  const send = useMutation({
    mutationFn: () => command(i.id, "note", { text: doneText(task.action), kind: "decision" }),
    onError: () => setTicked(false),
    onSettled: () => client.invalidateQueries({ queryKey: ["incident"] }),
  });
  const about = [
    task.title,
    task.step && `step ${task.step}`,
    task.approver && `${task.approver} must agree`,
  ];
  return (
    <li className={is ? "is-done" : undefined}>
      <label>
        <input
          type="checkbox"
          checked={is !== null || ticked}
          disabled={is !== null || ticked}
          onChange={() => {
            setTicked(true);
            send.mutate();
          }}
          data-walk
        />
        <span className="clamp" title={task.action}>
          {task.action}{" "}
          <span className="sub">
            {is
              ? `done${is.by ? ` by ${is.by}` : ""}${is.at ? ` at ${clock(is.at, now)}` : ""}`
              : about.filter(Boolean).join(", ")}
          </span>
        </span>
      </label>
      {send.error && (
        <p className="problem" role="alert">
          Not noted: {send.error.message}
        </p>
      )}
    </li>
  );
}

function Told({
  i,
  decisions,
  now,
}: {
  i: Commanded;
  decisions: { at: string; text: string }[];
  now: Date;
}) {
  return (
    <>
      {decisions.length > 0 && <h3>Decided</h3>}
      <ul>
        {decisions.map((d) => (
          <li key={`${d.at} ${d.text}`}>
            <span className="sub">{clock(new Date(d.at), now)}</span> {d.text}
          </li>
        ))}
      </ul>
      {i.plan.map((p) => (
        <Typical key={p.journey} plan={p} />
      ))}
    </>
  );
}

function Typical({ plan }: { plan: Plan }) {
  const list = (plan.signals ?? []).filter((s) => s.typical_response?.length);
  if (list.length === 0) return null;
  return (
    <>
      <h3>Typical responses, {plan.title}</h3>
      <ul>
        {list.map((s) => (
          <li key={s.name}>
            {s.name}: {(s.typical_response ?? []).join(", ")}{" "}
            <span className="sub">
              {[s.business_risk, s.owners?.length && s.owners.join(" + ")]
                .filter(Boolean)
                .join("; ")}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
