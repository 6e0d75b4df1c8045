// What a person can do: with the keyboard, on incidents, with the table.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { open, until, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const card = (page: Page) => page.locator("[data-testid=incident]").first();

describe("an incident", () => {
  it("is acknowledged with one click", async () => {
    const [page, s] = await open(browser, "incident");
    await card(page).getByRole("button", { name: "Acknowledge" }).click();
    await card(page).getByText("acknowledged", { exact: true }).first().waitFor();
    expect([...s.deeds.acknowledged]).toEqual(["inc-1"]);
    expect(await card(page).getByRole("button", { name: "Acknowledge" }).count()).toBe(0);
  });

  it("is resolved with a reason; without one the server's refusal is shown", async () => {
    const [page, s] = await open(browser, "incident");
    await card(page).getByRole("button", { name: "Resolve…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Resolve", exact: true }).click();
    await dialog.getByText("Not resolved: the finding still lasts: give a reason (409)").waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "resolve.png") });
    await dialog.getByRole("textbox").fill("rolled back web@5f3c");
    await dialog.getByRole("button", { name: "Resolve", exact: true }).click();
    await verdictSays(page, /7 customers \(8 % of 88\) could not finish Apply voucher/);
    expect(s.deeds.resolved.get("inc-1")).toBe("rolled back web@5f3c");
    await until(
      () => words(page, "[data-testid=resolved]"),
      (text) => text.includes("Customers fail at Checkout"),
    );
  });

  it("keys typed into the reason are letters, not commands", async () => {
    const [page] = await open(browser, "incident");
    await card(page).getByRole("button", { name: "Resolve…" }).click();
    await page.getByRole("textbox").pressSequentially("jkfc?");
    expect(await page.getByRole("textbox").inputValue()).toBe("jkfc?");
    expect(await words(page, "button.live")).toBe("Live");
  });
});

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
    page.getByRole("button", { name: "CSV" }).click(),
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
