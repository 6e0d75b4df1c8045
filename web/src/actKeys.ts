import { useEffect, useRef } from "react";

const sequenceMs = 1000;

/**
 * useActKeys calls what single letters do on a page with acts. A letter after g belongs to the
 * frame (g n goes to the first page), and so does every key while a dialog is open or a field has
 * the focus.
 */
export function useActKeys(handlers: Record<string, (() => void) | undefined>): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    let going = Number.NEGATIVE_INFINITY; // when g was pressed
    const listen = (e: KeyboardEvent) => {
      if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
      const after = e.timeStamp - going < sequenceMs;
      going = e.key === "g" ? e.timeStamp : Number.NEGATIVE_INFINITY;
      if (after || e.key === "g" || document.querySelector("[role=dialog]")) return;
      const t = e.target;
      if (t instanceof HTMLElement && (t.isContentEditable || t.closest("input,textarea,select")))
        return;
      const run = latest.current[e.key];
      if (!run) return;
      e.preventDefault();
      run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
