/** The references that the host has pinned, which are roots: an array in the heap that doubles when it is full. */
import { realloc } from "../heap/heap";

const SHIFT = 2;
const FIRST_CAPACITY: u32 = 16;

let array: usize = 0;
let capacity: u32 = 0;
export let pinCount: u32 = 0;

export function pinAt(index: u32): usize {
  return load<usize>(array + (index << SHIFT));
}

/** Returns false if there is no memory. */
export function addPin(reference: usize): bool {
  if (pinCount == capacity) {
    const larger = max(2 * capacity, FIRST_CAPACITY);
    const moved = realloc(array, larger << SHIFT);
    if (!moved) return false;
    array = moved;
    capacity = larger;
  }
  store<usize>(array + (pinCount++ << SHIFT), reference);
  return true;
}

/** Takes away a pin that is there. Looks from the last one on: what a host pinned last it unpins first. */
export function removePin(reference: usize): void {
  let index = pinCount - 1;
  while (pinAt(index) != reference) index--;
  store<usize>(array + (index << SHIFT), pinAt(--pinCount));
}
