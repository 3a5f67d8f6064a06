/**
 * Rewrites a module so that it counts what it touches in its own linear memory, and does everything else as before:
 * the same addresses, sizes and contents.
 *
 * The memory of a metered module begins with the meter's part: maps with a byte for every page, and counters. Behind
 * it, from `base` on, is what the module knows as its memory (assembly/meter.ts draws it). So limits are raised
 * (raise-memory.ts), initial contents move up (move-data.ts), and so does every access in the code, which is noted as
 * well (rewrite.ts). What one instruction cannot note, functions of build/meter.wasm do; they are linked behind the
 * module's own (hooks.ts).
 */
import { BASE } from "#shared/meter";
import { ModuleError } from "../base/errors.js";
import { readImport } from "../wasm/externs.js";
import { type Functions, readFunctions, readLocals, startWith, writeFunctions } from "../wasm/functions.js";
import { readInstruction } from "../wasm/instructions.js";
import { Op } from "../wasm/opcodes.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { requireValid } from "../wasm/validate.js";
import { noteClearingCalls } from "./clearing-calls.js";
import { type HookModule, placeBodies, placeHooks, readHooks } from "./hooks.js";
import { moveData } from "./move-data.js";
import { raiseMemory } from "./raise-memory.js";
import { type Rewriting, rewriteFunction } from "./rewrite.js";

export interface MeterOptions {
  /**
   * Whether stores of zero count as zeroing too, byte for byte, which takes longer. "auto", the default, says yes for
   * a module without `memory.fill`: it has no other way to clear memory. Where a module has it, most stores of zero
   * are fields of headers, and no clearing.
   */
  zeroStores?: boolean | "auto";
  /**
   * The exported functions that clear by stores, such as calloc: only while the host, or another module, calls one of
   * them, stores of zero are zeroing. Default: always.
   */
  clearing?: readonly string[];
  /** Called now and then with the part that is done, from 0 to 1: a large module takes seconds. */
  onProgress?: (done: number) => void;
}

export interface MeteredModule {
  wasm: Uint8Array<ArrayBuffer>;
  /** Where the module's memory now starts, for the host and for other modules that share it. In bytes. */
  base: number;
  /** Whether stores of zero count as zeroing. */
  zeroStores: boolean;
  /** Functions that would be too large for an engine with their notes, and so have none: what they touch is not counted. */
  unnoted: number;
}

/** Of a function, in bytes: engines refuse larger ones. webassembly.github.io/spec/js-api, implementation limits. */
const MOST_FUNCTION_BYTES = 7_654_321;
/** Functions between two reports of progress. */
const STRIDE = 256;

/**
 * Meters a module. An imported memory then has to have `base` bytes more than before.
 *
 * - Of 4 GiB of memory the module has `base` bytes less.
 * - A shared memory's counters are exact while one thread runs; its pages always.
 *
 * Throws ModuleError for what is no valid module, and for one with no memory, with several, with 64-bit addresses or with
 * instructions the meter does not know (garbage collection).
 */
export async function meterModule(wasm: Uint8Array, options: MeterOptions = {}): Promise<MeteredModule> {
  const hookModule = await readHooks();
  const sections = new Sections(wasm);
  const imports = sections.vector(SectionId.import, readImport);
  raiseMemory(sections, imports, BASE / WASM_PAGE_BYTES);
  const functions = readFunctions(sections);
  const imported = imports.filter(({ kind }) => kind === "function").length;
  const first = imported + functions.bodies.length;
  const zeroStores = options.zeroStores ?? "auto";
  const rewriting: Rewriting = {
    hooks: placeHooks(hookModule, first),
    zeroStores: zeroStores === "auto" ? !functions.bodies.some(hasFill) : zeroStores,
    isClearingNoted: options.clearing !== undefined,
  };
  const { unnoted, ...all } = rewriteAll(functions, rewriting, options.onProgress);
  const rewritten = withHooks(all, hookModule, first);
  if (rewriting.zeroStores) noteClearingCalls(sections, rewritten, imports, options.clearing ?? []);
  const placing = moveData(sections, rewriting);
  if (placing) startWith(placing, sections, rewritten, imported);
  writeFunctions(sections, rewritten);
  // Its offsets into the code no longer hold, and unlike those for debuggers it is read by engines.
  sections.removeCustom("metadata.code.branch_hint");
  requireValid(wasm);
  return { wasm: sections.toBytes(), base: BASE, zeroStores: rewriting.zeroStores, unnoted };
}

function hasFill(body: BinaryReader): boolean {
  const reader = body.fork();
  readLocals(reader);
  while (!reader.done) if (readInstruction(reader).opcode === Op.MemoryFill) return true;
  return false;
}

function rewriteAll(
  functions: Functions<BinaryReader>,
  rewriting: Rewriting,
  onProgress?: (done: number) => void,
): Functions<Uint8Array> & { unnoted: number } {
  const { types, typeIndices } = functions;
  let unnoted = 0;
  const bodies = functions.bodies.map((body, i) => {
    if (i % STRIDE === 0) onProgress?.(i / functions.bodies.length);
    const type = types[typeIndices[i] as number];
    if (!type) throw new ModuleError(`function ${i} is of a type that is not there: the file is damaged`);
    const parameters = type.params.length;
    const rewritten = rewriteFunction(body.fork(), parameters, rewriting);
    if (rewritten.length <= MOST_FUNCTION_BYTES) return rewritten;
    unnoted++;
    return rewriteFunction(body.fork(), parameters, { ...rewriting, isUnnoted: true });
  });
  return { types, typeIndices, bodies, unnoted };
}

/** The functions with the hooks behind them, of which the first becomes function `first`. */
function withHooks(
  { types, typeIndices, bodies }: Functions<Uint8Array>,
  hookModule: HookModule,
  first: number,
): Functions<Uint8Array> {
  const { functions: hooks } = hookModule;
  return {
    types: [...types, ...hooks.types],
    typeIndices: [...typeIndices, ...hooks.typeIndices.map((index) => index + types.length)],
    bodies: [...bodies, ...placeBodies(hookModule, first)],
  };
}
