/** Moves the initial contents of memory up by the meter's base. */
import * as layout from "#shared/meter";
import { ModuleError } from "../base/errors.js";
import { type BinaryReader, BinaryWriter, Section, type Sections } from "../wasm/binary.js";
import { Op, readInstruction } from "../wasm/instructions.js";
import { readVector } from "./hooks.js";
import type { Rewriting } from "./rewrite.js";

interface Segment {
  /** Where an active segment goes: the expression's code without its end; and its value where it is one constant. */
  expression: Uint8Array | null;
  constant: number | null;
  content: Uint8Array;
}

/**
 * Rewrites the data segments. Constant addresses are raised. Where one is not constant (position independent modules
 * ask the host for it), all become passive, and what is returned is the code that puts them where they go.
 */
export function moveData(sections: Sections, rewriting: Rewriting): Uint8Array | null {
  const segments = readVector(sections, Section.Data, readSegment);
  if (!segments.length) return null;
  const areConstant = segments.every(({ expression, constant }) => !expression || constant !== null);
  const writer = new BinaryWriter().u32(segments.length);
  for (const segment of segments) {
    if (areConstant && segment.constant !== null) {
      writer.byte(0, Op.I32Const).s32(raised(segment.constant, layout.BASE)).byte(Op.End);
    } else writer.byte(1);
    writer.sized(segment.content);
  }
  sections.set(Section.Data, writer.bytes);
  if (areConstant) return null;
  sections.set(Section.DataCount, new BinaryWriter().u32(segments.length).bytes);
  return placingCode(segments, rewriting);
}

function readSegment(reader: BinaryReader): Segment {
  const flags = reader.u32();
  if (flags === 1) return { expression: null, constant: null, content: reader.take(reader.u32()) };
  if (flags === 2) reader.u32();
  const start = reader.offset;
  const instructions = [readInstruction(reader)];
  while (instructions.at(-1)?.opcode !== Op.End) instructions.push(readInstruction(reader));
  const expression = reader.bytes.subarray(start, reader.offset - 1);
  const [first] = instructions;
  const constant = instructions.length === 2 && first?.opcode === Op.I32Const ? first.operand : null;
  return { expression, constant, content: reader.take(reader.u32()) };
}

function raised(address: number, base: number): number {
  const sum = (address >>> 0) + base;
  if (sum >= 2 ** 32) throw new ModuleError(`a data segment at ${address >>> 0}, past the end of memory`);
  return sum;
}

/** Does for active segments, one by one, what instantiation would have done. */
function placingCode(segments: readonly Segment[], { hooks }: Rewriting): Uint8Array {
  const code = new BinaryWriter();
  segments.forEach(({ expression, content }, i) => {
    if (!expression) return;
    code.append(expression).byte(Op.I32Const).s32(content.length).byte(Op.Call).u32(hooks.translate);
    code.byte(Op.I32Const, 0, Op.I32Const).s32(content.length);
    code.opcode(Op.MemoryInit).u32(i).byte(0);
    code.opcode(Op.DataDrop).u32(i);
  });
  return code.bytes;
}
