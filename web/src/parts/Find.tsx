import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useSearchParams } from "wouter";
import { lookUp } from "../ask";
import { toView, type View, windowOf } from "../url";
import { Dialog } from "./Dialog";

const trace = /^[0-9a-f]{32}$/i;

const pages: [View, string, string][] = [
  ["now", "Now", "g n"],
  ["findings", "Findings", "g d"],
  ["inventory", "Inventory", "g i"],
];

/** Finds a customer by any id, or a trace. What is typed is sent, and kept nowhere. */
export default function Find({ env, onClose }: { env: string | undefined; onClose: () => void }) {
  const [params, setParams] = useSearchParams();
  const [id, setId] = useState("");
  const client = useQueryClient();
  const window = windowOf(params, "customer");
  const looking = useMutation({
    mutationFn: () => lookUp(id.trim(), window, env),
    gcTime: 0,
    onSuccess: (found) => {
      client.setQueryData(["customer", found.customer, window, env], found);
      setParams((old) => toView(old, "customer", { id: found.customer }));
      onClose();
    },
  });
  const submit = (e: FormEvent) => {
    e.preventDefault();
    if (id.trim()) looking.mutate();
  };
  const go = (view: View) => () => {
    setParams((old) => toView(old, view));
    onClose();
  };
  const asTrace = () => {
    setParams((old) => toView(old, "trace", { id: id.trim().toLowerCase() }));
    onClose();
  };
  return (
    <Dialog title="Find a customer or a trace" opened onClose={onClose}>
      <form onSubmit={submit} autoComplete="off">
        <TextInput
          label="A user id, session, installation, pseudonym, hash or trace id"
          description="It is hashed on the server and shown nowhere afterwards."
          value={id}
          onChange={(e) => setId(e.currentTarget.value)}
          spellCheck={false}
          data-autofocus
        />
        {looking.error && (
          <p className="problem" role="alert">
            {looking.error.message}
          </p>
        )}
        <div className="acts">
          {trace.test(id.trim()) && (
            <Button variant="default" onClick={asTrace}>
              Open as a trace
            </Button>
          )}
          <Button type="submit" loading={looking.isPending} disabled={!id.trim()}>
            Find the customer
          </Button>
        </div>
      </form>
      <nav className="acts" aria-label="Go to">
        {pages.map(([view, name, keys]) => (
          <Button key={view} variant="subtle" size="compact-sm" onClick={go(view)}>
            {name} <small>&nbsp;{keys}</small>
          </Button>
        ))}
      </nav>
    </Dialog>
  );
}
