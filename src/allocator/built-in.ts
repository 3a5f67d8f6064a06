/** The wasm allocators that come with the package. Each is known by its name wherever a module's path may stand. */
import { urlOf } from "#read-module";
import { type OwnFile, placeOf } from "../base/own-file.js";

/** A wasm allocator that comes with the package. */
export interface BuiltInModule {
  name: string;
  summary: string;
  /** Its module. */
  file: OwnFile;
}

/** All of them. A new one needs a module in assembly/build/modules.mjs and a line here. No model has such a name. */
export const builtInModules: readonly BuiltInModule[] = [
  {
    name: "as-tlsf",
    summary: "AssemblyScript's own: two-level segregated fit (TLSF)",
    file: {
      name: "wasm/as-tlsf.wasm",
      url: () => new URL("../../build/as-tlsf.wasm", import.meta.url),
    },
  },
  {
    name: "as-stub",
    summary: "AssemblyScript's stub: the next bytes of its memory; frees nothing but the last block",
    file: {
      name: "wasm/as-stub.wasm",
      url: () => new URL("../../build/as-stub.wasm", import.meta.url),
    },
  },
  {
    name: "heap",
    summary: "the project's own: calloc costs what is touched; free memory is never read or written",
    file: {
      name: "wasm/heap.wasm",
      url: () => new URL("../../build/heap.wasm", import.meta.url),
    },
  },
];

/** The one of that name, if there is one. A file of that name is named with a folder: `./as-tlsf`. */
export const findBuiltIn = (name: string): BuiltInModule | undefined =>
  builtInModules.find((module) => module.name === name);

/** Where the module is that a name, a path or a URL stands for. */
export function locateModule(name: string): URL {
  const builtIn = findBuiltIn(name);
  return builtIn ? placeOf(builtIn.file) : urlOf(name);
}
