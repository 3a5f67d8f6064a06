/** The JavaScript that Emscripten wrote beside a module: given by --glue, or found in the same folder. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { locateModule } from "../allocator/built-in.js";
import { ModuleError, UsageError } from "../base/errors.js";
import { type GlueNames, isWhole, readGlue } from "../foreign/glue.js";
import { fullName } from "../foreign/minified.js";
import type { ModuleShape } from "../wasm/inspect.js";
import { readText } from "./infile.js";

const SCRIPT = /\.[cm]?js$/;
/** Files that are looked at in a folder, and how large they may be. */
const MOST_FILES = 50;
const MOST_BYTES = 4 * 2 ** 20;

/** What a file says of a module. */
export interface Glue extends GlueNames {
  path: string;
}

/** What a file says. @throws UsageError for one that cannot be read, or has no allocator's names. */
export async function glueOf(path: string, shape: ModuleShape): Promise<Glue> {
  const text = await readText(path).catch((error) => {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`--glue: cannot read "${path}": ${(error as Error).message}`);
  });
  const names = readGlue(text, shape);
  if (isWhole(names)) return { path, ...names };
  throw new UsageError(
    `--glue: "${path}" does not say which exports are malloc and free: give the JavaScript that Emscripten wrote for this module`,
  );
}

/**
 * What the first script beside a module says that is about it; undefined if there is none.
 * @throws ModuleError for a module of which it has a malloc and no free.
 */
export async function glueBeside(module: string, shape: ModuleShape): Promise<Glue | undefined> {
  const path = fileURLToPath(locateModule(module));
  for (const script of await scriptsBeside(path)) {
    const text = await readFile(script, "utf8").catch(() => "");
    const names = readGlue(text, shape);
    const isAbout = stem(script) === stem(path) || text.includes(basename(path));
    const shown = relative("", script);
    if (isAbout ? isWhole(names) : isAllOf(names, shape)) return { path: shown, ...names };
    if (isAbout && names.functions.malloc) throw new ModuleError(noFree(shown, names.functions.malloc));
  }
  return undefined;
}

const noFree = (path: string, malloc: string) =>
  `it exports malloc, as ${malloc}, and no free, as ${path} has it, so what it gives cannot come back: build it with free among its EXPORTED_FUNCTIONS`;

/** Whether names are of all that a module imports, so that the text is of a module like it. */
function isAllOf(names: GlueNames, { imports }: ModuleShape): boolean {
  const wanted = imports.filter(({ kind }) => kind === "function");
  return isWhole(names) && wanted.every((one) => names.imports[fullName(one)] !== undefined);
}

const stem = (path: string) => basename(path).replace(/\.[^.]*$/, "");

/** Those of the module's own name first. */
async function scriptsBeside(path: string): Promise<string[]> {
  const folder = dirname(path);
  const names = (await readdir(folder).catch(() => [])).filter((name) => SCRIPT.test(name)).sort();
  const isNamesake = (name: string) => stem(name) === stem(path);
  const ordered = [...names.filter(isNamesake), ...names.filter((name) => !isNamesake(name))];
  const scripts: string[] = [];
  for (const name of ordered.slice(0, MOST_FILES)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found?.isFile() && found.size <= MOST_BYTES) scripts.push(join(folder, name));
  }
  return scripts;
}
