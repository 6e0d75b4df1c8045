// The pages beside the first one: what they say, that anybody can read them, and the
// ways from one to the next.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import { hash, rawId, traceId } from "./canned";
import { open, tone, until, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const query = (page: Page) => new URL(page.url()).search;

const pages: [string, string, RegExp, string, string][] = [
  [
    "funnel",
    "?view=funnel&of=journey%3Ashop%2Fcheckout",
    /^312 of 1,204 journeys that began at Cart did not reach Pay; 41 left after a failure, 12 left while it was slow$/,
    "plain",
    "[data-testid=step]",
  ],
  [
    "tries",
    "?view=tries&of=step%3Ashop%2Fpay",
    /^1 customer in the 3 tries of shop\/pay, last 24 h$/,
    "plain",
    "[data-testid=try]",
  ],
  [
    "customer",
    `?view=customer&id=${hash}`,
    /^Customer 9f86d081 failed 1 of 5 tries in the last 30 d, last pay at /,
    "failing",
    "[data-testid=stop]",
  ],
  [
    "trace",
    `?view=trace&id=${traceId}`,
    /^pay failed \(card_declined\): 4 spans in 4 services over 2\.4 s, the error came from bank: charge$/,
    "failing",
    "[data-testid=span]",
  ],
  [
    "inventory",
    "?view=inventory",
    /^2 errors in the newest text: version 7 still rules$/,
    "degraded",
    "[data-testid=problems] li",
  ],
];

describe.each(pages)("%s", (name, search, sentence, want, row) => {
  it.each(["light", "dark"] as const)("says so and can be read, %s", async (colorScheme) => {
    const [page] = await open(browser, "well", { search, colorScheme, mapped: "bad" });
    await verdictSays(page, sentence);
    expect(await tone(page)).toBe(want);
    await page.locator(row).first().waitFor();
    expect((await page.title()).replaceAll("\u00a0", " ")).toMatch(/ · Felt$/);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `${name}-${colorScheme}.png`), fullPage: true });
  });

  it("fits 360 px without scrolling sideways", async () => {
    const viewport = { width: 360, height: 780 };
    const [page] = await open(browser, "well", { search, viewport, mapped: "bad" });
    await verdictSays(page, sentence);
    await page.locator(row).first().waitFor();
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    expect(over).toBe(0);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `${name}-360.png`), fullPage: true });
  });
});

describe("from the first page", () => {
  it("a journey is told from a step, and its row leads to the funnel, a step to its tries", async () => {
    const [page, s] = await open(browser, "well", { mapped: true, base: "/tools/felt/" });
    await verdictSays(page, /^All 13 journeys and steps are well/);
    expect(await words(page, "[data-name=login]")).toContain("Step");
    expect(await words(page, "[data-name=checkout]")).toMatch(
      /Checkout Funnel shop .* criticality 5$/,
    );
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "now-mapped.png") });
    await page.getByRole("link", { name: "Funnel of Checkout" }).click();
    await verdictSays(page, /did not reach Pay/);
    expect(query(page)).toBe("?view=funnel&of=journey%3Ashop%2Fcheckout");
    await until(
      () => words(page, "[data-testid=funnel]"),
      (said) => said.includes("Payments · criticality 5 of 5"), // of another question
    );
    await page.getByRole("link", { name: "Pay", exact: true }).click();
    await page.getByTestId("try").first().waitFor();
    expect(s.asked.filter((q) => q.includes("interactions")).at(-1)).toBe(
      "GET api/v1/interactions?of=step%3Ashop%2Fpay&window=24h&limit=100",
    );
    await page.goBack();
    await verdictSays(page, /did not reach Pay/);
    expect(new URL(page.url()).pathname).toBe("/tools/felt/");
  });

  it("the panel of a journey leads there too", async () => {
    const [page] = await open(browser, "well", { mapped: true });
    await page.getByRole("button", { name: "Checkout", exact: true }).first().click();
    await page
      .getByTestId("panel")
      .getByRole("link", { name: /^Funnel/ })
      .click();
    await verdictSays(page, /did not reach Pay/);
  });
});

describe("a customer", () => {
  it("is found by a raw id, which is shown nowhere afterwards, and leads to the trace", async () => {
    const [page, s] = await open(browser, "well");
    await verdictSays(page, /well/);
    await page.keyboard.press("/");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("combobox").fill("nobody@example.com");
    await dialog.getByRole("option", { name: /^Find the customer/ }).click();
    await dialog.getByText(/nobody is known by that id/).waitFor();
    expect(await complaints(page)).toEqual([]);
    await dialog.getByRole("combobox").fill(rawId);
    await page.keyboard.press("Enter");
    await verdictSays(page, /^Customer 9f86d081 failed 1 of 5 tries/);
    expect(query(page)).toBe(`?view=customer&id=${hash}`);
    const seen = await page.evaluate(() => document.documentElement.outerHTML + document.title);
    expect(seen).not.toContain(rawId);
    expect(s.asked.join("\n")).not.toContain("example.com");
    expect(await words(page, "[data-testid=customer-hash]")).toBe(hash);
    const way = await words(page, "[data-testid=way]");
    expect(way).toMatch(/left after a failure checkout .* cart .* pay .*card_declined/);
    await page.getByRole("link", { name: "Trace of pay" }).first().click();
    await verdictSays(page, /^pay failed \(card_declined\)/);
    await page.getByRole("button", { name: "charge" }).click();
    const panel = page.getByTestId("span-panel");
    await panel.getByText("CardDeclined").waitFor();
    expect(query(page)).toBe(`?view=trace&id=${traceId}&span=aa00000000000003`);
    expect(await complaints(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "detached" });
  });

  it("an id that was written into the address gives way to the hash", async () => {
    const [page, s] = await open(browser, "well", {
      search: `?view=customer&id=${encodeURIComponent(rawId)}&window=7d`,
    });
    await verdictSays(page, /^Customer 9f86d081 failed 1 of 5 tries in the last 7 d/);
    expect(query(page)).toBe(`?view=customer&id=${hash}&window=7d`);
    expect(s.asked.filter((q) => q.includes("customers/")).join()).not.toContain("example.com");
  });

  it("who is not known is said so", async () => {
    const [page] = await open(browser, "well", { search: `?view=customer&id=${"ab".repeat(16)}` });
    await verdictSays(page, /^Customer abababab is not known in production$/);
  });
});

describe("a trace", () => {
  it("without spans says why", async () => {
    const [page] = await open(browser, "well", {
      search: "?view=trace&id=0af7651916cd43dd8448eb211c80319c",
    });
    await verdictSays(page, /^cart ended with success; its spans are not kept$/);
    expect(await words(page, "[data-testid=note]")).toContain("and of 1 % of the others");
    expect(await complaints(page)).toEqual([]);
  });

  it("that is not known is said so", async () => {
    const [page] = await open(browser, "well", { search: `?view=trace&id=${"ab".repeat(16)}` });
    await verdictSays(page, /^Trace abababab is not here$/);
  });
});

describe("the inventory", () => {
  it("a bad edit is said on every page at once, and a good one takes it back", async () => {
    const [page, s] = await open(browser, "well", { mapped: true });
    await verdictSays(page, /well/);
    await until(
      () => words(page, "button.live"),
      (said) => said === "Live",
    );
    expect(await page.getByTestId("banner").count()).toBe(0);
    s.edit("bad");
    await page.getByTestId("banner").waitFor({ timeout: 10_000 });
    expect(await words(page, "[data-testid=banner] p")).toBe(
      'The running inventory is version 7; the newest edit has 2 errors: checkout.yaml:12:5: unknown key "stepps", …',
    );
    expect(await complaints(page)).toEqual([]);
    await page.getByTestId("banner").getByRole("link").click();
    await verdictSays(page, /^2 errors in the newest text/);
    expect(await words(page, "[data-testid=problems]")).toContain('did you mean "Pay"?');
    s.edit(true);
    await page.getByTestId("banner").waitFor({ state: "detached", timeout: 10_000 });
    await verdictSays(page, /^1 journey with 3 steps in version 7$/);
  });

  it("g i leads there; what is not mapped comes with the text that would take it", async () => {
    const [page] = await open(browser, "well", { mapped: true });
    await verdictSays(page, /well/);
    await page.keyboard.press("g");
    await page.keyboard.press("i");
    const lines = page.getByTestId("unmapped");
    await lines.getByRole("button", { name: "Journey that would take it" }).first().click();
    await lines.getByRole("button", { name: "Copy YAML for shop/newsletter" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      "journeys:\n  - name: newsletter\n    match: {interaction: newsletter}\n",
    );
    expect(await complaints(page)).toEqual([]);
  });

  it("says what a pasted span counts as, and why not", async () => {
    const [page] = await open(browser, "well", { mapped: true, search: "?view=inventory" });
    const box = page.getByTestId("explain");
    await box.getByRole("textbox").fill('{"name":"GET /pay","kind":2}');
    await box.getByRole("button", { name: "Explain" }).click();
    await until(
      () => words(page, "[data-testid=explained]"),
      (text) =>
        text.includes("GET /pay payment, server counts as nothing") &&
        text.includes('Rule checkout/Pay does not hold: name is "GET /pay"'),
    );
    expect(await complaints(page)).toEqual([]);
  });
});

it("the list of affected customers is taken with a reason", async () => {
  const search = "?journey=shop%2Fcheckout";
  const [page, s] = await open(browser, "incident", { strict: true, search });
  await verdictSays(page, /could not finish/);
  await page.getByRole("button", { name: "Affected customers…" }).first().click();
  const dialog = page.getByRole("dialog").last();
  await dialog.getByRole("button", { name: "Get the CSV" }).click();
  await dialog.getByText("No list: reason is needed (422)").waitFor();
  expect(await complaints(page)).toEqual([]);
  await dialog.getByRole("textbox").fill("Care writes to them");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Get the CSV" }).click(),
  ]);
  expect(readFileSync(await download.path(), "utf8")).toContain(hash);
  expect(s.asked.at(-1)).toMatch(
    /affected\?of=step%3Ashop%2Fcheckout&.*reason=Care\+writes\+to\+them/,
  );
});

it("a page that cannot be loaded any more says so, and the frame goes on", async () => {
  const [page] = await open(browser, "well", { mapped: true });
  await verdictSays(page, /well/);
  await page.route(/\/assets\/Inventory-/, (route) => route.abort());
  await page.getByRole("link", { name: "Inventory" }).click();
  await page
    .getByRole("alert")
    .getByText(/Felt may have been updated meanwhile/)
    .waitFor();
  expect(await complaints(page)).toEqual([]);
  await page.getByRole("link", { name: "Now" }).click();
  await verdictSays(page, /well/);
});

it("the funnel is exported as CSV", async () => {
  const [page] = await open(browser, "well", {
    mapped: true,
    search: "?view=funnel&of=journey%3Ashop%2Fcheckout&window=1h",
  });
  await verdictSays(page, /did not reach Pay/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("funnel").getByRole("button", { name: "CSV" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("felt-funnel-Checkout-1h.csv");
  expect(readFileSync(await download.path(), "utf8")).toMatch(/\r\nPay,892,820,/);
});
