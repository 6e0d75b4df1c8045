// What the detectors know and saw: what would be seen, and findings, with a view of their own.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { open, tone, until, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const journey = "?view=funnel&of=journey%3Ashop%2Fcheckout&window=1h";
const list = "?view=findings";
const row = (name: string) => `[data-testid=detector][data-name="${name}"]`;
const found = (id: string) => `[data-testid=finding][data-id=${id}]`;
const ids = (page: Page) =>
  page
    .locator("[data-testid=finding]")
    .evaluateAll((all) => all.map((r) => r.getAttribute("data-id")));
const query = (page: Page) => new URL(page.url()).search;
const sideways = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

describe("what would be seen", () => {
  it.each(["light", "dark"] as const)(
    "of everything stands in the inventory, in %s",
    async (colorScheme) => {
      const [page, s] = await open(browser, "well", {
        search: "?view=inventory",
        colorScheme,
        mapped: true,
      });
      await page.locator(row("journey checkout failed_rate")).waitFor();
      expect(s.asked).toContain("GET api/v1/detectors");
      expect(await words(page, "[data-testid=detectors-verdict]")).toBe(
        "5 of 9 detectors would see a change within 5 min; 1 within 30 min only; 1 nothing at this volume; 2 not yet",
      );
      expect(await words(page, row("journey checkout failed_rate"))).toBe(
        "Watching More fail 1 % of 20,000 known tries +11 points 12 % instead of 1 % +3.2 points 4.1 % instead of 1 % +1.2 points 2.2 % instead of 1 % 14 nats pages at 22",
      );
      expect(await words(page, row("step pay failed_rate"))).toMatch(/^Finding lasts More fail/);
      expect(await complaints(page)).toEqual([]);
      await page.screenshot({ path: join(shots(), `seen-${colorScheme}.png`), fullPage: true });
    },
  );

  it("is grey and says why where nothing is known, never green", async () => {
    const [page] = await open(browser, "well", { search: "?view=inventory", mapped: true });
    const young = row("step pay degraded_rate");
    await page.locator(young).waitFor();
    expect(await words(page, young)).toMatch(
      /^Not yet More are degraded 2 % partly assumed, of 340 known tries not yet 340 of 2,000 tries known /,
    );
    expect(await words(page, row("step pay volume"))).toMatch(
      /^Not yet Customers stay away 120 a minute expected now not yet 12 min more to watch first/,
    );
    expect(await words(page, row("step rare failed_rate"))).toMatch(
      /^Sees nothing More fail .* nothing not even if it were all of them/,
    );
    for (const name of ["step pay degraded_rate", "step pay volume", "step rare failed_rate"]) {
      expect(await page.locator(row(name)).getAttribute("data-state")).toBe("no_data");
      expect(await page.locator(`${row(name)} .is-ok`).count()).toBe(0);
    }
  });

  it("is grey as a whole when the page is not of now", async () => {
    const [page] = await open(browser, "stale", { search: "?view=inventory", mapped: true });
    await until(
      () => words(page, row("journey checkout failed_rate")).catch(() => ""),
      (said) => said.startsWith("Not known now"),
    );
    expect(await words(page, "[data-testid=detectors-verdict]")).toMatch(/^Last known: /);
    expect(await page.locator("[data-testid=detectors] .is-ok").count()).toBe(0);
    expect(await complaints(page)).toEqual([]);
  });

  it("of one name is chosen in the address", async () => {
    const [page] = await open(browser, "well", { search: "?view=inventory", mapped: true });
    await page.getByLabel("Detectors of").selectOption("step:shop/rare");
    await until(
      () => page.getByTestId("detector").count(),
      (n) => n === 1,
    );
    expect(query(page)).toBe("?view=inventory&of=step%3Ashop%2Frare");
    await page.reload();
    await page.locator(row("step rare failed_rate")).waitFor();
    expect(await page.getByTestId("detector").count()).toBe(1);
  });

  it("of a journey and its steps stands beside its funnel, and goes into a file", async () => {
    const [page, s] = await open(browser, "well", { search: journey, mapped: true });
    await page.locator(row("step pay step_ratio")).waitFor();
    for (const of of ["journey:shop/checkout", "step:shop/cart", "step:shop/pay"])
      expect(s.asked).toContain(`GET api/v1/detectors?of=${encodeURIComponent(of)}`);
    expect(await page.locator(row("step rare failed_rate")).count()).toBe(0);
    expect(await words(page, "[data-testid=detectors-verdict]")).toMatch(
      /more fail at checkout: \+11 points on 1 % of 120 customers a minute within 1 min; nothing smaller than \+1\.2 points within 30 min$/,
    );
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("detectors").getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("felt-detectors-Checkout.csv");
    const text = readFileSync(await download.path(), "utf8");
    expect(text.trim().split("\r\n")).toHaveLength(9);
    expect(text).toContain("step,shop,pay,degraded_rate,degraded,,learning,120,0.02,340,2000,,,,");
  });

  it("says so when no detector runs, and when it could not be asked", async () => {
    const [page] = await open(browser, "well", { search: "?view=inventory" });
    expect(await words(page, "[data-testid=detectors] .empty")).toMatch(/^Nothing would be seen/);
    expect(await page.getByTestId("detectors-verdict").count()).toBe(0);
    const [later, s] = await open(browser, "well", { search: "?view=inventory", mapped: true });
    await later.locator(row("journey checkout failed_rate")).waitFor();
    s.broken = true;
    await later.keyboard.press("f");
    await later.keyboard.press("f");
    await until(
      () => words(later, "[data-testid=detectors] .problem").catch(() => ""),
      (said) => said.startsWith("What would be seen now is not known: "),
    );
    expect(await later.locator("[data-testid=detectors] .is-ok").count()).toBe(0);
  });
});

describe("findings", () => {
  it.each(["light", "dark"] as const)(
    "have a view: what lasts and pages first, in %s",
    async (colorScheme) => {
      const [page, s] = await open(browser, "incident", {
        search: list,
        colorScheme,
        mapped: true,
      });
      await verdictSays(page, /^4 findings last, worst: failures at pay since \d\d:\d\d:\d\d$/);
      expect(await tone(page)).toBe("failing");
      expect(s.asked).toContain("GET api/v1/findings?window=24h&limit=200");
      expect(await ids(page)).toEqual(["f-new", "f-pay", "f-quiet", "f-funnel", "f-old"]);
      expect(await words(page, found("f-pay"))).toMatch(
        /^Lasts Paging class Failures step · shop\/pay worst with region=eu 430 of 667 customers failed .* since \d\d:\d\d:\d\d found \d\d:\d\d:\d\d, 14 s later for 5 min now Incident Single tries$/,
      );
      expect(await words(page, found("f-quiet"))).toMatch(
        /^Lasts not of paging class No telemetry step · shop · teller nothing comes from teller .* nothing$/,
      );
      expect(await page.locator(found("f-quiet")).getAttribute("data-state")).toBe("no_data");
      expect(await words(page, found("f-old"))).toMatch(
        /^Over not of paging class Slow step · shop\/pay only region=us .* over .*, after 16 min/,
      );
      expect(await complaints(page)).toEqual([]);
      await page.screenshot({ path: join(shots(), `findings-${colorScheme}.png`) });
    },
  );

  it("lead to the incident and to the series", async () => {
    const [page] = await open(browser, "incident", { search: list, mapped: true });
    await page.locator(found("f-pay")).getByRole("link", { name: "Incident" }).click();
    await page.locator('[data-testid=incident][data-id="inc-1"]').waitFor();
    expect(query(page)).toBe("?incident=inc-1");
    await page.goBack();
    await page.locator(found("f-funnel")).getByRole("link", { name: "Funnel of checkout" }).click();
    await page.getByTestId("ends").waitFor();
    expect(query(page)).toBe("?view=funnel&of=journey%3Ashop%2Fcheckout");
  });

  it("are chosen by kind and paging class, in the address", async () => {
    const [page, s] = await open(browser, "well", { search: list, mapped: true });
    await page.locator(found("f-pay")).waitFor();
    await page.getByLabel("Kind").selectOption("funnel");
    await until(
      () => ids(page),
      (all) => all.join() === "f-funnel",
    );
    expect(query(page)).toBe("?view=findings&kind=funnel");
    await page.getByLabel("Paging class only").check();
    await verdictSays(page, /^Nothing was found in the last 24 h$/);
    expect(s.asked).toContain("GET api/v1/findings?kind=funnel&window=24h&paging=true&limit=200");
    expect(await words(page, "[data-testid=findings] .empty")).toMatch(
      /^Nothing of this kind was found\. How small a change would have been seen/,
    );
  });

  it("come live, and are reached with g d and the menu", async () => {
    const [page, s] = await open(browser, "well", { mapped: true });
    await verdictSays(page, /well/);
    await page.keyboard.press("g");
    await page.keyboard.press("d");
    await page.locator(found("f-pay")).waitFor();
    s.state = "incident";
    s.tick();
    await page.locator(found("f-new")).waitFor({ timeout: 8000 });
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const on = () => page.evaluate(() => document.activeElement?.closest("tr")?.dataset.id);
    expect(await on()).toBeTruthy();
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await verdictSays(page, /could not finish/);
    await page.keyboard.press("/");
    await page.getByRole("option", { name: /^Findings/ }).click();
    await page.locator(found("f-new")).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("say that nothing was found, and are not green for it", async () => {
    const [page] = await open(browser, "well", { search: list });
    await verdictSays(page, /^Nothing was found in the last 24 h$/);
    expect(await tone(page)).toBe("plain");
    await page.getByTestId("findings").getByRole("link", { name: "inventory" }).click();
    await page.getByTestId("detectors").waitFor();
  });

  it("are grey when the server is gone, and when data is stale", async () => {
    const [page, s] = await open(browser, "well", { search: list, mapped: true });
    await page.locator(found("f-pay")).waitFor();
    s.broken = true;
    s.tick();
    await page.getByRole("alert").first().waitFor();
    await until(
      () => tone(page),
      (t) => t === "unknown",
    );
    expect(await words(page, found("f-pay"))).toMatch(/^Lasted when last known/);
    expect(await words(page, found("f-pay"))).not.toContain("min now");
    const [old] = await open(browser, "stale", { search: list, mapped: true });
    await old.locator(found("f-pay")).waitFor();
    await until(
      () => tone(old),
      (t) => t === "unknown",
    );
    expect(await complaints(old)).toEqual([]);
    const [never] = await open(browser, "well", { search: list, mapped: true, broken: true });
    await until(
      () => words(never, "main .problem").catch(() => ""),
      (said) => /^The findings could not be asked for: /.test(said),
    );
  });

  it("of a journey and its steps stand under its funnel, and go into a file", async () => {
    const [page] = await open(browser, "well", { search: journey, mapped: true });
    await page.locator(found("f-funnel")).waitFor();
    expect(await ids(page)).toEqual(["f-pay", "f-funnel", "f-old"]);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId("findings").getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("felt-findings-Checkout-24h.csv");
    const text = readFileSync(await download.path(), "utf8");
    expect(text.trim().split("\r\n")).toHaveLength(4);
    await page.getByRole("link", { name: "All findings" }).click();
    await page.locator(found("f-quiet")).waitFor();
  });
});

it.each([
  ["findings", list],
  ["seen", "?view=inventory"],
  ["journey", journey],
])("%s fits 360 px without scrolling sideways", async (name, search) => {
  const viewport = { width: 360, height: 780 };
  const [page] = await open(browser, "incident", { search, viewport, mapped: true });
  await page.locator("[data-testid=finding], [data-testid=detector]").first().waitFor();
  await page.waitForTimeout(300);
  expect(await sideways(page)).toBe(0);
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), `${name}-detect-360.png`), fullPage: true });
});
