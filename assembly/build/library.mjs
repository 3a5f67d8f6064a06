/** Emits dist/, except the page in dist/web/, which Vite builds. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { transformSync } from "esbuild";
import { bundleCode } from "./bundle.mjs";

/** Sources in C, which the command line compiles where it runs: folders, and a file. */
const C_SOURCES = ["record/native/recorder", "tune/native/replayer.c"];

/**
 * Emits dist/ from src/ and assembly/shared/ below `root`, and removes files that are no part of it. Does not check types.
 * @param {string} root
 */
export async function emitLibrary(root) {
  const dist = join(root, "dist");
  const libraries = readdirSync(join(root, "src/libraries")).filter((name) => name.endsWith(".ts"));
  const code = await bundleCode(
    root,
    libraries.map((name) => name.replace(/\.ts$/, "")),
  );
  for (const [path, text] of code) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    writeFileSync(join(dist, path), text);
  }
  for (const path of C_SOURCES) cpSync(join(root, "src", path), join(dist, path), { recursive: true });
  for (const project of ["assembly/shared", "src"]) {
    const tsc = ["node_modules/typescript/bin/tsc", "-p", project, "--noCheck", "--emitDeclarationOnly"];
    execFileSync(process.execPath, tsc, { cwd: root, stdio: "inherit" });
  }
  const declarations = reachedFrom(entriesOf(root));
  removeOthers(dist, (path) => code.has(path) || isOfC(path) || declarations.has(join(dist, path)));
  packDeclarations(dist);
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
 * The declarations that entries lead to. Nobody can import what the others are of.
 * @param {string[]} entries
 */
function reachedFrom(entries) {
  const reached = new Set();
  const pending = [...entries];
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    if (reached.has(file) || !existsSync(file)) continue;
    reached.add(file);
    const imports = readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)\.js"/g);
    for (const [, name] of imports) pending.push(join(dirname(file), `${name}.d.ts`));
  }
  return reached;
}

/** By the declarations of shared/ this half is compiled and documented. The page is Vite's. */
const KEPT = /^(web([\\/]|$)|shared[\\/].*\.d\.ts$)/;

/** @param {string} path */
const isOfC = (path) => C_SOURCES.some((source) => path === source || path.startsWith(`${source}/`));

/**
 * Removes the files of dist/ that are no part of it, and folders without any.
 * @param {string} dist
 * @param {(path: string) => boolean} isPart
 */
export function removeOthers(dist, isPart) {
  const entries = readdirSync(dist, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
  for (const file of files) {
    const path = relative(dist, file).replaceAll("\\", "/");
    if (!KEPT.test(path) && !isPart(path)) rmSync(file);
  }
  removeEmptyFolders(dist);
}

/**
 * @param {string} folder
 * @returns {boolean} Whether it is gone.
 */
function removeEmptyFolders(folder) {
  const left = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => !entry.isDirectory() || !removeEmptyFolders(join(folder, entry.name)),
  );
  if (left.length === 0) rmdirSync(folder);
  return left.length === 0;
}

/**
 * Makes declarations as they are packed: what they import of shared/ is named by relative paths, and they are indented by
 * tabs, which takes a tenth off them.
 * @param {string} dist
 */
function packDeclarations(dist) {
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const code = readFileSync(join(dist, name), "utf8");
    const folder = relative(dirname(name), "shared").replaceAll("\\", "/");
    const path = folder.startsWith(".") ? folder : `./${folder}`;
    const named = code.replace(/"#shared\/([\w-]+)"/g, `"${path}/$1.js"`);
    writeFileSync(join(dist, name), withTabs(forOlderCompilers(named)));
  }
}

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
