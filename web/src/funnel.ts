// How customers get through the steps of a journey: the sentence, and the rows.

import type { AbandonedHow, FunnelAnswer, FunnelStep } from "./ask";
import { csv } from "./csv";
import { int, plural, shareOf, smallInterval, windowWords } from "./format";
import type { Run } from "./verdict";

export interface FunnelRow {
  step: FunnelStep;
  /** Completed both, of those who completed the required step before; of the first: who tried it. */
  conversion: { k: number; n: number };
  /** Completed it, of the journeys that began. */
  overall: { k: number; n: number };
  /** Completed the step before and did not try this one. */
  lost: number;
  /** Length of its bar, 0..1 of the longest. */
  width: number;
}

/** began is how many journeys entered the funnel: at its first step. */
export const began = (a: FunnelAnswer): number => a.steps[0]?.entered ?? 0;

export function rowsOf(a: FunnelAnswer): FunnelRow[] {
  const start = began(a);
  const most = Math.max(1, ...a.steps.map((s) => s.entered));
  return a.steps.map((step) => {
    const before = step.conversion;
    return {
      step,
      conversion: before
        ? { k: before.passed, n: before.n }
        : { k: step.completed, n: step.entered },
      overall: { k: step.completed, n: start },
      lost: before && !step.optional ? Math.max(0, before.n - step.entered) : 0,
      width: step.entered / most,
    };
  });
}

/** went is "82 % of 1,204"; customers who come in half-way can make it more than all. */
export function went({ k, n }: { k: number; n: number }): string {
  if (n <= 0) return k > 0 ? `${int(k)}, all came in here` : "nobody came";
  if (k > n) return `${int(k)} of ${int(n)}, some came in here`;
  const small = smallInterval(k, n);
  return `${shareOf(k, n)}${small && ` (${small})`}`;
}

/** rated is the denominator of the completion rate: what was decided. */
export function rated({ outcomes: o }: FunnelAnswer): number {
  return o.success + o.degraded + o.failed + o.abandoned;
}

const strong = (text: string): Run => ({ text, strong: true });
const plain = (text: string): Run => ({ text });

/** funnelVerdict says how many who began did not get to the last step, and why. */
export function funnelVerdict(
  a: FunnelAnswer,
  name: string,
): { headline: Run[]; detail: string[]; known: boolean } {
  const period = `in the last ${windowWords(a.window)}`;
  const [first, last] = [a.steps[0], a.steps.at(-1)];
  const all = rated(a) + a.outcomes.open + a.outcomes.cancelled;
  if (!first || !last || all === 0)
    return {
      headline: [strong("Nobody began "), strong(name), plain(` ${period}`)],
      detail: [],
      known: false,
    };
  const headline =
    a.steps.length > 1 && first.entered > 0 && last.entered <= first.entered
      ? [
          strong(int(first.entered - last.entered)),
          plain(` of ${plural(first.entered, "journey")} that began at ${first.name} `),
          plain(a.outcomes.open > 0 ? "have not reached " : "did not reach "),
          strong(last.name),
        ]
      : [
          strong(int(a.outcomes.success + a.outcomes.degraded)),
          plain(` of ${plural(rated(a), "journey")} through `),
          strong(name),
          plain(" were completed"),
        ];
  const parts = [];
  const { after_failure: failure, while_slow: slow } = a.abandoned;
  if (failure > 0) parts.push(`${int(failure)} left after a failure`);
  if (slow > 0) parts.push(`${int(slow)} left while it was slow`);
  if (a.outcomes.open > 0)
    parts.push(`${int(a.outcomes.open)} ${a.outcomes.open === 1 ? "is" : "are"} still under way`);
  if (parts.length > 0) headline.push(plain(`; ${parts.join(", ")}`));
  const small = smallInterval(a.outcomes.success + a.outcomes.degraded, rated(a));
  const { failed, total } = a.customers;
  return {
    headline,
    detail: [
      `${plural(failed, "customer")} (${shareOf(failed, total)}) had a journey that failed ${period}`,
      rated(a) > 0
        ? `${shareOf(a.outcomes.success + a.outcomes.degraded, rated(a))} decided journeys completed${small ? ` (${small})` : ""}`
        : "no journey is decided yet",
      ...(a.sampled
        ? ["at least: telemetry was sampled, and these are the journeys that were seen"]
        : []),
    ],
    known: true,
  };
}

export const howWords: Record<Exclude<AbandonedHow, "">, string> = {
  after_failure: "after a failure",
  while_slow: "while it was slow",
  voluntarily: "of their own will",
};

/** howLeft lists the ways of leaving, most first, with the outcome's count as the whole. */
export function howLeft(a: FunnelAnswer): { how: keyof typeof howWords; n: number }[] {
  return (Object.keys(howWords) as (keyof typeof howWords)[])
    .map((how) => ({ how, n: a.abandoned[how] ?? 0 }))
    .sort((x, y) => y.n - x.n);
}

const head =
  "step,entered,completed,step_conversion,overall_conversion,success,degraded,failed,abandoned,cancelled,open,p50_ms,p90_ms,p99_ms,window,complete_until".split(
    ",",
  );

export function funnelCsv(a: FunnelAnswer): string {
  return csv(
    head,
    rowsOf(a).map(({ step: s, conversion, overall }) => [
      s.name,
      s.entered,
      s.completed,
      conversion.n > 0 ? conversion.k / conversion.n : null,
      overall.n > 0 ? overall.k / overall.n : null,
      s.outcomes.success,
      s.outcomes.degraded,
      s.outcomes.failed,
      s.outcomes.abandoned,
      s.outcomes.cancelled,
      s.outcomes.open,
      s.duration_ms.p50,
      s.duration_ms.p90,
      s.duration_ms.p99,
      a.window,
      a.complete_until ?? "",
    ]),
  );
}
