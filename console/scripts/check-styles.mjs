// Styles stand beside the components that use them: a class belongs to one file (the one whose selectors begin with it),
// some component uses it, and a component uses classes of its own folder, of `ui` and of `styles` only.
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../src", import.meta.url));
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name));
/** Given by libraries: the editor, the highlighter of code. */
const FOREIGN = /^(cm-|hljs-)/;
const SHARED = ["ui", "styles"];

const owners = new Map();
for (const file of files.filter((name) => name.endsWith(".css"))) {
  const text = readFileSync(file, "utf8")
    .replace(/\/\*[^]*?\*\//g, "")
    .replace(/url\([^)]*\)|"[^"]*"/g, "");
  for (const [selectors] of text.matchAll(/[^{}]+(?=\{)/g)) {
    for (const selector of selectors.replace(/@[^;]*;/g, "").split(",")) {
      const [, name] = /^[^.]*\.(-?[A-Za-z_][\w-]*)/.exec(selector.trim()) ?? [];
      if (name && !FOREIGN.test(name)) owners.set(name, (owners.get(name) ?? new Set()).add(relative(source, file)));
    }
  }
}

const words = new Set();
const prefixes = new Set();
const named = [];
for (const file of files.filter((name) => /\.tsx?$/.test(name) && !name.endsWith("schema.d.ts"))) {
  const text = readFileSync(file, "utf8");
  for (const [word] of text.matchAll(/[A-Za-z_][\w-]*/g)) words.add(word);
  for (const [, prefix] of text.matchAll(/([A-Za-z_][\w-]*-)\$\{/g)) prefixes.add(prefix);
  for (const [, names] of text.matchAll(/className="([^"]+)"/g)) {
    for (const name of names.split(/\s+/)) named.push([name, relative(source, file)]);
  }
}

const faults = [];
for (const [name, where] of owners) {
  if (where.size > 1) faults.push(`.${name} belongs to more than one file: ${[...where].join(", ")}`);
  const used = words.has(name) || [...prefixes].some((prefix) => name.startsWith(prefix));
  if (!used) faults.push(`.${name} (${[...where][0]}) is used by no component`);
}
for (const [name, file] of named) {
  if (FOREIGN.test(name)) continue;
  const folders = [...(owners.get(name) ?? [])].map(dirname);
  if (!folders.length) faults.push(`.${name} (${file}) has no style`);
  else if (!folders.some((folder) => folder === dirname(file) || SHARED.includes(folder)))
    faults.push(`.${name} (${file}) is a style of ${folders.join(", ")}`);
}
if (faults.length) {
  console.error([...new Set(faults)].sort().join("\n"));
  process.exit(1);
}
