import { ModuleError } from "../errors.js";
import { ByteReader } from "./byte-reader.js";

const HEADER_BYTES = 8;
const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;

/**
 * The module with a maximum for its own memory, in pages of 64 KiB, where it has none or a higher one.
 * A module that imports its memory is given back as it is.
 * @throws ModuleError if it begins with more.
 */
export function limitMemory(wasm: Uint8Array, pages: number): Uint8Array {
  const reader = new ByteReader(wasm, HEADER_BYTES);
  while (!reader.atEnd) {
    const start = reader.offset;
    const id = reader.byte();
    const section = reader.part(reader.u32());
    if (id !== MEMORY_SECTION) continue;
    const body = limitedMemories(section, pages);
    const replaced = [MEMORY_SECTION, ...leb128(body.length), ...body];
    return joined(wasm.subarray(0, start), replaced, wasm.subarray(reader.offset));
  }
  return wasm;
}

function limitedMemories(section: ByteReader, pages: number): number[] {
  const memories = section.times(() => {
    const at = section.offset;
    const flags = section.byte();
    const initial = section.u64();
    const maximum = flags & HAS_MAXIMUM ? section.u64() : Number.POSITIVE_INFINITY;
    checkInitial(initial, pages, at);
    return [flags | HAS_MAXIMUM, ...leb128(initial), ...leb128(Math.min(maximum, pages))];
  });
  return [...leb128(memories.length), ...memories.flat()];
}

/** @throws ModuleError if a memory of so many pages exceeds the limit. */
export function checkInitial(initial: number, pages: number, at?: number): void {
  if (initial <= pages) return;
  throw new ModuleError(`its memory begins with ${initial} pages of 64 KiB: allow more than ${pages}`, at);
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

function joined(before: Uint8Array, middle: readonly number[], after: Uint8Array): Uint8Array {
  const whole = new Uint8Array(before.length + middle.length + after.length);
  whole.set(before);
  whole.set(middle, before.length);
  whole.set(after, before.length + middle.length);
  return whole;
}
