// What the inventory says of itself: which version runs, what is wrong with the newest
// text. Small, because the banner is on every page.

import { read, type Stamp } from "./api";
import { clock, date, int, plural } from "./format";

export interface Problem {
  file: string;
  /** From 1; 0: the file as a whole. */
  line: number;
  column: number;
  severity: string;
  check: string;
  message: string;
  suggestion?: string;
}

export interface InventoryStep {
  name: string;
  /** Name of the interactions that are this step. */
  interaction: string;
  /** Which telemetry it is, in words. */
  match: string;
  optional?: boolean;
  async?: boolean;
}

export interface Objective {
  name: string;
  kind: string;
  target: number;
  window_ms: number;
  threshold_ms?: number;
}

export interface InventoryJourney {
  name: string;
  title: string;
  app?: string;
  purpose?: string;
  /** 1 (least) to 5 (most); 0: not said. */
  criticality: number;
  team?: string;
  owners: string[] | null;
  correlate: string;
  steps: InventoryStep[] | null;
  success_when: string;
  degraded_when: string;
  timeout_ms: number;
  objectives: Objective[] | null;
  reviewed?: string;
}

export interface InventoryAnswer extends Stamp {
  /** Of the inventory in force; 0: there is none. */
  version: number;
  /** False: the newest text has errors, and the one before still rules. */
  newest: boolean;
  errors: number;
  warnings: number;
  dir?: string;
  /** "files", or what stands in for them while there are none: "demo". */
  by?: string;
  loaded: string | null;
  /** When the newest text was read, where the server tells. */
  edited?: string | null;
  journeys: InventoryJourney[];
  /** Of the newest text. */
  problems: Problem[];
}

export async function getInventory(): Promise<InventoryAnswer> {
  const got = await read<InventoryAnswer>("api/v1/inventory");
  return { ...got, journeys: got.journeys ?? [], problems: got.problems ?? [] };
}

/** place is "checkout.yaml:12:5", as compilers and editors write it. */
export function place(p: Problem): string {
  if (p.line <= 0) return p.file;
  return `${p.file}:${p.line}${p.column > 0 ? `:${p.column}` : ""}`;
}

export const isError = (p: Problem): boolean => p.severity !== "warning";

/**
 * bannerOf is what every page says while the files on disk are not what runs: null
 * when they are, or when it is not known.
 */
export function bannerOf(a: InventoryAnswer | undefined, now: Date): string | null {
  if (a?.newest !== false || a.errors === 0) return null;
  const at = date(a.edited);
  const running =
    a.version > 0
      ? `The running inventory is version ${int(a.version)}`
      : "No inventory is running";
  const [first, second] = a.problems.filter(isError);
  const what = first ? `: ${place(first)}: ${first.message}${second ? ", …" : ""}` : "";
  return `${running}; the ${at ? `edit of ${clock(at, now)}` : "newest edit"} has ${plural(a.errors, "error")}${what}`;
}
