/**
 * How an allocator is written in one word:
 *
 *      name                                        a model
 *      name:option=value:option=value              with options of its own and of its machine
 *      path/to.wasm                                a module, by its path or URL
 *      path/to.wasm:option=value:option=value      with names of its functions
 *      as-tlsf                                     a module that comes with the package, with or without those
 *
 * This is the grammar alone. Which models, options and values there are is said in models.ts and
 * module-options.ts.
 */
import { splitName, type WrittenChoice } from "../base/settings.js";
import { findBuiltIn } from "./built-in.js";

/** Options by name: numbers in bytes or plain, and words. */
export type Options = Readonly<Record<string, string | number>>;

/** What a module's path ends with where settings follow. */
const ENDING = ".wasm:";

/** Whether an allocator, by its name, is a wasm module: its path or URL, or one that comes with the package. */
export const isModule = (name: string): boolean => name.endsWith(".wasm") || findBuiltIn(name) !== undefined;

/** Takes apart what is known to be a module's, whatever its path. */
export function splitModule(text: string): WrittenChoice {
  const named = splitName(text);
  if (findBuiltIn(named.name)) return named;
  // Of a path with colons all is path, up to its last folder.
  const folders = Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\"));
  const ending = text.indexOf(ENDING, folders + 1);
  if (ending === -1) return { name: text, settings: [] };
  const settings = ending + ENDING.length;
  return { name: text.slice(0, settings - 1), settings: text.slice(settings).split(":") };
}

/** Takes apart a model's or a module's. */
export function splitChoice(text: string): WrittenChoice {
  const module = splitModule(text);
  return isModule(module.name) ? module : splitName(text);
}
