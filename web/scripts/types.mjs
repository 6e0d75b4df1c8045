// Writes src/openapi.d.ts from a running server's OpenAPI document.
// FELT_URL names the server (default http://127.0.0.1:3358).
//
// openapi-typescript needs TypeScript 5's JavaScript interface, which TypeScript 7
// no longer has; so both come in for this run only, at fixed versions.
import { spawnSync } from "node:child_process";

const server = process.env.FELT_URL ?? "http://127.0.0.1:3358";
const run = spawnSync(
  "npm",
  [
    "exec",
    "--yes",
    "--package=openapi-typescript@7.13.0",
    "--package=typescript@5.9.3",
    "--",
    "openapi-typescript",
    new URL("/api/openapi.json", server).href,
    "--output",
    "src/openapi.d.ts",
  ],
  { stdio: "inherit" },
);
process.exit(run.status ?? 1);
