/** Builds dist/web/, and serves the page while it is worked on. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { licensesOf, packagesOf } from "../../assembly/build/licenses.mjs";
import { POLICY } from "../cli/web.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const { version } = JSON.parse(readFileSync(here("../../package.json"), "utf8"));

/** The page never asks for a check build, and together they weigh more than all else that it loads. */
const withoutCheckBuilds: Plugin = {
  name: "without-check-builds",
  load: (id) => (id.endsWith("/check-builds.ts") ? "export const checkBuilds = {};" : null),
};

/** Lets only the page's own code run, wherever it is hosted. A server may say so too. */
const underPolicy: Plugin = {
  name: "under-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
      injectTo: "head-prepend",
    },
  ],
};

/** Tells the service worker which files to keep: all but those that nobody sees, and itself. */
const keptFiles: Plugin = {
  name: "kept-files",
  apply: "build",
  enforce: "post",
  generateBundle(_, bundle) {
    const worker = bundle[SERVICE_WORKER];
    if (worker?.type !== "chunk") throw new Error(`there is no ${SERVICE_WORKER}`);
    const hash = createHash("sha256");
    const files = Object.values(bundle).filter(({ fileName }) => fileName !== SERVICE_WORKER);
    for (const file of files) hash.update(file.type === "chunk" ? file.code : file.source);
    const kept = {
      name: hash.digest("hex").slice(0, 12),
      files: files.map(({ fileName }) => fileName).filter((name) => name.startsWith("assets/")),
    };
    worker.code = `const KEPT=${JSON.stringify(kept)};${worker.code}`;
  },
};

const SERVICE_WORKER = "service-worker.js";

/** The licences of all packages that have code in the page. That of AssemblyScript is in its wasm, that of Vite loads its parts. */
const licenses: Plugin = {
  name: "licenses",
  generateBundle() {
    const packages = packagesOf([...this.getModuleIds(), "node_modules/assemblyscript", "node_modules/vite"]);
    const source = licensesOf(here("../.."), packages);
    this.emitFile({ type: "asset", fileName: "LICENSES.txt", source });
  },
};

export default defineConfig({
  root: here("."),
  // Works in any folder of any server.
  base: "./",
  resolve: {
    alias: {
      "#read-module": here("../base/read-module.web.ts"),
      "#worker": here("check/jail-worker.ts"),
      "#shared": here("../../assembly/shared"),
    },
  },
  define: { ZEROPAGE_VERSION: JSON.stringify(version) },
  plugins: [withoutCheckBuilds, underPolicy, licenses, keptFiles],
  worker: { format: "es", plugins: () => [withoutCheckBuilds] },
  build: {
    outDir: here("../../dist/web"),
    emptyOutDir: true,
    target: "es2022",
    // Wasm is compiled while it streams, which it cannot be from inside the code.
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { index: here("index.html"), "service-worker": here("service-worker.ts") },
      output: {
        // Browsers look for a newer one under the same name.
        entryFileNames: ({ name }) =>
          name === "service-worker" ? SERVICE_WORKER : "assets/[name]-[hash].js",
        // `zeropage check --trace` finds the traces by their names.
        assetFileNames: ({ names }) =>
          names[0]?.endsWith(".gz") ? "assets/[name][extname]" : "assets/[name]-[hash][extname]",
      },
    },
  },
});
