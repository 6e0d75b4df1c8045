// What a journey's technical signals and business numbers did, on the page where the journey is.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { open, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const search = "?view=funnel&of=journey%3Ashop%2Fcheckout&window=1h";
const row = (name: string) => `[data-testid=signal][data-name="${name}"]`;

it.each(["light", "dark"] as const)(
  "bad ones first, each with what it is held against, in %s",
  async (colorScheme) => {
    const [page, s] = await open(browser, "well", { search, colorScheme, mapped: true });
    await page.locator(row("slow pages")).waitFor();
    expect(s.asked.filter((q) => q.includes("signals"))[0]).toBe(
      "GET api/v1/signals?of=journey%3Ashop%2Fcheckout&window=1h",
    );
    expect(await words(page, "[data-testid=signals-verdict]")).toBe(
      "slow pages is 12.5 %, bad from 5 %: it endangers conversion; 1 without data; 1 not measured",
    );
    expect(await words(page, row("slow pages"))).toMatch(
      /^Past its threshold slow pages above of http.server.request.duration, application 12.5 % .*from 400 measurements bad from 5 %/,
    );
    expect(await words(page, row("conversion"))).toMatch(
      /^No threshold conversion KPI completed \/ begun 37.5 % .*of 40/,
    );
    expect(await page.locator(`${row("p95")} svg polyline`).count()).toBe(1);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `signals-${colorScheme}.png`), fullPage: true });
  },
);

it("what is unknown is grey and says since when, never green and never 0", async () => {
  const [page] = await open(browser, "well", { search, mapped: true });
  await page.locator(row("queue")).waitFor();
  expect(await words(page, row("queue"))).toMatch(/^No data queue .* no data since 2 Jan/);
  expect(await page.locator(`${row("queue")} .is-ok`).count()).toBe(0);
  expect(await words(page, row("goodwill"))).toMatch(
    /^Not measured goodwill KPI smiles not measured numerator: known are/,
  );
});

it("fits 360 px without scrolling sideways", async () => {
  const viewport = { width: 360, height: 780 };
  const [page] = await open(browser, "well", { search, viewport, mapped: true });
  await page.locator(row("p95")).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(
    0,
  );
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "signals-360.png"), fullPage: true });
});

it("a journey without signals has no block, and the funnel is whole", async () => {
  const [page] = await open(browser, "well", { search });
  await verdictSays(page, /did not reach Pay/);
  await page.getByTestId("ends").waitFor();
  expect(await page.getByTestId("signals").count()).toBe(0);
});

it("is exported as CSV", async () => {
  const [page] = await open(browser, "well", { search, mapped: true });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("signals").getByRole("button", { name: "CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("felt-signals-Checkout-1h.csv");
  const text = readFileSync(await download.path(), "utf8");
  expect(text.trim().split("\r\n")).toHaveLength(6);
});
