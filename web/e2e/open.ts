// Opens the page against a stand-in and closes both when the test ends.

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import type { Case } from "./commander";
import type { State } from "./fixture";
import { type Stand, stand } from "./server";

interface Options extends BrowserContextOptions {
  /** What follows the base path: "?window=1h". */
  search?: string;
  base?: string;
  /** How the stand-in is from the start. */
  broken?: boolean;
  deaf?: boolean;
  mapped?: boolean | "bad";
  strict?: boolean;
  demo?: "history" | "live";
  kind?: Case;
}

export async function open(
  browser: Browser,
  state: State,
  options: Options = {},
): Promise<[Page, Stand]> {
  const {
    search = "",
    base = "/",
    broken = false,
    deaf = false,
    mapped = false,
    strict = false,
    demo,
    kind,
    ...rest
  } = options;
  const s = await stand(state, base);
  Object.assign(s, { broken, deaf, mapped, strict, demo, kind });
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    timezoneId: "UTC",
    permissions: ["clipboard-read", "clipboard-write"],
    ...rest,
  });
  const page = await context.newPage();
  const thrown: string[] = [];
  page.on("pageerror", (e) => thrown.push(e.message));
  onTestFinished(async () => {
    await context.close();
    await s.stop();
    if (thrown.length > 0) throw new Error(`the page threw: ${thrown.join("; ")}`);
  });
  await page.goto(s.url + search);
  return [page, s];
}

/** The words of an element as they are shown, with plain spaces. */
export async function words(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).first().innerText()).replace(/\s+/g, " ").trim();
}

/** Waits until `check` holds, and fails with what it last saw. */
export async function until<T>(
  look: () => Promise<T>,
  check: (seen: T) => boolean,
  ms = 10_000,
): Promise<T> {
  const end = Date.now() + ms;
  for (;;) {
    const seen = await look();
    if (check(seen)) return seen;
    if (Date.now() > end)
      throw new Error(`not within ${ms} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

export const headline = (page: Page) => words(page, "[data-testid=verdict] h1");
export const tone = (page: Page) => page.locator("[data-testid=verdict]").getAttribute("data-tone");

/** Waits until the verdict says what is expected. */
export const verdictSays = (page: Page, what: RegExp, ms?: number) =>
  until(
    () => headline(page),
    (said) => what.test(said),
    ms,
  );

/** The names of the journeys in the order of the rows. */
export const rows = (page: Page) =>
  page
    .locator("[data-testid=journey]")
    .evaluateAll((all) => all.map((r) => r.getAttribute("data-name")));
