// The whole of it: the real binary's demo, over real OTLP, seen in a real browser. First it
// takes in a history, and says so; then a fault strikes about 45 s after live traffic
// begins; within 30 s of it the page must say how many customers it hit, and say the same
// number as the API.
//
// FELT_BIN names the binary (default ../bin/felt); FELT_URL a demo that was started
// by hand just before.

import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Incident } from "../src/api";
import { type Binary, ready, start } from "./binary";
import { complaints, launch, shots } from "./browser";
import { headline, tone, until, words } from "./open";

// A small history: that of four weeks takes longer than a test should.
const flags = ["--history", "6h", "--past", "40000"];
const faultWithin = 90_000; // the history, and about 45 s
const seenWithin = 30_000;

async function begin(): Promise<Binary> {
  const url = process.env.FELT_URL;
  if (!url) return start("demo", flags);
  return { url, otlp: "", started: Date.now(), log: () => "", stop: async () => undefined };
}

let browser: Browser | undefined;
let demo: Binary | undefined;
beforeAll(async () => {
  browser = await launch();
  demo = await begin();
});
afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

async function worst(url: string): Promise<Incident | undefined> {
  const res = await fetch(new URL("api/v1/incidents?status=open", url));
  const { incidents } = (await res.json()) as { incidents: Incident[] | null };
  return (incidents ?? []).sort((a, b) => b.score - a.score)[0];
}

/** The number of failed customers that the page shows for an incident. */
async function shown(page: Page, id: string): Promise<number> {
  const number = page.locator(`[data-id="${id}"] [data-testid=customers-failed]`);
  return Number(await number.getAttribute("data-value"));
}

it("the page says how many customers felt the fault, within 30 s, and as the API does", async () => {
  if (!browser || !demo) throw new Error("not started");
  const { url, started, log } = demo;
  await ready(demo);

  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
  });
  const thrown: string[] = [];
  page.on("pageerror", (e) => thrown.push(e.message));
  await page.goto(url);
  await until(
    () => headline(page),
    (said) => !/^Asking/.test(said),
    10_000,
  );
  if (Date.now() - started < 30_000) expect(await tone(page)).not.toBe("failing");
  await page.getByTestId("demo").waitFor(); // it says that it is a demo

  const card = page.getByTestId("incident").first();
  await card.waitFor({ timeout: faultWithin + seenWithin }).catch(async () => {
    throw new Error(`no incident on the page, it says: ${await headline(page)}\n${log()}`);
  });
  const seen = Date.now();
  const incident = await worst(url);
  if (!incident) throw new Error("the page shows an incident that the API does not");
  expect(seen - Date.parse(incident.first_bad)).toBeLessThanOrEqual(seenWithin);
  expect(await tone(page)).toBe("failing");

  // Both numbers grow while customers fail: equal means equal at one moment.
  await until(
    async () => {
      const before = (await worst(url))?.impact.customers.failed ?? -1;
      const on = await shown(page, incident.id);
      return { before, on, after: (await worst(url))?.impact.customers.failed ?? -1 };
    },
    ({ before, on, after }) => on > 0 && before <= on && on <= after,
    20_000,
  );
  expect(await headline(page)).toMatch(
    /^(About |At least )?[\d,]+ customers? \(.+ % of [\d,]+\) could not finish .+ since \d\d:\d\d$/,
  );
  await page.getByTestId("journey").first().waitFor();
  expect(await words(page, "[data-testid=freshness] summary")).toMatch(/^Up to date/);
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "demo.png") });
  expect(thrown).toEqual([]);
}, 180_000);
