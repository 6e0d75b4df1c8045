import { useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { useSearchParams } from "wouter";
import { assess, clockNow } from "./freshness";
import { copy, step, useKeys } from "./keys";
import { Banner } from "./parts/Banner";
import { Boundary } from "./parts/Boundary";
import type { Act } from "./parts/Find";
import { Freshness } from "./parts/Freshness";
import { Header } from "./parts/Header";
import { Help } from "./parts/Help";
import { Now } from "./parts/Now";
import { useClock, useFeed, useHealth, useInventory } from "./queries";
import { pinnedAt, shifted, toView, type View, viewOf, windowOf, withParam } from "./url";

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
const Declare = lazy(() => import("./parts/Declare"));
const Demo = lazy(() => import("./parts/Demo"));

/** The frame of every view: what is asked, how fresh it is, what the keys do. */
export function App() {
  const [params, setParams] = useSearchParams();
  const view = viewOf(params);
  const window_ = windowOf(params, view);
  const env = params.get("env") ?? undefined;
  const [frozen, setFrozen] = useState<number | undefined>();
  const [help, setHelp] = useState(false);
  const [finding, setFinding] = useState(false);
  const [declaring, setDeclaring] = useState(false);
  const [said, setSaid] = useState("");
  const at = useClock();

  const feed = useFeed(frozen !== undefined, window_);
  const pulse = { frozen: frozen !== undefined, feed };
  const health = useHealth(pulse);
  const inventory = useInventory(pulse, health.data !== undefined);
  const pinned = view === "now" ? pinnedAt(params) : undefined;
  const fresh = assess({
    health: health.data,
    error: health.error?.message,
    answered: health.dataUpdatedAt,
    frozen,
    pinned,
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
  const shift = (by: 1 | -1) => () => {
    set("to", shifted(pinned, window_, by, now.getTime()));
  };
  const comparing = params.get("compare") === "week";
  const compare = () => set("compare", comparing ? null : "week");
  const { setColorScheme, clearColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "dark" ? "light" : "dark";
  const acts: Act[] = [
    { name: "Declare an incident…", run: () => setDeclaring(true) },
    {
      name: frozen === undefined ? "Freeze the page" : "Go on after the freeze",
      keys: "f",
      run: freeze,
    },
    { name: "Copy the link to what you see", keys: "c", run: link },
    ...(view === "now"
      ? [
          { name: "Look one window back", keys: "[", run: shift(-1) },
          { name: "Look one window on", keys: "]", run: shift(1) },
          {
            name: comparing ? "Stop comparing" : "Compare with a week before",
            keys: ".",
            run: compare,
          },
        ]
      : []),
    ...(pinned === undefined ? [] : [{ name: "Back to now", run: () => set("to", null) }]),
    { name: `Switch to ${other} colours`, run: () => setColorScheme(other) },
    { name: "Colours as the system has them", run: clearColorScheme },
    { name: "Print", run: () => globalThis.print() },
    { name: "Keys and words", keys: "?", run: () => setHelp(true) },
  ];
  useKeys({
    ...(view === "now" ? { "[": shift(-1), "]": shift(1), ".": compare } : {}),
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
        pinned={pinned !== undefined}
        onNow={() => set("to", null)}
        said={said}
      />
      {health.data?.demo && (
        <Boundary>
          <Suspense>
            <Demo now={now} />
          </Suspense>
        </Boundary>
      )}
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
            health={health.data}
            otlp={otlp}
            asked={params.get("journey")}
            onAsk={(key) => set("journey", key)}
            onDeclare={() => setDeclaring(true)}
            now={now}
            at={at}
          />
        )}
      </main>
      <Freshness health={health.data} fresh={fresh} now={now} />
      <Help opened={help} moves={view === "now"} onClose={() => setHelp(false)} />
      {finding && (
        <Boundary>
          <Suspense>
            <Find env={env} acts={acts} onClose={() => setFinding(false)} />
          </Suspense>
        </Boundary>
      )}
      {declaring && (
        <Boundary>
          <Suspense>
            <Declare env={env} onClose={() => setDeclaring(false)} />
          </Suspense>
        </Boundary>
      )}
    </>
  );
}
