// A tiny stand-in for the server: the built page and canned answers, under any base
// path, in whatever state the test asks for.

import { existsSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as canned from "./canned";
import { type Case, commanded, detection, type Given, refused } from "./commander";
import { detectors, findings } from "./detectors";
import { type Deeds, health, incidents, journeys, type State, series } from "./fixture";
import * as nowday from "./nowday";
import { objectives } from "./objectives";
import { signals } from "./signals";

const dist = process.env.FELT_DIST ?? fileURLToPath(new URL("../dist/", import.meta.url));
const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface Stand {
  url: string;
  state: State;
  /** True: every question is answered 503, and streams are cut. */
  broken: boolean;
  /** True: there is no event stream, as behind a proxy that buffers. */
  deaf: boolean;
  /** True: there is an inventory with a journey; "bad": its newest edit has errors. */
  mapped: boolean | "bad";
  /** A demo, and how far it is. */
  demo: undefined | "history" | "live";
  /** True: the list of affected customers needs a reason. */
  strict: boolean;
  deeds: Deeds;
  /** Which incident its commander sees; undefined: there is none. */
  kind?: Case;
  /** What was commanded, newest last. */
  given: Given[];
  /** What was asked, method and path, newest last. */
  asked: string[];
  /** Tells every open stream that something changed. */
  tick(): void;
  /** Tells every open stream that the inventory was edited. */
  edit(how: boolean | "bad"): void;
  stop(): Promise<void>;
}

export async function stand(state: State, base = "/"): Promise<Stand> {
  if (!existsSync(join(dist, "index.html")))
    throw new Error("web/dist is not built: npm run build");
  const streams = new Set<ServerResponse>();
  const self: Stand = {
    url: "",
    state,
    broken: false,
    deaf: false,
    mapped: false,
    strict: false,
    demo: undefined,
    deeds: { acknowledged: new Set(), resolved: new Map() },
    given: [],
    asked: [],
    tick: () => {
      const now = new Date().toISOString();
      for (const s of streams)
        s.write(`event: tick\ndata: {"as_of":"${now}","complete_until":"${now}"}\n\n`);
    },
    edit: (how) => {
      self.mapped = how;
      for (const s of streams) s.write(`event: inventory\ndata: {"version":7}\n\n`);
    },
    stop: async () => {
      for (const s of streams) s.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
  const server = createServer((req, res) => {
    answer(self, streams, base, req, res).catch((e: unknown) => {
      res.writeHead(500).end(String(e));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${base}`;
  return self;
}

async function body(req: IncomingMessage): Promise<{ reason?: string; id?: string }> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString() || "{}");
}

interface Reply {
  status?: number;
  value: unknown;
}

const problem = (status: number, detail: string): Reply => ({ status, value: { status, detail } });

const questionOf = (asked: URLSearchParams) => ({
  of: asked.get("of") ?? "",
  kind: asked.get("kind") ?? "",
  paging: asked.get("paging") === "true",
});

/** commander answers the page of one incident, and what is commanded on it. */
async function commander(
  self: Stand,
  kind: Case,
  path: string,
  req: IncomingMessage,
): Promise<Reply | undefined> {
  const [, id, verb = ""] =
    /^api\/v1\/(incidents\/inc-1|incidents|silences)(?:\/([a-z]+))?$/.exec(path) ?? [];
  if (req.method === "GET")
    return id === "incidents/inc-1" && !verb
      ? { value: { ...health(self.state), ...commanded(kind, self.given) } }
      : undefined;
  if (!id) return undefined;
  const said = (await body(req)) as Record<string, string>;
  const why = refused(commanded(kind, self.given), verb, said);
  if (why) return problem(409, why);
  const key = String(req.headers["idempotency-key"] ?? "");
  self.given.push({ verb: verb || (id === "silences" ? "silence" : "declare"), body: said, key });
  return { value: commanded(kind, self.given), status: id === "incidents/inc-1" ? 200 : 201 };
}

/** later answers what the pages beside the first one ask; undefined: it is none of that. */
async function later(
  self: Stand,
  path: string,
  asked: URLSearchParams,
  req: IncomingMessage,
): Promise<Reply | undefined> {
  const [, one, id = ""] = /^api\/v1\/(customers|traces)\/([^/]+)$/.exec(path) ?? [];
  if (one === "customers" && req.method === "POST") {
    const asked = (await body(req)).id ?? "";
    return asked === canned.rawId || asked === canned.hash
      ? { value: canned.customer() }
      : problem(404, "nobody is known by that id in this environment");
  }
  if (one === "customers")
    return id === canned.hash ? { value: canned.customer() } : problem(404, "nobody is known");
  if (one === "traces") {
    const value = canned.trace(id);
    return value ? { value } : problem(404, "nothing is known of this trace");
  }
  switch (path) {
    case "api/v1/funnel":
      return { value: canned.funnel() };
    case "api/v1/objectives":
      return { value: self.mapped ? objectives() : { objectives: [], mend: "write some" } };
    case "api/v1/signals":
      return { value: self.mapped ? signals() : { signals: [], step: "10s", mend: "write some" } };
    case "api/v1/detectors":
      return { value: self.mapped ? detectors(asked.get("of") ?? "") : { detectors: [] } };
    case "api/v1/findings":
      return {
        value: {
          ...health(self.state),
          findings: self.mapped ? findings(questionOf(asked), self.state === "incident") : [],
        },
      };
    case "api/v1/detection":
      return { value: detection() };
    case "api/v1/interactions":
      return { value: { interactions: canned.tries(), next: "" } };
    case "api/v1/inventory":
      return { value: self.mapped ? canned.inventory(self.mapped === "bad") : canned.noInventory };
    case "api/v1/unmapped":
      return { value: canned.unmapped() };
    case "api/v1/explain":
      return { value: canned.explained() };
  }
  return undefined;
}

async function answer(
  self: Stand,
  streams: Set<ServerResponse>,
  base: string,
  req: IncomingMessage,
  res: ServerResponse,
) {
  const url = new URL(req.url ?? "/", "http://fixture");
  if (!url.pathname.startsWith(base)) return void res.writeHead(404).end();
  const path = url.pathname.slice(base.length);
  self.asked.push(`${req.method} ${path}${url.search}`);
  const json = (value: unknown, status = 200) =>
    void res
      .writeHead(status, {
        "content-type": status < 400 ? "application/json" : "application/problem+json",
      })
      .end(JSON.stringify(value));
  if (path.startsWith("api/") && self.broken) {
    for (const s of streams) s.destroy();
    return json({ title: "Service Unavailable", status: 503, detail: "the store is closed" }, 503);
  }
  const stamp = health(self.state);
  const told = self.kind && (await commander(self, self.kind, path, req));
  if (told) return json(told.value, told.status);
  const act = /^api\/v1\/incidents\/([^/]+)\/(acknowledge|resolve)$/.exec(path);
  if (act?.[1] && req.method === "POST") {
    const { reason } = await body(req);
    if (act[2] === "acknowledge") self.deeds.acknowledged.add(act[1]);
    else if (!reason)
      return json(
        { title: "Conflict", status: 409, detail: "the finding still lasts: give a reason" },
        409,
      );
    else self.deeds.resolved.set(act[1], reason);
    return json({});
  }
  if (path === "api/v1/health") return json({ ...stamp, demo: self.demo !== undefined });
  if (path === "demo/state" && self.demo) return json(nowday.demo(self.demo));
  if (path === "demo/scenario" && self.demo) return json({});
  if (path === "api/v1/changes") return json({ ...stamp, changes: nowday.changes(self.state) });
  if (path === "api/v1/drivers") return json({ ...stamp, ...nowday.drivers(self.state) });
  if (path === "api/v1/now") {
    const full = url.searchParams.get("day") !== "false";
    const all = [...(self.mapped ? [canned.journeyRow] : []), ...journeys(self.state)];
    return json({
      question: {},
      ...stamp,
      journeys: all.map((j, i) => nowday.nowRow(j, i, full)),
      health: "ok",
      ...(full ? { sparks: nowday.sparks(), changes: nowday.changes(self.state) } : {}),
    });
  }
  if (path === "api/v1/journeys")
    return json({
      question: {},
      ...stamp,
      journeys: [...(self.mapped ? [canned.journeyRow] : []), ...journeys(self.state)],
    });
  if (path === "api/v1/incidents")
    return json({
      incidents: incidents(self.state, url.searchParams.get("status") ?? "", self.deeds),
    });
  if (path === "api/v1/series") {
    const [from, to] = ["from", "to"].map((k) => Date.parse(url.searchParams.get(k) ?? ""));
    return json({ ...stamp, buckets: series(self.state, from ?? 0, to ?? 0, 10) });
  }
  if (path === "api/v1/events" && !self.deaf) {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    res.write(": hello\n\n");
    streams.add(res);
    res.on("close", () => streams.delete(res));
    return;
  }
  if (path === "api/v1/affected") {
    if (self.strict && !url.searchParams.get("reason"))
      return json({ title: "Unprocessable", status: 422, detail: "reason is needed" }, 422);
    res
      .writeHead(200, { "content-type": "text/csv" })
      .end(`customer,failed\r\n${canned.hash},2\r\n`);
    return;
  }
  const reply = await later(self, path, url.searchParams, req);
  if (reply) return json(reply.value, reply.status);
  if (path.startsWith("api/")) return json({ title: "Not Found", status: 404 }, 404);
  const file = join(dist, path === "" ? "index.html" : path);
  if (!file.startsWith(dist) || !existsSync(file)) return void res.writeHead(404).end();
  res
    .writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" })
    .end(readFileSync(file));
}
