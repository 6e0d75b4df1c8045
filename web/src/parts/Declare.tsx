import { Button, NativeSelect, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "wouter";
import { query, read } from "../api";
import { declare } from "../incident";
import { toView } from "../url";
import { Dialog } from "./Dialog";

interface Props {
  env: string | undefined;
  onClose: () => void;
  /** What it is about, when that is known already. */
  of?: string;
}

interface Known {
  journeys: { app: string; name: string; title: string; kind: string }[] | null;
}

/** How long ago it began, in words and milliseconds. */
const ago = [
  { value: "0", label: "just now" },
  { value: "300000", label: "5 minutes ago" },
  { value: "900000", label: "15 minutes ago" },
  { value: "1800000", label: "30 minutes ago" },
  { value: "3600000", label: "1 hour ago" },
  { value: "14400000", label: "4 hours ago" },
  { value: "86400000", label: "1 day ago" },
];

/** Names that can be counted, for the field's suggestions; none is no obstacle. */
function useNames(env: string | undefined): { value: string; label: string }[] {
  const asked = useQuery({
    queryKey: ["names", env],
    queryFn: () => read<Known>(`api/v1/journeys?${query({ window: "1h", env })}`),
    staleTime: 60_000,
  });
  return (asked.data?.journeys ?? []).map((j) => ({
    value: `${j.kind}:${j.app ? `${j.app}/` : ""}${j.name}`,
    label: j.title || j.name,
  }));
}

/** Somebody says that there is an incident, whatever the detectors say. */
export default function Declare({ env, onClose, of: known = "" }: Props) {
  const [, setParams] = useSearchParams();
  const client = useQueryClient();
  const [title, setTitle] = useState("");
  const [reason, setReason] = useState("");
  const [of, setOf] = useState(known);
  const [since, setSince] = useState("0");
  const [priority, setPriority] = useState("");
  const names = useNames(env);
  const send = useMutation({
    mutationFn: () =>
      declare({
        title: title.trim(),
        reason: reason.trim() || undefined,
        of: of.trim() || undefined,
        env,
        first_bad: since === "0" ? undefined : new Date(Date.now() - Number(since)).toISOString(),
        priority: priority || undefined,
      }),
    onSuccess: (id) => {
      void client.invalidateQueries({ queryKey: ["incidents"] });
      onClose();
      setParams((old) => toView(old, "incident", { id }));
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    e.stopPropagation();
    if (title.trim()) send.mutate();
  };
  return (
    <Dialog title="Declare an incident" opened onClose={onClose} size="lg">
      <form onSubmit={submit} className="act-form">
        <TextInput
          label="What is wrong?"
          description="In a few words: it becomes the incident's title."
          placeholder="Customers are charged twice"
          value={title}
          onChange={(e) => setTitle(e.currentTarget.value)}
          maxLength={200}
          required
          data-autofocus
        />
        <TextInput
          label="What do they try?"
          description="A journey or interaction, so that Felt can count who is hit. Left empty, nobody is counted."
          placeholder="shop/checkout"
          value={of}
          onChange={(e) => setOf(e.currentTarget.value)}
          list="declare-names"
          autoComplete="off"
        />
        <datalist id="declare-names">
          {names.map((n) => (
            <option key={n.value} value={n.value}>
              {n.label}
            </option>
          ))}
        </datalist>
        <div className="two">
          <NativeSelect
            label="Since when?"
            data={ago}
            value={since}
            onChange={(e) => setSince(e.currentTarget.value)}
          />
          <NativeSelect
            label="Priority"
            data={[
              { value: "", label: "by the score" },
              ...["P1", "P2", "P3", "P4", "P5"].map((p) => ({ value: p, label: p })),
            ]}
            value={priority}
            onChange={(e) => setPriority(e.currentTarget.value)}
          />
        </div>
        <Textarea
          label="How do you know?"
          placeholder="Seven tickets in ten minutes, all of the same kind"
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          rows={3}
          maxLength={1000}
        />
        {send.error && (
          <p className="problem" role="alert">
            Not declared: {send.error.message}
          </p>
        )}
        <div className="acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending} disabled={!title.trim()}>
            Declare
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
