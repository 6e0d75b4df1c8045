// The system's Chromium, driven by playwright-core. There is no fall-back and no
// skipping: without a browser the tests fail and say what to install.

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch(): Promise<Browser> {
  const asked = process.env.CHROMIUM;
  const found = asked ? [asked].find(existsSync) : places.find(existsSync);
  if (!found)
    throw new Error(
      `no Chromium at ${asked ?? places.join(", ")}: install it (apt-get install chromium) or name it with CHROMIUM`,
    );
  return chromium.launch({
    executablePath: found,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** Where screenshots go: FELT_SHOTS, else a directory of the system's temp. */
export function shots(): string {
  const dir = process.env.FELT_SHOTS ?? join(tmpdir(), "felt-shots");
  mkdirSync(dir, { recursive: true });
  return dir;
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Finding {
  id: string;
  help: string;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe has against the page, one line for each rule with the first place it is broken. */
export async function complaints(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate(
    "axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)",
  )) as Finding[];
  return found.map(({ id, help, nodes }) => {
    const [first] = nodes;
    return `${id} (${nodes.length} places): ${help}: ${first?.html.slice(0, 200)}: ${first?.failureSummary}`;
  });
}
