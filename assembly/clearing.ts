/**
 * What a recorded module asks before it clears memory: how much of it is zero already. src/record/module links this into
 * it: no globals, no data, no imports but the memory.
 */
import { zeroesIn } from "./machine/zeroes";

/** Bytes of zero in a range. Traps unless it lies in memory, as the clearing will. */
export function zeroes(address: u32, bytes: u32): u32 {
  return <u32>zeroesIn(address, bytes);
}
