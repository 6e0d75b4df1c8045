import "../styles/views.css";
import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { findingsVerdict, getFindings, kindOf, kinds, kindWords } from "../findings";
import { windowWords } from "../format";
import { Detection } from "../parts/Detection";
import { Findings as List } from "../parts/Findings";
import { Go } from "../parts/Go";
import { every, keepOf } from "../queries";
import { withParam } from "../url";
import { Head, Waiting } from "./Head";
import type { ViewProps } from "./view";

/** What the detectors saw, of everything, those that last first. */
export default function Findings({ window, env, pulse, fresh, now }: ViewProps) {
  const [params] = useSearchParams();
  const kind = kindOf(params.get("kind"));
  const paging = params.get("paging") === "true";
  const thing = `all ${kind} ${paging}`;
  const asked = useQuery({
    queryKey: ["findings", thing, window, env],
    queryFn: () => getFindings({ of: [], kind, paging, window, env }),
    refetchInterval: every(pulse, 15_000),
    placeholderData: keepOf(thing),
  });
  const answer = asked.data;
  if (!answer)
    return (
      <>
        <Picks kind={kind} paging={paging} />
        <Waiting error={asked.error?.message} what="The findings" />
      </>
    );
  const said = findingsVerdict(answer, windowWords(answer.window), now);
  const only = [kind && `only: ${kindWords(kind).toLowerCase()}`, paging && "only of paging class"];
  return (
    <>
      <Head
        tone={asked.error ? "unknown" : said.tone}
        headline={said.headline}
        detail={[...said.detail, ...only.map((o) => o || "")]}
        fresh={fresh}
      />
      <List
        answer={answer}
        error={asked.error?.message}
        name=""
        env={env}
        pulse={pulse}
        fresh={!asked.error && (fresh.now || fresh.kind === "loading")}
        waiting={asked.isPlaceholderData}
        now={now}
        empty={
          <>
            Nothing{only.some(Boolean) ? " of this kind" : ""} was found. How small a change would
            have been seen stands in the <Go view="inventory">inventory</Go>.
          </>
        }
      >
        <Picks kind={kind} paging={paging} />
      </List>
      <Detection env={env} pulse={pulse} />
    </>
  );
}

/** Which ones; in the address, so that a link shows the same. */
function Picks({ kind, paging }: { kind: string; paging: boolean }) {
  const [, setParams] = useSearchParams();
  const set = (key: string, value: string) =>
    setParams((old) => withParam(old, key, value || null), { replace: true });
  return (
    <div className="picks">
      <label>
        Kind
        <select value={kind} onChange={(e) => set("kind", e.currentTarget.value)}>
          <option value="">all</option>
          {kinds.map((k) => (
            <option key={k} value={k}>
              {kindWords(k)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={paging}
          onChange={(e) => set("paging", e.currentTarget.checked ? "true" : "")}
        />
        Paging class only
      </label>
    </div>
  );
}
