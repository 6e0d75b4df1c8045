// Live by server-sent events, with reconnect. While the stream is down the page
// polls; the caller decides how from the state.

export type FeedState = "connecting" | "open" | "polling";

/** The part of EventSource that is used. */
export interface Stream {
  readonly readyState: number;
  onopen: ((e: Event) => void) | null;
  onerror: ((e: Event) => void) | null;
  addEventListener(type: string, listener: (e: MessageEvent) => void): void;
  close(): void;
}

export interface FeedListener {
  state(state: FeedState): void;
  /** Something changed. urgent: an incident did. */
  changed(urgent: boolean): void;
  /** The inventory was edited, well or badly. */
  inventory(): void;
}

const closed = 2; // EventSource.CLOSED

/** reopenAfter is the wait before try n (from 0) to open a stream again, milliseconds. */
export function reopenAfter(n: number): number {
  return Math.min(15_000, 1000 * 2 ** n);
}

/** follow keeps one stream open until the returned function is called. */
export function follow(open: () => Stream, listener: FeedListener): () => void {
  let stream: Stream | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tries = 0;
  let over = false;

  const start = () => {
    stream = open();
    stream.onopen = () => {
      tries = 0;
      listener.state("open");
      listener.changed(true); // what happened while nobody listened
      listener.inventory();
    };
    stream.onerror = () => {
      if (over) return;
      listener.state("polling");
      // A stream that is still connecting tries again by itself; a closed one never does.
      if (stream?.readyState === closed) timer = setTimeout(start, reopenAfter(tries++));
    };
    stream.addEventListener("tick", () => listener.changed(false));
    stream.addEventListener("incident", () => listener.changed(true));
    stream.addEventListener("inventory", () => listener.inventory());
  };
  listener.state("connecting");
  start();
  return () => {
    over = true;
    clearTimeout(timer);
    stream?.close();
  };
}

/**
 * pacer runs `run` at once when it may, and otherwise once when `every` milliseconds
 * have passed since the last run, however often it is asked.
 */
export function pacer(run: () => void, every: () => number) {
  let last = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const fire = () => {
    timer = undefined;
    last = Date.now();
    run();
  };
  return {
    ask(): void {
      if (timer !== undefined) return;
      const wait = last + every() - Date.now();
      if (wait <= 0) fire();
      else timer = setTimeout(fire, wait);
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
