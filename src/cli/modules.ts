/** Modules on a command line. Each is read, and its allocator found, before any work begins. */
import { readFile, stat } from "node:fs/promises";
import { builtInModules, locateModule } from "../allocator/built-in.js";
import { isModule, splitModule } from "../allocator/choice.js";
import { ModuleError, OptionError, UsageError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { readSettings, type WrittenChoice } from "../base/settings.js";
import { findFunctions } from "../foreign/find.js";
import { moduleOptions } from "../foreign/module-options.js";
import type { OptionValues } from "../results/run.js";
import { inspectModule } from "../wasm/inspect.js";

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

/**
 * Reads a module.
 * @throws UsageError for a file that cannot be read, is not a module, or has no allocator by these names.
 */
export async function readModuleFile({ model: path, options }: ModuleChoice): Promise<Uint8Array> {
  const wasm = await readModuleBytes(path);
  try {
    const { functions, convention } = moduleOptions(options);
    findFunctions(inspectModule(wasm).exports, functions, convention);
  } catch (error) {
    if (!(error instanceof ModuleError || error instanceof OptionError)) throw error;
    throw new UsageError(`cannot use "${path}": ${error.message}`);
  }
  return wasm;
}

/** Checks the allocators that are modules in files. @throws UsageError as `readModuleFile` does. */
export async function checkModuleFiles(allocators: readonly ModuleChoice[]): Promise<void> {
  const files = allocators.filter(({ model }) => isModule(model) && locateModule(model).protocol === "file:");
  await Promise.all(files.map((file) => readModuleFile(file)));
}

/** The bytes of a file. @throws UsageError if it cannot be read. */
export async function readModuleBytes(path: string): Promise<Uint8Array> {
  try {
    const url = locateModule(path);
    // Reading one may never end.
    if ((await stat(url)).isCharacterDevice()) throw new Error("it is a device");
    return await readFile(url);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read "${path}": ${REASONS[code ?? ""] ?? message}`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: `there is no such file; the built-in modules are ${joinWords(builtInModules.map(({ name }) => name))}`,
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  ERR_INVALID_URL_SCHEME: "download it first",
};
