/** Emits dist/, except the page in dist/web/, which Vite builds. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, buildSync, transformSync } from "esbuild";
import { licensesOf, packagesOf } from "./licenses.mjs";

/** What bundleWorker makes of the file that tsc made. */
const WORKER = "dist/jail/jail-worker.js";

/** Comments are a third of the code, and those that users read are in the declarations. */
const CODE = ["--declaration", "false", "--removeComments"];
const DECLARATIONS = ["--emitDeclarationOnly"];

/** Sources in C, which the command line compiles where it runs: folders, and a file. */
const C_SOURCES = ["record/native/recorder", "tune/native/replayer.c"];

/**
 * Emits dist/ from src/ and assembly/shared/ below `root`, and removes files whose source is gone. Does not check types.
 * @param {string} root
 */
export async function emitLibrary(root) {
  for (const project of ["assembly/shared", "src"]) {
    for (const part of [CODE, DECLARATIONS]) {
      const tsc = ["node_modules/typescript/bin/tsc", "-p", project, "--noCheck", ...part];
      execFileSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
    }
  }
  removeStale(join(root, "dist"), join(root, "src"));
  removeStale(join(root, "dist/shared"), join(root, "assembly/shared"));
  removeInnerDeclarations(join(root, "dist"), entriesOf(root));
  bundleLibraries(root);
  for (const path of C_SOURCES) {
    cpSync(join(root, "src", path), join(root, "dist", path), { recursive: true });
  }
  packCode(join(root, "dist"));
  await bundleWorker(root);
}

/**
 * The declarations that users import, as package.json says.
 * @param {string} root
 * @returns {string[]}
 */
function entriesOf(root) {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return Object.values(exports).flatMap(({ types }) => (types ? [join(root, types)] : []));
}

/**
 * Removes the declarations that no entry leads to: nobody can import what they are of. Those of shared/ stay, as this
 * half is compiled and documented by them.
 * @param {string} dist
 * @param {string[]} entries
 */
function removeInnerDeclarations(dist, entries) {
  const reached = new Set();
  const pending = [...entries];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    const imports = readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g);
    for (const [, name] of imports) pending.push(join(dirname(file), `${name}.d.ts`));
  }
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const file = join(dist, name);
    if (name.endsWith(".d.ts") && !name.startsWith("shared") && !reached.has(file)) rmSync(file);
  }
}

/** Where libraries of others are, and their licences. */
const LIBRARIES = "dist/libraries";
export const LICENSES = `${LIBRARIES}/LICENSES.txt`;

/** Some libraries are CommonJS, and ask for modules of Node, which a module has to be given. */
const REQUIRE =
  'import { createRequire } from "node:module";const require = createRequire(import.meta.url);\n';

/**
 * Puts every library that src/libraries/ names into its file there, so that nobody has to install it. One that asks for
 * nothing of Node runs in browsers too: the page has dagre from here.
 * @param {string} root
 */
function bundleLibraries(root) {
  const files = readdirSync(join(root, LIBRARIES)).filter((name) => name.endsWith(".js"));
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: files.map((name) => join(root, LIBRARIES, name)),
    outdir: join(root, LIBRARIES),
    ...{ bundle: true, platform: "node", format: "esm", minify: true, allowOverwrite: true, metafile: true },
    logLevel: "warning",
  });
  for (const name of files) {
    const path = join(root, LIBRARIES, name);
    const code = readFileSync(path, "utf8");
    if (/\brequire\b/.test(code)) writeFileSync(path, REQUIRE + code);
  }
  writeFileSync(join(root, LICENSES), licensesOf(root, packagesOf(Object.keys(metafile.inputs))));
}

/**
 * Makes code as it is packed: what it imports of shared/ is named by relative paths, which need no entry in the import map
 * of a page without a bundler; it is made small, and declarations are indented by tabs, which takes a tenth off them.
 * @param {string} dist
 */
function packCode(dist) {
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!/\.(js|d\.ts)$/.test(name) || /^(web|libraries)[\\/]/.test(name)) continue;
    const code = readFileSync(join(dist, name), "utf8");
    const folder = relative(dirname(name), "shared").replaceAll("\\", "/");
    const path = folder.startsWith(".") ? folder : `./${folder}`;
    const named = code.replace(/"#shared\/([\w-]+)"/g, `"${path}/$1.js"`);
    const packed = name.endsWith(".js") ? smallest(named) : withTabs(forOlderCompilers(named));
    writeFileSync(join(dist, name), packed);
  }
}

/**
 * Code made small. It is read in the repository; what people read of the package are its declarations.
 * @param {string} code
 */
const smallest = (code) =>
  transformSync(code, { minify: true, format: "esm", target: "esnext", charset: "utf8" }).code;

/**
 * Declarations with a type for bytes that also a compiler knows in which Uint8Array has no parameter: before 5.7.
 * @param {string} declarations
 */
const forOlderCompilers = (declarations) =>
  declarations.replaceAll("Uint8Array<ArrayBuffer>", "(Uint8Array & { readonly buffer: ArrayBuffer })");

/**
 * The code indented by tabs; as it is, if it has such spaces in its texts too.
 * @param {string} code
 */
function withTabs(code) {
  const indented = code.replace(/^(?: {4})+/gm, (spaces) => "\t".repeat(spaces.length / 4));
  return meaningOf(indented) === meaningOf(code) ? indented : code;
}

/** @param {string} code */
const meaningOf = (code) => transformSync(code, { loader: "ts", minifyWhitespace: true }).code;

/**
 * Makes one file of all that the jail's Worker imports, for every host: bundlers that take a Worker for any other file copy
 * it as it is. Node starts one for every case of `check`, which takes 45 ms of CPU time, and 120 from single files.
 * @param {string} root
 */
async function bundleWorker(root) {
  await build({
    entryPoints: [join(root, WORKER)],
    outfile: join(root, WORKER),
    ...{ bundle: true, platform: "browser", format: "esm", target: "es2022", minify: true },
    plugins: [withoutModels],
    // The project's own tsconfig.json sends #read-module to what Node has.
    ...{ tsconfigRaw: {}, allowOverwrite: true, logLevel: "warning" },
  });
}

/**
 * Models are a third of what experiments import, and none is ever jailed.
 * @type {import("esbuild").Plugin}
 */
const withoutModels = {
  name: "without-models",
  setup({ onLoad }) {
    const contents = `export const openModel = () => { throw new Error("internal: no model is jailed"); };`;
    onLoad({ filter: /[\\/]sandbox[\\/]open\.js$/ }, () => ({ contents }));
  },
};

/** Folders of dist/ that are not emitted from src/. */
const OTHERS = ["web", "shared"];

/**
 * Removes the files of an emitted folder that have no source in `sources`.
 * @param {string} emitted
 * @param {string} sources
 */
export function removeStale(emitted, sources) {
  for (const entry of readdirSync(emitted, { withFileTypes: true })) {
    const path = join(emitted, entry.name);
    if (OTHERS.includes(entry.name) || path.endsWith(LICENSES)) continue;
    const source = join(sources, entry.name.replace(/(\.d\.ts|\.js)$/, ".ts"));
    if (!existsSync(source)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) removeStale(path, source);
  }
}
