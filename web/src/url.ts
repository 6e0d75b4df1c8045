// The address is the state of the page: which view, which window, what is open in it.
// All of it is in the query, so that a proxy may put the page under any path.

export const windows = ["5m", "15m", "1h", "24h"] as const;
const longer = ["15m", "1h", "24h", "7d", "30d"] as const;
export type Window = (typeof windows)[number] | (typeof longer)[number];

export const views = [
  "now",
  "funnel",
  "tries",
  "customer",
  "trace",
  "findings",
  "inventory",
  "incident",
] as const;
export type View = (typeof views)[number];

/** viewOf reads ?view=; what it does not know is the first page. */
export function viewOf(params: URLSearchParams): View {
  const asked = params.get("view");
  return views.find((v) => v === asked) ?? "now";
}

/** windowsOf lists the windows a view can be asked about; none: it has no window. */
export function windowsOf(view: View): readonly Window[] {
  return {
    now: windows,
    funnel: longer,
    tries: longer,
    customer: longer,
    trace: [],
    findings: longer,
    inventory: [],
    incident: [],
  }[view];
}

const usual: Record<View, Window> = {
  now: "5m",
  funnel: "24h",
  tries: "24h",
  customer: "30d",
  trace: "5m",
  findings: "24h",
  inventory: "24h",
  incident: "5m",
};

/** windowOf reads ?window=; what the view does not know is its usual one. */
export function windowOf(params: URLSearchParams, view: View = "now"): Window {
  const asked = params.get("window");
  return windowsOf(view).find((w) => w === asked) ?? usual[view];
}

/** withParam sets or, with null, removes one value and leaves the others. */
export function withParam(params: URLSearchParams, key: string, value: string | null) {
  const next = new URLSearchParams(params);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}

/** toView is the query of another view: the environment goes along, the rest stays behind. */
export function toView(
  params: URLSearchParams,
  view: View,
  values: Record<string, string | string[]> = {},
) {
  const next = new URLSearchParams();
  if (view !== "now") next.set("view", view);
  const env = params.get("env");
  if (env) next.set("env", env);
  for (const [key, value] of Object.entries(values))
    for (const one of [value].flat()) if (one) next.append(key, one);
  return next;
}

/** scopeWords names what is asked about: of, and the conditions on it. */
export function scopeWords(of: string, where: string[] = []): string {
  const name =
    of.replace(/^(step|journey):/, "").replace(/^(app|incident):/, "$1 ") || "every name";
  return [name, ...where.map((w) => w.replace("=", " "))].join(", ");
}

/** How often at most a window is asked again while data flows, milliseconds. */
export function pace(window: Window): number {
  return { "5m": 1000, "15m": 2000, "1h": 5000, "24h": 30_000, "7d": 60_000, "30d": 60_000 }[
    window
  ];
}

const lengths: Record<Window, number> = {
  "5m": 300_000,
  "15m": 900_000,
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "30d": 2_592_000_000,
};

export const lengthMs = (window: Window): number => lengths[window];

export const week = lengths["7d"];

/** pinnedAt reads ?to=: the moment, milliseconds, at which the window ends; undefined: now. */
export function pinnedAt(params: URLSearchParams): number | undefined {
  const asked = params.get("to");
  if (!asked) return undefined;
  const at = Date.parse(asked);
  return Number.isNaN(at) || at <= 0 ? undefined : at;
}

/**
 * shifted moves the window's end by whole windows; null: at or after now, so that the page
 * follows again. Ends are on whole seconds, so that a link can be read.
 */
export function shifted(
  to: number | undefined,
  window: Window,
  by: 1 | -1,
  now: number,
): string | null {
  const next = (to ?? now) + by * lengthMs(window);
  // On from one window back is now again, however long somebody looked.
  if (by > 0 && next > now - lengthMs(window) / 2) return null;
  return new Date(Math.max(lengthMs(window), Math.floor(next / 1000) * 1000))
    .toISOString()
    .replace(".000Z", "Z");
}
