/**
 * Decay: what is dirty is given back to the kernel over `dirty_decay_ms`, along a smooth curve. Time is cut into epochs,
 * of which the whole has 200. The pages that each epoch added are weighed by their age, and no more than the sum may stay.
 *
 *      weight  1 ┤ ▁▁▁▂▃▄▅▆▇███
 *              0 ┤▁
 *                oldest … newest epoch
 *
 * Nobody watches the clock. An arena looks at it each thousand ticks or so of the thread (ticker.ts).
 */
import { now } from "../../machine/clock";
import { enter, leave } from "../../machine/paths";
import { Arena, BACKLOG } from "./arena";
import { PAGE_SHIFT } from "./classes";
import { ARENA_DECAY } from "./functions";
import { purgeDownTo } from "./page-layer";
import { next } from "./random";

const NANOSECONDS: u64 = 1000000;
/** Weights are fractions of 2^24. */
const WEIGHT_BITS: u64 = 24;
const EPOCHS: u64 = BACKLOG;

function intervalOf(arena: Arena): u64 {
  return (<u64>arena.decayMs * NANOSECONDS) / EPOCHS;
}

/** Weight of an epoch, from 0 for the oldest: 6x^5 - 15x^4 + 10x^3 with x = (epoch + 1) / 200. */
function weightOf(epoch: u64): u64 {
  const x = epoch + 1;
  const cube = x * x * x;
  // 2^24 and 200^5 have 2^15 in common.
  return ((cube * (6 * x * x + 10 * EPOCHS * EPOCHS - 15 * EPOCHS * x)) << 9) / 9765625;
}

/** Begins the decay of an arena. */
export function startDecay(arena: Arena): void {
  if (arena.decayMs <= 0) return;
  arena.epoch = now;
  setDeadline(arena);
}

/** The next look is at the end of the epoch, or up to another epoch later. */
function setDeadline(arena: Arena): void {
  const interval = intervalOf(arena);
  const bits = 64 - <u64>clz(interval - 1);
  let jitter: u64;
  do {
    arena.jitter = next(arena.jitter);
    jitter = bits ? arena.jitter >> (64 - bits) : 0;
  } while (jitter >= interval);
  arena.deadline = arena.epoch + interval + jitter;
}

/** Looks whether anything is to be given back. */
export function decay(arena: Arena): void {
  if (arena.decayMs == -1) return;
  const caller = enter(ARENA_DECAY);
  if (arena.decayMs == 0) purgeDownTo(arena, 0);
  else if (now >= arena.deadline) advance(arena);
  leave(caller);
}

/** Epochs have passed. */
function advance(arena: Arena): void {
  const interval = intervalOf(arena);
  const epochs = (now - arena.epoch) / interval;
  arena.epoch += epochs * interval;
  setDeadline(arena);
  const pages = arena.dirty.bytes >> PAGE_SHIFT;
  shiftBacklog(arena, min(epochs, EPOCHS), pages > arena.unpurged ? pages - arena.unpurged : 0);
  const limit = pagesThatStay(arena);
  arena.unpurged = max(limit, pages);
  if (pages > limit) purgeDownTo(arena, limit);
}

function shiftBacklog(arena: Arena, epochs: u64, newest: u64): void {
  const kept = <usize>(EPOCHS - epochs);
  memory.copy(arena.backlog, arena.backlog + 8 * <usize>epochs, 8 * kept);
  memory.fill(arena.backlog + 8 * kept, 0, 8 * <usize>epochs);
  store<u64>(arena.backlog + 8 * <usize>(EPOCHS - 1), newest);
}

function pagesThatStay(arena: Arena): u64 {
  let sum: u64 = 0;
  for (let epoch: u64 = 0; epoch < EPOCHS; epoch++) {
    const pages = load<u64>(arena.backlog + 8 * <usize>epoch);
    if (pages) sum += pages * weightOf(epoch);
  }
  return sum >> WEIGHT_BITS;
}
