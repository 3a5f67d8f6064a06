/**
 * Makes the code of dist/ from src/: a file for each entry, and chunks of what several of them share.
 *
 *     src/index.ts ────┐                      ┌─ dist/index.js ────┐
 *     src/cli/main.ts ─┼─ 500 files, minified ─┼─ dist/cli/main.js ─┼─► dist/chunks/HASH.js
 *     src/jail/… ──────┘                      └─ dist/jail/… ──────┘
 *
 * Node takes 1.5 ms for each file that it loads, and a package of few files is smaller, too.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, posix, relative } from "node:path";
import { build } from "esbuild";
import { hash } from "./hash.mjs";
import { licensesOf, packagesOf } from "./licenses.mjs";

/** What package.json names, what it chooses between for a host, and what is started as a Worker or a process. */
const ENTRIES = [
  ...["index", "foreign", "conformance", "testing", "vitest"],
  ...["base/read-module.node", "base/read-module.web", "jail/worker.node", "jail/worker.web"],
  ...["cli/main", "cli/tune-worker", "compare/runner-worker", "record/wasi/worker"],
];
/** The jail's Worker is one file for every host: bundlers that take a Worker for any other file copy it as it is. */
const WORKER = "jail/jail-worker";
/** Entries that others import as they are: bundlers are told that `testing` does something when it is imported. */
const KEPT_APART = ["testing"];

/** Where libraries of others are, and their licences. */
const LIBRARIES = "libraries";
export const LICENSES = `dist/${LIBRARIES}/LICENSES.txt`;

/** Some libraries are CommonJS, and ask for modules of Node, which a module has to be given. */
const REQUIRE =
  'import { createRequire } from "node:module";const require = createRequire(import.meta.url);\n';

/** A path from the root of the package, until it is known which file it is in. */
const PLACE = "package:/";

/** @type {import("esbuild").BuildOptions & { write: false }} */
const SMALL = {
  ...{ bundle: true, write: false, minify: true, format: "esm", charset: "utf8", logLevel: "warning" },
  // Read here, that of the project would send #read-module to what Node has.
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true, useDefineForClassFields: true } },
};

/**
 * The files of dist/ that are code, by their paths in it, and the licences of the libraries in them.
 * @param {string} root
 * @param {readonly string[]} libraries Names of the files in src/libraries/.
 * @returns {Promise<Map<string, string>>}
 */
export async function bundleCode(root, libraries) {
  const parts = [bundleEntries(root), bundleLibraries(root, libraries), bundleWorker(root)];
  return new Map((await Promise.all(parts)).flat());
}

/** @param {string} root */
async function bundleEntries(root) {
  const { outputFiles } = await build({
    ...SMALL,
    ...{ absWorkingDir: root, entryPoints: sources(ENTRIES), outbase: "src", outdir: "dist" },
    ...{ splitting: true, chunkNames: "chunks/[hash]", platform: "neutral", target: "esnext" },
    external: ["node:*", "@assemblyscript/loader", "vitest", "#read-module", "#worker"],
    plugins: [sharedSources(root), keptApart, places(root)],
  });
  return outputFiles.map(({ path, text }) => placed(relative(join(root, "dist"), path), text));
}

/**
 * Puts every library that src/libraries/ names into its file there, so that nobody has to install it. One that asks for
 * nothing of Node runs in browsers too: the page has dagre from here.
 * @param {string} root
 * @param {readonly string[]} names
 * @returns {Promise<[string, string][]>}
 */
async function bundleLibraries(root, names) {
  const { metafile, outputFiles } = await build({
    ...SMALL,
    ...{ absWorkingDir: root, entryPoints: sources(names.map((name) => `${LIBRARIES}/${name}`)) },
    ...{ outbase: "src", outdir: "dist", platform: "node", metafile: true },
  });
  const packages = packagesOf(Object.keys(/** @type {import("esbuild").Metafile} */ (metafile).inputs));
  const code = outputFiles.map(({ path, text }) =>
    named(relative(join(root, "dist"), path), /\brequire\b/.test(text) ? REQUIRE + text : text),
  );
  return [...code, [`${LIBRARIES}/LICENSES.txt`, licensesOf(root, packages)]];
}

/**
 * Makes one file of all that the jail's Worker imports. Node starts one for every case of `check`, which takes 45 ms of
 * CPU time.
 * @param {string} root
 */
async function bundleWorker(root) {
  const readModule = join(root, "src/base/read-module.web.ts");
  const { outputFiles } = await build({
    ...SMALL,
    ...{ absWorkingDir: root, entryPoints: sources([WORKER]), outfile: `dist/${WORKER}.js` },
    ...{ platform: "browser", target: "es2022", alias: { "#read-module": readModule } },
    plugins: [sharedSources(root), withoutModels, places(root)],
  });
  return outputFiles.map(({ text }) => placed(`${WORKER}.js`, text));
}

/**
 * Imports files of src/, which Node cannot read as they are. Returns their exports, and the hashes of all that they are of.
 * @param {string} root
 * @param {readonly string[]} names
 */
export async function importSources(root, names) {
  const contents = names.map((name) => `export * from "./src/${name}.ts";`).join("\n");
  const { outputFiles, metafile } = await build({
    ...SMALL,
    ...{ absWorkingDir: root, stdin: { contents, resolveDir: root }, platform: "node", metafile: true },
    alias: { "#read-module": join(root, "src/base/read-module.node.ts") },
    external: ["./check-builds.js"],
    plugins: [sharedSources(root)],
  });
  const code = /** @type {import("esbuild").OutputFile} */ (outputFiles[0]).text;
  const exports = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
  const files = Object.keys(/** @type {import("esbuild").Metafile} */ (metafile).inputs).filter(isSource);
  return {
    exports,
    inputs: Object.fromEntries(files.map((path) => [path, hash(readFileSync(join(root, path)))])),
  };
}

const isSource = (/** @type {string} */ path) => path.endsWith(".ts");

/** @param {readonly string[]} names */
const sources = (names) => names.map((name) => `src/${name}.ts`);

/**
 * What both halves compile, read where it is written.
 * @param {string} root
 * @returns {import("esbuild").Plugin}
 */
const sharedSources = (root) => ({
  name: "shared-sources",
  setup({ onResolve }) {
    const folder = join(root, "assembly/shared");
    onResolve({ filter: /^#shared\// }, ({ path }) => ({
      path: join(folder, `${path.slice("#shared/".length)}.ts`),
    }));
  },
});

/** @type {import("esbuild").Plugin} */
const keptApart = {
  name: "kept-apart",
  setup({ onResolve }) {
    const names = new RegExp(`^\\.(?:\\.?/)+(${LIBRARIES}/[\\w-]+|${KEPT_APART.join("|")})\\.js$`);
    onResolve({ filter: names }, ({ path }) => ({
      path: path.replace(names, `${PLACE}dist/$1.js`),
      external: true,
    }));
  },
};

/**
 * Models are a third of what experiments import, and none is ever jailed.
 * @type {import("esbuild").Plugin}
 */
const withoutModels = {
  name: "without-models",
  setup({ onLoad }) {
    const contents = `export const openModel = () => { throw new Error("internal: no model is jailed"); };`;
    onLoad({ filter: /[\\/]sandbox[\\/]open\.ts$/ }, () => ({ contents }));
  },
};

/** The place of a file as the sources name it, and bundlers find it: relative to the file that names it. */
const NAMED = /new URL\(\s*"([^"]+)",\s*import\.meta\.url\s*\)/g;
/** A place that is computed, which nobody could follow. */
const COMPUTED = /new URL\((?!\s*"package:)[^)]*import\.meta\.url/;

/**
 * Names the files that the sources name by their places in the package, as a file of src/ may end in any of dist/.
 * @param {string} root
 * @returns {import("esbuild").Plugin}
 */
const places = (root) => ({
  name: "places",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const folder = relative(join(root, "src"), dirname(path)).replaceAll("\\", "/");
      const contents = (await readFile(path, "utf8")).replace(
        NAMED,
        (_, name) => `new URL("${PLACE}${posix.join("dist", folder, name)}", import.meta.url)`,
      );
      const text = `${path}: a place has to be named in so many words: new URL("…", import.meta.url)`;
      return { contents, loader: "ts", errors: COMPUTED.test(contents) ? [{ text }] : [] };
    });
  },
});

/**
 * A file with what it names relative to its own place.
 * @param {string} path
 * @param {string} text
 * @returns {[string, string]}
 */
function placed(path, text) {
  const [file, code] = named(path, text);
  const folder = posix.dirname(`dist/${file}`);
  const relativeTo = (/** @type {string} */ place) => {
    const to = posix.relative(folder, place) + (place.endsWith("/") ? "/" : "");
    return to.startsWith(".") ? to : `./${to}`;
  };
  return [file, code.replace(/(["'`])package:\/([^"'`]*)\1/g, (_, __, place) => `"${relativeTo(place)}"`)];
}

/**
 * @param {string} path
 * @param {string} text
 * @returns {[string, string]}
 */
const named = (path, text) => [path.replaceAll("\\", "/"), text];
