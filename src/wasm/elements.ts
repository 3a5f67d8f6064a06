/** What a module puts into its tables: core specification 2.0, 5.5.12. */
import { readExpression } from "./expressions.js";
import type { BinaryReader } from "./reader.js";
import { readValueType } from "./types.js";
import type { BinaryWriter } from "./writer.js";

export interface ElementSegment {
  /** Where an active segment goes: a table, and the code that gives the place, with its end. Else null. */
  place: { table: number; code: Uint8Array } | null;
  /** Whether it is there only so that the functions in it may be referred to. */
  isDeclared: boolean;
  /** The bytes that say of what type they are; none where they are functions of the first table. */
  type: Uint8Array;
  /** Whether each is an expression; else it is the number of a function. */
  areExpressions: boolean;
  /** Each as bytes. */
  elements: Uint8Array[];
}

/** What the flags say. */
const NOT_ACTIVE = 1;
/** Of active ones: a table is named. Of others: they are declared only. */
const EXPLICIT = 2;
const EXPRESSIONS = 4;

export function readElementSegment(reader: BinaryReader): ElementSegment {
  const flags = reader.u32();
  const isActive = (flags & NOT_ACTIVE) === 0;
  const table = isActive && flags & EXPLICIT ? reader.u32() : 0;
  const place = isActive ? { table, code: readExpression(reader) } : null;
  const areExpressions = (flags & EXPRESSIONS) !== 0;
  const isTyped = (flags & (NOT_ACTIVE | EXPLICIT)) !== 0;
  const start = reader.offset;
  if (isTyped && areExpressions) readValueType(reader);
  else if (isTyped) reader.byte();
  const type = reader.since(start);
  const elements = reader.vector((each) => (areExpressions ? readExpression(each) : readNumber(each)));
  return { place, isDeclared: !isActive && (flags & EXPLICIT) !== 0, type, areExpressions, elements };
}

function readNumber(reader: BinaryReader): Uint8Array {
  const start = reader.offset;
  reader.u32();
  return reader.since(start);
}

export function writeElementSegment(writer: BinaryWriter, segment: ElementSegment): void {
  const { place, isDeclared, type, areExpressions, elements } = segment;
  const isExplicit = place ? type.length > 0 : isDeclared;
  writer.unsigned(
    (place ? 0 : NOT_ACTIVE) | (isExplicit ? EXPLICIT : 0) | (areExpressions ? EXPRESSIONS : 0),
  );
  if (place && isExplicit) writer.unsigned(place.table);
  if (place) writer.append(place.code);
  writer.append(type).vector(elements, (each, bytes) => each.append(bytes));
}
