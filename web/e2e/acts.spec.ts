// What a person can do: with the keyboard, on incidents, with the table.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { open, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe("the keyboard", () => {
  it("walks with j and k, opens with Enter, closes with Esc; the address follows", async () => {
    const [page] = await open(browser, "well");
    await verdictSays(page, /well/);
    for (const key of ["j", "j", "j", "k"]) await page.keyboard.press(key);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Log in");
    await page.keyboard.press("Enter");
    const panel = page.getByTestId("panel");
    await panel.locator(".plot").waitFor();
    expect(new URL(page.url()).search).toBe("?journey=shop%2Flogin");
    expect(await words(page, "[data-testid=panel]")).toContain("9 0.2 % of 4,410");
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "panel.png") });
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
    expect(new URL(page.url()).search).toBe("");
  });

  it("a link opens what it was copied from", async () => {
    const [page] = await open(browser, "incident", { search: "?window=15m&journey=shop%2Fsearch" });
    await page.getByTestId("panel").locator(".plot").waitFor();
    await page.keyboard.press("c");
    await page.getByText("Link copied").waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  });

  it("? explains keys and words", async () => {
    const [page] = await open(browser, "well");
    await verdictSays(page, /well/);
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("freeze the page, or go on").waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  });
});

it("the colours can be switched, and stay switched", async () => {
  const [page] = await open(browser, "well", { colorScheme: "light" });
  await page.getByRole("button", { name: "Switch to dark colours" }).click();
  const scheme = () => page.evaluate(() => document.documentElement.dataset.mantineColorScheme);
  expect(await scheme()).toBe("dark");
  await page.reload();
  await verdictSays(page, /well/);
  expect(await scheme()).toBe("dark");
});

it("the journeys are exported as CSV, in the order shown", async () => {
  const [page] = await open(browser, "incident");
  await verdictSays(page, /could not finish/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("journeys").getByRole("button", { name: "CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^felt-journeys-5m-\d{8}T\d+Z\.csv$/);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  expect(lines).toHaveLength(13);
  expect(lines[1]).toMatch(
    /^shop,checkout,Checkout,Payments,failing,finding open since 14:23,412,260,3120,/,
  );
});
