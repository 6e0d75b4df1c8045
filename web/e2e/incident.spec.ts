// The commander's page: five questions answered at one look, everything done by hand or keyboard.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { complaints, launch, shots } from "./browser";
import type { Case } from "./commander";
import { open, until, words } from "./open";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

const search = "?view=incident&id=inc-1";
const wide = { viewport: { width: 1440, height: 900 } };

async function show(kind: Case, options: Parameters<typeof open>[2] = {}) {
  const [page, s] = await open(browser, "incident", { search, kind, ...wide, ...options });
  const logged: string[] = [];
  page.on("console", (m) => m.type() === "error" && logged.push(m.text()));
  onTestFinished(() => {
    const bad = logged.filter((l) => !l.includes("(Conflict)"));
    if (bad.length > 0) throw new Error(`the console has errors: ${bad.join("; ")}`);
  });
  await page.locator("[data-testid=incident-head]").waitFor();
  return [page, s] as const;
}

const answers = ["real", "many", "who", "changed", "do"];

/** How far an answer reaches beyond what can be seen without scrolling, in pixels. */
async function beyond(page: Page): Promise<string[]> {
  const floor = await page.locator(".fresh").evaluate((e) => e.getBoundingClientRect().top);
  const out: string[] = [];
  for (const name of answers) {
    const box = await page.locator(`[data-answer=${name}]`).boundingBox();
    if (!box || box.height < 20) out.push(`${name} is not there`);
    else if (box.y < 0 || box.x < 0 || box.x + box.width > 1440 || box.y + box.height > floor)
      out.push(`${name} ends at ${Math.round(box.y + box.height)} of ${Math.round(floor)}`);
  }
  return out;
}

const cases: Case[] = [
  "usual",
  "early",
  "degraded",
  "declared",
  "resolved",
  "recovered",
  "huge",
  "one",
  "storm",
  "long",
  "bare",
];

describe("a responder's five questions", () => {
  for (const kind of cases)
    it(`are answered without scrolling: ${kind}`, async () => {
      const [page] = await show(kind);
      await page.locator(".lane, .better .empty").first().waitFor();
      expect(await beyond(page)).toEqual([]);
    });

  it("stay answered when the chart is there", async () => {
    const [page] = await show("usual");
    await page.locator(".better .plot").waitFor();
    expect(await words(page, ".better")).toMatch(
      /Recovered once, for 5 min and 30 tries: ≤ 1.2 % fail, ≥ 93 % complete/,
    );
    expect(await page.locator(".criterion-line").count()).toBe(1);
    expect(await beyond(page)).toEqual([]);
  });
});

describe("looks", () => {
  for (const colorScheme of ["light", "dark"] as const)
    for (const kind of cases)
      it(`${kind}, ${colorScheme}: nothing for axe to say, nothing wider than the page`, async () => {
        const [page] = await show(kind, { colorScheme });
        await page.locator(".better .plot, .better .empty").first().waitFor();
        expect(await complaints(page)).toEqual([]);
        await page.screenshot({ path: join(shots(), `incident-${kind}-${colorScheme}.png`) });
        await page.setViewportSize({ width: 390, height: 844 });
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(
          390,
        );
        await page.screenshot({
          path: join(shots(), `incident-${kind}-${colorScheme}-phone.png`),
          fullPage: true,
        });
      });
});

describe("states", () => {
  it("says that there is no such incident", async () => {
    const [page] = await open(browser, "incident", {
      search: "?view=incident&id=gone",
      kind: "usual",
    });
    await until(
      () => words(page, "main"),
      (w) => /There is no such incident.*gone/.test(w),
    );
    expect(await complaints(page)).toEqual([]);
  });

  it("keeps the last numbers, grey, when the server is gone", async () => {
    const [page, s] = await open(browser, "incident", { search, kind: "usual" });
    await page.locator("[data-testid=incident-head].is-failing").waitFor();
    s.broken = true;
    await page.locator("[data-testid=incident-head].is-no_data").waitFor({ timeout: 20_000 });
    await page.getByText("The newest numbers are missing").waitFor();
  });

  it("of what nobody counted, no number is 0", async () => {
    const [page] = await show("declared");
    const said = await words(page, "[data-answer=many]");
    expect(said).toMatch(/Customers failed – it names no journey/);
    expect(said).not.toMatch(/\b0 lost/);
  });

  it("while evidence is not there yet, says so", async () => {
    const [page] = await show("early");
    expect(await words(page, "[data-answer=who]")).toMatch(/Not known yet/);
    expect(await words(page, "[data-answer=changed]")).toMatch(/Not known yet/);
  });

  it("lists 60 findings when asked", async () => {
    const [page] = await show("storm");
    await page.getByText("It rests on 60 findings, 52 of them last").click();
    await until(
      () => page.locator(".rests li").count(),
      (n) => n === 60,
    );
  });
});

describe("how fast faults were found", () => {
  for (const colorScheme of ["light", "dark"] as const)
    it(`is a table of distributions against the target, ${colorScheme}`, async () => {
      const [page] = await open(browser, "incident", {
        search: "?view=findings",
        kind: "usual",
        mapped: true,
        colorScheme,
        ...wide,
      });
      const block = page.locator("[data-testid=detection]");
      await block.waitFor();
      expect(await words(page, "[data-testid=detection] .says")).toMatch(
        /^6 of 7 incidents detected within 3 min of the first harm/,
      );
      expect(await block.locator("[data-name=detected] .dots i").count()).toBe(7);
      expect(await block.locator("[data-name=detected] .is-late").count()).toBe(1);
      expect(await words(page, "[data-testid=detection] [data-name=mitigated]")).toMatch(/– – 0$/);
      expect(await complaints(page)).toEqual([]);
      await block.screenshot({ path: join(shots(), `detection-${colorScheme}.png`) });
      await block.getByRole("link").first().click();
      await page.locator("[data-testid=incident-head]").waitFor();
    });
});

describe("acts", () => {
  it("acknowledges by key, and takes command in a dialog", async () => {
    const [page, s] = await show("usual");
    await page.keyboard.press("a");
    await page.locator(".chip").getByText("Acknowledged", { exact: true }).waitFor();
    await page.keyboard.press("t");
    const dialog = page.getByRole("dialog");
    expect(new URL(page.url()).searchParams.get("act")).toBe("command");
    await dialog.getByLabel("Who commands?").fill("Ana");
    await page.keyboard.press("Enter");
    await until(
      () => words(page, "[data-answer=many]"),
      (w) => /Commander Ana/.test(w),
    );
    expect(s.given.map((g) => g.verb)).toEqual(["acknowledge", "command"]);
    expect(s.given.every((g) => g.key.length > 10)).toBe(true);
  });

  it("refuses to resolve before recovery without a reason, and says why", async () => {
    const [page, s] = await show("usual");
    await page.keyboard.press("r");
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Resolve" }).click();
    await dialog.getByText("Not resolved: customers are still failing").waitFor();
    expect(await complaints(page)).toEqual([]);
    await dialog.getByRole("textbox").fill("rolled back web@5f3c");
    await dialog.getByRole("button", { name: "Resolve" }).click();
    await page.locator(".chip.is-resolved").waitFor();
    expect(s.given.at(-1)?.body.reason).toBe("rolled back web@5f3c");
  });

  it("posts notes, markers, a verdict, a silence, a cause and what mitigated it", async () => {
    const [page, s] = await show("usual");
    const dialog = page.getByRole("dialog");
    for (const [key, button] of [
      ["n", "Post"],
      ["m", "Add the marker"],
    ] as const) {
      await page.keyboard.press(key);
      await dialog.getByRole("textbox").fill(`said by ${key}`);
      await dialog.getByRole("button", { name: button }).click();
      await dialog.waitFor({ state: "detached" });
    }
    await page.getByText("said by n").waitFor();
    await page.keyboard.press("v");
    await dialog.getByRole("button", { name: "Say so" }).click();
    await page.locator(".chip").getByText("noise").waitFor();
    await page.keyboard.press("s");
    await dialog.getByLabel("Why?").fill("we work on it");
    await dialog.getByRole("button", { name: "Silence" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Say the cause" }).click();
    await dialog.getByRole("button", { name: "This is the cause" }).click();
    await page.locator(".suspects .says").getByText("Cause:").waitFor();
    await page.locator(".more-acts summary").click();
    await page.getByRole("button", { name: "Mitigated…" }).click();
    await dialog.getByRole("button", { name: "It is mitigated" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(s.given.map((g) => g.verb)).toEqual([
      "note",
      "note",
      "verdict",
      "silence",
      "cause",
      "mitigated",
    ]);
    expect(s.given[1]?.body.kind).toBe("marker");
    expect(s.given[3]?.body).toMatchObject({
      for: "1h",
      reason: "we work on it",
      of: "journey:shop/checkout",
    });
    expect(s.given[4]?.body.change).toBe("d1");
  });

  it("ticks a task of the action plan", async () => {
    const [page, s] = await show("usual");
    await page.getByRole("checkbox").first().check();
    await page.locator(".tasks .is-done").waitFor();
    expect(s.given.at(-1)?.body).toMatchObject({
      kind: "decision",
      text: "Done: Roll back the last deploy of web",
    });
  });

  it("drafts the next update, copies it, and posts it as it was changed", async () => {
    const [page, s] = await show("usual");
    const box = page.getByLabel("Text of the update");
    expect(await box.inputValue()).toMatch(/^P1: 412 customers/);
    await page.getByRole("button", { name: "Copy" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^P1: 412/);
    await box.fill("We are rolling back.");
    await page.getByRole("button", { name: "Post as update" }).click();
    await page.getByText("Update posted").waitFor();
    expect(s.given.at(-1)?.body).toMatchObject({ kind: "update", text: "We are rolling back." });
    expect(await box.inputValue()).toMatch(/^P1: 412/);
  });

  it("declares another", async () => {
    const [page, s] = await show("usual", { search: `${search}&act=declare` });
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("What is wrong?").fill("Customers are charged twice");
    expect(await complaints(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Declare" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(s.given.at(-1)).toMatchObject({
      verb: "declare",
      body: { title: "Customers are charged twice" },
    });
    expect(new URL(page.url()).searchParams.get("id")).toBe("inc-1");
  });

  it("hands over the customers whom it harmed", async () => {
    const [page] = await show("usual", { search: `${search}&act=customers` });
    await page.route("**/incidents/inc-1/customers*", (r) =>
      r.fulfill({ body: "customer,failed\r\nabc,2\r\n" }),
    );
    const waiting = page.waitForEvent("download");
    await page.getByRole("dialog").getByRole("button", { name: "Get the CSV" }).click();
    const file = await waiting;
    expect(readFileSync(await file.path(), "utf8")).toContain("abc,2");
  });

  it("every table of it is taken along as CSV", async () => {
    const [page] = await show("usual");
    await page.locator(".better .plot").waitFor();
    await page.getByText("Same numbers as a table").click();
    await page.getByText(/^It rests on/).click();
    for (const [where, what, head] of [
      [".better", "chart", "from,complete,customers_failed,"],
      [".who", "parts", "fate,part,bad,"],
      [".suspects", "signs", "kind,what,at,"],
      [".plan", "plan", "journey,step,action,"],
      [".story > header", "timeline", "at,kind,text,actor"],
      [".story .rests", "findings", "id,kind,name,"],
    ] as const) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.locator(where).getByRole("button", { name: "CSV" }).click(),
      ]);
      expect(download.suggestedFilename()).toContain(what);
      const text = readFileSync(await download.path(), "utf8");
      expect(text.startsWith(head)).toBe(true);
      expect(text.trim().split("\r\n").length).toBeGreaterThan(1);
    }
  });

  it("g and a letter still belong to the frame", async () => {
    const [page] = await show("usual");
    await page.keyboard.press("g");
    await page.keyboard.press("n");
    await until(
      async () => new URL(page.url()).searchParams.get("view"),
      (v) => v === null,
    );
    expect(await page.getByRole("dialog").count()).toBe(0);
  });
});
