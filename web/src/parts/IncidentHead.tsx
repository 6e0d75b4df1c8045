import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { clock, date, int, shareOf, smallInterval, span } from "../format";
import type { Freshness } from "../freshness";
import {
  type Act,
  budgetWords,
  type Commanded,
  command,
  felt,
  hurtBy,
  money,
  real,
  statusWords,
} from "../incident";
import { uncounted } from "../now";
import { intervalOf, lead } from "../verdict";
import { Shape } from "./Mark";

interface Props {
  i: Commanded;
  fresh: Freshness;
  /** False when what is shown is not now. */
  lives: boolean;
  now: Date;
  onAct: (act: Act) => void;
}

/** Is it real, how many: the verdict, who works on it, and the numbers. */
export function IncidentHead({ i, fresh, lives, now, onAct }: Props) {
  const over = i.status === "resolved";
  const kind = felt(i);
  const back = over || !i.needs_reason;
  // Closed by hand, with nobody seen to recover: nobody knows that it is well.
  const blind = over && i.recovered === null;
  const shape =
    !lives || blind ? "no_data" : back ? "ok" : kind === "degraded" ? "degraded" : "failing";
  const is = real(i, now);
  return (
    <section className={`card commander is-${shape}`} data-testid="incident-head">
      <div className="lead">
        <Shape state={shape} size={32} />
        <p className="chips">
          {i.priority && <b className="chip">{i.priority}</b>}
          <b className={`chip is-${i.status}`}>{statusWords[i.status]}</b>
          {i.reopened && !over && <b className="chip">Came back</b>}
          {i.silenced && <b className="chip">Silenced: {i.silenced}</b>}
          {i.verdict && <b className="chip">{i.verdict}</b>}
          <span className="chip-title">{i.title}</span>
        </p>
        <Acts i={i} onAct={onAct} />
        <div className="verdict-words" data-answer="real">
          <h1>{i.sentence}</h1>
          <p className="detail clamp" title={is.words}>
            {lives ? "" : `${fresh.words}. `}
            <b>{is.sure ? "Real: " : "Why: "}</b>
            {is.words}
          </p>
        </div>
      </div>
      <Tiles i={i} now={now} />
    </section>
  );
}

function Acts({ i, onAct }: { i: Commanded; onAct: (act: Act) => void }) {
  const client = useQueryClient();
  const ack = useMutation({
    mutationFn: () => command(i.id, "acknowledge", {}),
    onSettled: () => {
      void client.invalidateQueries({ queryKey: ["incident"] });
      void client.invalidateQueries({ queryKey: ["incidents"] });
    },
  });
  const over = i.status === "resolved";
  const loud = over ? "" : i.status === "open" ? "acknowledge" : i.needs_reason ? "" : "resolve";
  const look = (name: string) => ({
    size: "xs" as const,
    variant: loud === name ? "filled" : "default",
  });
  return (
    <div className="acts">
      {i.status === "open" && (
        <Button
          {...look("acknowledge")}
          loading={ack.isPending}
          onClick={() => ack.mutate()}
          title="a"
        >
          Acknowledge
        </Button>
      )}
      {!over && (
        <Button {...look("command")} onClick={() => onAct("command")} title="t">
          {i.commander ? "Hand over…" : "Take command…"}
        </Button>
      )}
      <Button {...look("note")} onClick={() => onAct("note")} title="n">
        Note…
      </Button>
      {!over && (
        <Button {...look("marker")} onClick={() => onAct("marker")} title="m">
          Marker…
        </Button>
      )}
      {!over && (
        <Button {...look("resolve")} onClick={() => onAct("resolve")} title="r">
          Resolve…
        </Button>
      )}
      <More over={over} mitigated={i.mitigated !== null} onAct={onAct} />
      {ack.error && (
        <p className="problem" role="alert">
          Not acknowledged: {ack.error.message}
        </p>
      )}
    </div>
  );
}

/** What is done seldom. */
function More({
  over,
  mitigated,
  onAct,
}: {
  over: boolean;
  mitigated: boolean;
  onAct: (act: Act) => void;
}) {
  const rare: [Act, string][] = [
    ...(over || mitigated ? [] : [["mitigated", "Mitigated…"] as [Act, string]]),
    ["cause", "Say the cause…"],
    ...(over ? [] : [["priority", "Priority…"] as [Act, string]]),
    ["silence", "Silence…"],
    ["verdict", "Real or noise…"],
    ["customers", "Customers as CSV…"],
    ["declare", "Declare another…"],
  ];
  return (
    <details className="more-acts">
      <summary>More</summary>
      <ul>
        {rare.map(([act, words]) => (
          <li key={act}>
            <button
              type="button"
              onClick={(e) => {
                e.currentTarget.closest("details")?.removeAttribute("open");
                onAct(act);
              }}
            >
              {words}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The numbers, distinct customers first. What is not known is a dash that says why. */
function Tiles({ i, now }: { i: Commanded; now: Date }) {
  const kind = felt(i);
  const { impact } = i;
  const unknown = uncounted(i);
  const known = !unknown;
  const so = hurtBy(kind, impact.customers);
  const recent = i.now ? hurtBy(kind, i.now.impact.customers) : null;
  const range = known ? intervalOf(impact) : "";
  const small = known ? smallInterval(so.n, impact.customers.total) : "";
  const budget = budgetWords(i.budgets);
  const began = date(i.first_bad);
  const { recovered, lost, undecided } = impact.customers;
  return (
    <dl className="tiles" data-answer="many">
      <Tile title={`Customers ${so.word}`} big>
        {known ? (
          <>
            <b data-testid="customers-so-far" data-value={so.n}>
              {lead[impact.method] ?? ""}
              {int(so.n)}
            </b>
            <small>
              {shareOf(so.n, impact.customers.total)}
              {small && ` (${small})`}
              {range && ` · 95 % interval ${range}`}
            </small>
          </>
        ) : (
          <Unknown why={unknown} />
        )}
      </Tile>
      <Tile title="In the last 5 min" big>
        {recent && i.now ? (
          <>
            <b data-testid="customers-now">{int(recent.n)}</b>
            <small>{shareOf(recent.n, i.now.impact.customers.total)}</small>
          </>
        ) : (
          <Unknown why={i.status === "resolved" ? "it is over" : unknown || undefined} />
        )}
      </Tile>
      <Tile title="Of them lost" wide>
        {known ? (
          <>
            <b>{int(lost)}</b>
            <small className="line">{int(undecided)} undecided,</small>
            <small className="line">{int(recovered)} recovered</small>
          </>
        ) : (
          <Unknown />
        )}
      </Tile>
      <Tile title="Sessions" wide>
        {known ? (
          <>
            <b>{int(hurtBy(kind, impact.sessions).n)}</b>
            <small>of {int(impact.sessions.total)}</small>
          </>
        ) : (
          <Unknown />
        )}
      </Tile>
      <Tile title="Accounts">
        {known && impact.accounts.total > 0 ? (
          <>
            <b>{int(hurtBy(kind, impact.accounts).n)}</b>
            <small>of {int(impact.accounts.total)}</small>
          </>
        ) : (
          <Unknown why={known ? "none is known" : undefined} />
        )}
      </Tile>
      <Tile title="Elapsed">
        <b>{span(i.elapsed_ms / 1000)}</b>
        <small>since {began ? clock(began, now) : "it is not known when"}</small>
      </Tile>
      <Tile title="Commander">
        <b className={i.commander ? "cut" : "none"} title={i.commander ?? undefined}>
          {i.commander ?? "nobody"}
        </b>
        <small className="clamp">
          {i.journeys[0]?.team ? `owned by ${i.journeys[0].team}` : "no owner is known"}
        </small>
      </Tile>
      <Score i={i} />
      {budget && (
        <Tile title="Error budget">
          <b className={budget.bad ? "is-failing" : undefined}>{budget.value}</b>
          <small className="clamp" title={budget.sub}>
            {budget.sub}
          </small>
        </Tile>
      )}
      {i.revenue_at_risk && (
        <Tile title="Revenue at risk">
          <b>{money(i.revenue_at_risk).value}</b>
          <small className="line">{money(i.revenue_at_risk).range}</small>
        </Tile>
      )}
    </dl>
  );
}

function Tile(p: { title: string; big?: boolean; wide?: boolean; children: ReactNode }) {
  return (
    <div className={`tile${p.big ? " is-big" : ""}${p.wide ? " is-wide" : ""}`}>
      <dt>{p.title}</dt>
      <dd>{p.children}</dd>
    </div>
  );
}

function Unknown({ why }: { why?: string }) {
  return (
    <>
      <b className="none">–</b>
      <small>{why ?? "not known"}</small>
    </>
  );
}

/** The score, and what it is made of. */
function Score({ i }: { i: Commanded }) {
  if (i.score === 0 && i.score_parts.length === 0)
    return (
      <Tile title="Impact score">
        <Unknown why="nothing to make it of" />
      </Tile>
    );
  return (
    <Tile title="Impact score">
      <details className="score">
        <summary title="What it is made of">
          <b>{Math.round(i.score)}</b> <small>of 100</small>
        </summary>
        {i.score_parts.length === 0 ? (
          <p>Its parts are not kept.</p>
        ) : (
          <table>
            <tbody>
              {i.score_parts.map((p) => (
                <tr key={p.name}>
                  <th scope="row">{p.name}</th>
                  <td>{p.value.toFixed(2)}</td>
                  <td>
                    weight {Math.round(p.weight * 100)}
                    {"\u00a0%"}
                  </td>
                  <td>{p.input}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </details>
    </Tile>
  );
}
