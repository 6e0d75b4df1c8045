import { useEffect, useRef } from "react";

/** typing is true when a key belongs to a field and not to the page. */
function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement) return true;
  return target instanceof HTMLInputElement && target.type !== "radio";
}

const sequenceMs = 1000;

/**
 * useKeys calls the page's key handlers, of single keys and of g and then a letter;
 * fields and browser shortcuts keep their keys.
 */
export function useKeys(handlers: Record<string, () => void>): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    let going = -sequenceMs; // when g was pressed
    const listen = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e.target)) return;
      const after = e.timeStamp - going < sequenceMs ? latest.current[`g${e.key}`] : undefined;
      going = e.key === "g" ? e.timeStamp : -sequenceMs;
      const run = after ?? latest.current[e.key];
      if (!run) return;
      e.preventDefault();
      run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}

/** step moves the focus over everything marked data-walk; Enter then does what it says. */
export function step(by: 1 | -1): void {
  const stops = [...document.querySelectorAll<HTMLElement>("[data-walk]")];
  if (stops.length === 0) return;
  const here = stops.indexOf(document.activeElement as HTMLElement);
  const next = here < 0 ? (by > 0 ? 0 : stops.length - 1) : here + by;
  const stop = stops[Math.max(0, Math.min(stops.length - 1, next))];
  stop?.focus();
  stop?.scrollIntoView({ block: "nearest" });
}

/** copy puts text on the clipboard, also where the page is not on https or localhost. */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("aria-hidden", "true");
    area.style.position = "fixed";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** save hands a text to the browser as a file. */
export function save(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
