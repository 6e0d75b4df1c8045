// Fails when the first load of the page, or of an incident's page opened by its link, is more than
// 250 KB gzipped: index.html with every script and style it names; for an incident also its own
// chunk, what that imports, and every style sheet there is (a few too many, never too few).
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const limit = 250_000;
const dist = process.env.FELT_DIST
  ? new URL(`file://${process.env.FELT_DIST.replace(/\/?$/, "/")}`)
  : new URL("../dist/", import.meta.url);

function read(name) {
  try {
    return readFileSync(new URL(name, dist));
  } catch (cause) {
    console.error(
      `${fileURLToPath(new URL(name, dist))}: ${cause.message}; run npm run build first`,
    );
    process.exit(1);
  }
}

const page = read("index.html");
const named = [...page.toString().matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.(?:js|css))"/g)].map(
  ([, name]) => name,
);
if (named.length < 2) {
  console.error("index.html names no script or no style: is the build whole?");
  process.exit(1);
}

/** A script and everything that it imports at once. */
function imported(name, all = new Set()) {
  if (all.has(name)) return all;
  all.add(name);
  for (const [, other] of read(name)
    .toString()
    .matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
    imported(`assets/${other}`, all);
  return all;
}

const assets = readdirSync(new URL("assets/", dist));
const incident = assets.filter((a) => /^Incident-.*\.js$/.test(a)).map((a) => `assets/${a}`);
if (incident.length !== 1) {
  console.error(`${incident.length} chunks are named Incident: which is the page of an incident?`);
  process.exit(1);
}
const first = new Set(named);
for (const name of named) if (name.endsWith(".js")) imported(name, new Set()).forEach(add(first));
const whole = new Set(first);
imported(incident[0]).forEach(add(whole));
for (const a of assets) if (a.endsWith(".css")) whole.add(`assets/${a}`);

function add(to) {
  return (name) => to.add(name);
}

let failed = false;
for (const [what, names] of [
  ["first load of Now", first],
  ["first load of an incident", whole],
]) {
  let total = gzipSync(page, { level: 9 }).length;
  for (const name of names) total += gzipSync(read(name), { level: 9 }).length;
  console.log(
    `${String(total).padStart(8)} B  ${what}, ${names.size} files, gzip (limit ${limit})`,
  );
  failed ||= total > limit;
}
if (failed) process.exit(1);
