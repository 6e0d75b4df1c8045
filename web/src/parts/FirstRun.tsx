import { useQuery } from "@tanstack/react-query";
import { getUnmapped } from "../ask";
import { collectorText, curlText, pageText, playText, sdkText } from "../firstrun";
import { plural } from "../format";
import { every, type Pulse } from "../queries";
import { Go } from "./Go";
import { Snippet } from "./Snippet";

interface Props {
  otlp: string;
  /** endpoint: nothing has come yet; naming: it comes, and nothing says what it means. */
  guide: "endpoint" | "naming";
  env: string | undefined;
  pulse: Pulse;
}

/** What to do while there is nothing to see: send telemetry, or say what it means. */
export default function FirstRun({ otlp, guide, env, pulse }: Props) {
  if (guide === "naming") return <Offers env={env} pulse={pulse} />;
  return (
    <>
      <div className="ways-in" data-testid="first-run">
        <section>
          <h2>1. Point what you have here</h2>
          <p className="detail">An OpenTelemetry SDK, by its environment:</p>
          <Snippet text={sdkText(otlp)} label="the SDK's environment" />
          <p className="detail">or a Collector, in its configuration:</p>
          <Snippet text={collectorText(otlp)} label="the Collector's configuration" />
          <p className="detail">or a page, with @felt/web (docs/web-quickstart.md):</p>
          <Snippet text={pageText(otlp)} label="the page's code" />
        </section>
        <section>
          <h2>2. Send one customer by hand</h2>
          <p className="detail">In a shell; each run is another customer:</p>
          <Snippet text={curlText(otlp)} label="the curl command" />
        </section>
        <section>
          <h2>3. See it at work first</h2>
          <p className="detail">Customers who do not exist:</p>
          <Snippet text={playText(otlp)} label="the felt commands" />
          <p className="detail">
            What customers try is a span with <code>felt.interaction.name</code> and{" "}
            <code>user.id</code> or <code>session.id</code>; plain spans are named in the{" "}
            <Go view="inventory">inventory</Go>.
          </p>
        </section>
      </div>
      <p className="waiting-for" role="status">
        <span className="dot" aria-hidden="true" />
        <span>
          Listening at <code>{otlp}</code>: this page lights up with the first interaction, without
          a reload.
        </span>
      </p>
    </>
  );
}

const most = 5;

/** What comes in and is in no journey, offered as journeys. */
function Offers({ env, pulse }: Pick<Props, "env" | "pulse">) {
  const asked = useQuery({
    queryKey: ["unmapped", "first", env],
    queryFn: () => getUnmapped("24h", env),
    refetchInterval: every(pulse, 15_000),
  });
  const names = asked.data?.names ?? [];
  const operations = asked.data?.operations ?? [];
  const offers = [
    ...names.map((n) => ({
      key: `${n.app}/${n.name}`,
      what: n.name,
      said: `${plural(n.customers.total, "customer")} in 24 h`,
      text: n.suggested,
    })),
    ...operations.map((o) => ({
      key: `${o.service} ${o.operation} ${o.kind}`,
      what: `${o.service}: ${o.operation}`,
      said: `${plural(o.count, "span")} in 24 h`,
      text: o.suggested,
    })),
  ].slice(0, most);
  return (
    <section className="offers" data-testid="offers">
      <h2>What comes in could be these journeys</h2>
      <p className="detail">
        Put the YAML of one into a file of the inventory; no code needs to change. The{" "}
        <Go view="inventory">inventory page</Go> lists all of them.
      </p>
      {asked.error && (
        <p className="problem" role="alert">
          They could not be asked for: {asked.error.message}. Asking again.
        </p>
      )}
      {offers.map((o) => (
        <details key={o.key}>
          <summary>
            <b>{o.what}</b> <small>{o.said}</small>
          </summary>
          <Snippet text={o.text} label={`YAML for ${o.what}`} />
        </details>
      ))}
      {asked.data && offers.length === 0 && (
        <p className="detail">
          Nothing in it looks like something a customer tries. Is it named already? Then it may be
          of another environment: this page shows {env ?? "production"}, and{" "}
          <code>?env=staging</code> in its address another one. Or it comes from a headless browser
          or a robot, which are not customers. Else name it on the span that ends it:
        </p>
      )}
      {asked.data && offers.length === 0 && (
        <Snippet
          text={`felt.interaction.name    = "checkout"\nfelt.interaction.outcome = "success" | "degraded" | "failed"\nuser.id                  = "…"   (or session.id)`}
        />
      )}
    </section>
  );
}
