/** The functions of assembly/meter.ts, and how they are linked into another module. */

import { readModule } from "#read-module";
import { SandboxError } from "../base/errors.js";
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

/** build/meter.wasm, read. */
export interface HookModule {
  functions: Functions<BinaryReader>;
  /** The hooks among these. */
  hooks: Hooks;
}

/** The code of the hooks, as a module. */
export async function readHooks(): Promise<HookModule> {
  const source = await readModule(new URL("../../build/meter.wasm", import.meta.url));
  const wasm = source instanceof Response ? new Uint8Array(await source.arrayBuffer()) : bytesOf(source);
  const sections = new Sections(wasm);
  return { functions: readFunctions(sections), hooks: findHooks(sections) };
}

function bytesOf(source: BufferSource): Uint8Array<ArrayBuffer> {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  const { buffer, byteOffset, byteLength } = source;
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

function findHooks(sections: Sections): Hooks {
  const functions = sections.vector(SectionId.export, readExport).filter(({ kind }) => kind === "function");
  const indexOf = (name: HookName) => {
    const found = functions.find((one) => one.name === name);
    if (!found) throw new SandboxError(`build/meter.wasm has no ${name}: build it anew`);
    return found.index;
  };
  return Object.fromEntries(HOOKS.map((name) => [name, indexOf(name)])) as Hooks;
}

/** The hooks when their module's first function becomes number `first`. */
export function placeHooks({ hooks }: HookModule, first: number): Hooks {
  return Object.fromEntries(HOOKS.map((name) => [name, hooks[name] + first])) as Hooks;
}

/** The bodies when the first becomes function `first`: calls among them move along. */
export function placeBodies({ functions }: HookModule, first: number): Uint8Array[] {
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
