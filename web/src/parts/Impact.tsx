import type { Impact as Numbers } from "../api";
import { int, plural, shareOf, smallInterval } from "../format";
import { identityWords } from "../identity";
import { estimatedOf, intervalOf } from "../verdict";

export const lead = { exact: "", estimate: "≈", lower_bound: "≥" } as const;

/** Who is hit: distinct customers first, then sessions, accounts, tries. */
export function Impact({ impact }: { impact: Numbers }) {
  const { customers, sessions, accounts, interactions } = impact;
  const range = intervalOf(impact);
  const about = estimatedOf(impact);
  const small = smallInterval(customers.failed, customers.total);
  const fates = [
    { kind: "recovered", n: customers.recovered, title: "the same thing succeeded for them later" },
    { kind: "undecided", n: customers.undecided, title: "failed, and still time to try again" },
    { kind: "lost", n: customers.lost, title: "failed, and did not succeed in time" },
  ];
  return (
    <div className="impact">
      <p className="big">
        <b data-testid="customers-failed" data-value={customers.failed}>
          {lead[impact.method] ?? ""}
          {int(customers.failed)}
        </b>{" "}
        {customers.failed === 1 ? "customer" : "customers"} failed so far
      </p>
      <p className="under">
        {shareOf(customers.failed, customers.total)}
        {small && ` (${small})`}
        {range && !about && ` · 95 % interval ${range}`}
        {impact.method !== "exact" && ` · ${impact.method.replace("_", " ")}`}
      </p>
      {about && (
        <p className="under">
          at least {int(customers.failed)} (about {about}): telemetry was sampled before it came
          here
        </p>
      )}
      <div className="fates">
        <div className="bar" aria-hidden="true">
          {fates.map(
            (f) =>
              f.n > 0 && <i key={f.kind} className={`is-${f.kind}`} style={{ flexGrow: f.n }} />,
          )}
        </div>
        <ul>
          {fates.map((f) => (
            <li key={f.kind} title={f.title}>
              <i className={`is-${f.kind}`} aria-hidden="true" />
              <b>{int(f.n)}</b> {f.kind}
            </li>
          ))}
        </ul>
      </div>
      <dl>
        <dt>Degraded</dt>
        <dd>{plural(customers.degraded, "customer")}</dd>
        <dt>Sessions failed</dt>
        <dd>
          {int(sessions.failed)} <small>of {int(sessions.total)}</small>
        </dd>
        {accounts?.total > 0 && (
          <>
            <dt>Accounts failed</dt>
            <dd>
              {int(accounts.failed)} <small>of {int(accounts.total)}</small>
            </dd>
          </>
        )}
        <dt>Tries</dt>
        <dd>
          {int(interactions.failed ?? 0)} <small>failed,</small> {int(interactions.degraded ?? 0)}{" "}
          <small>degraded,</small> {int(interactions.success ?? 0)} <small>success</small>
        </dd>
        <dt>Known by</dt>
        <dd data-testid="coverage">{identityWords(impact.identity)}</dd>
      </dl>
    </div>
  );
}
