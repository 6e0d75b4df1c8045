// How numbers and times are written. One place, so that the same number looks the
// same everywhere on the page. \u00a0 keeps a number and its unit on one line.

import { smallN, wilson } from "./stats";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const nb = "\u00a0";

export const int = (n: number): string => whole.format(n);

const few = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });

/** "2.2M" where a number is beside the point and room is scarce; what is below 10,000 is whole. */
export const short = (n: number): string => (n < 10_000 ? int(n) : few.format(n));

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${int(n)}${nb}${n === 1 ? one : many}`;
}

/** percent of a share; what is not quite none or all is never rounded to it. */
export function percent(share: number): string {
  return `${digits(share)}${nb}%`;
}

function digits(share: number): string {
  if (!Number.isFinite(share)) return "–";
  if (share <= 0) return "0";
  if (share >= 1) return "100";
  if (share < 0.001) return "<0.1";
  if (share > 0.9999) return ">99.99";
  const x = share * 100;
  return share > 0.99
    ? (Math.floor(x * 100) / 100).toString()
    : (Math.round(x * 10) / 10).toString();
}

/** "3.1 % of 13,290": a percentage never goes without its n. Of nobody there is none, and that is said. */
export function shareOf(k: number, n: number): string {
  return n > 0 ? `${percent(k / n)} of ${int(n)}` : "nobody came";
}

/** "3.1–8.2 %", the interval of the share k of n when n is small; else "". */
export function smallInterval(k: number, n: number): string {
  if (n <= 0 || n >= smallN) return "";
  const [low, high] = wilson(k, n);
  return `${Math.round(low * 100)}–${Math.round(high * 100)}${nb}%`;
}

/** "45 s", "2 min", "1 h 12 min", "3 d 4 h". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s}${nb}s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min}${nb}min`;
  const h = Math.floor(min / 60);
  if (h < 24) return min % 60 ? `${h}${nb}h ${min % 60}${nb}min` : `${h}${nb}h`;
  const d = Math.floor(h / 24);
  return h % 24 ? `${d}${nb}d ${h % 24}${nb}h` : `${d}${nb}d`;
}

const two = (n: number): string => String(n).padStart(2, "0");
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** date of an RFC 3339 time; null for what is none. */
export function date(text: unknown): Date | null {
  if (typeof text !== "string" || text === "") return null;
  const at = new Date(text);
  return Number.isNaN(at.getTime()) || at.getTime() <= 0 ? null : at;
}

/** "14:23", "yesterday 14:23" or "3 Mar 14:23", in the browser's time zone. */
export function clock(at: Date, now: Date, seconds = false): string {
  const time = `${two(at.getHours())}:${two(at.getMinutes())}${seconds ? `:${two(at.getSeconds())}` : ""}`;
  const day = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((day(now) - day(at)) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `yesterday ${time}`;
  const year = at.getFullYear() === now.getFullYear() ? "" : ` ${at.getFullYear()}`;
  return `${at.getDate()}${nb}${months[at.getMonth()]}${year} ${time}`;
}

/** The words of a window: "5m" is "5 min". */
export function windowWords(window: string): string {
  return window.replace(/^(\d+)m$/, `$1${nb}min`).replace(/^(\d+)([hd])$/, `$1${nb}$2`);
}
