/**
 * Modules whose names Emscripten made short: from -O3 on, and with -Os, imports are `a.a`, `a.b`, …, exports `c`, `d`, ….
 * The JavaScript that it writes beside knows the true names (glue.ts). What an allocator's host does can also be seen
 * by type and use:
 *
 * - `emscripten_resize_heap`, i>i, with 64-bit addresses l>i: all that calls it asks for the size of memory first
 * - `emscripten_memcpy_js`, iii>: memcpy passes its own three arguments on, where there are many bytes
 * - `abort`, >: nothing comes after a call of it
 *
 * Where several imports look so, none is recognised.
 */
import { type Functions, readFunctions, readLocals } from "../wasm/functions.js";
import type { ModuleShape } from "../wasm/inspect.js";
import { type Instruction, readInstruction } from "../wasm/instructions.js";
import { Op } from "../wasm/opcodes.js";
import type { BinaryReader } from "../wasm/reader.js";
import { Sections } from "../wasm/sections.js";
import { signature } from "./signatures.js";

/** What hosts know imports as, by the module's own "module.name" of each. */
export type ImportNames = Readonly<Record<string, string>>;

type Import = ModuleShape["imports"][number];

/** The module that all shortened imports are of. */
const MODULE = "a";
const SHORT = /^[\w$]{1,3}$/;

/** Whether the names of what it imports are short ones. */
export function hasShortImports({ imports }: Pick<ModuleShape, "imports">): boolean {
  return imports.length > 0 && imports.every(({ module, name }) => module === MODULE && SHORT.test(name));
}

/** Whether all names are. */
export function isMinified(shape: Pick<ModuleShape, "imports" | "exports">): boolean {
  return hasShortImports(shape) && shape.exports.every(({ name }) => SHORT.test(name));
}

export const fullName = ({ module, name }: Pick<Import, "module" | "name">): string => `${module}.${name}`;

/** How functions of the module use one that it imports. */
interface Uses {
  calls: number;
  /** Calls in functions that also ask for the size of memory. */
  withSize: number;
  /** Calls with the caller's own first three arguments, in a function that takes three and knows a number of many bytes. */
  passedOn: number;
  /** Calls that nothing comes after. */
  last: number;
}

/** What is recognised of a module's imports. Empty where their names are not short. */
export function recogniseImports(wasm: Uint8Array, shape: ModuleShape): ImportNames {
  if (!hasShortImports(shape)) return {};
  const imports = shape.imports.filter(({ kind }) => kind === "function");
  const uses = usesOf(readFunctions(new Sections(wasm)), imports.length);
  const only = (type: RegExp, isUsed: (uses: Uses) => boolean): Import[] => {
    const found = imports.filter((one, i) => type.test(signature(one.type)) && isUsed(uses[i] as Uses));
    return found.length === 1 ? found : [];
  };
  const named = (found: Import[], name: string) => found.map((one) => [fullName(one), name]);
  return Object.fromEntries([
    ...named(
      only(/^[il]>i$/, ({ calls, withSize }) => calls > 0 && withSize === calls),
      "emscripten_resize_heap",
    ),
    ...named(
      only(/^iii>i?$/, ({ passedOn }) => passedOn > 0),
      "_emscripten_memcpy_js",
    ),
    ...named(
      only(/^>$/, ({ calls, last }) => calls > 0 && last === calls),
      "abort",
    ),
  ]);
}

/** Bytes from which on memcpy asks its host, in several releases. */
const MANY_BYTES = [512, 8192];

function usesOf({ types, typeIndices, bodies }: Functions<BinaryReader>, imported: number): Uses[] {
  const uses = Array.from({ length: imported }, () => ({ calls: 0, withSize: 0, passedOn: 0, last: 0 }));
  bodies.forEach((body, i) => {
    const takesThree = types[typeIndices[i] as number]?.params.length === 3;
    addUses(body.fork(), takesThree, uses);
  });
  return uses;
}

function addUses(reader: BinaryReader, takesThree: boolean, uses: Uses[]): void {
  readLocals(reader);
  const called: number[] = [];
  let [asksSize, knowsMany] = [false, false];
  const passed: number[] = [];
  let before: Instruction[] = [];
  while (!reader.done) {
    const instruction = readInstruction(reader);
    const { opcode, operand } = instruction;
    const last = before.at(-1);
    if (opcode === Op.Unreachable && last?.opcode === Op.Call && uses[last.operand]) {
      (uses[last.operand] as Uses).last++;
    }
    if (opcode === Op.MemorySize) asksSize = true;
    if (opcode === Op.I32Const && MANY_BYTES.includes(operand)) knowsMany = true;
    if (opcode === Op.Call && uses[operand]) {
      called.push(operand);
      if (takesThree && before.every((one, i) => one.opcode === Op.LocalGet && one.operand === i)) {
        passed.push(operand);
      }
    }
    before = [...before.slice(-2), instruction];
  }
  for (const one of called) {
    const its = uses[one] as Uses;
    its.calls++;
    if (asksSize) its.withSize++;
  }
  if (knowsMany) for (const one of passed) (uses[one] as Uses).passedOn++;
}

/** The shape with what imports are known as. */
export function withNames(shape: ModuleShape, names: ImportNames): ModuleShape {
  const imports = shape.imports.map((one) => {
    const full = fullName(one);
    const alias = Object.hasOwn(names, full) ? names[full] : undefined;
    return alias === undefined ? one : { ...one, alias };
  });
  return { ...shape, imports };
}
