import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type KeyboardEvent, useId, useState } from "react";
import { useSearchParams } from "wouter";
import type { Incident } from "../api";
import { lookUp } from "../ask";
import { type Command, offered } from "../menu";
import type { NowAnswer } from "../now";
import { keyOf } from "../order";
import { toView, type View, windowOf, withParam } from "../url";
import { Dialog } from "./Dialog";

const trace = /^[0-9a-f]{32}$/i;

const pages: [View, string, string][] = [
  ["now", "Now", "g n"],
  ["findings", "Findings", "g d"],
  ["inventory", "Inventory", "g i"],
];

export interface Act {
  name: string;
  keys?: string;
  run: () => void;
}

interface Props {
  env: string | undefined;
  acts: Act[];
  onClose: () => void;
}

/**
 * The command menu: pages, journeys, incidents, actions, and the look-up of a customer or a trace.
 * What is typed stays here; only who asks for a customer sends it, and it is kept nowhere.
 */
export default function Find({ env, acts, onClose }: Props) {
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const client = useQueryClient();
  const list = useId();
  const window = windowOf(params, "customer");
  const looking = useMutation({
    mutationFn: () => lookUp(typed.trim(), window, env),
    gcTime: 0,
    onSuccess: (found) => {
      client.setQueryData(["customer", found.customer, window, env], found);
      setParams((old) => toView(old, "customer", { id: found.customer }));
      onClose();
    },
  });
  const go =
    (view: View, values: Record<string, string> = {}) =>
    () => {
      setParams((old) => toView(old, view, values));
      onClose();
    };
  const open = (key: string) => () => {
    setParams((old) => withParam(toView(old, "now"), "journey", key));
    onClose();
  };
  const incidents = client.getQueryData<Incident[]>(["incidents", "open", env]) ?? [];
  const answers = client.getQueriesData<NowAnswer>({ queryKey: ["now"] });
  const journeys = answers.findLast(([, a]) => a)?.[1]?.journeys ?? [];
  const all: Command[] = [
    ...incidents.map(
      (i): Command => ({
        key: `incident ${i.id}`,
        group: "Incidents",
        name: i.title || i.journey,
        about: i.sentence,
        run: go("incident", { id: i.id }),
      }),
    ),
    ...pages.map(
      ([view, name, keys]): Command => ({
        key: view,
        group: "Pages",
        name,
        keys,
        run: go(view),
      }),
    ),
    ...acts.map(
      (a): Command => ({
        key: a.name,
        group: "Actions",
        name: a.name,
        keys: a.keys,
        run: () => {
          onClose();
          a.run();
        },
      }),
    ),
    ...journeys.map(
      (j): Command => ({
        key: keyOf(j),
        group: "Journeys",
        name: j.title || j.name,
        about: [j.app, j.owner].filter(Boolean).join(", "),
        run: open(keyOf(j)),
      }),
    ),
  ];
  const id = typed.trim();
  if (trace.test(id))
    all.push({
      key: "trace",
      group: "Look up",
      name: "Open as a trace",
      run: go("trace", { id: id.toLowerCase() }),
    });
  if (id)
    all.push({
      key: "customer",
      group: "Look up",
      name: "Find the customer",
      about: "by any id: it is hashed on the server and shown nowhere afterwards",
      run: () => looking.mutate(),
    });
  const shown = offered(all, typed);
  const here = Math.min(chosen, shown.length - 1);
  const walk = (e: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (by !== undefined) {
      e.preventDefault();
      const next = (here + by + shown.length) % Math.max(1, shown.length);
      setChosen(next);
      document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: "nearest" });
    } else if (e.key === "Enter") {
      e.preventDefault();
      shown[here]?.run();
    }
  };
  return (
    <Dialog title="Go to, find, do" opened onClose={onClose} size="lg">
      <TextInput
        aria-label="A page, journey, incident or action; or any id of a customer, or a trace id"
        placeholder="Journey, incident, page, action, or the id of a customer or trace"
        value={typed}
        onChange={(e) => {
          setTyped(e.currentTarget.value);
          setChosen(0);
          looking.reset();
        }}
        onKeyDown={walk}
        spellCheck={false}
        autoComplete="off"
        role="combobox"
        aria-expanded
        aria-controls={list}
        aria-activedescendant={shown.length > 0 ? `${list}-${here}` : undefined}
        data-autofocus
      />
      {looking.error && (
        <p className="problem" role="alert">
          {looking.error.message}
        </p>
      )}
      <div className="menu" role="listbox" id={list} aria-label="What fits">
        {shown.map((c, i) => (
          <div
            key={c.key}
            id={`${list}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === here}
            className={shown[i - 1]?.group === c.group ? undefined : "is-first"}
            data-group={c.group}
            onPointerMove={() => setChosen(i)}
            onClick={c.run}
            onKeyDown={walk}
          >
            <span className="name">{c.name}</span>
            {c.about && <small>{c.about}</small>}
            {c.keys && <kbd>{c.keys}</kbd>}
          </div>
        ))}
      </div>
    </Dialog>
  );
}
