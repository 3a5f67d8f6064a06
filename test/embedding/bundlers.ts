/** Makes a page of program.mjs in every way that people do, each in a folder of its own. */
import { createHash } from "node:crypto";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { build as vite } from "vite";
import webpack from "webpack";

/** A page: the folder to be served, and what its policy has to allow besides. */
export interface Page {
  folder: string;
  scripts?: string;
}

/** How a page is made: from an entry, which calls `locateFiles` or does not, into a folder. */
interface Bundler {
  told: boolean;
  /** Returns the script of the page, or all of its head. */
  bundle(root: string, entry: string, out: string): Promise<string>;
}

const SHOW = `
  run(new URL("own.wasm", location.href)).catch(String).then((results) => { globalThis.results = results; });
`;
/** As the documents say. */
const TOLD = `locateFiles((name) => new URL("zeropage/" + name, location.href));`;

const ENTRIES = {
  "found.js": `import { run } from "./program.mjs"; ${SHOW}`,
  "told.js": `import { locateFiles } from "zeropage"; import { run } from "./program.mjs"; ${TOLD} ${SHOW}`,
};

/** What a page without a bundler needs in its head. */
export const IMPORT_MAP = JSON.stringify({
  imports: {
    zeropage: "./node_modules/zeropage/dist/index.js",
    "zeropage/foreign": "./node_modules/zeropage/dist/foreign.js",
    "@assemblyscript/loader": "./node_modules/@assemblyscript/loader/index.js",
    "#read-module": "./node_modules/zeropage/dist/base/read-module.web.js",
    "#worker": "./node_modules/zeropage/dist/jail/worker.web.js",
  },
});

const script = (name: string) => `<script type="module" src="./${name}"></script>`;

export const bundlers: Record<string, Bundler> = {
  "no bundler": {
    told: false,
    async bundle(root, entry, out) {
      for (const name of ["node_modules", "program.mjs", entry]) {
        await cp(join(root, name), join(out, name), { recursive: true });
      }
      return `<script type="importmap">${IMPORT_MAP}</script>${script(entry)}`;
    },
  },
  Vite: {
    told: false,
    async bundle(root, entry, out) {
      const input = join(root, entry);
      // With its defaults, by which small files become part of the code.
      const rollupOptions = { input, output: { entryFileNames: "main.js" } };
      const build = { outDir: out, target: "es2022", modulePreload: false as const, rollupOptions };
      await vite({ root, configFile: false, logLevel: "error", build });
      return script("main.js");
    },
  },
  webpack: {
    told: false,
    async bundle(context, entry, path) {
      const output = { path, filename: "main.js" };
      const optimization = { minimize: false };
      const compiler = webpack({
        ...{ mode: "production", context, entry: `./${entry}`, output, optimization, performance: false },
      });
      await new Promise<void>((resolve, reject) => {
        compiler?.run((error, stats) => {
          const wrong = stats?.toString({ all: false, errors: true, warnings: true });
          if (error || stats?.hasErrors() || stats?.hasWarnings()) reject(error ?? new Error(wrong));
          else compiler.close(() => resolve());
        });
      });
      return `<script defer src="./main.js"></script>`;
    },
  },
  Rollup: {
    told: true,
    async bundle(root, entry, dir) {
      const bundle = await rollup({ input: join(root, entry), plugins: [nodeResolve({ browser: true })] });
      await bundle.write({ dir, format: "es", entryFileNames: "main.js" });
      return script("main.js");
    },
  },
  esbuild: {
    told: true,
    async bundle(root, entry, out) {
      const format = "esm" as const;
      await esbuild({
        entryPoints: [join(root, entry)],
        bundle: true,
        format,
        outfile: join(out, "main.js"),
      });
      return script("main.js");
    },
  },
  "esbuild, as a script": {
    told: true,
    async bundle(root, entry, out) {
      const define = { "import.meta.url": "undefined" };
      await esbuild({
        entryPoints: [join(root, entry)],
        bundle: true,
        define,
        outfile: join(out, "main.js"),
      });
      return `<script defer src="./main.js"></script>`;
    },
  },
};

/** Writes the entries beside program.mjs. */
export async function writeEntries(root: string): Promise<void> {
  for (const [name, text] of Object.entries(ENTRIES)) await writeFile(join(root, name), text);
}

/** Makes the page of a bundler. */
export async function makePage(root: string, name: string): Promise<Page> {
  const { told, bundle } = bundlers[name] as Bundler;
  const folder = join(root, "pages", name.replace(/\W+/g, "-"));
  await mkdir(folder, { recursive: true });
  const head = await bundle(root, told ? "told.js" : "found.js", folder);
  await writeFile(join(folder, "index.html"), `<!doctype html><title>${name}</title>${head}`);
  await cp(join(root, "own.wasm"), join(folder, "own.wasm"));
  if (told) await copyFiles(root, join(folder, "zeropage"));
  const inline = /<script type="importmap">(.*)<\/script><script/s.exec(head)?.[1];
  const hash = inline && createHash("sha256").update(inline).digest("base64");
  return { folder, ...(hash && { scripts: `'sha256-${hash}'` }) };
}

/** Copies what `locateFiles` has to find, by the names that the package exports. */
export async function copyFiles(root: string, to: string): Promise<void> {
  const own = join(root, "node_modules/zeropage");
  await cp(join(own, "build"), join(to, "wasm"), { recursive: true });
  await cp(join(own, "dist/jail/jail-worker.js"), join(to, "worker.js"));
}
