import { lazy, Suspense, useState } from "react";
import { useSearchParams } from "wouter";
import { assess, clockNow } from "./freshness";
import { copy, step, useKeys } from "./keys";
import { Banner } from "./parts/Banner";
import { Boundary } from "./parts/Boundary";
import { Freshness } from "./parts/Freshness";
import { Header } from "./parts/Header";
import { Help } from "./parts/Help";
import { Now } from "./parts/Now";
import { useClock, useFeed, useHealth, useInventory } from "./queries";
import { toView, type View, viewOf, windowOf, withParam } from "./url";

const defaultOtlp = "http://localhost:4318";

// What is not on the first page is loaded when it is asked for.
const later = {
  funnel: lazy(() => import("./views/Funnel")),
  tries: lazy(() => import("./views/Tries")),
  customer: lazy(() => import("./views/Customer")),
  trace: lazy(() => import("./views/Trace")),
  findings: lazy(() => import("./views/Findings")),
  inventory: lazy(() => import("./views/Inventory")),
  incident: lazy(() => import("./views/Incident")),
};
const Find = lazy(() => import("./parts/Find"));

/** The frame of every view: what is asked, how fresh it is, what the keys do. */
export function App() {
  const [params, setParams] = useSearchParams();
  const view = viewOf(params);
  const window_ = windowOf(params, view);
  const env = params.get("env") ?? undefined;
  const [frozen, setFrozen] = useState<number | undefined>();
  const [help, setHelp] = useState(false);
  const [finding, setFinding] = useState(false);
  const [said, setSaid] = useState("");
  const at = useClock();

  const feed = useFeed(frozen !== undefined, window_);
  const pulse = { frozen: frozen !== undefined, feed };
  const health = useHealth(pulse);
  const inventory = useInventory(pulse, health.data !== undefined);
  const fresh = assess({
    health: health.data,
    error: health.error?.message,
    answered: health.dataUpdatedAt,
    frozen,
    at,
  });
  const now = new Date(clockNow(health.data, frozen ?? at));
  const otlp = health.data?.otlp_http ?? defaultOtlp;

  const set = (key: string, value: string | null, replace = false) =>
    setParams((old) => withParam(old, key, value), { replace });
  const go = (to: View) => () => setParams((old) => toView(old, to));
  const freeze = () => setFrozen((was) => (was === undefined ? Date.now() : undefined));
  const tellAll = (words: string) => {
    setSaid(words);
    setTimeout(() => setSaid(""), 2500);
  };
  const link = () =>
    void copy(window.location.href).then((ok) =>
      tellAll(ok ? "Link copied" : "The browser does not allow to copy"),
    );
  useKeys({
    "?": () => setHelp(true),
    "/": () => setFinding(true),
    j: () => step(1),
    k: () => step(-1),
    f: freeze,
    c: link,
    gn: go("now"),
    gd: go("findings"),
    gi: go("inventory"),
  });

  const Later = view === "now" ? undefined : later[view];
  return (
    <>
      <Header
        view={view}
        window={window_}
        onWindow={(w) => set("window", w, true)}
        env={env}
        feed={feed}
        frozen={frozen !== undefined}
        down={fresh.kind === "down"}
        fresh={fresh.now}
        onFreeze={freeze}
        onHelp={() => setHelp(true)}
        onFind={() => setFinding(true)}
        said={said}
      />
      <main>
        <Banner answer={inventory.data} now={now} />
        {Later ? (
          <Boundary key={view}>
            <Suspense fallback={<p role="status">Loading the page…</p>}>
              <Later window={window_} env={env} pulse={pulse} fresh={fresh} now={now} />
            </Suspense>
          </Boundary>
        ) : (
          <Now
            window={window_}
            env={env}
            pulse={pulse}
            fresh={fresh}
            otlp={otlp}
            asked={params.get("journey")}
            onAsk={(key) => set("journey", key)}
            now={now}
            at={at}
          />
        )}
      </main>
      <Freshness health={health.data} fresh={fresh} now={now} />
      <Help opened={help} onClose={() => setHelp(false)} />
      {finding && (
        <Boundary>
          <Suspense>
            <Find env={env} onClose={() => setFinding(false)} />
          </Suspense>
        </Boundary>
      )}
    </>
  );
}
