/** What `openWasmAllocator` may be told. */
import { checkOneOf, checkWhole } from "../base/arguments.js";
import { CONVENTIONS, type Convention, type FunctionNames } from "./conventions.js";
import type { ImportOptions } from "./imports.js";
import type { ImportNames } from "./minified.js";

/** How a module is opened. */
export interface WasmOptions extends ImportOptions {
  /** How results call it. Default: the file's name. */
  name?: string;
  /**
   * Names of the exports, where they are not found by themselves; of functions that are not exported their numbers, imported
   * ones counted: `{ malloc: "12", free: "give" }`.
   */
  functions?: FunctionNames;
  /** How these are called. Default: that of C. */
  convention?: Convention;
  /** The JavaScript that Emscripten wrote beside the module: where it made names short, that knows the true ones. */
  glue?: string;
  /** What imports with short names are: `{ "a.b": "emscripten_resize_heap" }`. */
  importNames?: ImportNames;
  /**
   * Counts the pages that the module and the program touch, and what the allocator zeroes: `counters`
   * and `pages` then say so. It takes 65 pages of 64 KiB of the module's 4 GiB; a memory given in
   * `imports` needs as many more, in its minimum and its maximum.
   */
  meter?: boolean;
  /** Called while it is metered, with the part that is done, from 0 to 1. */
  onMetering?: (done: number) => void;
}

/** What may be said of names, and of what is not known. */
export type NamingOptions = Pick<
  WasmOptions,
  "functions" | "convention" | "unknownImports" | "importNames" | "glue"
>;

/** @throws RangeError for a value that is none. */
export function checkOptions({ memoryBytes, convention, unknownImports }: WasmOptions): void {
  if (memoryBytes !== undefined) checkWhole("memoryBytes", memoryBytes);
  if (convention !== undefined) checkOneOf("convention", convention, CONVENTIONS);
  if (unknownImports !== undefined) checkOneOf("unknownImports", unknownImports, ["refuse", "trap"]);
}
