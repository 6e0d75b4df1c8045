// What is left of a journey's error budgets, on the page where the journey is.

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

const search = "?view=funnel&of=journey%3Ashop%2Fcheckout";
const row = (name: string) => `[data-testid=objective][data-name=${name}]`;

it.each(["light", "dark"] as const)("worst first, each with its n, in %s", async (colorScheme) => {
  const [page, s] = await open(browser, "well", { search, colorScheme, mapped: true });
  await page.locator(row("orders")).waitFor();
  expect(s.asked.filter((q) => q.includes("objectives"))[0]).toBe(
    "GET api/v1/objectives?of=journey%3Ashop%2Fcheckout",
  );
  expect(await words(page, "[data-testid=objectives-verdict]")).toMatch(
    /^1 of 4 objectives kept; finished: 300 of 1150 customers were not good .*; 1 unknown$/,
  );
  expect(await words(page, row("finished"))).toMatch(
    /^Spent finished 90 % of customers reach the goal, over 28 d nothing left 185 customers more than may go wrong; of 6 d that are known \(300 bad of 1,150 in 28 d\)/,
  );
  expect(await words(page, row("orders"))).toMatch(/^Burning orders .* 16× 48 of 300, too fast/);
  expect(await words(page, row("kept"))).toMatch(
    /^Kept kept .* 70 % left 280 tries more may go wrong, or 282 min of a whole outage \(120 bad of 40,000 in 28 d\) 0× 0 of 60/,
  );
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), `objectives-${colorScheme}.png`), fullPage: true });
});

it("what is unknown is grey and says so, never green and never 0", async () => {
  const [page] = await open(browser, "well", { search, mapped: true });
  await page.locator(row("quick")).waitFor();
  expect(await page.locator(row("quick")).getAttribute("data-state")).toBe("no_data");
  expect(await words(page, row("quick"))).toMatch(
    /^No data quick .* unknown nobody reached the goal since .* – nobody tried – nobody tried – nobody tried$/,
  );
});

it("fits 360 px without scrolling sideways", async () => {
  const viewport = { width: 360, height: 780 };
  const [page] = await open(browser, "well", { search, viewport, mapped: true });
  await page.locator(row("orders")).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(
    0,
  );
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "objectives-360.png"), fullPage: true });
});

it("a journey that promises nothing has no block, and the funnel is whole", async () => {
  const [page] = await open(browser, "well", { search });
  await verdictSays(page, /did not reach Pay/);
  await page.getByTestId("ends").waitFor();
  expect(await page.getByTestId("objectives").count()).toBe(0);
});

it("is exported as CSV", async () => {
  const [page] = await open(browser, "well", { search, mapped: true });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("objectives").getByRole("button", { name: "CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("felt-objectives-Checkout.csv");
  const text = readFileSync(await download.path(), "utf8");
  expect(text.trim().split("\r\n")).toHaveLength(5);
  expect(text).toContain("quick,latency,0.99,2419200000,interactions,unknown,0,0,,,,,,,");
});
