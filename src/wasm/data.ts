/** What a module puts into its memory: core specification 2.0, 5.5.14. */
import { readInstruction } from "./instructions.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";
import type { BinaryWriter } from "./writer.js";

export interface DataSegment {
  /** Where an active segment goes; null for a passive one, which code places. */
  address: Address | null;
  content: Uint8Array;
}

interface Address {
  /** The code that gives it, without its end. */
  code: Uint8Array;
  /** Its value, where the code is one constant. */
  constant: number | null;
}

const PASSIVE = 1;
const ACTIVE_IN_MEMORY = 2; // names its memory

export function readDataSegment(reader: BinaryReader): DataSegment {
  const kind = reader.u32();
  if (kind === ACTIVE_IN_MEMORY) reader.u32();
  const address = kind === PASSIVE ? null : readAddress(reader);
  return { address, content: reader.take(reader.u32()) };
}

/** Writes a segment that goes where `code` says, without its end; a passive one if there is none. */
export function writeDataSegment(writer: BinaryWriter, code: Uint8Array | null, content: Uint8Array): void {
  if (code) writer.byte(0).append(code).byte(Op.End);
  else writer.byte(PASSIVE);
  writer.sized(content);
}

function readAddress(reader: BinaryReader): Address {
  const start = reader.offset;
  const instructions = [readInstruction(reader)];
  while (instructions.at(-1)?.opcode !== Op.End) instructions.push(readInstruction(reader));
  const code = reader.bytes.subarray(start, reader.offset - 1);
  const [first] = instructions;
  const constant = instructions.length === 2 && first?.opcode === Op.I32Const ? first.operand : null;
  return { code, constant };
}
