/** Modules on a command line. Each is read, and its allocator found, before any work begins. */
import { builtInModules, locateModule } from "../allocator/built-in.js";
import { isModule, splitModule } from "../allocator/choice.js";
import { ModuleError, OptionError, UsageError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { readSettings, type WrittenChoice } from "../base/settings.js";
import { findFunctions } from "../foreign/find.js";
import { hasShortImports } from "../foreign/minified.js";
import { flatNames, moduleOptions } from "../foreign/module-options.js";
import { exportNumbered } from "../foreign/numbered.js";
import type { OptionValues } from "../results/run.js";
import { inspectModule, MOST_MODULE_BYTES, type ModuleShape } from "../wasm/inspect.js";
import { glueBeside, glueOf } from "./glue.js";
import { readBytes } from "./infile.js";
import { delayTierUp } from "./tier-up.js";

/** One module to run. */
export interface ModuleChoice {
  /** Its path, a URL, or the name of a built-in one. */
  model: string;
  options: OptionValues;
}

/** Reads a module as typed (allocator/choice.ts). @throws UsageError */
export const parseModule = (text: string): ModuleChoice => readModuleOptions(splitModule(text));

/** @throws UsageError */
export function readModuleOptions(choice: WrittenChoice): ModuleChoice {
  // The names are checked when the module is read.
  const nameOf = (option: string, value: string) => (option === "" || value === "" ? undefined : value);
  try {
    return { model: choice.name, options: readSettings(choice, "malloc=take:free=give", nameOf) };
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(error.message) : error;
  }
}

/** A module, read. */
export interface ModuleFile extends ModuleChoice {
  wasm: Uint8Array;
  /** The file that its short names were read from. */
  glue?: string;
}

/**
 * Reads a module. Where its names are short, its options then have what the JavaScript beside it says: the file
 * `glue`, or one in the same folder.
 * @throws UsageError for a file that cannot be read, is not a module, or has no allocator by these names.
 */
export async function readModuleFile(choice: ModuleChoice, glue?: string): Promise<ModuleFile> {
  const { model: path } = choice;
  const wasm = await readModuleBytes(path);
  try {
    const shape = inspectModule(wasm);
    const names = await shortNames(choice, shape, glue);
    const options = { ...names?.options, ...choice.options };
    const { functions, convention } = moduleOptions(options);
    const exporting = exportNumbered(wasm, functions);
    findFunctions(exporting === wasm ? shape : inspectModule(exporting), functions, convention);
    delayTierUp(wasm);
    return { ...choice, options, wasm, ...(names && { glue: names.path }) };
  } catch (error) {
    if (!(error instanceof ModuleError || error instanceof OptionError)) throw error;
    throw new UsageError(`cannot use "${path}": ${error.message}`);
  }
}

/** What is said of short names elsewhere than on the command line. */
async function shortNames(
  { model, options }: ModuleChoice,
  shape: ModuleShape,
  glue?: string,
): Promise<{ path: string; options: OptionValues } | undefined> {
  if (!hasShortImports(shape)) return undefined;
  const found = glue === undefined ? await glueBeside(model, shape) : await glueOf(glue, shape);
  if (!found) return undefined;
  // What the user names is all there is of functions: the text may be of another release.
  const functions = options.malloc === undefined ? found.functions : {};
  return { path: found.path, options: flatNames(functions, found.imports) };
}

/**
 * Reads the allocators that are modules in files. Returns all, with the options that `readModuleFile` gives them.
 * @throws UsageError as it does.
 */
export async function readModuleFiles<Choice extends ModuleChoice>(
  allocators: readonly Choice[],
  glue?: string,
): Promise<Choice[]> {
  const isFile = ({ model }: Choice) => isModule(model) && locateModule(model).protocol === "file:";
  return Promise.all(
    allocators.map(async (choice) =>
      isFile(choice) ? { ...choice, options: (await readModuleFile(choice, glue)).options } : choice,
    ),
  );
}

/** The bytes of a file. @throws UsageError if it cannot be read. */
export async function readModuleBytes(path: string): Promise<Uint8Array> {
  try {
    const url = locateModule(path);
    if (url.protocol !== "file:") throw new Error("download it first");
    return await readBytes(url, MOST_MODULE_BYTES);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    const others = cause?.code === "ENOENT" ? `; the built-in modules are ${BUILT_IN}` : "";
    throw new UsageError(`cannot read "${path}": ${message}${others}`);
  }
}

const BUILT_IN = joinWords(builtInModules.map(({ name }) => name));
