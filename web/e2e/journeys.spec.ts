// Journeys with the real binary: an inventory of one journey, real OTLP, and what a
// person sees of it in a real browser. FELT_BIN names the binary (default ../bin/felt).

import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CustomerAnswer, FunnelAnswer } from "../src/ask";
import type { InventoryAnswer } from "../src/inventory";
import { type Binary, ready, start } from "./binary";
import { complaints, launch, shots } from "./browser";
import { until, verdictSays, words } from "./open";

const good = `journeys:
  - name: checkout
    title: Checkout
    purpose: purchase
    app: shop
    team: Payments
    owners: [payments@shop.example]
    criticality: 5
    correlate: session
    steps:
      - {name: cart, match: {interaction: cart}}
      - {name: address, match: {interaction: address}}
      - {name: pay, match: {interaction: pay}}
    timeout: 30m
    objectives:
      - {name: paid, kind: success, target: 0.995, window: 28d}
    reviewed: 2026-10-01
`;

/** How far each customer came, and what became of the last step. */
const customers = [
  ...Array.from({ length: 6 }, () => ["cart", "address", "pay"]),
  ...Array.from({ length: 2 }, () => ["cart", "address", "pay:failed"]),
  ...Array.from({ length: 3 }, () => ["cart", "address"]),
  ["cart"],
];
const unlucky = "customer-7@example.com"; // the first whose payment fails

const text = (key: string, value: string) => ({ key, value: { stringValue: value } });

/** spansOf makes one trace for each try: the browser's span, and the server's under it. */
function spansOf(steps: string[], user: string, session: string, ends: number) {
  return steps.flatMap((said, i) => {
    const [name = "", outcome = "success"] = said.split(":");
    const at = ends - (steps.length - i) * 2000;
    const nano = (ms: number) => `${ms}000000`;
    const traceId = randomBytes(16).toString("hex");
    const spanId = randomBytes(8).toString("hex");
    const status = outcome === "failed" ? { code: 2, message: "card declined" } : {};
    return [
      {
        service: "web",
        span: {
          traceId,
          spanId,
          name: `click ${name}`,
          kind: 3,
          startTimeUnixNano: nano(at),
          endTimeUnixNano: nano(at + 900),
          status,
          attributes: [
            text("felt.interaction.name", name),
            text("felt.interaction.outcome", outcome),
            text("user.id", user),
            text("session.id", session),
          ],
        },
      },
      {
        service: "api",
        span: {
          traceId,
          spanId: randomBytes(8).toString("hex"),
          parentSpanId: spanId,
          name: `POST /${name}`,
          kind: 2,
          startTimeUnixNano: nano(at + 100),
          endTimeUnixNano: nano(at + 700),
          status,
          attributes: [text("http.route", `/${name}`)],
        },
      },
    ];
  });
}

async function send(otlp: string): Promise<void> {
  const all = customers.flatMap((steps, i) =>
    spansOf(steps, `customer-${i + 1}@example.com`, `session-${i + 1}`, Date.now() - 1000),
  );
  const resourceSpans = ["web", "api"].map((service) => ({
    resource: { attributes: [text("service.name", service), text("service.namespace", "shop")] },
    scopeSpans: [{ spans: all.filter((s) => s.service === service).map((s) => s.span) }],
  }));
  const res = await fetch(new URL("v1/traces", otlp), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans }),
  });
  if (!res.ok) throw new Error(`OTLP: ${res.status} ${await res.text()}`);
}

let browser: Browser;
let felt: Binary;
let config: string;
const write = (yaml: string) => writeFileSync(join(config, "inventory.yaml"), yaml);

async function ask<T>(path: string): Promise<T> {
  const res = await fetch(new URL(`api/v1/${path}`, felt.url));
  if (!res.ok) throw new Error(`${path}: ${res.status} ${await res.text()}`);
  return (await res.json()) as T;
}

const inventory = () => ask<InventoryAnswer>("inventory");
const funnel = () => ask<FunnelAnswer>("funnel?of=journey:shop/checkout&window=1h");

beforeAll(async () => {
  browser = await launch();
  config = mkdtempSync(join(tmpdir(), "felt-config-"));
  write(good);
  felt = await start("serve", ["--config", config, "--settle", "1s", "--keeper-behind", "2s"]);
  await ready(felt);
  await until(inventory, (i) => i.version > 0, 20_000);
  await send(felt.otlp);
  await until(
    () => funnel().catch(() => undefined),
    (f) => f?.steps[2]?.entered === 8,
    30_000,
  ).catch((e) => {
    throw new Error(`${e.message}\n${felt.log()}`);
  });
});
afterAll(async () => {
  await browser?.close();
  await felt?.stop();
  if (config) rmSync(config, { recursive: true, force: true });
});

async function visit(search: string): Promise<Page> {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    timezoneId: "UTC",
  });
  await page.goto(felt.url + search);
  return page;
}

describe("a journey of three steps", () => {
  it("is on the first page with its owner, and its row leads to the funnel", async () => {
    const page = await visit("");
    await page.getByRole("link", { name: "Funnel of Checkout" }).click();
    await page.getByTestId("step").first().waitFor();
    expect(await words(page, "[data-testid=funnel] h2")).toMatch(
      /^Checkout Payments · criticality 5 of 5/,
    );
    await page.close();
  });

  it("has a funnel with the numbers of the API", async () => {
    const want = await funnel();
    expect(want.steps.map((s) => [s.name, s.entered, s.completed])).toEqual([
      ["cart", 12, 12],
      ["address", 11, 11],
      ["pay", 8, 6],
    ]);
    const page = await visit("?view=funnel&of=journey%3Ashop%2Fcheckout&window=1h");
    await verdictSays(
      page,
      /^4 of 12 journeys that began at cart (have not reached|did not reach) pay/,
    );
    const shown = await page
      .getByTestId("step")
      .evaluateAll((rows) =>
        rows.map((r) => [r.dataset.name, Number(r.dataset.entered), Number(r.dataset.completed)]),
      );
    expect(shown).toEqual(want.steps.map((s) => [s.name, s.entered, s.completed]));
    const rate = await page.getByTestId("completion").getAttribute("data-value");
    expect(rate).toBe(String(want.completion_rate ?? ""));
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "real-funnel.png"), fullPage: true });
    await page.getByTestId("funnel").getByRole("link", { name: "pay", exact: true }).click();
    await until(
      () => page.getByTestId("try").count(),
      (n) => n === 8,
    );
    await page.close();
  });
});

it("a customer is found by their id, and leads to the trace", async () => {
  const page = await visit("");
  await page.locator("[data-testid=journey]").first().waitFor();
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill(unlucky);
  await page.keyboard.press("Enter");
  await verdictSays(page, /^Customer [0-9a-f]{8} failed 1 of 3 tries/);
  const hash = new URL(page.url()).searchParams.get("id") ?? "";
  expect(hash).toMatch(/^[0-9a-f]{32}$/);
  const way = await ask<CustomerAnswer>(`customers/${hash}?window=30d`);
  expect(way.interactions.length).toBe(await page.getByTestId("stop").count());
  expect(await page.evaluate(() => document.documentElement.outerHTML)).not.toContain(unlucky);
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "real-customer.png"), fullPage: true });

  await page.getByRole("link", { name: "Trace of pay" }).first().click();
  await verdictSays(page, /^pay failed/);
  // The spans of what failed are kept, a little later than the interaction.
  await until(
    async () => {
      const again = page.getByRole("button", { name: "Ask again" });
      if (await again.isVisible()) await again.click();
      return page.getByTestId("span").count();
    },
    (n) => n === 2,
    30_000,
  );
  await verdictSays(page, /: 2 spans in 2 services over .*, the error came from api: POST \/pay$/);
  expect(await complaints(page)).toEqual([]);
  await page.screenshot({ path: join(shots(), "real-trace.png"), fullPage: true });
  await page.close();
});

describe("the inventory's page", () => {
  it("has the journey, and suggestions that are taken as they are", async () => {
    const page = await visit("?view=inventory");
    await verdictSays(page, /^1 journey with 3 steps in version \d+$/);
    expect(await words(page, "[data-testid=inventory-journeys]")).toMatch(
      /Checkout shop · purchase · criticality 5 of 5 .* Payments 2026-10-01/,
    );
    const lines = page.getByTestId("unmapped");
    await lines.getByRole("button", { name: "Journey that would take it" }).first().click();
    const suggested = await lines.locator("pre").first().innerText();
    const res = await fetch(new URL("api/v1/inventory/check", felt.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ files: [{ name: "new.yaml", text: suggested }] }),
    });
    expect(await res.json()).toMatchObject({ good: true });
    expect(await complaints(page)).toEqual([]);
    await page.screenshot({ path: join(shots(), "real-inventory.png"), fullPage: true });
    await page.close();
  });

  it("says what a pasted span counts as, and what is no span", async () => {
    const page = await visit("?view=inventory");
    const box = page.getByTestId("explain");
    const [first] = spansOf(["pay:failed"], unlucky, "s", Date.now());
    await box.getByRole("textbox").fill(JSON.stringify(first?.span));
    await box.getByRole("button", { name: "Explain" }).click();
    await until(
      () => words(page, "[data-testid=explained]"),
      (text) => /1 interaction from 1 span/.test(text) && /failed pay of .*decided by/.test(text),
    );
    expect(await complaints(page)).toEqual([]);
    await box.getByRole("textbox").fill("hello");
    await box.getByRole("button", { name: "Explain" }).click();
    await box.getByText(/^Not explained: /).waitFor();
    await page.close();
  });
});

it("the list of affected customers is theirs, by hash", async () => {
  const page = await visit("?view=tries&of=step%3Ashop%2Fpay&window=1h");
  await page.getByRole("button", { name: "Affected customers…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox").fill("Care writes to them");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "Get the CSV" }).click(),
  ]);
  const list = readFileSync(await download.path(), "utf8");
  expect(list.trim().split(/\r?\n/)).toHaveLength(1 + 2);
  expect(list).not.toContain("@example.com");
  await page.close();
});

it("a bad edit is said on every page, changes nothing, and a good one takes it back", async () => {
  const before = await inventory();
  const page = await visit("");
  await page.locator("[data-testid=journey]").first().waitFor();
  expect(await page.getByTestId("banner").count()).toBe(0);
  write(good.replace("steps:", "stepps:"));
  await page.getByTestId("banner").waitFor({ timeout: 20_000 });
  expect(await words(page, "[data-testid=banner] p")).toMatch(
    new RegExp(
      `^The running inventory is version ${before.version}; the .*edit.* has \\d+ errors?: inventory\\.yaml:10:5: `,
    ),
  );
  expect(await complaints(page)).toEqual([]);
  await page.getByTestId("banner").getByRole("link").click();
  await verdictSays(page, /in the newest text: version \d+ still rules$/);
  expect(await words(page, "[data-testid=problems]")).toContain("steps");
  expect((await inventory()).version).toBe(before.version);
  expect((await funnel()).steps).toHaveLength(3);
  write(good);
  await page.getByTestId("banner").waitFor({ state: "detached", timeout: 20_000 });
  await verdictSays(page, /^1 journey with 3 steps in version \d+/);
  await page.close();
});
