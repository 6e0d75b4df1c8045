// Which parts of the customers a journey goes wrong for, and for which it does not.

import { query, read, type Stamp } from "./api";
import { int, shareOf } from "./format";

export interface Driver {
  key: string;
  value: string;
  bad: number;
  n: number;
  /** All others, at the same time. */
  other_bad: number;
  other_n: number;
  /** Share of all that went wrong beyond what the others suffer, that lies here. */
  explains: number;
}

export interface DriversAnswer extends Stamp {
  drivers: Driver[];
  bad: number;
  n: number;
  unknown?: string;
}

export async function getDrivers(
  of: string,
  window: string,
  env?: string,
  to?: number,
): Promise<DriversAnswer> {
  const end = to === undefined ? undefined : new Date(to).toISOString();
  const got = await read<DriversAnswer>(`api/v1/drivers?${query({ of, window, env, to: end })}`);
  return { ...got, drivers: got.drivers ?? [] };
}

const names: Record<string, string> = { release: "release", service: "service" };

export const driverName = (d: Driver): string =>
  `${names[d.key] ?? d.key} ${d.value === "" ? "not said" : d.value}`;

/** "9.1 % of 340 against 0.4 % of 12,000 of the others". */
export const driverWords = (d: Driver): string =>
  `${shareOf(d.bad, d.n)} against ${shareOf(d.other_bad, d.other_n)} of the others`;

export const badWords = (a: DriversAnswer): string =>
  a.bad === 0 ? "Nobody failed or left" : `${int(a.bad)} of ${int(a.n)} tries went wrong`;
