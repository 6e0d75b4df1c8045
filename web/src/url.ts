// The address is the state of the page: which window, which journey is open.

export const windows = ["5m", "15m", "1h", "24h"] as const;
export type Window = (typeof windows)[number];

/** windowOf reads ?window=; what it does not know is the shortest. */
export function windowOf(params: URLSearchParams): Window {
  const asked = params.get("window");
  return windows.find((w) => w === asked) ?? "5m";
}

/** withParam sets or, with null, removes one value and leaves the others. */
export function withParam(params: URLSearchParams, key: string, value: string | null) {
  const next = new URLSearchParams(params);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}

/** How often at most a window is asked again while data flows, milliseconds. */
export function pace(window: Window): number {
  return { "5m": 1000, "15m": 2000, "1h": 5000, "24h": 30_000 }[window];
}
