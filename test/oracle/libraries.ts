/** The libraries that are preloaded to be compared with their models. */
import { jemalloc } from "./jemalloc.js";
import { mimalloc } from "./mimalloc.js";
import type { Library } from "./preloaded.js";
import { tcmalloc } from "./tcmalloc.js";

export const LIBRARIES: readonly Library[] = [jemalloc, mimalloc, tcmalloc];

/** @throws Error for the name of none */
export function libraryOf(name: string): Library {
  const found = LIBRARIES.find((library) => library.name === name);
  if (!found) throw new Error(`no library ${name} is compared with a model`);
  return found;
}
