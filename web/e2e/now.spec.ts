// The first page's own blocks, and what its keys and its address do.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { headline, open, rows, tone, until, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const query = (page: Page) => new URL(page.url()).searchParams;
const row = (name: string) => `[data-testid=journey][data-name=${name}]`;

describe("journeys", () => {
  it("tell now and the hour, with ways to the tries behind them, and a day", async () => {
    const [page, s] = await open(browser, "incident");
    await verdictSays(page, /could not finish/);
    await page.locator("svg.spark").first().waitFor();
    expect(await words(page, `${row("checkout")} td.hit`)).toMatch(/^412 \/ 659 13\.2 %/);
    const day = (await page.locator(`${row("search")} svg.spark`).getAttribute("aria-label")) ?? "";
    expect(day.replaceAll("\u00a0", " ")).toMatch(/ bad in 24 h, worst .*; \d changes?$/);
    await page
      .locator(row("apply-voucher"))
      .getByRole("link", { name: /^7 customers failed/ })
      .click();
    expect(query(page).get("of")).toBe("step:shop/apply-voucher");
    expect(query(page).get("outcome")).toBe("failed");
    await until(
      async () => s.asked.some((q) => q.startsWith("GET api/v1/interactions?of=step%3A")),
      Boolean,
    );
  });

  it("of a fleet are the worst few, and say what is not shown", async () => {
    const [page] = await open(browser, "many");
    await verdictSays(page, /1 of 300/);
    expect(await rows(page)).toHaveLength(9); // one fails and eight are degraded
    expect((await rows(page))[0]).toBe("journey-7");
    const more = page.getByRole("button", { name: /^Show all 300/ });
    expect((await more.innerText()).replaceAll("\u00a0", " ")).toBe(
      "Show all 300: 3 more without data, 288 more well",
    );
    await more.click();
    expect(query(page).get("all")).toBe("1");
    expect(await rows(page)).toHaveLength(300);
    await page
      .getByRole("textbox", { name: "Show only journeys with these words" })
      .fill("app-7 44");
    await until(
      () => rows(page),
      (r) => r.length === 1 || r.length === 0,
    );
    await page.getByRole("textbox", { name: "Show only journeys with these words" }).fill("team 7");
    await until(
      () => rows(page),
      (r) => r.includes("journey-7"),
    );
  });
});

describe("the side panel", () => {
  it("says for whom it goes wrong, with the change lane under its chart", async () => {
    const [page] = await open(browser, "incident", { search: "?journey=shop%2Fcheckout" });
    const panel = page.getByTestId("panel");
    await panel.getByTestId("drivers").locator("li").first().waitFor();
    expect(await words(page, "[data-testid=drivers]")).toMatch(
      /region eu-west 9\.8 % of 4,100 against 0\.8 % of 10,902 of the others; explains 77 %/,
    );
    await panel.locator(".lane .pin").first().waitFor();
    expect(await words(page, "[data-testid=lane]")).toMatch(/Deploy: web 5f3c \(was 4a11\)/);
    expect(
      await panel.getByRole("link", { name: /Incident: Customers fail at Checkout/ }).count(),
    ).toBe(1);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "panel.png") });
    await page.keyboard.press("Escape");
    await until(
      async () => query(page).get("journey"),
      (j) => j === null,
    );
  });
});

describe("incidents", () => {
  it("that are over lead to their page too", async () => {
    const [page] = await open(browser, "incident");
    await page
      .getByTestId("resolved")
      .getByRole("link", { name: "Customers fail at Log in" })
      .click();
    expect(query(page).get("id")).toBe("inc-0");
  });

  it("open their own page with Enter", async () => {
    const [page] = await open(browser, "incident");
    await page.getByTestId("incident").first().waitFor();
    await page.getByTestId("incident").first().getByRole("link").first().focus();
    await page.keyboard.press("Enter");
    expect(query(page).get("view")).toBe("incident");
    expect(query(page).get("id")).toBe("inc-1");
  });

  it("are declared from here", async () => {
    const [page] = await open(browser, "well");
    await page.getByRole("button", { name: "Declare an incident…" }).click();
    await page.getByRole("dialog").waitFor();
    expect(await complaints(page)).toEqual([]);
  });
});

describe("time", () => {
  it("goes back and on with [ and ], says that it is not now, and is in the address", async () => {
    const [page, s] = await open(browser, "incident");
    await verdictSays(page, /could not finish/);
    await page.keyboard.press("[");
    await verdictSays(page, /^Looking back at /);
    expect(await tone(page)).toBe("unknown");
    expect(query(page).get("to")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await until(async () => s.asked.some((q) => /api\/v1\/now\?window=5m&to=/.test(q)), Boolean);
    await page.keyboard.press("]");
    await verdictSays(page, /could not finish/);
    expect(query(page).get("to")).toBeNull();
  });

  it("compares with a week before with .", async () => {
    const [page] = await open(browser, "well");
    await verdictSays(page, /well/);
    await page.keyboard.press(".");
    await page.getByText("points against", { exact: false }).first().waitFor();
    expect(query(page).get("compare")).toBe("week");
    await page.keyboard.press(".");
    expect(query(page).get("compare")).toBeNull();
  });
});

describe("the command menu", () => {
  it("goes to a journey by its name, by the keyboard alone", async () => {
    const [page] = await open(browser, "incident");
    await verdictSays(page, /could not finish/);
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("vouch");
    await page.getByRole("option", { name: /^Apply voucher/ }).waitFor();
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "menu.png") });
    expect(await words(page, "[role=option] >> nth=0")).toMatch(/^Customers fail at Apply voucher/);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByTestId("panel").waitFor();
    expect(query(page).get("journey")).toBe("shop/apply-voucher");
  });

  it("does what the keys do", async () => {
    const [page] = await open(browser, "well");
    await verdictSays(page, /well/);
    await page.keyboard.press("/");
    await page.getByRole("combobox").fill("freeze");
    await page.keyboard.press("Enter");
    await verdictSays(page, /^Frozen at/);
  });
});

it("remembers the colours that were chosen", async () => {
  const [page] = await open(browser, "well", { colorScheme: "light" });
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  expect(await scheme()).toBe("light");
  await page.getByRole("button", { name: "Switch to dark colours" }).click();
  await page.reload();
  await verdictSays(page, /well/);
  expect(await scheme()).toBe("dark");
});

describe("the first run", () => {
  it("has three ways in, and lights up with the first interaction without a reload", async () => {
    const [page, s] = await open(browser, "empty");
    await page.getByTestId("first-run").waitFor();
    await page.getByRole("button", { name: "Copy the curl command" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(
      "curl -sS http://localhost:4318/v1/traces",
    );
    s.state = "tiny";
    s.tick();
    await verdictSays(page, /^journey-0 is well: 1 customer/, 8000);
    expect(await page.getByTestId("first-run").count()).toBe(0);
  });

  it("offers what comes in as journeys", async () => {
    const [page] = await open(browser, "unnamed");
    await page.getByTestId("offers").locator("summary").first().click();
    expect(await words(page, "[data-testid=offers] pre")).toMatch(/journeys:|name:/);
  });
});

describe("the demo", () => {
  it.each(["light", "dark"] as const)("says that it is one, %s", async (colorScheme) => {
    const [page] = await open(browser, "well", { demo: "history", colorScheme });
    const bar = page.getByTestId("demo");
    await bar.waitFor();
    expect(await words(page, "[data-testid=demo]")).toMatch(
      /^Demo Taking in 28 days of history 62 % .*No real customer is here\.$/,
    );
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `demo-${colorScheme}.png`) });
  });

  it("lets another scenario be chosen", async () => {
    const [page, s] = await open(browser, "well", { demo: "live" });
    await page.getByLabel("Scenario").selectOption("region-down");
    await until(async () => s.asked.includes("POST demo/scenario"), Boolean);
    expect(await words(page, "[data-testid=demo]")).toMatch(/The fault is on since/);
  });

  it("is not asked for where there is none", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    expect(s.asked.filter((q) => q.includes("demo/"))).toEqual([]);
  });
});

it("takes every table along as CSV", async () => {
  const [page] = await open(browser, "incident");
  await page.getByTestId("changes").locator("li").first().waitFor();
  for (const [where, file, head] of [
    ["incidents", "felt-incidents.csv", "id,priority,score,"],
    ["changes", "felt-changes.csv", "id,kind,app,"],
    ["journeys", /^felt-journeys-5m-.*\.csv$/, "app,journey,title,"],
  ] as const) {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByTestId(where).getByRole("button", { name: "CSV" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(file);
    expect(readFileSync(await download.path(), "utf8").startsWith(head)).toBe(true);
  }
});

it("keeps still under the pointer while the worst changes", async () => {
  const [page, s] = await open(browser, "well");
  await verdictSays(page, /well/);
  const before = await rows(page);
  await page.locator(row(String(before[2]))).hover();
  s.state = "incident";
  s.tick();
  await until(
    () => headline(page),
    (said) => /could not finish/.test(said),
  );
  expect(await rows(page)).toEqual(before);
  await page.mouse.move(2, 2);
  await until(
    () => rows(page),
    (r) => r[0] === "checkout",
  );
});

it("without a server says so, and shows no empty tables", async () => {
  const [page] = await open(browser, "well", { broken: true });
  await verdictSays(page, /^Felt does not answer/);
  expect(await page.getByTestId("journeys").count()).toBe(0);
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "down.png") });
});
