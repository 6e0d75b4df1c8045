import "../styles/views.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { useSearchParams } from "wouter";
import { type CustomerAnswer, getCustomer, type Interaction, isHash, lookUp } from "../ask";
import { clock, date, int, plural, windowWords } from "../format";
import { Csv } from "../parts/Csv";
import { Go } from "../parts/Go";
import { Completion, Split } from "../parts/Journeys";
import { keepOf } from "../queries";
import { withParam } from "../url";
import { length } from "../waterfall";
import { byDay, levelWords, type Stop, shortHash, triesCsv, wayOf, wayVerdict } from "../way";
import { Head, Waiting } from "./Head";
import { Outcome } from "./Outcome";
import type { ViewProps } from "./view";

/** One customer's way. The address holds the keyed hash; the id is never kept. */
export default function Customer({ window, env, fresh, now }: ViewProps) {
  const [params, setParams] = useSearchParams();
  const id = params.get("id") ?? "";
  const client = useQueryClient();
  const got = useQuery({
    queryKey: ["customer", id, window, env],
    queryFn: () => (isHash(id) ? getCustomer : lookUp)(id, window, env),
    placeholderData: keepOf(id),
    enabled: id !== "",
  });
  const a = got.data;
  const found = a?.customer;
  // An address written by hand may hold an id: it gives way to the hash.
  useEffect(() => {
    if (!a || !found || found === id) return;
    client.setQueryData(["customer", found, window, env], a);
    setParams((old) => withParam(old, "id", found), { replace: true });
  }, [a, found, id, window, env, client, setParams]);
  if (!id)
    return (
      <Head
        tone="unknown"
        headline={[
          { text: "Which customer?", strong: true },
          { text: " Press / and paste an id." },
        ]}
      />
    );
  if (got.error?.status === 404)
    return (
      <Head
        tone="unknown"
        headline={[
          { text: isHash(id) ? `Customer ${shortHash(id)}` : "This customer", strong: true },
          { text: ` is not known in ${env ?? "production"}` },
        ]}
        detail={[got.error.message]}
      />
    );
  if (!a) return <Waiting error={got.error?.message} what="The customer's way" />;
  const period = windowWords(a.window);
  return (
    <>
      <Head
        tone={a.outcomes.failed > 0 ? "failing" : a.outcomes.degraded > 0 ? "degraded" : undefined}
        headline={wayVerdict(a, period, now)}
        detail={known(a)}
        fresh={fresh}
      />
      <Identity a={a} now={now} />
      <Way a={a} period={period} now={now} />
      <Days a={a} period={period} />
      <Events a={a} now={now} />
    </>
  );
}

function known(a: CustomerAnswer): string[] {
  return [
    `known by ${levelWords(a.identity_level)}`,
    a.account ? `of account ${shortHash(a.account)}` : "",
    ...a.facts.map((f) => `${f.key} ${f.value}`),
  ].filter(Boolean);
}

const ladder = ["user", "pseudonym", "installation", "session"];

/** On what the identity rests, and what leads to it. */
function Identity({ a, now }: { a: CustomerAnswer; now: Date }) {
  const level = ladder.indexOf(a.identity_level);
  return (
    <section className="card" data-testid="identity">
      <header>
        <h2>
          Who this is <small>a keyed hash: the id itself is not kept</small>
        </h2>
      </header>
      <ol className="ladder">
        {ladder.map((rung, i) => {
          const linked = a.linked.filter((l) => l.level === rung);
          return (
            <li key={rung} className={i === level ? "is-here" : undefined}>
              <b>{levelWords(rung)}</b>{" "}
              {i === level ? (
                <code data-testid="customer-hash">{a.customer}</code>
              ) : (
                <span>{i < level ? "not known" : plural(linked.length, "linked", "linked")}</span>
              )}
              {linked.slice(0, 20).map((l) => {
                const since = date(l.since);
                return (
                  <small key={l.from}>
                    <code>{shortHash(l.from)}</code>
                    {since && ` since ${clock(since, now)}`}
                  </small>
                );
              })}
              {linked.length > 20 && <small>and {int(linked.length - 20)} more</small>}
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Way({ a, period, now }: { a: CustomerAnswer; period: string; now: Date }) {
  const days = byDay(wayOf(a.interactions));
  return (
    <section className="card" data-testid="way">
      <header>
        <h2>
          What they did <small>newest first, last {period}</small>
        </h2>
        <Csv
          name={`felt-customer-${shortHash(a.customer)}.csv`}
          text={() => triesCsv(a.interactions)}
          empty={a.interactions.length === 0}
        />
      </header>
      {days.length === 0 && <p className="empty">Nothing in the last {period}.</p>}
      {days.map(({ day, stops }) => (
        <div key={day.getTime()} className="day">
          <h3>
            {day.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" })}
          </h3>
          <ol>
            {stops.map((s) => (
              <Station key={s.head.id} stop={s} now={now} />
            ))}
          </ol>
        </div>
      ))}
      {a.more && (
        <p className="empty">There is more: choose a shorter window to see less at once.</p>
      )}
    </section>
  );
}

function Station({ stop, now }: { stop: Stop; now: Date }) {
  const { head, tries } = stop;
  return (
    <li className={head.kind === "journey" ? "is-journey" : undefined} data-testid="stop">
      <Try i={head} now={now} />
      {head.steps && head.steps.length > 1 && (
        <p className="strip" role="note" aria-label="Steps">
          {head.steps.map((s) => (
            <span key={s.name} className={s.tries > 0 ? "is-tried" : undefined}>
              {s.name}: {s.tries === 0 ? "not tried" : s.outcome || "open"}
            </span>
          ))}
        </p>
      )}
      {tries.length > 0 && (
        <ol>
          {tries.map((i) => (
            <li key={i.id} data-testid="stop">
              <Try i={i} now={now} />
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

function Try({ i, now }: { i: Interaction; now: Date }) {
  const start = date(i.start);
  return (
    <p className="try">
      <time dateTime={i.start}>{start && clock(start, now, true).replace(/^.* /, "")}</time>
      <Outcome of={i} />
      <b>{i.name}</b>
      <span className="sub">
        {[i.kind === "journey" ? "journey" : "", i.app, length(i.duration_ms), i.reason, i.release]
          .filter(Boolean)
          .join(" · ")}
      </span>
      {i.trace_id && (
        <Go view="trace" values={{ id: i.trace_id }} walk label={`Trace of ${i.name}`}>
          Trace
        </Go>
      )}
    </p>
  );
}

function Days({ a, period }: { a: CustomerAnswer; period: string }) {
  if (a.days.length === 0) return null;
  return (
    <section className="card">
      <header>
        <h2>
          Day by day <small>last {period}, days in UTC</small>
        </h2>
      </header>
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Journey</th>
            <th scope="col">Tries</th>
            <th scope="col">By outcome</th>
            <th scope="col">Completion</th>
            <th scope="col">Recovered</th>
          </tr>
        </thead>
        <tbody>
          {a.days.map((d) => {
            const o = d.outcomes;
            const n = o.success + o.degraded + o.failed + o.abandoned;
            return (
              <tr key={`${d.day} ${d.journey}`}>
                <th scope="row">{d.day}</th>
                <td>{d.journey}</td>
                <td>
                  {int(d.tries)} <small>in {plural(d.sessions, "session")}</small>
                </td>
                <td>
                  <Split o={o} />
                  <span className="sub">
                    {int(o.failed)} failed, {int(o.degraded)} degraded
                  </span>
                </td>
                <td>
                  <Completion rate={n > 0 ? (o.success + o.degraded) / n : null} n={n} />
                </td>
                <td>{int(d.recovered)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Events({ a, now }: { a: CustomerAnswer; now: Date }) {
  if (a.events.length === 0) return null;
  return (
    <section className="card">
      <header>
        <h2>
          Business events <small>{int(a.events.length)}</small>
        </h2>
      </header>
      <ul className="list">
        {a.events.map((e) => {
          const at = date(e.time);
          return (
            <li key={e.id}>
              <time dateTime={e.time}>{at && clock(at, now)}</time> <b>{e.kind}</b>{" "}
              <span className="sub">
                {[e.category, e.journey, money(e)].filter(Boolean).join(" · ")}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function money(e: { amount_minor?: number; currency?: string }): string {
  if (!e.amount_minor || !e.currency) return "";
  try {
    const f = new Intl.NumberFormat("en-US", { style: "currency", currency: e.currency });
    return f.format(e.amount_minor / 10 ** (f.resolvedOptions().maximumFractionDigits ?? 2));
  } catch {
    return `${int(e.amount_minor)} minor units of ${e.currency}`;
  }
}
