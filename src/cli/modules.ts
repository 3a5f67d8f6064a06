/** Modules as a command line names them: read, and found to have an allocator, before any work. */
import { readFile, stat } from "node:fs/promises";
import { isModule } from "../allocator/name.js";
import { ModuleError, OptionError, UsageError } from "../base/errors.js";
import { locate } from "../base/read-module.node.js";
import { findFunctions } from "../foreign/find.js";
import { moduleOptions } from "../foreign/module-options.js";
import type { OptionValues } from "../results/run.js";
import { inspectModule } from "../wasm/inspect.js";

/** One module to run. */
export interface ModuleChoice {
  /** Its path, or a URL. */
  model: string;
  options: OptionValues;
}

/** `path.wasm:option=value:option=value`. What does not end so is all path. */
const NAMED = /^(?<path>.*?\.wasm):(?<settings>[^/\\]*)$/s;

/** Reads the syntax of a module: its path, and options as a model has them. @throws UsageError */
export function parseModule(text: string): ModuleChoice {
  const { path = text, settings } = NAMED.exec(text)?.groups ?? {};
  const options: OptionValues = {};
  for (const setting of settings?.split(":") ?? []) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(setting) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`"${setting}" is not an option: write ${path}:malloc=take:free=give`);
    }
    if (Object.hasOwn(options, name)) throw new UsageError(`"${text}" sets ${name} twice`);
    options[name] = value;
  }
  return { model: path, options };
}

/** Whether a text is that of a module and not of a model. */
export const isModuleText = (text: string) => isModule(NAMED.exec(text)?.groups?.path ?? text);

/**
 * Reads a module. `otherwise` says what else could have been named.
 * @throws UsageError for one that cannot be read, is none, or has no allocator by such names.
 */
export async function readModuleFile(
  { model: path, options }: ModuleChoice,
  otherwise = "",
): Promise<Uint8Array> {
  const wasm = await read(path, otherwise);
  try {
    const { functions, convention } = moduleOptions(options);
    findFunctions(inspectModule(wasm).exports, functions, convention);
  } catch (error) {
    if (!(error instanceof ModuleError || error instanceof OptionError)) throw error;
    throw new UsageError(`cannot use "${path}": ${error.message}`);
  }
  return wasm;
}

/** Makes sure of those among allocators that are modules in files. @throws UsageError as `readModuleFile` does. */
export async function checkModuleFiles(allocators: readonly ModuleChoice[]): Promise<void> {
  const files = allocators.filter(({ model }) => isModule(model) && locate(model).protocol === "file:");
  await Promise.all(files.map((file) => readModuleFile(file)));
}

async function read(path: string, otherwise: string): Promise<Uint8Array> {
  try {
    const url = locate(path);
    // It need not end.
    if ((await stat(url)).isCharacterDevice()) throw new Error("it is a device");
    return await readFile(url);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(`cannot read "${path}": ${REASONS[code ?? ""] ?? message}${otherwise}`);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "permission denied",
  ERR_INVALID_URL_SCHEME: "download it first",
};
