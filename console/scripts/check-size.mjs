// The first view (the page, and everything its entry imports at once) has a budget, counted as it travels: gzip.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const BUDGET = 350 * 1024;
const dist = new URL("../dist/", import.meta.url);
let manifest;
try {
  manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
} catch {
  console.error("The console is not built. Run: npm run build");
  process.exit(1);
}
const files = new Set(["index.html", "theme.js", "favicon.svg"]);
/** The list of executions is what opens first; its lazy chunk counts. */
const first = Object.keys(manifest).filter((key) => manifest[key].isEntry || key.endsWith("list/ExecutionsPage.tsx"));
const visit = (key) => {
  const chunk = manifest[key];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const file of [...(chunk.css ?? []), ...(chunk.assets ?? [])]) {
    // Of the fonts, only the Latin subsets are fetched for a page in English.
    if (!/\.woff2$/.test(file) || /-latin-(?!ext)/.test(file)) files.add(file);
  }
  for (const next of chunk.imports ?? []) visit(next);
};
first.forEach(visit);
const sizes = [...files].map((file) => {
  const bytes = readFileSync(fileURLToPath(new URL(file, dist)));
  return [file, /\.woff2$/.test(file) ? bytes.length : gzipSync(bytes).length];
});
const total = sizes.reduce((sum, [, size]) => sum + size, 0);
const told = `${(total / 1024).toFixed(0)} KiB of ${BUDGET / 1024} KiB for the first view`;
if (total > BUDGET) {
  console.error(`Too large: ${told}`);
  for (const [file, size] of sizes.sort((a, b) => b[1] - a[1])) console.error(`${String(size).padStart(8)} ${file}`);
  process.exit(1);
}
console.log(told);
