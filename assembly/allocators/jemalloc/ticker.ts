/**
 * Ticks: a thread counts what it does in arenas, and each thousand ticks or so, at random, the arena of the last one
 * decays.
 */
import { Arena } from "./arena";
import { decay } from "./decay";
import { draw } from "./random";

const TICKS: i32 = 1000;
const DRAWN_BITS: u32 = 6;
/** Waits in 61sts of a thousand ticks: round(61 ln(64 / (i + 1))). */
const WAITS = memory.data<u8>([
  254, 211, 187, 169, 156, 144, 135, 127, 120, 113, 107, 102, 97, 93, 89, 85, 81, 77, 74, 71, 68, 65, 62, 60,
  57, 55, 53, 50, 48, 46, 44, 42, 40, 39, 37, 35, 33, 32, 30, 29, 27, 26, 24, 23, 21, 20, 19, 18, 16, 15, 14,
  13, 12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0,
]);
const WHOLE: i32 = 61;

let left: i32 = TICKS;

/** So many things happened in an arena. */
export function tick(arena: Arena, count: u32): void {
  left -= <i32>count;
  if (left < 0) ring(arena);
}

function ring(arena: Arena): void {
  const wait: i32 = load<u8>(WAITS + <usize>draw(DRAWN_BITS));
  left = (TICKS * wait) / WHOLE;
  decay(arena);
}
