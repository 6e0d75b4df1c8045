import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Incident, resolve } from "../api";
import { Dialog } from "./Dialog";

interface Props {
  incident: Incident;
  name: string;
  opened: boolean;
  onClose: () => void;
}

/** Asks for a reason, and says what the server says when it refuses. */
export function Resolve({ incident, name, opened, onClose }: Props) {
  const [reason, setReason] = useState("");
  const client = useQueryClient();
  const send = useMutation({
    mutationFn: () => resolve(incident.id, reason.trim()),
    onSuccess: onClose,
    onSettled: () => client.invalidateQueries({ queryKey: ["incidents"] }),
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    send.mutate();
  };
  return (
    <Dialog title={`Resolve the incident on ${name}`} opened={opened} onClose={onClose}>
      <form onSubmit={submit}>
        <Textarea
          label="Why is it over?"
          description="Needed while the finding still lasts; kept with the incident."
          placeholder="web@5f3c rolled back at 14:31, payments are through again"
          value={reason}
          onChange={(e) => setReason(e.currentTarget.value)}
          rows={3}
          data-autofocus
        />
        {send.error && (
          <p className="problem" role="alert">
            Not resolved: {send.error.message}
          </p>
        )}
        <div className="acts">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            Resolve
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
