/**
 * Functions that stand before the hooks of reads and writes, in the module itself: calling into another instance costs
 * more than looking. Two kinds of touches are told in vain, and do not get through:
 *
 *      0          lowest block                      granule told last
 *      ├──────────┼─────────────────────────────────────┤▒▒▒▒├─────────
 *       no block                                         known, until the allocator is called again
 */
import { GRANULE_SHIFT } from "#shared/recorder";
import { readImport } from "../../wasm/externs.js";
import { Op } from "../../wasm/opcodes.js";
import { SectionId, type Sections } from "../../wasm/sections.js";
import { I32 } from "../../wasm/types.js";
import { BinaryWriter } from "../../wasm/writer.js";

/** Numbers of globals. */
export interface GateGlobals {
  /** The lowest address of a block so far. */
  lowest: number;
  /** The granules told last, by their numbers, or NONE. */
  read: number;
  write: number;
}

const NONE = -1; // no granule has so high a number
const VOID = 0x40; // of a block that gives nothing
const VARIABLE = 1;

/** Adds the globals to those of a module. No block will be below `lowest`, as far as it is known before there is one. */
export function addGateGlobals(sections: Sections, lowest: number): GateGlobals {
  const imported = sections.vector(SectionId.import, readImport).filter(({ kind }) => kind === "global");
  const own = sections.get(SectionId.global);
  const count = own?.u32() ?? 0;
  const entries = new BinaryWriter()
    .unsigned(count + 3)
    .append(own?.bytes.subarray(own.offset, own.end) ?? []);
  for (const value of [lowest, NONE, NONE]) entries.byte(I32, VARIABLE, Op.I32Const).s32(value).byte(Op.End);
  sections.set(SectionId.global, entries.bytes);
  const first = imported.length + count;
  return { lowest: first, read: first + 1, write: first + 2 };
}

/** The function that tells `hook` of a range, of an address and a number of bytes above 0, if it has to. */
export function gateBody(hook: number, lowest: number, told: number): Uint8Array {
  const [address, bytes, end] = [0, 1, 2];
  const code = new BinaryWriter().unsigned(1).unsigned(1).byte(I32);
  const granule = () => code.byte(Op.I32Const).s32(GRANULE_SHIFT).byte(Op.I32ShrU);
  code.byte(Op.GlobalGet).unsigned(lowest);
  code.byte(Op.LocalGet, address, Op.LocalGet, bytes, Op.I32Add, Op.I32Const).s32(-1);
  code.byte(Op.I32Add, Op.LocalTee, end, Op.I32GtU, Op.BrIf, 0);
  code.byte(Op.LocalGet, address);
  granule().byte(Op.GlobalGet).unsigned(told).byte(Op.I32Sub);
  code.byte(Op.LocalGet, end);
  granule().byte(Op.LocalTee, end, Op.GlobalGet).unsigned(told).byte(Op.I32Sub);
  code.byte(Op.I32Or, Op.I32Eqz, Op.BrIf, 0);
  code.byte(Op.LocalGet, end, Op.GlobalSet).unsigned(told);
  code.byte(Op.LocalGet, address, Op.LocalGet, bytes, Op.Call).unsigned(hook);
  return code.byte(Op.End).bytes;
}

/** Writes what follows a call of the allocator that gave the block in a local, or 0. */
export function writeAfterCall(
  code: BinaryWriter,
  block: number,
  { lowest, read, write }: GateGlobals,
): void {
  code.byte(Op.GlobalGet).unsigned(lowest).byte(Op.LocalGet).unsigned(block);
  code.byte(Op.I32Const).s32(-1).byte(Op.I32Add, Op.I32GtU, Op.If, VOID);
  code.byte(Op.LocalGet).unsigned(block).byte(Op.GlobalSet).unsigned(lowest).byte(Op.End);
  for (const told of [read, write]) code.byte(Op.I32Const).s32(NONE).byte(Op.GlobalSet).unsigned(told);
}
