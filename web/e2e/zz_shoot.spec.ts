import { test } from "vitest";
import { launch } from "./browser";
import type { State } from "./fixture";
import { stand } from "./server";

test("shoot", async () => {
  const b = await launch();
  const shot = async (
    name: string,
    state: State,
    w: number,
    scheme: "light" | "dark",
    q: string,
    act?: (
      p: import("playwright-core").Page,
      s: Awaited<ReturnType<typeof stand>>,
    ) => Promise<void>,
    full = false,
  ) => {
    const s = await stand(state);
    const p = await b.newPage({
      colorScheme: scheme,
      viewport: { width: w, height: w === 360 ? 780 : 1000 },
    });
    p.on("console", (m) => console.log(m.text()));
    p.on("pageerror", (e) => console.log(e));
    await p.goto(s.url + q);
    await p.waitForTimeout(900);
    await act?.(p, s);
    await p.screenshot({ path: `/tmp/shots/${name}.png`, fullPage: full });
    await p.close();
    await s.stop();
  };
  await shot("m1", "incident", 360, "light", "");
  await shot("m2", "incident", 360, "dark", "", async (p) => {
    await p.mouse.wheel(0, 900);
    await p.waitForTimeout(300);
  });
  await shot("panel", "incident", 1360, "light", "?journey=shop/search", async (p) => {
    await p.waitForTimeout(600);
  });
  await shot("help", "well", 1360, "dark", "", async (p) => {
    await p.keyboard.press("?");
    await p.waitForTimeout(600);
  });
  await shot("resolve", "incident", 1360, "light", "", async (p) => {
    await p.getByRole("button", { name: "Resolve…" }).first().click();
    await p.waitForTimeout(500);
    await p.getByRole("button", { name: "Resolve", exact: true }).click();
    await p.waitForTimeout(500);
  });
  await shot("stale", "stale", 1360, "light", "");
  await shot("down", "incident", 1360, "light", "", async (p, s) => {
    s.broken = true;
    s.tick();
    await p.waitForTimeout(6500);
  });
  await shot("quiet", "quiet", 1360, "light", "", async (p) => {
    await p.locator("footer summary").click();
    await p.waitForTimeout(200);
  });
  await shot("unnamed", "unnamed", 1360, "dark", "");
  await b.close();
}, 120000);
