import type { CSSProperties, MouseEvent, ReactNode } from "react";
import { useSearchParams } from "wouter";
import { toView, type View } from "../url";

interface Props {
  view: View;
  values?: Record<string, string | string[]>;
  className?: string;
  walk?: boolean;
  label?: string;
  current?: boolean;
  style?: CSSProperties;
  /** Told when the pointer or the focus comes (true) and goes. */
  onTell?: (on: boolean) => void;
  children: ReactNode;
}

/** A link to a view: a plain address for a new tab, no loading again for this one. */
export function Go(p: Props) {
  const { view, values, className, walk, label, current, style, onTell, children } = p;
  const [params, setParams] = useSearchParams();
  const to = toView(params, view, values);
  const go = (e: MouseEvent) => {
    if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey)
      return;
    e.preventDefault();
    setParams(to);
    window.scrollTo(0, 0);
  };
  return (
    <a
      className={className}
      href={`?${to}`}
      aria-label={label}
      aria-current={current ? "page" : undefined}
      data-walk={walk || undefined}
      style={style}
      title={onTell ? label : undefined}
      onPointerEnter={onTell && (() => onTell(true))}
      onPointerLeave={onTell && (() => onTell(false))}
      onFocus={onTell && (() => onTell(true))}
      onBlur={onTell && (() => onTell(false))}
      onClick={go}
    >
      {children}
    </a>
  );
}
