import { useEffect, useRef } from "react";

/** useAsked brings what the address names into sight, once. */
export function useAsked<T extends HTMLElement>(asked: boolean) {
  const ref = useRef<T>(null);
  useEffect(() => {
    if (asked) ref.current?.scrollIntoView({ block: "center" });
  }, [asked]);
  return ref;
}
