import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  type Act,
  actor,
  type Commanded,
  command,
  getCohort,
  setActor,
  silence,
} from "../incident";
import { save } from "../keys";
import { Dialog } from "./Dialog";

type Values = Record<string, string>;

interface Field {
  name: string;
  label: string;
  description?: string;
  placeholder?: string;
  rows?: number;
  options?: { value: string; label: string }[];
  initial?: string;
  needed?: boolean;
  /** Shown only when it holds. */
  when?: (v: Values) => boolean;
}

interface Form {
  title: string;
  says?: string;
  submit: string;
  /** "Not posted": what is said when the server refuses. */
  failed: string;
  fields: Field[];
  send: (v: Values) => Promise<unknown>;
}

const text = (label: string, more: Partial<Field> = {}): Field => ({
  name: "text",
  label,
  rows: 3,
  needed: true,
  ...more,
});

/** What each act asks, and what it sends. */
export function formOf(act: Act, i: Commanded): Form | null {
  const to = (verb: string, body: (v: Values) => object) => (v: Values) =>
    command(i.id, verb, body(v));
  const note = (kind: string) => to("note", (v) => ({ text: v.text, kind }));
  switch (act) {
    case "command":
      return {
        title: i.commander ? "Hand over command, or give it back" : "Take command",
        says: i.commander
          ? `${i.commander} is in command.`
          : "One person decides; everybody knows who.",
        submit: i.commander ? "Hand over" : "Take command",
        failed: "Command not taken",
        fields: [
          {
            name: "commander",
            label: "Who commands?",
            description: i.commander
              ? "Left empty, nobody does."
              : "Kept with what you do here. With tokens, the token's name is.",
            initial: i.commander ? "" : actor(),
            needed: !i.commander,
          },
        ],
        send: (v) => {
          if (!i.commander && v.commander) setActor(v.commander);
          return command(i.id, "command", { commander: v.commander ?? "" });
        },
      };
    case "note":
      return {
        title: "Post a note",
        submit: "Post",
        failed: "Not posted",
        fields: [
          text("What did you see or decide?", { placeholder: "Payments say their pool is full" }),
        ],
        send: note("note"),
      };
    case "marker":
      return {
        title: "Add a marker",
        says: "It stands in the timeline at this moment, so that the charts can be read against it.",
        submit: "Add the marker",
        failed: "Not added",
        fields: [
          text("What happened just now?", { rows: 1, placeholder: "Rollback of web@5f3c started" }),
        ],
        send: note("marker"),
      };
    case "update":
      return {
        title: "Post an update",
        says: "It stands in the timeline as what people were told.",
        submit: "Post the update",
        failed: "Not posted",
        fields: [text("What do people need to know?", { rows: 8, initial: i.draft_update })],
        send: note("update"),
      };
    case "mitigated":
      return {
        title: "Mitigated",
        submit: "It is mitigated",
        failed: "Not noted",
        fields: [
          text("What stopped the harm?", {
            name: "reason",
            needed: false,
            placeholder: "Rolled back to web@4a1b",
          }),
        ],
        send: to("mitigated", (v) => ({ reason: v.reason })),
      };
    case "cause":
      return causeForm(i, to);
    case "priority":
      return {
        title: "Priority",
        submit: "Set it",
        failed: "Not set",
        fields: [
          {
            name: "priority",
            label: "Priority",
            initial: i.priority ?? "",
            options: ["", "P1", "P2", "P3", "P4", "P5"].map((p) => ({
              value: p,
              label: p || "by the score",
            })),
          },
          text("Why?", { name: "reason", rows: 2, needed: false }),
        ],
        send: to("priority", (v) => ({ priority: v.priority, reason: v.reason })),
      };
    case "verdict":
      return verdictForm(i, to);
    case "resolve":
      return {
        title: "Resolve the incident",
        says: i.needs_reason
          ? "Customers have not been seen to recover, so it needs a reason."
          : "Customers have recovered; a word on why helps the review.",
        submit: "Resolve",
        failed: "Not resolved",
        fields: [
          text("Why is it over?", {
            name: "reason",
            needed: false,
            placeholder: "web@5f3c rolled back at 14:31, payments are through again",
          }),
        ],
        send: to("resolve", (v) => ({ reason: v.reason })),
      };
    case "silence":
      return silenceForm(i);
    case "customers":
      return {
        title: "Customers whom it harmed",
        says: "A CSV of everybody with a failed or degraded try: their keyed hashes, how often, and when it worked again for them.",
        submit: "Get the CSV",
        failed: "No list",
        fields: [
          text("What is it for?", {
            name: "reason",
            rows: 2,
            needed: false,
            description: "Kept with your name; some servers want it before they give the list.",
          }),
        ],
        send: async (v) =>
          save(
            `felt-incident-${i.id}-customers.csv`,
            "text/csv",
            await getCohort(i.id, v.reason ?? ""),
          ),
      };
  }
  return null;
}

type To = (verb: string, body: (v: Values) => object) => (v: Values) => Promise<unknown>;

function causeForm(i: Commanded, to: To): Form {
  const known = i.suspects.slice(0, 8).map((s, n) => ({ value: String(n), label: s.what }));
  return {
    title: "Say the cause",
    says: "What is said before is replaced.",
    submit: "This is the cause",
    failed: "Not noted",
    fields: [
      {
        name: "suspect",
        label: "Which suspect?",
        initial: known[0]?.value ?? "",
        options: [...known, { value: "", label: "none of them" }],
        when: () => known.length > 0,
      },
      text("In words", { name: "note", rows: 2, needed: false, initial: i.cause?.note ?? "" }),
    ],
    send: to("cause", (v) => {
      const s = known.length > 0 && v.suspect !== "" ? i.suspects[Number(v.suspect)] : undefined;
      const service = s?.service || (s && !s.change ? s.what : "");
      return { change: s?.change ?? "", service: service ?? "", note: v.note ?? "" };
    }),
  };
}

function verdictForm(i: Commanded, to: To): Form {
  return {
    title: "Was it real?",
    says: "How well detectors work is counted by it.",
    submit: "Say so",
    failed: "Not noted",
    fields: [
      {
        name: "verdict",
        label: "It was",
        initial: i.verdict ?? "noise",
        options: [
          { value: "noise", label: "noise: nothing was wrong" },
          { value: "real", label: "real" },
          { value: "duplicate", label: "a duplicate of another" },
        ],
      },
      {
        name: "of",
        label: "Of which incident?",
        description: "Its id, as in its address.",
        when: (v) => v.verdict === "duplicate",
        needed: true,
      },
      text("Why?", { name: "reason", rows: 2, needed: false }),
    ],
    send: to("verdict", (v) => ({
      verdict: v.verdict,
      reason: v.reason,
      ...(v.verdict === "duplicate" ? { of: v.of } : {}),
    })),
  };
}

/** How many names one silence of an incident may be about. */
const mostSilenced = 20;

function silenceForm(i: Commanded): Form {
  // An incident is silent when all that it is about is.
  const about = [...new Set(i.journeys.map((j) => j.of))].slice(0, mostSilenced);
  const scopes = about.length > 0 ? about : [i.of];
  const names = `${scopes[0] || "this environment"}${scopes.length > 1 ? ` and ${scopes.length - 1} more` : ""}`;
  return {
    title: "Silence",
    says: `Nobody is told of incidents of ${names} for a while; they are opened and shown all the same.`,
    submit: "Silence",
    failed: "Not silenced",
    fields: [
      {
        name: "for",
        label: "For how long?",
        initial: "1h",
        options: [
          { value: "30m", label: "30 minutes" },
          { value: "1h", label: "1 hour" },
          { value: "4h", label: "4 hours" },
          { value: "24h", label: "1 day" },
        ],
      },
      text("Why?", { name: "reason", rows: 2, placeholder: "We work on it, pages keep coming" }),
    ],
    send: (v) =>
      Promise.all(
        scopes.map((of) => silence({ env: i.env, of, for: v.for ?? "1h", reason: v.reason ?? "" })),
      ),
  };
}

interface Props {
  act: Act;
  incident: Commanded;
  onClose: () => void;
  /** Says in a word what has happened. */
  onDone: (words: string) => void;
}

/** The dialog of one act. */
export function ActDialog({ act, incident, onClose, onDone }: Props) {
  const form = formOf(act, incident);
  return form ? <FormDialog form={form} onClose={onClose} onDone={onDone} /> : null;
}

/** What was typed stays as it is while the incident goes on behind the dialog. */
function FormDialog({
  form: given,
  onClose,
  onDone,
}: { form: Form } & Omit<Props, "act" | "incident">) {
  const [form] = useState(given);
  const [values, setValues] = useState<Values>(() =>
    Object.fromEntries(form.fields.map((f) => [f.name, f.initial ?? ""])),
  );
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () =>
      form.send(Object.fromEntries(Object.entries(values).map(([k, v]) => [k, v.trim()]))),
    onSuccess: (told) => {
      const late = (told as { applied?: boolean } | undefined)?.applied === false;
      onDone(late ? `${form.submit}: on its way` : `${form.submit}: done`);
      onClose();
    },
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["incident"] });
      void client.invalidateQueries({ queryKey: ["incidents"] });
    },
  });
  const fields = form.fields.filter((f) => f.when?.(values) ?? true);
  const lacking = fields.some((f) => f.needed && !values[f.name]?.trim());
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (!lacking) send.mutate();
  };
  return (
    <Dialog title={form.title} opened onClose={onClose} size="lg">
      <form onSubmit={submit} className="act-form">
        {form.says && <p>{form.says}</p>}
        {fields.map((f, n) => (
          <Input
            key={f.name}
            field={f}
            focus={n === 0}
            value={values[f.name] ?? ""}
            onChange={(v) => setValues((old) => ({ ...old, [f.name]: v }))}
            onSubmit={() => !lacking && send.mutate()}
          />
        ))}
        {send.error && (
          <p className="problem" role="alert">
            {form.failed}: {send.error.message}
          </p>
        )}
        <div className="acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending} disabled={lacking}>
            {form.submit}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

interface InputProps {
  field: Field;
  focus: boolean;
  value: string;
  onChange: (v: string) => void;
  onSubmit: () => void;
}

function Input({ field: f, focus, value, onChange, onSubmit }: InputProps) {
  const shared = {
    label: f.label,
    description: f.description,
    required: f.needed,
    value,
    "data-autofocus": focus || undefined,
  };
  if (f.options)
    return (
      <NativeSelect
        {...shared}
        data={f.options}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  if (!f.rows || f.rows === 1)
    return (
      <TextInput
        {...shared}
        placeholder={f.placeholder}
        onChange={(e) => onChange(e.currentTarget.value)}
      />
    );
  return (
    <Textarea
      {...shared}
      placeholder={f.placeholder}
      rows={f.rows}
      onChange={(e) => onChange(e.currentTarget.value)}
      onKeyDown={(e) => {
        if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) onSubmit();
      }}
    />
  );
}
