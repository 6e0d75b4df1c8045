import { useQuery } from "@tanstack/react-query";
import { getFindings } from "../findings";
import type { Freshness } from "../freshness";
import { every, keepOf, type Pulse } from "../queries";
import { Findings } from "./Findings";
import { Go } from "./Go";

interface Props {
  /** The journey and its steps. */
  of: string[];
  name: string;
  env?: string;
  pulse: Pulse;
  fresh: Freshness;
  now: Date;
}

const window_ = "24h";

/** What the detectors saw of a journey and its steps in the last 24 h. */
export function FindingsOf({ of, name, env, pulse, fresh, now }: Props) {
  const thing = of.join(" ");
  const asked = useQuery({
    queryKey: ["findings", thing, window_, env],
    queryFn: () => getFindings({ of, window: window_, env }),
    refetchInterval: every(pulse, 15_000),
    placeholderData: keepOf(thing),
  });
  if (!asked.data)
    return (
      <p className={asked.error ? "problem" : "empty"} role={asked.error ? "alert" : "status"}>
        {asked.error ? `No findings: ${asked.error.message}` : "Asking for findings…"}
      </p>
    );
  return (
    <Findings
      answer={asked.data}
      error={asked.error?.message}
      name={name}
      env={env}
      pulse={pulse}
      fresh={fresh.now || fresh.kind === "loading"}
      waiting={asked.isPlaceholderData}
      now={now}
      empty="Nothing was found of it or its steps. What is below says how much would have been seen."
    >
      <Go view="findings">All findings</Go>
    </Findings>
  );
}
