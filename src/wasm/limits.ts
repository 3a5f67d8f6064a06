/** Limits of memories and tables: core specification 2.0, 5.3.7, and the flags of 3.0. */
import { ModuleError } from "../base/errors.js";
import type { BinaryReader } from "./reader.js";
import type { BinaryWriter } from "./writer.js";

/** Pages of 64 KiB, or elements of a table. */
export interface Limits {
  initial: number;
  maximum?: number;
  shared: boolean;
  /** 64-bit addresses. */
  wide: boolean;
}

const HAS_MAXIMUM = 1;
const SHARED = 2;
const WIDE = 4;
/** Of the proposal for custom page sizes. */
const PAGE_SIZE = 8;
const KNOWN = HAS_MAXIMUM | SHARED | WIDE;

/** @throws ModuleError for flags that are not known. */
export function readLimits(reader: BinaryReader): Limits {
  const at = reader.offset;
  const flags = reader.byte();
  if ((flags & ~KNOWN) === PAGE_SIZE) {
    throw new ModuleError("it has custom page sizes: link with pages of 64 KiB", at);
  }
  if (flags & ~KNOWN) {
    throw new ModuleError(`limits of kind ${flags} are not known: compile for WebAssembly 2.0`, at);
  }
  const read = () => (flags & WIDE ? reader.u64() : reader.u32());
  const limits = { initial: read(), shared: (flags & SHARED) !== 0, wide: (flags & WIDE) !== 0 };
  return flags & HAS_MAXIMUM ? { ...limits, maximum: read() } : limits;
}

export function writeLimits(writer: BinaryWriter, { initial, maximum, shared, wide }: Limits): void {
  const flags = (maximum === undefined ? 0 : HAS_MAXIMUM) | (shared ? SHARED : 0) | (wide ? WIDE : 0);
  writer.byte(flags).unsigned(initial);
  if (maximum !== undefined) writer.unsigned(maximum);
}
