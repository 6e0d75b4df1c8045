import { useRef, useState } from "react";
import { nextOrder, noOrder, type Sorting } from "./order";

/** useOrder sorts rows and holds their order while the pointer or the focus is on them. */
export function useOrder<T>(rows: T[], by: Sorting<T>, frozen: boolean, at: number) {
  const [over, setOver] = useState(false);
  const [inside, setInside] = useState(false);
  const order = useRef(noOrder);
  order.current = nextOrder(order.current, rows, by, over || inside || frozen, at);
  const byKey = new Map(rows.map((row) => [by.key(row), row]));
  return {
    sorted: order.current.keys.flatMap((key) => byKey.get(key) ?? []),
    held: order.current.held,
    /** For the element around the rows. */
    watch: {
      onPointerEnter: () => setOver(true),
      onPointerLeave: () => setOver(false),
      onFocus: () => setInside(true),
      onBlur: () => setInside(false),
    },
  };
}
