// The page follows the server, says when it cannot, and keeps still under the hand.

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch } from "./browser";
import { open, rows, tone, until, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const live = (page: Parameters<typeof words>[0]) => words(page, "button.live");
const liveSays = (page: Parameters<typeof words>[0], what: string) =>
  until(
    () => live(page),
    (said) => said === what,
  );

describe("following", () => {
  it("shows news within two seconds of an event", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await liveSays(page, "Live");
    s.state = "incident";
    s.tick();
    await verdictSays(page, /could not finish Checkout/, 2000);
  });

  it("asks at most once a second, however many events there are", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await liveSays(page, "Live");
    const before = s.asked.length;
    const storm = setInterval(() => s.tick(), 10);
    await page.waitForTimeout(3000);
    clearInterval(storm);
    const journeys = s.asked.slice(before).filter((q) => q.startsWith("GET api/v1/now"));
    expect(journeys.length).toBeGreaterThanOrEqual(2);
    expect(journeys.length).toBeLessThanOrEqual(4);
  });

  it("polls when there is no stream, and says so", async () => {
    const [page, s] = await open(browser, "well", { deaf: true });
    await verdictSays(page, /well/);
    await liveSays(page, "Every 5 s");
    s.state = "incident";
    await verdictSays(page, /could not finish Checkout/, 8000);
    s.deaf = false;
    await liveSays(page, "Live");
  });

  it("says when the server is gone, keeps what it knew in grey, and comes back by itself", async () => {
    const [page, s] = await open(browser, "incident");
    await verdictSays(page, /could not finish/);
    s.broken = true;
    s.tick();
    await verdictSays(
      page,
      /^Felt has not answered since \d\d:\d\d:\d\d: what is shown is not now$/,
    );
    expect(await tone(page)).toBe("unknown");
    expect(await words(page, ".verdict .detail")).toMatch(
      /^Last known: About 412 customers .* Asking again/,
    );
    expect(await live(page)).toBe("No answer");
    expect(await complaints(page)).toEqual([]);
    s.broken = false;
    await verdictSays(page, /could not finish Checkout/);
    expect(await tone(page)).toBe("failing");
  });

  it("says so when there never was a server, and waits for it", async () => {
    const [page, s] = await open(browser, "well", { broken: true });
    await verdictSays(page, /^Felt does not answer$/);
    expect(await tone(page)).toBe("unknown");
    expect(await complaints(page)).toEqual([]);
    s.broken = false;
    await verdictSays(page, /^All 12 journeys are well/);
  });
});

describe("keeping still", () => {
  it("rows do not move under the pointer, numbers do", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await liveSays(page, "Live");
    const before = await rows(page);
    const row = await page.locator("[data-name=login]").boundingBox();
    if (!row) throw new Error("no row");
    const jiggle = (n: number) => page.mouse.move(row.x + 300 + (n % 5), row.y + 10);
    await jiggle(0);
    s.state = "incident";
    s.tick();
    await verdictSays(page, /could not finish/);
    for (let n = 1; n < 20; n++) {
      await jiggle(n);
      await page.waitForTimeout(100);
    }
    expect(await words(page, "[data-name=checkout] .hit b")).toBe("412");
    expect(await rows(page)).toEqual(before);
    expect(await words(page, ".held")).toBe("order held while you are here");
    expect(await page.locator("[data-name=login]").boundingBox()).toEqual(row);
    await page.mouse.move(5, 5);
    await until(
      () => rows(page),
      (now) => now[0] === "checkout",
    );
    await page.getByTestId("incident").first().waitFor();
  });

  it("a pointer that only lies there hides no incident", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await page.locator("[data-name=login]").hover();
    s.state = "incident";
    s.tick();
    await page.getByTestId("incident").first().waitFor({ timeout: 6000 });
  });

  it("f freezes everything and says so, f goes on", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await liveSays(page, "Live");
    await page.keyboard.press("f");
    await verdictSays(page, /^Frozen at \d\d:\d\d:\d\d: what is shown is not now$/);
    expect(await tone(page)).toBe("unknown");
    s.state = "incident";
    const asked = s.asked.length;
    s.tick();
    await page.waitForTimeout(2500);
    expect(s.asked.length).toBe(asked);
    expect(await page.locator("[data-testid=incident]").count()).toBe(0);
    await page.keyboard.press("f");
    await verdictSays(page, /could not finish Checkout/);
  });
});
