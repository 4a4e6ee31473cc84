// The committed types must be those of the committed OpenAPI document.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "stepcrew-types-"));
const here = fileURLToPath(new URL("..", import.meta.url));
try {
  const fresh = join(folder, "schema.d.ts");
  execFileSync("npx", ["openapi-typescript", "../docs/openapi.json", "-o", fresh, "--alphabetize"], {
    cwd: here,
    stdio: "pipe",
  });
  if (readFileSync(fresh, "utf8") !== readFileSync(join(here, "src/api/schema.d.ts"), "utf8")) {
    console.error("src/api/schema.d.ts is not what docs/openapi.json says. Run: npm run types");
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
