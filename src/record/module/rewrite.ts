/**
 * Rewrites a module so that it tells a recorder (assembly/recorder.ts) of every call of its allocator and of what it
 * touches between them, and does everything else as before.
 *
 *      imports          hooks    functions of the module      wrappers   gates   clearing.ts
 *      ├────────────────┼────────┼────────────────────────────┼──────────┼───────┼───────────┤    numbers of functions
 *                       └ imported too: the numbers of the module's own go up
 *
 * Whoever named an allocator's function now names its wrapper: calls, exports, tables. The wrapper alone calls it.
 * Memory, its size and every address stay.
 */
import { recordOf } from "../../base/enums.js";
import { ModuleError } from "../../base/errors.js";
import { type HookModule, placeBodies, placeHooks } from "../../meter/hooks.js";
import { type ImportEntry, readImport } from "../../wasm/externs.js";
import { type Functions, readFunctions, type TypeEntry, writeFunctions } from "../../wasm/functions.js";
import { type Limits, readLimits } from "../../wasm/limits.js";
import { renumberNames } from "../../wasm/names.js";
import type { BinaryReader } from "../../wasm/reader.js";
import { renumberFunctions } from "../../wasm/renumber.js";
import { SectionId, Sections } from "../../wasm/sections.js";
import { FUNCTION_TYPE, I32 } from "../../wasm/types.js";
import { BinaryWriter } from "../../wasm/writer.js";
import type { Found } from "./find.js";
import { addGateGlobals, gateBody } from "./gate.js";
import { type Rewriting, rewriteFunction } from "./rewrite-function.js";
import { fills } from "./shapes.js";
import { memsetBody, wrapperBody } from "./wrapper.js";

/** What a rewritten module imports, in this order, and how many numbers each takes. None gives anything. */
export const HOOKS = { enter: 0, leave: 5, read: 2, write: 2, clear: 3 } as const;
export type HookName = keyof typeof HOOKS;
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[];
/** Those that accesses reach through a gate. */
const GATED = ["read", "write"] as const;

/** A module to be rewritten. */
export interface ReadModule {
  sections: Sections;
  imports: readonly ImportEntry[];
  functions: Functions<BinaryReader>;
  /** Functions it imports. */
  imported: number;
  /** Whether its memory is shared between threads. */
  isShared: boolean;
  /** Whether its addresses had 64 bits, as those that its functions take still have. */
  isLowered: boolean;
}

/** @throws ModuleError for what is no module, or one that cannot be recorded. */
export function readRecordable(wasm: Uint8Array): ReadModule {
  const sections = new Sections(wasm);
  const imports = sections.vector(SectionId.import, readImport);
  const memories = [
    ...imports.flatMap(({ limits, kind }) => (kind === "memory" && limits ? [limits] : [])),
    ...sections.vector(SectionId.memory, readLimits),
  ];
  const { shared: isShared } = onlyOne(memories);
  const functions = readFunctions(sections);
  const imported = imports.filter(({ kind }) => kind === "function").length;
  for (const index of functions.typeIndices) {
    if (!functions.types[index])
      throw new ModuleError("a function has a type that is not there: the file is damaged");
  }
  return { sections, imports, functions, imported, isShared, isLowered: false };
}

function onlyOne(memories: readonly Limits[]): Limits {
  const [memory] = memories;
  if (!memory) throw new ModuleError("the module has no memory, so it allocates nothing");
  if (memories.length > 1)
    throw new ModuleError("the module has several memories: build it without multi-memory");
  return memory;
}

/** Where a rewritten module finds its hooks among what it imports. */
export interface HookPlace {
  module: string;
  nameOf(hook: HookName): string;
}

/** assembly/clearing.ts */
export type Clearing = HookModule<"zeroes">;

/** Whether a module clears memory by an instruction. */
export function hasFill({ functions }: ReadModule): boolean {
  return functions.bodies.some((body) => fills(body));
}

/** What is rewritten beside accesses. */
export interface Rewritten {
  /** Functions that get wrappers. */
  found: readonly Found[];
  /** The function that clears memory, where no instruction does. */
  memset: number | undefined;
  /** An address below which no block is known to lie before there is one. Default: the highest. */
  lowest?: number;
  place: HookPlace;
  clearing: Clearing;
}

/** The rewritten module. Changes what was read. */
export function rewriteModule(
  module: ReadModule,
  { found, memset, lowest = -1, place, clearing }: Rewritten,
): Uint8Array<ArrayBuffer> {
  const { sections, functions, imported } = module;
  const { types, typeIndices, bodies } = functions;
  const moved = (index: number) => (index < imported ? index : index + HOOK_NAMES.length);
  const firstWrapper = moved(imported + bodies.length);
  const wrappers = new Map(found.map(({ index }, i) => [index, firstWrapper + i]));
  if (memset !== undefined) wrappers.set(memset, firstWrapper + found.length);
  const firstGate = firstWrapper + wrappers.size;
  const firstClearing = firstGate + GATED.length;
  const hooks = recordOf(HOOK_NAMES, (name) => imported + HOOK_NAMES.indexOf(name));
  const globals = addGateGlobals(sections, lowest);
  const rewriting: Rewriting = {
    ...{ ...hooks, ...placeHooks(clearing, firstClearing) },
    gates: recordOf(GATED, (name) => firstGate + GATED.indexOf(name)),
    renumber: (index) => wrappers.get(index) ?? moved(index),
  };
  const typeOf = typesOf(module);
  const own = bodies.map((body, i) => {
    const { params } = types[typeIndices[i] as number] as TypeEntry;
    const isAllocator = found.some(({ index }) => index === imported + i);
    return rewriteFunction(body, params.length, isAllocator, rewriting);
  });
  const wrapped = found.map(({ index, form }) =>
    wrapperBody(form, types[typeOf(index)] as TypeEntry, { ...hooks, original: moved(index), globals }),
  );
  if (memset !== undefined) {
    wrapped.push(memsetBody(types[typeOf(memset)] as TypeEntry, { ...rewriting, original: moved(memset) }));
  }
  const gates = GATED.map((name) => gateBody(hooks[name], globals.lowest, globals[name]));
  addImports(sections, place, types.length);
  renumberFunctions(sections, rewriting.renumber);
  renumberNames(sections, moved);
  const added = types.length + HOOK_NAMES.length;
  writeFunctions(sections, {
    types: [...types, ...HOOK_NAMES.map((name) => hookType(HOOKS[name])), ...clearing.functions.types],
    typeIndices: [
      ...[...typeIndices, ...[...wrappers.keys()].map(typeOf)],
      ...GATED.map((name) => types.length + HOOK_NAMES.indexOf(name)),
      ...clearing.functions.typeIndices.map((index) => added + index),
    ],
    bodies: [...own, ...wrapped, ...gates, ...placeBodies(clearing, firstClearing)],
  });
  // Its offsets into the code no longer hold, and unlike those for debuggers it is read by engines.
  sections.removeCustom("metadata.code.branch_hint");
  return sections.toBytes();
}

/** The number of each function's type. */
export function typesOf({ imports, functions, imported }: ReadModule): (index: number) => number {
  const given = imports.flatMap(({ kind, typeIndex = -1 }) => (kind === "function" ? [typeIndex] : []));
  return (index) =>
    (index < imported ? given : functions.typeIndices)[index < imported ? index : index - imported] as number;
}

function hookType(parameters: number): TypeEntry {
  const params = Array.from({ length: parameters }, () => "i32" as const);
  const bytes = new Uint8Array([FUNCTION_TYPE, parameters, ...params.map(() => I32), 0]);
  return { params, results: [], bytes };
}

const FUNCTION = 0;

/** Puts the hooks behind all that is imported. */
function addImports(sections: Sections, { module, nameOf }: HookPlace, firstType: number): void {
  const entries = sections.vector(SectionId.import, (reader) => {
    const start = reader.offset;
    readImport(reader);
    return reader.since(start);
  });
  const hooks = HOOK_NAMES.map(
    (name, i) =>
      new BinaryWriter()
        .name(module)
        .name(nameOf(name))
        .byte(FUNCTION)
        .unsigned(firstType + i).bytes,
  );
  const all = new BinaryWriter().vector([...entries, ...hooks], (writer, bytes) => writer.append(bytes));
  sections.set(SectionId.import, all.bytes);
}
