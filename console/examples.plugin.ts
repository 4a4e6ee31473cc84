import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin } from "vite";
import { CREW_FILE } from "./src/compose/kinds.ts";

const MODULE = "virtual:examples";
const RESOLVED = `\0${MODULE}`;
const FOLDER = fileURLToPath(new URL("../examples", import.meta.url));

/** The crews in `examples/`, as `virtual:examples`: a list of `{ name, summary, files }`, files by their path. */
export function examples(): Plugin {
  return {
    name: "stepcrew-examples",
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    load(id) {
      if (id !== RESOLVED) return undefined;
      const found = readdirSync(FOLDER)
        .filter((name) => statSync(join(FOLDER, name)).isDirectory())
        .sort()
        .map((name) => {
          const files = Object.fromEntries(
            filesBelow(join(FOLDER, name)).map((path) => {
              this.addWatchFile(path);
              return [relative(join(FOLDER, name), path).split(sep).join("/"), readFileSync(path, "utf8")];
            }),
          );
          return { name, summary: summaryOf(join(FOLDER, name, "README.md")), files };
        });
      return `export const examples = ${JSON.stringify(found)};`;
    },
  };
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && CREW_FILE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The first paragraph below the title. */
function summaryOf(readme: string): string {
  const paragraphs = readFileSync(readme, "utf8").split(/\n\s*\n/);
  return (paragraphs.find((text) => text.trim() && !text.startsWith("#")) ?? "").replace(/\s+/g, " ").trim();
}
