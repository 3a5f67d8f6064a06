/** Loops that cost little but what they measure: accesses of the machine, and bare ones to compare with. */

import { storeAt, touch } from "./machine/access";
import { reserve } from "./machine/frames";
import * as kernel from "./machine/kernel";
import { pageBytes, pageMask } from "./machine/layout";
import { Kernel, MapAlignment, ZeroPage } from "./shared/kernel";

let bare: usize = 0;
let mapped: u64 = 0;
/** Bytes of each room. A power of two. */
let size: u64 = 0;

/** Starts a machine and makes room for `bytes`, a power of two, both in it and outside. All pages hold data. */
export function start(bytes: u32, pageShift: u32): void {
  kernel.start(pageShift, Kernel.Linux, 0, 0, 0, MapAlignment.Page, ZeroPage.Shared);
  size = bytes;
  bare = reserve(bytes);
  memory.fill(bare, 1, bytes);
  mapped = kernel.map(bytes);
  for (let offset: u64 = 0; offset < bytes; offset += pageBytes) storeAt<u8>(mapped + offset, 1);
}

export function bareSequential(times: u32): void {
  const mask = <usize>size - 1;
  for (let i: u32 = 0; i < times; i++) store<u8>(bare + (<usize>i & mask), <u8>i);
}

export function machineSequential(times: u32): void {
  const mask = size - 1;
  for (let i: u32 = 0; i < times; i++) storeAt<u8>(mapped + (<u64>i & mask), <u8>i);
}

/** The linear congruential generator of Numerical Recipes, of which the high bits are used. */
function next(state: u32): u32 {
  return state * 1664525 + 1013904223;
}

export function bareRandom(times: u32): void {
  const mask = <usize>size - 1;
  let state: u32 = 1;
  for (let i: u32 = 0; i < times; i++) {
    state = next(state);
    store<u8>(bare + (<usize>(state >> 4) & mask), <u8>i);
  }
}

export function machineRandom(times: u32): void {
  const mask = size - 1;
  let state: u32 = 1;
  for (let i: u32 = 0; i < times; i++) {
    state = next(state);
    storeAt<u8>(mapped + (<u64>(state >> 4) & mask), <u8>i);
  }
}

/** First writes, one page at a time: without data, or with `stored` of a byte. */
export function firstTouches(pages: u32, stored: bool): void {
  const start = kernel.map(<u64>pages * pageBytes);
  const end = start + <u64>pages * pageBytes;
  for (let page = start; page < end; page += pageMask + 1) {
    if (stored) storeAt<u8>(page, 1);
    else touch(page, 1, true);
  }
  kernel.munmap(start, end - start);
}
