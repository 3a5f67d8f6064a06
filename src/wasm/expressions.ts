/** Code that gives a constant: core specification 2.0, 5.4.9. */
import { readInstruction } from "./instructions.js";
import { Op } from "./opcodes.js";
import type { BinaryReader } from "./reader.js";

/** Its bytes, with its end. */
export function readExpression(reader: BinaryReader): Uint8Array {
  const start = reader.offset;
  while (readInstruction(reader).opcode !== Op.End);
  return reader.since(start);
}
