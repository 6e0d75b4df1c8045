import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { clock, date, span } from "../format";
import { type Commanded, command } from "../incident";
import { copy } from "../keys";

/** The next update: drafted from what is known, read by a person, copied or posted. */
export function IncidentUpdate({
  i,
  now,
  onDone,
}: {
  i: Commanded;
  now: Date;
  onDone: (words: string) => void;
}) {
  // What was typed stands; until then the draft goes along with the numbers.
  const [typed, setTyped] = useState<string | null>(null);
  const text = typed ?? i.draft_update;
  const client = useQueryClient();
  const post = useMutation({
    mutationFn: () => command(i.id, "note", { text: text.trim(), kind: "update" }),
    onSuccess: () => {
      setTyped(null);
      onDone("Update posted");
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["incident"] }),
  });
  return (
    <section className="card update" data-testid="next-update" aria-label="Next update">
      <header>
        <h2>
          {i.status === "resolved" ? "Last update" : "Next update"}{" "}
          <small>{dueWords(i, now)}</small>
        </h2>
        {typed !== null && (
          <button type="button" className="link" onClick={() => setTyped(null)}>
            Draft it anew
          </button>
        )}
      </header>
      <Textarea
        aria-label="Text of the update"
        value={text}
        onChange={(e) => setTyped(e.currentTarget.value)}
        rows={7}
        maxLength={4000}
      />
      {post.error && (
        <p className="problem" role="alert">
          Not posted: {post.error.message}
        </p>
      )}
      <div className="acts">
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            void copy(text).then((ok) =>
              onDone(ok ? "Update copied" : "The browser does not allow to copy"),
            )
          }
        >
          Copy
        </Button>
        <Button
          size="xs"
          loading={post.isPending}
          disabled={!text.trim()}
          onClick={() => post.mutate()}
        >
          Post as update
        </Button>
      </div>
    </section>
  );
}

function dueWords(i: Commanded, now: Date): string {
  const due = date(i.next_update);
  const last = date(i.last_update);
  const told = last ? `last at ${clock(last, now)}` : "nobody was told by hand yet";
  if (!due || i.status === "resolved") return told;
  const late = (now.getTime() - due.getTime()) / 1000;
  return late > 0 ? `${told}; overdue by ${span(late)}` : `${told}; due by ${clock(due, now)}`;
}
