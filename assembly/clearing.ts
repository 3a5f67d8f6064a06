/**
 * What a recorded module asks before it clears memory: how much of it is zero already. src/record/module links this into
 * it: no globals, no data, no imports but the memory.
 */
import { zeroesIn } from "./machine/zeroes";

const WASM_PAGE_SHIFT = 16;

/** Bytes of zero in a range. 0 unless all of it lies in memory: what clears it will say so itself. */
export function zeroes(address: u32, bytes: u32): u32 {
  if (<u64>address + bytes > (<u64>memory.size()) << WASM_PAGE_SHIFT) return 0;
  return <u32>zeroesIn(address, bytes);
}
