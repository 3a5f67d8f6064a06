/** Moves the initial contents of memory up by the meter's base. */
import { BASE } from "#shared/meter";
import { ModuleError } from "../base/errors.js";
import { type DataSegment, readDataSegment, writeDataSegment } from "../wasm/data.js";
import { Op, writeOpcode } from "../wasm/opcodes.js";
import { SectionId, type Sections } from "../wasm/sections.js";
import { BinaryWriter } from "../wasm/writer.js";
import type { Rewriting } from "./rewrite.js";

/**
 * Rewrites the data segments. Constant addresses are raised. Where one is not constant (position independent modules
 * ask the host for it), all become passive, and what is returned is the code that puts them where they go.
 */
export function moveData(sections: Sections, rewriting: Rewriting): Uint8Array | null {
  const segments = sections.vector(SectionId.data, readDataSegment);
  if (segments.length === 0) return null;
  const areConstant = segments.every(({ address }) => !address || address.constant !== null);
  const moved = new BinaryWriter().vector(segments, (writer, segment) => {
    writeSegment(writer, segment, areConstant ? BASE : null);
  });
  sections.set(SectionId.data, moved.bytes);
  if (areConstant) return null;
  sections.set(SectionId.dataCount, new BinaryWriter().unsigned(segments.length).bytes);
  return placingCode(segments, rewriting);
}

/** Writes a segment, passive if there is no `base` to raise it by. */
function writeSegment(writer: BinaryWriter, { address, content }: DataSegment, base: number | null): void {
  const constant = address?.constant ?? null;
  const isPassive = base === null || constant === null;
  const code = isPassive ? null : new BinaryWriter().byte(Op.I32Const).s32(raised(constant, base)).bytes;
  writeDataSegment(writer, code, content);
}

function raised(address: number, base: number): number {
  const sum = (address >>> 0) + base;
  if (sum >= 2 ** 32) throw new ModuleError(`a data segment at ${address >>> 0}, past the end of memory`);
  return sum;
}

/** Does for active segments, one by one, what instantiation would have done. */
function placingCode(segments: readonly DataSegment[], { hooks }: Rewriting): Uint8Array {
  const code = new BinaryWriter();
  segments.forEach(({ address, content }, i) => {
    if (!address) return;
    code.append(address.code).byte(Op.I32Const).s32(content.length).byte(Op.Call).unsigned(hooks.translate);
    code.byte(Op.I32Const, 0, Op.I32Const).s32(content.length);
    writeOpcode(code, Op.MemoryInit).unsigned(i).byte(0);
    writeOpcode(code, Op.DataDrop).unsigned(i);
  });
  return code.bytes;
}
