// Fails when the first load of the page (index.html and every script and style it
// names) is more than 250 KB gzipped.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const limit = 250_000;
const dist = new URL("../dist/", import.meta.url);

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
const names = [...page.toString().matchAll(/(?:src|href)="(\.\/assets\/[^"]+\.(?:js|css))"/g)];
const files = [["index.html", page], ...names.map(([, name]) => [name, read(name)])];
if (files.length < 3) {
  console.error("index.html names no script or no style: is the build whole?");
  process.exit(1);
}

let total = 0;
for (const [name, bytes] of files) {
  const size = gzipSync(bytes, { level: 9 }).length;
  total += size;
  console.log(`${String(size).padStart(8)} B  ${name}`);
}
console.log(`${String(total).padStart(8)} B  first load, gzip (limit ${limit})`);
if (total > limit) process.exit(1);
