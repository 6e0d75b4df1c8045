import { Button, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type AffectedQuestion, getAffected } from "../api";
import { save } from "../keys";
import { Dialog } from "./Dialog";

interface Props extends Omit<AffectedQuestion, "reason"> {
  name: string;
}

/** Takes the list of affected customers as CSV; who took it and why is kept. */
export function Affected({ name, ...question }: Props) {
  const [opened, setOpened] = useState(false);
  const [reason, setReason] = useState("");
  const fetching = useMutation({
    mutationFn: () => getAffected({ ...question, reason: reason.trim() }),
    onSuccess: (text) => {
      save(`felt-affected-${name.replace(/[^A-Za-z0-9]+/g, "-")}.csv`, "text/csv", text);
      setOpened(false);
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    e.stopPropagation();
    fetching.mutate();
  };
  return (
    <>
      <Button size="compact-xs" variant="default" className="csv" onClick={() => setOpened(true)}>
        Affected customers…
      </Button>
      {opened && (
        <Dialog title={`Customers hit by ${name}`} opened onClose={() => setOpened(false)}>
          <form onSubmit={submit}>
            <p>
              A CSV of everybody with a failed or degraded try: their keyed hashes, how often, and
              what became of it.
            </p>
            <Textarea
              label="What is it for?"
              description="Kept with your name; some servers want it before they give the list."
              placeholder="Care writes to everybody who could not pay"
              value={reason}
              onChange={(e) => setReason(e.currentTarget.value)}
              rows={2}
              data-autofocus
            />
            {fetching.error && (
              <p className="problem" role="alert">
                No list: {fetching.error.message}
              </p>
            )}
            <div className="acts">
              <Button variant="default" onClick={() => setOpened(false)}>
                Cancel
              </Button>
              <Button type="submit" loading={fetching.isPending}>
                Get the CSV
              </Button>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
