// Keeping still under the hand: what a person is pointing at or has reached with the
// keyboard must not move away.

import { useEffect, useRef } from "react";
import { nextOrder, noOrder, type Sorting } from "./order";

/** touched: a mouse is over the box, or the keyboard's focus is inside it. */
function touched(box: HTMLElement | null): boolean {
  if (!box) return false;
  const mouse = window.matchMedia("(hover: hover)").matches && box.matches(":hover");
  return mouse || box.querySelector(":focus-visible") !== null;
}

/** useOrder sorts rows and holds their order while the box around them is touched. */
export function useOrder<T>(rows: T[], by: Sorting<NoInfer<T>>, frozen: boolean, at: number) {
  const box = useRef<HTMLDivElement>(null);
  const order = useRef(noOrder);
  order.current = nextOrder(order.current, rows, by, frozen || touched(box.current), at);
  const byKey = new Map(rows.map((row) => [by.key(row), row]));
  return {
    sorted: order.current.keys.flatMap((key) => byKey.get(key) ?? []),
    held: order.current.held,
    /** For the element around the rows. */
    box,
  };
}

const busyMs = 3000;

/**
 * useArrivals lets new rows in only when the hand has rested for 3 s, because they
 * push away what is below them; rows that are gone go at once. A pointer that only
 * lies there holds nothing back.
 */
export function useArrivals<T extends { id: string }>(rows: T[] | undefined): T[] {
  const moved = useRef(0);
  const shown = useRef<Set<string> | null>(null);
  useEffect(() => {
    const note = (e: Event) => {
      if (e.target instanceof Element && e.target.closest("main")) moved.current = Date.now();
    };
    const kinds = ["pointermove", "pointerdown", "keydown"];
    for (const kind of kinds) window.addEventListener(kind, note, { passive: true });
    return () => {
      for (const kind of kinds) window.removeEventListener(kind, note);
    };
  }, []);
  if (!rows) return [];
  const known = shown.current;
  const busy = known !== null && Date.now() - moved.current < busyMs;
  const visible = busy ? rows.filter((row) => known.has(row.id)) : rows;
  shown.current = new Set(visible.map((row) => row.id));
  return visible;
}
