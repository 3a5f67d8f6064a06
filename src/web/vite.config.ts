/** Builds dist/web/, and serves the page while it is worked on. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  // Works in any folder of any server.
  base: "./",
  resolve: {
    alias: { "#read-module": here("../base/read-module.web.ts"), "#shared": here("../../assembly/shared") },
  },
  worker: { format: "es" },
  build: {
    outDir: here("../../dist/web"),
    emptyOutDir: true,
    target: "es2022",
    // Wasm is compiled while it streams, which it cannot be from inside the code.
    assetsInlineLimit: 0,
  },
});
