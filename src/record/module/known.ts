/** What is known of the functions of a module before anything is rewritten. */
import { readExport } from "../../wasm/externs.js";
import { readFunctionNames } from "../../wasm/names.js";
import type { BinaryReader } from "../../wasm/reader.js";
import { SectionId } from "../../wasm/sections.js";
import { narrowType } from "../../wasm/types.js";
import type { KnownFunctions } from "./functions.js";
import { type ReadModule, typesOf } from "./rewrite.js";
import { calledIn, fills, forwardedBy, givesZeroed, isMemset, staticsIn } from "./shapes.js";

export function knownFunctions(module: ReadModule): KnownFunctions {
  const { sections, functions, imported, isLowered } = module;
  const { bodies } = functions;
  const typeOf = typesOf(module);
  const plain = isLowered ? functions.types.map(narrowType) : functions.types;
  const types = Array.from({ length: imported + bodies.length }, (_, index) => plain[typeOf(index)]);
  /** What one finds in a function that is the module's own, or `none`. */
  const inBody = <T>(index: number, find: (body: BinaryReader) => T, none: T): T => {
    const body = bodies[index - imported];
    return body ? find(body) : none;
  };
  const callees = (index: number) => inBody(index, (body) => [...new Set(calledIn(body))], []);
  return {
    types,
    names: readFunctionNames(sections),
    exports: sections.vector(SectionId.export, readExport).filter(({ kind }) => kind === "function"),
    callees,
    forwards: (index) =>
      inBody(index, (body) => forwardedBy(body, types[index]?.params.length ?? 0), undefined),
    fills: (index) => [index, ...callees(index)].some((each) => inBody(each, fills, false)),
    statics: (index) => inBody(index, staticsIn, new Set()),
    isMemset: (index) => inBody(index, isMemset, false),
    givesZeroed: (index, allocators, memsets) =>
      inBody(index, (body) => givesZeroed(body, allocators, memsets), false),
  };
}
