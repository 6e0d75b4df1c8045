import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { getIncident } from "../api";
import { every } from "../queries";
import { Head, Waiting } from "./Head";
import type { ViewProps } from "./view";

/** One incident: what it is, whom it hits, since when. */
export default function Incident({ pulse, fresh }: ViewProps) {
  const [params] = useSearchParams();
  const id = params.get("id") ?? "";
  const asked = useQuery({
    queryKey: ["incident", id],
    queryFn: () => getIncident(id),
    refetchInterval: every(pulse, 5000),
  });
  const incident = asked.data;
  if (!incident) return <Waiting error={asked.error?.message} what="The incident" />;
  return (
    <Head
      tone={incident.status === "resolved" ? undefined : "failing"}
      headline={[{ text: incident.sentence, strong: true }]}
      fresh={fresh}
    />
  );
}
