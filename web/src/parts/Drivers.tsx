import { useQuery } from "@tanstack/react-query";
import { badWords, driverName, driverWords, getDrivers } from "../drivers";
import { percent } from "../format";
import { every, keepOf, type Pulse } from "../queries";
import { Go } from "./Go";

interface Props {
  of: string;
  window: string;
  env: string | undefined;
  to: number | undefined;
  pulse: Pulse;
}

/** For whom it goes wrong: the segment values, releases and services that stand out. */
export default function Drivers({ of, window, env, to, pulse }: Props) {
  const asked = useQuery({
    queryKey: ["drivers", of, window, env, to],
    queryFn: () => getDrivers(of, window, env, to),
    refetchInterval: to === undefined ? every(pulse, 15_000, 15_000) : false,
    placeholderData: keepOf(of),
  });
  const a = asked.data;
  return (
    <section className="drivers" data-testid="drivers">
      <h3>For whom it goes wrong</h3>
      {asked.error && (
        <p className="problem" role="alert">
          Not known: {asked.error.message}
        </p>
      )}
      {!a && !asked.error && <p className="empty">Asking who is hit…</p>}
      {a && a.drivers.length === 0 && (
        <p className="empty">
          {a.unknown || badWords(a)}
          {!a.unknown && a.bad > 0 && ", and no segment, release or service stands out"}.
        </p>
      )}
      {a && a.drivers.length > 0 && (
        <ol>
          {a.drivers.map((d) => (
            <li key={`${d.key} ${d.value}`}>
              <Go view="tries" values={{ of, outcome: "failed" }}>
                <b>{driverName(d)}</b>
              </Go>
              <span className="bar" aria-hidden="true">
                <i style={{ width: `${Math.round(Math.min(1, d.explains) * 100)}%` }} />
              </span>
              <small>
                {driverWords(d)}; explains {percent(Math.min(1, d.explains))}
              </small>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
