/**
 * The objects of a trace that a process has.
 *
 *      slot     0          8
 *               ├──────────┤
 *               │ pointer  │    of one live object
 *               └──────────┘
 */
import { reserveOwn } from "./machine/frames";

export const SLOT_BYTES: usize = 8;

/** Address of the slots, and how many have room. */
export let slots: usize = 0;
export let slotCount: u32 = 0;

/** Makes room for `count` objects alive at once. */
export function ensureSlots(count: u32): void {
  const grown = max(count, 2 * slotCount);
  const moved = reserveOwn(SLOT_BYTES * grown);
  memory.copy(moved, slots, SLOT_BYTES * slotCount);
  slots = moved;
  slotCount = grown;
}
