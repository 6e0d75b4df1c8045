// What the page says in each state, that anybody can read it, in light and dark, on a
// small screen and on paper.

import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { complaints, launch, shots } from "./browser";
import type { State } from "./fixture";
import { headline, open, rows, tone, verdictSays, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const says: Record<State, [RegExp, string]> = {
  empty: [/^No telemetry yet: point an OTLP exporter at http:\/\/localhost:4318$/, "unknown"],
  unnamed: [/^No journey seen in the last 5 min/, "unknown"],
  well: [
    /^All 12 journeys are well: at least 11,930 customers in the last 5 min, 11 to 33 failed$/,
    "ok",
  ],
  quiet: [/^11 of 12 journeys are well, no data from Checkout/, "unknown"],
  incident: [
    /^About 412 customers \(3\.1 % of 13,290\) could not finish Checkout since \d\d:\d\d$/,
    "failing",
  ],
  stale: [/^No data for 2 min: what is shown is not now$/, "unknown"],
  behind: [/^Felt is 1 min behind: what is shown is not now$/, "unknown"],
  many: [/^1 of 300 journeys is failing \(Journey 7\): /, "failing"],
  tiny: [/^journey-0 is well: 1 customer in the last 5 min, 0 failed$/, "ok"],
  huge: [/^1 of 6 journeys is failing \(/, "failing"],
};

/** Everything that comes later than the sentence. */
async function whole(page: Page, state: State) {
  if (state === "empty") return page.getByTestId("first-run").waitFor();
  if (state === "unnamed") return page.getByTestId("offers").locator("details").first().waitFor();
  await page.locator("svg.spark").first().waitFor();
  await page.getByTestId("data-health").waitFor();
}

describe.each(Object.keys(says) as State[])("%s", (state) => {
  it.each(["light", "dark"] as const)("says so and can be read, %s", async (colorScheme) => {
    const [page] = await open(browser, state, { colorScheme });
    const [sentence, wantTone] = says[state];
    await verdictSays(page, sentence);
    expect(await tone(page)).toBe(wantTone);
    await whole(page, state);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `${state}-${colorScheme}.png`) });
  });

  it("fits 360 px without scrolling sideways", async () => {
    const [page] = await open(browser, state, { viewport: { width: 360, height: 780 } });
    await verdictSays(page, says[state][0]);
    await whole(page, state);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    expect(over).toBe(0);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), `${state}-360.png`), fullPage: true });
  });
});

describe("with an incident", () => {
  it("tells of each in a line: how bad, whom, since when, who has it", async () => {
    const [page] = await open(browser, "incident");
    await verdictSays(page, says.incident[0]);
    const line = "[data-testid=incident] >> nth=0";
    const text = await words(page, line);
    const number = page.locator("[data-testid=customers-failed]").first();
    expect(await number.getAttribute("data-value")).toBe("412");
    for (const part of [
      "P1",
      "72 of 100",
      "About 412 customers failed so far",
      "3.1 % of 13,290, 400–424; 412 in the last 5 min",
      "6 min",
      "nobody commands",
      "not acknowledged",
    ])
      expect(text).toContain(part);
    const second = await words(page, "[data-testid=incident] >> nth=1");
    for (const part of ["P3", "24 of 100", "Maximiliane", "silenced: maintenance of the voucher"])
      expect(second).toContain(part);
    await page.locator(".open-incidents .score button").first().hover();
    const parts = page.getByRole("tooltip").first();
    await parts.waitFor();
    expect(await words(page, "[role=tooltip] >> nth=0")).toMatch(
      /^Impact score 72 criticality 1 5 of 5 reach 0\.61 412 of 13290 customers \(3\.1 %\)/,
    );
    const box = await parts.boundingBox();
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= 1280).toBe(true);
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "incident-rows.png") });
    await page.mouse.move(2, 2);
    expect((await page.title()).replaceAll("\u00a0", " ")).toMatch(
      /^About 412 customers .* · Felt$/,
    );
  });

  it("puts the worst journey first and shows state in words", async () => {
    const [page] = await open(browser, "incident");
    await verdictSays(page, says.incident[0]);
    expect((await rows(page)).slice(0, 5)).toEqual([
      "checkout",
      "apply-voucher",
      "search",
      "invoice-pdf",
      "login",
    ]);
    expect(await words(page, "[data-name=invoice-pdf]")).toMatch(/^No data/);
    expect(await words(page, "[data-name=apply-voucher]")).toMatch(/8 % of 88 \(4–16 %\)/);
  });

  it("has a chart that can be walked, and the same numbers as a table", async () => {
    const [page] = await open(browser, "incident");
    await page.getByRole("button", { name: "Checkout", exact: true }).click();
    const plot = page.locator(".plot").first();
    await plot.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    const told = (await plot.getAttribute("aria-valuetext")) ?? "";
    expect(told.replaceAll("\u00a0", " ")).toMatch(/^\d\d:\d\d:\d0: \d+ of \d+ customers failed; /);
    expect((await words(page, ".readout")).replaceAll("\u00a0", " ")).toBe(
      told.replaceAll("\u00a0", " "),
    );
    await page.getByText("Same numbers as a table").first().click();
    const oldest = await words(page, ".twin tbody tr:nth-last-child(2)");
    expect(told.startsWith(oldest.slice(0, 8))).toBe(true);
    expect(await complaints(page)).toEqual([]);
  });

  it("prints dark on white, without buttons", async () => {
    const [page] = await open(browser, "incident", { colorScheme: "dark" });
    await verdictSays(page, says.incident[0]);
    await whole(page, "incident");
    await page.emulateMedia({ media: "print" });
    expect(await complaints(page)).toEqual([]);
    expect(await page.getByRole("button", { name: "CSV" }).count()).toBe(0);
    expect(await page.locator("[data-testid=freshness]").isVisible()).toBe(true);
    await page.pdf({ path: join(shots(), "incident.pdf"), format: "A4", printBackground: true });
  });
});

it("works under a base path", async () => {
  const [page, s] = await open(browser, "well", { base: "/tools/felt/", search: "?window=1h" });
  await verdictSays(page, /^All 12 journeys are well: .* in the last 1 h/);
  expect(s.asked).toContain("GET api/v1/now?window=1h&day=false");
  await page.getByText("15m", { exact: true }).click();
  await verdictSays(page, /in the last 15 min/);
  expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/tools/felt/?window=15m");
});

it("says how fresh the data is, always in sight", async () => {
  const [page] = await open(browser, "incident", { viewport: { width: 1280, height: 500 } });
  await verdictSays(page, says.incident[0]);
  const bar = page.locator("[data-testid=freshness]");
  expect(await words(page, "[data-testid=freshness] summary")).toMatch(
    /^Up to date as of \d\d:\d\d:\d\d complete until \d\d:\d\d:\d\d lag 0\.8 s 124 dropped 2 unmapped/,
  );
  const box = await bar.boundingBox();
  expect((box?.y ?? 0) + (box?.height ?? 0)).toBe(500);
  await bar.locator("summary").click();
  expect(await words(page, "[data-testid=freshness] .about")).toContain("GET /healthz 911");
  expect(await complaints(page)).toEqual([]);
});

it("tells how to send telemetry, to be copied", async () => {
  const [page] = await open(browser, "empty");
  await page.getByRole("button", { name: "Copy the SDK's environment" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^export OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/localhost:4318\n/,
  );
  expect(await page.locator("[data-testid=journeys]").count()).toBe(0);
  expect(await headline(page)).toMatch(says.empty[0]);
});
