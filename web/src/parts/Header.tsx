import {
  ActionIcon,
  SegmentedControl,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import type { FeedState } from "../live";
import { type View, type Window, windowsOf } from "../url";
import { Go } from "./Go";

interface Props {
  view: View;
  window: Window;
  onWindow: (w: Window) => void;
  env: string | undefined;
  feed: FeedState;
  frozen: boolean;
  down: boolean;
  /** False when what is shown is not now: then nothing here is green. */
  fresh: boolean;
  onFreeze: () => void;
  onHelp: () => void;
  onFind: () => void;
  /** The page looks at another time. */
  pinned: boolean;
  onNow: () => void;
  said: string;
}

/** Pages that are reached from others only. */
const named: Partial<Record<View, string>> = {
  funnel: "Funnel",
  tries: "Single tries",
  customer: "Customer",
  trace: "Trace",
  incident: "Incident",
};

/** The slim bar above everything: where, which window, live or not, help. */
export function Header(p: Props) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const other = scheme === "dark" ? "light" : "dark";
  const known = windowsOf(p.view);
  return (
    <header className="top">
      <a className="brand" href="./">
        <img src="./felt.svg" alt="" width="24" height="24" />
        Felt
      </a>
      <nav className="where" aria-label="Pages">
        <Go view="now" current={p.view === "now"}>
          Now
        </Go>
        {named[p.view] && <b aria-current="page">{named[p.view]}</b>}
        <Go view="findings" current={p.view === "findings"}>
          Findings
        </Go>
        <Go view="inventory" current={p.view === "inventory"}>
          Inventory
        </Go>
        <span className="env">{p.env ?? "production"}</span>
      </nav>
      <span className="said" role="status">
        {p.said}
      </span>
      {p.pinned && (
        <button type="button" className="live is-past" onClick={p.onNow}>
          Back to now
        </button>
      )}
      <Live {...p} />
      {known.length > 0 && (
        <SegmentedControl
          size="xs"
          aria-label="Window"
          data={known.map((value) => ({ value, label: value }))}
          value={p.window}
          onChange={(w) => p.onWindow(w as Window)}
        />
      )}
      <ActionIcon
        variant="default"
        size="md"
        aria-label="Go to, find, do"
        title="Go to a page, journey or incident; find a customer or a trace (/)"
        onClick={p.onFind}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="6.8" cy="6.8" r="4.3" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="m10 10 4 4" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />
        </svg>
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="md"
        aria-label={`Switch to ${other} colours`}
        title={`Switch to ${other} colours`}
        onClick={() => setColorScheme(other)}
      >
        <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeWidth="1.6" />
          <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
        </svg>
      </ActionIcon>
      <ActionIcon
        variant="default"
        size="md"
        aria-label="Help and keys"
        title="Help and keys (?)"
        onClick={p.onHelp}
      >
        ?
      </ActionIcon>
    </header>
  );
}

function Live({ feed, frozen, down, fresh, onFreeze }: Props) {
  const [kind, words] = frozen
    ? ["frozen", "Frozen"]
    : down
      ? ["down", "No answer"]
      : feed === "open"
        ? [fresh ? "live" : "polling", "Live"]
        : feed === "polling"
          ? ["polling", "Every 5 s"]
          : ["polling", "Connecting"];
  return (
    <button
      type="button"
      className={`live is-${kind}`}
      aria-pressed={frozen}
      title={frozen ? "Go on (f)" : "Freeze the page (f)"}
      onClick={onFreeze}
    >
      <span className="dot" aria-hidden="true" />
      {words}
    </button>
  );
}
