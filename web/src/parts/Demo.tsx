import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { chooseScenario, demoWords, getDemo, progress, taking } from "../demo";
import { percent } from "../format";

/** Says on every page that this is a demo, what happens in it, and lets another scenario be chosen. */
export default function Demo({ now }: { now: Date }) {
  const client = useQueryClient();
  const asked = useQuery({
    queryKey: ["demo"],
    queryFn: getDemo,
    refetchInterval: (q) => (q.state.data?.phase === "history" ? 500 : 3000),
  });
  const choose = useMutation({
    mutationFn: chooseScenario,
    onSettled: () => client.invalidateQueries({ queryKey: ["demo"] }),
  });
  const d = asked.data;
  if (!d?.demo) return null;
  const scenarios = d.scenarios ?? [];
  const share = progress(d);
  const chosen = scenarios.find((s) => s.name === d.scenario);
  return (
    <aside className="demo" aria-label="Demo" data-testid="demo">
      <b className="tag">Demo</b>
      <span className="said-of" role="status">
        {share === undefined ? demoWords(d, now) : taking(d)}
      </span>
      {share !== undefined && (
        <span className="progress">
          <progress value={share} max={1} aria-label="History taken in" />
          {percent(share)}
        </span>
      )}
      {scenarios.length > 0 && (
        <label title={chosen?.text}>
          Scenario{" "}
          <select
            value={d.scenario}
            disabled={choose.isPending || share !== undefined}
            onChange={(e) => choose.mutate(e.currentTarget.value)}
          >
            {scenarios.map((s) => (
              <option key={s.name} value={s.name}>
                {s.title || s.name}
              </option>
            ))}
          </select>
        </label>
      )}
      {choose.error && <span className="is-failing">Not chosen: {choose.error.message}</span>}
      <span className="note">No real customer is here.</span>
    </aside>
  );
}
