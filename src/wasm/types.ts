/** Types of values and of functions: core specification 2.0, 5.3. */
import { ModuleError } from "../base/errors.js";
import type { BinaryReader } from "./reader.js";
import { BinaryWriter } from "./writer.js";

/** The type of a value; `other` for references of specification 3.0. */
export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref" | "other";

/** The type of a function. */
export interface FunctionType {
  params: ValueType[];
  results: ValueType[];
}

/** Types of values, as the binary writes them. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;
const FUNCREF = 0x70;
const EXTERNREF = 0x6f;
/** (ref null ht) and (ref ht) of specification 3.0: another number, the heap type, comes behind. */
const REF_NULL = 0x63;
const REF = 0x64;

/** What the type of a function begins with. */
export const FUNCTION_TYPE = 0x60;

const NAMES: ReadonlyMap<number, ValueType> = new Map([
  [I32, "i32"],
  [I64, "i64"],
  [F32, "f32"],
  [F64, "f64"],
  [V128, "v128"],
  [FUNCREF, "funcref"],
  [EXTERNREF, "externref"],
]);

const CODES: ReadonlyMap<ValueType, number> = new Map([...NAMES].map(([code, name]) => [name, code]));

/** A type of a function as the binary writes it. Its values are of no other type than these here are. */
export function functionTypeBytes({ params, results }: FunctionType): Uint8Array {
  const writer = new BinaryWriter().byte(FUNCTION_TYPE);
  for (const types of [params, results]) {
    writer.vector(types, (each, type) => each.byte(CODES.get(type) as number));
  }
  return writer.bytes;
}

/** What a type with 64-bit addresses is with 32-bit ones. */
export function narrowType({ params, results }: FunctionType): FunctionType {
  const narrowed = (types: FunctionType["params"]) => types.map((type) => (type === "i64" ? "i32" : type));
  return { params: narrowed(params), results: narrowed(results) };
}

export function readValueType(reader: BinaryReader): ValueType {
  const code = reader.byte();
  if (code === REF_NULL || code === REF) reader.s33();
  return NAMES.get(code) ?? "other";
}

/** @throws ModuleError for a type that is not a function's. */
export function readFunctionType(reader: BinaryReader): FunctionType {
  const at = reader.offset;
  if (reader.byte() !== FUNCTION_TYPE) {
    throw new ModuleError("a type is not a plain function type: compile without garbage collection", at);
  }
  return { params: reader.vector(readValueType), results: reader.vector(readValueType) };
}

/** Skips what a block takes and gives: nothing, a type of a value, or the index of a type. 5.4.1 */
export function skipBlockType(reader: BinaryReader): void {
  const first = reader.s33();
  // As 33 bits, signed, the bytes of types are negative.
  if (first === REF_NULL - 128 || first === REF - 128) reader.s33();
}
