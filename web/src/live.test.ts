import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FeedListener, follow, pacer, reopenAfter, type Stream } from "./live";

class FakeStream implements Stream {
  readyState = 0;
  onopen: Stream["onopen"] = null;
  onerror: Stream["onerror"] = null;
  listeners = new Map<string, (e: MessageEvent) => void>();
  closed = false;
  addEventListener(type: string, listener: (e: MessageEvent) => void) {
    this.listeners.set(type, listener);
  }
  close() {
    this.closed = true;
  }
  open() {
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    this.onerror?.(new Event("error"));
  }
  send(type: string) {
    this.listeners.get(type)?.({} as MessageEvent);
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function start() {
  const streams: FakeStream[] = [];
  const seen: string[] = [];
  const edits: number[] = [];
  const listener: FeedListener = {
    state: (s) => void seen.push(s),
    changed: (urgent) => void seen.push(urgent ? "now" : "soon"),
    inventory: () => void edits.push(1),
  };
  const stop = follow(() => {
    const s = new FakeStream();
    streams.push(s);
    return s;
  }, listener);
  const last = () => streams.at(-1) as FakeStream;
  return { streams, seen, edits, stop, last };
}

describe("follow", () => {
  it("asks again on opening, on ticks, and at once on incidents", () => {
    const { seen, last } = start();
    last().open();
    last().send("tick");
    last().send("incident");
    expect(seen).toEqual(["connecting", "open", "now", "soon", "now"]);
  });

  it("tells an edit of the inventory apart", () => {
    const { seen, edits, last } = start();
    last().open();
    expect(edits).toHaveLength(1);
    last().send("inventory");
    expect(edits).toHaveLength(2);
    expect(seen).toEqual(["connecting", "open", "now"]);
  });

  it("leaves a stream that reconnects by itself alone", () => {
    const { streams, seen, last } = start();
    last().open();
    last().fail(0);
    vi.advanceTimersByTime(60_000);
    expect(streams).toHaveLength(1);
    expect(seen.at(-1)).toBe("polling");
    last().open();
    expect(seen.slice(-2)).toEqual(["open", "now"]);
  });

  it("opens a closed stream again, slower each time, and is patient anew after success", () => {
    const { streams, last } = start();
    for (const wait of [1000, 2000, 4000]) {
      last().fail(2);
      const before = streams.length;
      vi.advanceTimersByTime(wait - 1);
      expect(streams).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(streams).toHaveLength(before + 1);
    }
    last().open();
    last().fail(2);
    vi.advanceTimersByTime(1000);
    expect(streams).toHaveLength(5);
    expect(reopenAfter(20)).toBe(15_000);
  });

  it("stops for good", () => {
    const { streams, stop, last } = start();
    last().fail(2);
    stop();
    vi.advanceTimersByTime(60_000);
    expect(streams).toHaveLength(1);
    expect(last().closed).toBe(true);
  });
});

describe("pacer", () => {
  it("runs at once, then at most once per pause, and never forgets the last ask", () => {
    const run = vi.fn();
    const p = pacer(run, () => 1000);
    p.ask();
    expect(run).toHaveBeenCalledTimes(1);
    for (let i = 0; i < 9; i++) {
      vi.advanceTimersByTime(100);
      p.ask();
    }
    expect(run).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(100);
    expect(run).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(5000);
    expect(run).toHaveBeenCalledTimes(2);
    p.ask();
    expect(run).toHaveBeenCalledTimes(3);
  });
});
