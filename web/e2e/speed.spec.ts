// How fast the page is: on a slow computer, and with many rows. Others use the machine too, so
// the best of a few rounds counts: what the page itself needs.

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch } from "./browser";
import { open, verdictSays } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const rounds = 5;

/** best repeats until a round is as fast as it must be, and gives the fastest. */
async function best(most: number, round: () => Promise<number>): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds && fastest > most; i++) fastest = Math.min(fastest, await round());
  return fastest;
}

/** When something was first to be seen after the address was opened, milliseconds. */
async function firstPaint(page: Page): Promise<number> {
  await page.reload();
  return page.evaluate(
    () =>
      new Promise<number>((done) => {
        new PerformanceObserver((list) => {
          for (const e of list.getEntries())
            if (e.name === "first-contentful-paint") done(e.startTime);
        }).observe({ type: "paint", buffered: true });
      }),
  );
}

describe("on a computer four times slower", () => {
  it.each([
    ["the first page", "", undefined],
    ["an incident's page", "?view=incident&id=inc-1", "usual"],
  ] as const)("%s is painted within a second", async (_, search, kind) => {
    const [page] = await open(browser, "incident", { search, kind });
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("Network.setCacheDisabled", { cacheDisabled: true });
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: 4 });
    const took = await best(1000, () => firstPaint(page));
    console.info(`first paint at 4x throttle: ${Math.round(took)} ms`);
    expect(took).toBeLessThanOrEqual(1000);
  });
});

describe("three hundred journeys", () => {
  it("answer the keyboard within 100 ms, 19 times of 20", async () => {
    const [page] = await open(browser, "many", { search: "?all=1" });
    await verdictSays(page, /1 of 300/);
    await page.locator("svg.spark").nth(299).waitFor();
    const took = await best(100, () =>
      page.evaluate(async () => {
        const all: number[] = [];
        for (let i = 0; i < 20; i++) {
          const start = performance.now();
          window.dispatchEvent(new KeyboardEvent("keydown", { key: i % 2 ? "k" : "j" }));
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          all.push(performance.now() - start);
        }
        return all.sort((a, b) => a - b)[18] as number;
      }),
    );
    console.info(`a key at 300 rows: ${Math.round(took)} ms (p95)`);
    expect(took).toBeLessThanOrEqual(100);
  });

  it("answer the filter within 200 ms, 19 times of 20, beside other work", async () => {
    const [page] = await open(browser, "many", { search: "?all=1" });
    await verdictSays(page, /1 of 300/);
    const box = page.getByRole("textbox", { name: "Show only journeys with these words" });
    await box.focus();
    const took = await best(200, () =>
      page.evaluate(async () => {
        const field = document.activeElement as HTMLInputElement;
        const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
        const all: number[] = [];
        for (let i = 0; i < 20; i++) {
          const start = performance.now();
          set?.call(field, i % 2 ? "team" : "team 7");
          field.dispatchEvent(new Event("input", { bubbles: true }));
          await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
          all.push(performance.now() - start);
        }
        return all.sort((a, b) => a - b)[18] as number;
      }),
    );
    console.info(`a letter in the filter of 300 rows: ${Math.round(took)} ms (p95)`);
    expect(took).toBeLessThanOrEqual(200);
  });
});
