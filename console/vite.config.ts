import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { examples } from "./examples.plugin.ts";

const stack = process.env.STEPCREW_URL ?? "http://127.0.0.1:8400";

export default defineConfig({
  plugins: [react(), examples()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: { target: "es2022", sourcemap: false, chunkSizeWarningLimit: 700, manifest: true, assetsInlineLimit: 0 },
  server: { port: 5173, strictPort: true, proxy: { "/api": stack, "/auth": stack, "/config.json": stack } },
  test: {
    environment: "happy-dom",
    // Files share what they import and the page's window, which takes four fifths of the time otherwise; setup.ts
    // empties what a test may leave behind.
    pool: "threads",
    isolate: false,
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
    testTimeout: 30_000,
  },
});
