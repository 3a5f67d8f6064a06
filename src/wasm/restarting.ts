/**
 * Modules that run their constructors on each call. So wasm-ld links a program that nothing starts: every function
 * it exports first calls one and the same function, which takes and gives nothing.
 */
import type { ExportEntry } from "./externs.js";
import { readBody, readLocals } from "./functions.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import { SectionId, type Sections } from "./sections.js";
import type { FunctionType } from "./types.js";

/** `types` are those of all functions, imported ones first. */
export function isRestarting(
  sections: Sections,
  exports: readonly ExportEntry[],
  types: readonly (FunctionType | undefined)[],
): boolean {
  const bodies = sections.vector(SectionId.code, readBody);
  const imported = types.length - bodies.length;
  const functions = exports.filter(({ kind }) => kind === "function");
  const called = new Set(functions.map(({ index }) => firstCall(bodies[index - imported])));
  const [only] = called;
  if (called.size !== 1 || only === undefined) return false;
  const type = types[only];
  return type?.params.length === 0 && type.results.length === 0;
}

/** The function that a body calls first of all, if it begins with a call. */
function firstCall(body: BinaryReader | undefined): number | undefined {
  if (!body) return undefined;
  const reader = body.fork();
  readLocals(reader);
  return reader.byte() === Op.Call ? reader.u32() : undefined;
}
