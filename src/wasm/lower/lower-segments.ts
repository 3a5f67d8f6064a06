/**
 * Lowers what a module puts into its memory and tables. Where an address is a constant, so is the lowered one. Where one is
 * not, all segments of its kind become passive, and code of a start function puts them where they go, in the order in which
 * instantiation would have.
 */
import { ModuleError } from "../../base/errors.js";
import { readDataSegment, writeDataSegment } from "../data.js";
import { type ElementSegment, readElementSegment, writeElementSegment } from "../elements.js";
import type { GlobalType } from "../externs.js";
import { readInstruction } from "../instructions.js";
import { Op, writeOpcode } from "../opcodes.js";
import { BinaryReader } from "../reader.js";
import { SectionId, type Sections } from "../sections.js";
import { BinaryWriter } from "../writer.js";
import type { Lowering } from "./lower-function.js";

/** Returns the code that places what has no constant address; null if there is none. */
export function lowerSegments(sections: Sections, lowering: Lowering): Uint8Array | null {
  const code = new BinaryWriter();
  lowerElements(sections, lowering, code);
  lowerData(sections, lowering, code);
  return code.length > 0 ? code.bytes : null;
}

function lowerData(sections: Sections, lowering: Lowering, code: BinaryWriter): void {
  if (!lowering.memories[0]?.wide) return;
  const segments = sections.vector(SectionId.data, readDataSegment);
  if (segments.length === 0) return;
  const lowered = segments.map(({ address }) => address && lowerConstant(address.code));
  const areConstant = segments.every(({ address }, i) => !address || lowered[i]);
  const writer = new BinaryWriter().vector(segments, (each, { content }, i) => {
    writeDataSegment(each, areConstant ? (lowered[i] ?? null) : null, content);
  });
  sections.set(SectionId.data, writer.bytes);
  if (areConstant) return;
  sections.set(SectionId.dataCount, new BinaryWriter().unsigned(segments.length).bytes);
  segments.forEach(({ address, content }, i) => {
    if (!address) return;
    writePlace(code, address.code, true, lowering);
    code.byte(Op.I32Const, 0, Op.I32Const).s32(content.length);
    writeOpcode(code, Op.MemoryInit).unsigned(i).byte(0);
    writeOpcode(code, Op.DataDrop).unsigned(i);
  });
}

function lowerElements(sections: Sections, lowering: Lowering, code: BinaryWriter): void {
  const { tables } = lowering;
  const segments = sections.vector(SectionId.element, readElementSegment);
  const isWide = ({ place }: ElementSegment) => place !== null && tables[place.table]?.limits.wide === true;
  if (!segments.some(isWide)) return;
  const lowered = segments.map((one) => (isWide(one) ? lowerPlace(one) : one));
  const areConstant = !lowered.includes(null);
  const written = lowered.map((one, i) => (areConstant && one) || passive(segments[i] as ElementSegment));
  sections.set(SectionId.element, new BinaryWriter().vector(written, writeElementSegment).bytes);
  if (areConstant) return;
  segments.forEach(({ place, elements }, i) => {
    if (!place) return;
    writePlace(code, place.code.subarray(0, -1), tables[place.table]?.limits.wide === true, lowering);
    code.byte(Op.I32Const, 0, Op.I32Const).s32(elements.length);
    writeOpcode(code, Op.TableInit).unsigned(i).unsigned(place.table);
    writeOpcode(code, Op.ElemDrop).unsigned(i);
  });
}

/** Null where its place is not constant. */
function lowerPlace(segment: ElementSegment): ElementSegment | null {
  const { table, code } = segment.place as NonNullable<ElementSegment["place"]>;
  const lowered = lowerConstant(code.subarray(0, -1));
  if (!lowered) return null;
  return { ...segment, place: { table, code: new BinaryWriter().append(lowered).byte(Op.End).bytes } };
}

const FUNCREF = 0x70;
const FUNCTIONS = 0; // the kind of elements that are numbers of functions

function passive(segment: ElementSegment): ElementSegment {
  const { place, type, areExpressions } = segment;
  if (!place || type.length > 0) return { ...segment, place: null };
  return { ...segment, place: null, type: new Uint8Array([areExpressions ? FUNCREF : FUNCTIONS]) };
}

/** The code of a constant address, lowered; null where it is no constant. Neither has its end. */
function lowerConstant(code: Uint8Array): Uint8Array | null {
  const reader = new BinaryReader(code);
  if (reader.byte() !== Op.I64Const) return null;
  const value = reader.s64();
  if (!reader.done) return null;
  if (value >= 2n ** 32n) throw new ModuleError(`a segment begins at ${value}, past the end of memory`);
  return new BinaryWriter().byte(Op.I32Const).s32(Number(value)).bytes;
}

/** Writes the code that gives a place, narrowed if it is wide. */
function writePlace(
  writer: BinaryWriter,
  code: Uint8Array,
  isWide: boolean,
  { narrow, globals }: Lowering,
): void {
  checkConstant(code, globals);
  writer.append(code);
  if (isWide) writer.byte(Op.Call).unsigned(narrow);
}

/** What a constant expression may have, beside constants. */
const CONSTANT: readonly number[] = [
  ...[Op.I32Const, Op.I32Add, Op.I32Sub, Op.I32Mul],
  ...[Op.I64Const, Op.I64Add, Op.I64Sub, Op.I64Mul],
];

/** @throws ModuleError for what an engine takes in a function and nowhere else. */
function checkConstant(code: Uint8Array, globals: readonly GlobalType[]): void {
  const reader = new BinaryReader(code);
  while (!reader.done) {
    const { opcode, operand } = readInstruction(reader);
    const isKnown = opcode === Op.GlobalGet && globals[operand]?.mutable === false;
    if (!isKnown && !CONSTANT.includes(opcode)) {
      throw new ModuleError("the place of a segment is not constant: the file is damaged");
    }
  }
}
