/** Builds dist/web/, and serves the page while it is worked on. */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page never asks for a check build, and together they weigh more than all else that it loads. */
const withoutCheckBuilds: Plugin = {
  name: "without-check-builds",
  load: (id) => (id.endsWith("/check-builds.ts") ? "export const checkBuilds = {};" : null),
};

export default defineConfig({
  root: here("."),
  // Works in any folder of any server.
  base: "./",
  resolve: {
    alias: { "#read-module": here("../base/read-module.web.ts"), "#shared": here("../../assembly/shared") },
  },
  plugins: [withoutCheckBuilds],
  worker: { format: "es", plugins: () => [withoutCheckBuilds] },
  build: {
    outDir: here("../../dist/web"),
    emptyOutDir: true,
    target: "es2022",
    // Wasm is compiled while it streams, which it cannot be from inside the code.
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        // `zeropage check --trace` finds the traces by their names.
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".gz") ? "assets/[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
