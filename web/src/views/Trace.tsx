import "../styles/views.css";
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { type Attributes, getTrace, type Span, type TraceAnswer } from "../ask";
import { clock, date, int, plural } from "../format";
import { Csv } from "../parts/Csv";
import { Dialog } from "../parts/Dialog";
import { Go } from "../parts/Go";
import { Shape } from "../parts/Mark";
import { withParam } from "../url";
import {
  type Bar,
  failed,
  length,
  traceCsv,
  traceVerdict,
  type Waterfall,
  waterfall,
} from "../waterfall";
import { levelWords, shortHash } from "../way";
import { Head, Waiting } from "./Head";
import { Outcome } from "./Outcome";
import type { ViewProps } from "./view";

/** What exactly happened: the spans of one trace, and what the customer felt of it. */
export default function Trace({ now }: ViewProps) {
  const [params, setParams] = useSearchParams();
  const id = params.get("id") ?? "";
  const got = useQuery({
    queryKey: ["trace", id],
    queryFn: () => getTrace(id),
    enabled: id !== "",
  });
  const a = got.data;
  if (!id) return <Head tone="unknown" headline={[{ text: "Which trace?", strong: true }]} />;
  if (got.error && !a)
    return (
      <Head
        tone="unknown"
        headline={[
          { text: `Trace ${shortHash(id)}`, strong: true },
          { text: got.error.status === 404 ? " is not here" : " could not be asked for" },
        ]}
        detail={[got.error.message]}
      />
    );
  if (!a) return <Waiting what="The trace" />;
  const w = waterfall(a.spans);
  const bad = a.interactions.find((i) => i.outcome === "failed");
  const slow = a.interactions.find((i) => i.outcome === "degraded");
  const open = a.spans.find((s) => s.span_id === params.get("span"));
  const select = (span: string | null) => setParams((old) => withParam(old, "span", span));
  return (
    <>
      <Head
        tone={
          bad
            ? "failing"
            : slow
              ? "degraded"
              : a.interactions[0]?.outcome === "success"
                ? "ok"
                : "unknown"
        }
        headline={traceVerdict(a, w)}
        detail={[`trace ${a.trace_id}`]}
      />
      <Interactions a={a} now={now} />
      {a.spans.length === 0 ? (
        <section className="card">
          <p className="empty" data-testid="note">
            {a.note || "The spans of this trace are not kept."}
          </p>
          <p className="acts">
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => void got.refetch()}
              loading={got.isFetching}
            >
              Ask again
            </Button>
          </p>
        </section>
      ) : (
        <Spans w={w} id={id} onOpen={select} />
      )}
      <SpanPanel a={a} span={open} onClose={() => select(null)} />
    </>
  );
}

function Interactions({ a, now }: { a: TraceAnswer; now: Date }) {
  if (a.interactions.length === 0) return null;
  return (
    <section className="card" data-testid="trace-interactions">
      <header>
        <h2>What the customer felt</h2>
      </header>
      <ul className="list">
        {a.interactions.map((i) => {
          const end = date(i.end);
          return (
            <li key={i.id}>
              <time dateTime={i.end}>{end && clock(end, now, true)}</time> <Outcome of={i} />{" "}
              <b>{i.name}</b>{" "}
              <span className="sub">
                {[
                  i.journey && `journey ${i.journey}`,
                  i.app,
                  length(i.duration_ms),
                  i.reason,
                  `by ${i.outcome_rule}`,
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </span>{" "}
              {i.customer && (
                <Go view="customer" values={{ id: i.customer }} walk>
                  Customer {shortHash(i.customer)} <small>by {levelWords(i.identity_level)}</small>
                </Go>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

const page = 300;

function Spans({ w, id, onOpen }: { w: Waterfall; id: string; onOpen: (span: string) => void }) {
  const [most, setMost] = useState(page);
  const rest = w.bars.length - most;
  return (
    <section className="card" data-testid="waterfall">
      <header>
        <h2>
          Spans <small>{length(w.length)} in all</small>
        </h2>
        <ul className="services">
          {w.services.map((s) => (
            <li key={s.name}>
              <i className={`svc-${s.colour}`} aria-hidden="true" /> {s.name}{" "}
              <small>
                {plural(s.spans, "span")}
                {s.errors > 0 && `, ${plural(s.errors, "error")}`}
              </small>
            </li>
          ))}
        </ul>
        <Csv name={`felt-trace-${id}.csv`} text={() => traceCsv(w)} />
      </header>
      <table className="waterfall">
        <thead>
          <tr>
            <th scope="col">Span</th>
            <th scope="col">When</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {w.bars.slice(0, most).map((b) => (
            <Line key={b.span.span_id} bar={b} onOpen={onOpen} />
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <button type="button" className="link" onClick={() => setMost(most + 1000)}>
          Show {int(Math.min(rest, 1000))} more of {int(rest)}
        </button>
      )}
    </section>
  );
}

function Line({ bar, onOpen }: { bar: Bar; onOpen: (span: string) => void }) {
  const { span: s, left, width, colour } = bar;
  return (
    <tr data-testid="span">
      <th scope="row">
        <div style={{ paddingLeft: `${Math.min(s.depth, 20) * 14}px` }}>
          <button type="button" className="name" data-walk onClick={() => onOpen(s.span_id)}>
            {s.name}
          </button>
          <span className="sub">
            <i className={`svc-${colour}`} aria-hidden="true" /> {s.service}
            {s.orphan && " · its parent is not there"}
            {s.interaction && ` · interaction ${s.interaction}`}
          </span>
          {failed(s) && (
            <span className="mark is-failing">
              <Shape state="failing" size={13} /> Error{s.message && `: ${s.message}`}
            </span>
          )}
        </div>
      </th>
      <td className="track">
        <i
          className={`svc-${colour}${failed(s) ? " is-error" : ""}`}
          style={{ left: `${left * 100}%`, width: `max(2px, ${width * 100}%)` }}
        />
      </td>
      <td>{length(s.duration_ms)}</td>
    </tr>
  );
}

interface PanelProps {
  a: TraceAnswer;
  span: Span | undefined;
  onClose: () => void;
}

/** Everything that was kept of one span. */
function SpanPanel({ a, span, onClose }: PanelProps) {
  const resource = span && a.resources[span.resource];
  return (
    <Dialog title={span?.name ?? ""} opened={span !== undefined} onClose={onClose} size="lg" side>
      {span && (
        <div className="panel" data-testid="span-panel">
          <p className="lede">
            {failed(span) && (
              <span className="mark is-failing">
                <Shape state="failing" /> Error
              </span>
            )}
            <span>
              {span.service}, {span.kind}, {length(span.duration_ms)}, {length(span.offset_ms)}{" "}
              after the start
            </span>
          </p>
          {span.message && <p>{span.message}</p>}
          <Pairs title="Attributes" of={span.attributes} />
          <Pairs
            title="Resource"
            of={
              resource
                ? { ...(resource.release && { release: resource.release }), ...resource.attributes }
                : {}
            }
          />
          {(span.events ?? []).map((e) => (
            <Pairs key={`${e.time} ${e.name}`} title={`Event ${e.name}`} of={e.attributes} />
          ))}
          {(span.links ?? []).map((link) => (
            <p key={link}>
              <Go view="trace" values={{ id: link }}>
                Linked trace {shortHash(link)}
              </Go>
            </p>
          ))}
          <p className="detail">
            span {span.span_id}
            {span.parent_id && `, under ${span.parent_id}`}
          </p>
        </div>
      )}
    </Dialog>
  );
}

function Pairs({ title, of }: { title: string; of: Attributes | null | undefined }) {
  const all = Object.entries(of ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <section>
      <h3>
        {title} <small>{all.length === 0 && "none"}</small>
      </h3>
      {all.length > 0 && (
        <dl>
          {all.map(([key, value]) => (
            <div key={key} className="row">
              <dt>
                <code>{key}</code>
              </dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
