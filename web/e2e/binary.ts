// The real binary, started on free ports with a data directory of its own.
//
// FELT_BIN names it (default ../bin/felt).

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./open";

export interface Binary {
  url: string;
  /** Where it takes OTLP over HTTP. */
  otlp: string;
  /** When the process was started, milliseconds. */
  started: number;
  /** What it wrote so far. */
  log: () => string;
  stop: () => Promise<void>;
}

async function freePort(): Promise<number> {
  const s = createServer().listen(0, "127.0.0.1");
  await once(s, "listening");
  const address = s.address();
  s.close();
  await once(s, "close");
  if (typeof address !== "object" || !address) throw new Error("no free port");
  return address.port;
}

export async function start(command: "serve" | "demo", flags: string[] = []): Promise<Binary> {
  const bin = resolve(
    process.env.FELT_BIN ?? fileURLToPath(new URL("../../bin/felt", import.meta.url)),
  );
  if (!existsSync(bin))
    throw new Error(`no ${bin}: build it with make build, or name it with FELT_BIN`);
  const data = mkdtempSync(join(tmpdir(), "felt-e2e-"));
  const [page, grpc, http] = await Promise.all([freePort(), freePort(), freePort()]);
  const at = (port: number | undefined) => `127.0.0.1:${port}`;
  const places = ["--listen", at(page), "--otlp-grpc", at(grpc), "--otlp-http", at(http)];
  const child = spawn(bin, [command, "--data", data, ...places, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      log = (log + chunk).slice(-8000);
    });
  child.on("error", (e) => {
    log += `\n${e.message}`;
  });
  child.on("exit", (code, signal) => {
    log += `\nended: ${code ?? signal}`;
  });
  const ended = new Promise((done) => child.once("close", done));
  return {
    url: `http://${at(page)}/`,
    otlp: `http://${at(http)}/`,
    started: Date.now(),
    log: () => log,
    stop: async () => {
      await end(child, ended);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess, ended: Promise<unknown>) {
  if (child.exitCode !== null || child.pid === undefined) return;
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(timer);
}

const readyWithin = 10_000;

export async function ready({ url, log }: Pick<Binary, "url" | "log">): Promise<void> {
  const ask = () =>
    fetch(new URL("readyz", url)).then(
      (r) => r.status,
      () => 0,
    );
  await until(ask, (status) => status === 200, readyWithin).catch((e) => {
    throw new Error(`not ready: ${e.message}\n${log()}`);
  });
}
