import { useSearchParams } from "wouter";
import type { Incident, Journey } from "../api";
import { incidentSorting } from "../order";
import type { Pulse } from "../queries";
import { useArrivals, useOrder } from "../useOrder";
import { called } from "../verdict";
import { IncidentCard } from "./Incident";

interface Props {
  incidents: Incident[] | undefined;
  journeys: Journey[];
  pulse: Pulse;
  now: Date;
  at: number;
  dim: boolean;
}

/** The open incidents by score: the worst in full, the others as one line that opens. */
export function Incidents({ incidents, journeys, pulse, now, at, dim }: Props) {
  const [params] = useSearchParams();
  const asked = params.get("incident");
  const { sorted, box } = useOrder(useArrivals(incidents), incidentSorting, pulse.frozen, at);
  if (sorted.length === 0) return null;
  return (
    <div className="incidents" ref={box}>
      {sorted.map((incident, i) => (
        <IncidentCard
          key={incident.id}
          incident={incident}
          name={called(incident, journeys)}
          first={i === 0}
          asked={incident.id === asked}
          pulse={pulse}
          now={now}
          dim={dim}
        />
      ))}
    </div>
  );
}
