/** Functions of assembly/meter.ts and its like, and how they are linked into another module. */

import { recordOf } from "../base/enums.js";
import { missing, type OwnFile, ownBytes } from "../base/own-file.js";
import { readExport } from "../wasm/externs.js";
import { type Functions, readFunctions, readLocals } from "../wasm/functions.js";
import { readInstruction } from "../wasm/instructions.js";
import { Op } from "../wasm/opcodes.js";
import type { BinaryReader } from "../wasm/reader.js";
import { SectionId, Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";

/** The functions that rewritten code calls. */
export const HOOKS = ["translate", "zeroedByStore", "fill", "copy", "initialized", "grow"] as const;
type HookName = (typeof HOOKS)[number];

/** A function index for every hook that rewritten code calls. */
export type Hooks = Record<HookName, number>;

/** A module of functions that move into others, read. */
export interface HookModule<Name extends string = HookName> {
  functions: Functions<BinaryReader>;
  /** Those that rewritten code calls, among these. */
  hooks: Record<Name, number>;
}

export const METER: OwnFile = {
  name: "wasm/meter.wasm",
  url: () => new URL("../../build/meter.wasm", import.meta.url),
};

/** The code of the meter's hooks. */
export function readHooks(): Promise<HookModule> {
  return readHookModule(METER, HOOKS);
}

/** A module of this package's, and the functions of these names in it. */
export async function readHookModule<Name extends string>(
  file: OwnFile,
  names: readonly Name[],
): Promise<HookModule<Name>> {
  const sections = new Sections(await ownBytes(file));
  return { functions: readFunctions(sections), hooks: findHooks(sections, file, names) };
}

function findHooks<Name extends string>(sections: Sections, file: OwnFile, names: readonly Name[]) {
  const functions = sections.vector(SectionId.export, readExport).filter(({ kind }) => kind === "function");
  const indexOf = (name: Name) => {
    const found = functions.find((one) => one.name === name);
    if (!found) throw missing(file.name, `what is there has no ${name}, and so is another version's`);
    return found.index;
  };
  return recordOf(names, indexOf);
}

/** The hooks when their module's first function becomes number `first`. */
export function placeHooks<Name extends string>({ hooks }: HookModule<Name>, first: number) {
  return recordOf(Object.keys(hooks) as Name[], (name) => hooks[name] + first);
}

/** The bodies when the first becomes function `first`: calls among them move along. */
export function placeBodies({ functions }: Pick<HookModule, "functions">, first: number): Uint8Array[] {
  return functions.bodies.map((body) => placeBody(body.fork(), first));
}

function placeBody(reader: BinaryReader, first: number): Uint8Array {
  const start = reader.offset;
  readLocals(reader);
  const placed = new BinaryWriter().append(reader.since(start));
  while (!reader.done) {
    const { opcode, operand, start } = readInstruction(reader);
    if (opcode === Op.Call) placed.byte(Op.Call).unsigned(operand + first);
    else placed.append(reader.since(start));
  }
  return placed.bytes;
}
