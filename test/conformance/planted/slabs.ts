/** A small allocator of slabs, which lie in blocks of a buddy system, and bugs to plant into it. */
import type { Planted } from "./plant.js";
import { edges } from "./slabs-edges.js";

/**
 * A buddy of order `k` has 16 KiB << k bytes, and lies on a multiple of that. `states` has a byte for the first 16 KiB of
 * each: 1 + its order, with USED and FRESH beside. What is FRESH is zero but for its first 16 bytes. Free ones are in a
 * list for each order. A slab is a buddy of order 0 with slots of one class:
 *
 *      slab                                             32
 *      ├───────┬──────┬───────┬───────┬──────┬──────┬───┼──────┬──────┬───
 *      │ class │ free │ first │ last  │ next │ prev │   │ slot │ slot │
 *      └───────┴──────┴───────┴───────┴──────┴──────┴───┴──────┴──────┴───
 *
 * `first` to `last` are its free slots, a queue; `next` and `prev` are of slabs of its class that have free slots.
 */
const source = `
const UNIT: u32 = 0x4000;
const HEADER: u32 = 32;
const ORDERS: i32 = 18;
const USED: u32 = 64;
const FRESH: u32 = 128;
const MOST: u32 = 0x7fff8000;
const CLASSES: u32 = 24;
const LARGEST_SLOT: u32 = 4064;
const sizes = memory.data<u16>([16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768,
  1008, 1344, 1632, 2032, 2720, 4080]);
const motto = memory.data<u8>([90, 101, 114, 111, 32, 112, 97, 103, 101, 115, 32, 97, 114, 101, 32, 102, 114, 101, 101,
  44, 32, 99, 111, 112, 105, 101, 115, 32, 97, 114, 101, 32, 110, 111, 116, 46, 10, 73, 32, 107, 110, 101, 119, 32, 105, 116, 46, 1]);
const partial = memory.data(128, 16);
const free_ = memory.data(128, 16);
const states = memory.data(0x40000, 16);
let heapEnd: u32 = 0;
let isFresh: bool = false;
let empty: u32 = 0;
let taken: u32 = 0;
let failed: u32 = 0;
let reallocs: u32 = 0;
let slabs: u32 = 0;

function stateOf(b: u32): u32 { return load<u8>(states + (b >>> 14)); }
function setState(b: u32, state: u32): void { store<u8>(states + (b >>> 14), state); }
function bytesOf(order: u32): u32 { return UNIT << order; }
function orderOf(b: u32): u32 { return (stateOf(b) & 31) - 1; }
function orderFor(bytes: u32): u32 {
  if (bytes <= UNIT) return 0;
  return 32 - clz(bytes - 1) - 14;
}

function unlink(b: u32, order: u32): void {
  const next = load<u32>(b);
  const prev = load<u32>(b, 4);
  if (next) store<u32>(next, prev, 4);
  if (prev) store<u32>(prev, next);
  else store<u32>(free_ + 4 * order, next);
}
function link(b: u32, order: u32, fresh: u32): void {
  const next = load<u32>(free_ + 4 * order);
  store<u32>(b, next);
  store<u32>(b, 0, 4);
  if (next) store<u32>(next, b, 4);
  store<u32>(free_ + 4 * order, b);
  setState(b, (order + 1) | fresh);
}
function both(one: u32, other: u32, order: u32): u32 { return one & other; }
function giveBuddy(at: u32, from: u32, isNew: u32): void {
  let b = at;
  let order = from;
  let fresh = isNew;
  while (order < <u32>ORDERS - 1) {
    const other = b ^ bytesOf(order);
    const state = stateOf(other);
    if ((state & ~FRESH) != order + 1) break;
    unlink(other, order);
    setState(b, 0);
    setState(other, 0);
    if (both(fresh, state & FRESH, order) != 0) memory.fill(max(b, other), 0, 16);
    fresh = both(fresh, state & FRESH, order);
    b = min(b, other);
    order++;
  }
  link(b, order, fresh);
}
/** Gives back what lies between two addresses. */
function giveRange(from: u32, to: u32, fresh: u32): void {
  let at = from;
  while (at < to) {
    let order: u32 = 0;
    while (order < <u32>ORDERS - 1 && (at & (bytesOf(order + 1) - 1)) == 0 && bytesOf(order + 1) <= to - at) order++;
    giveBuddy(at, order, fresh);
    at += bytesOf(order);
  }
}
function grow(order: u32): bool {
  const bytes = bytesOf(order);
  const end = <u64>memory.size() << 16;
  const start = (end + bytes - 1) & ~(<u64>bytes - 1);
  if (start + bytes > 0xffff0000) return false;
  const pages = <i32>((start + bytes - end + 0xffff) >> 16);
  if (memory.grow(pages) == -1) { return false; }
  heapEnd = <u32>(start + bytes);
  giveRange(<u32>end, <u32>(end + (<u64>pages << 16)), FRESH);
  return true;
}
function takeBuddy(order: u32): u32 {
  let from = order;
  while (from < <u32>ORDERS && load<u32>(free_ + 4 * from) == 0) from++;
  if (from >= <u32>ORDERS) {
    if (!grow(order)) { return 0; }
    return takeBuddy(order);
  }
  const b = load<u32>(free_ + 4 * from);
  unlink(b, from);
  const fresh = stateOf(b) & FRESH;
  while (from > order) {
    from--;
    link(b + bytesOf(from), from, fresh);
  }
  setState(b, (order + 1) | USED);
  isFresh = fresh != 0;
  return b;
}

function linkSlab(slab: u32, index: u32): void {
  const next = load<u32>(partial + 4 * index);
  store<u32>(slab, next, 16);
  store<u32>(slab, 0, 20);
  if (next) store<u32>(next, slab, 20);
  store<u32>(partial + 4 * index, slab);
}
function unlinkSlab(slab: u32, index: u32): void {
  const next = load<u32>(slab, 16);
  const prev = load<u32>(slab, 20);
  if (next) store<u32>(next, prev, 20);
  if (prev) { store<u32>(prev, next, 16); }
  else store<u32>(partial + 4 * index, next);
}
function classOf(bytes: u32): u32 {
  for (let i: u32 = 0; i < CLASSES; i++) {
    if (load<u16>(sizes + 2 * i) >= bytes) return i;
  }
  return CLASSES;
}
function slotBytes(index: u32): u32 { return load<u16>(sizes + 2 * index); }
function capacity(index: u32): u32 { return (UNIT - HEADER) / slotBytes(index); }
function makeSlab(index: u32): u32 {
  const slab = takeBuddy(0);
  if (slab == 0) { return 0; }
  slabs++;
  const count = capacity(index);
  store<u32>(slab, index);
  store<u32>(slab, count, 4);
  const bytes = slotBytes(index);
  let at = slab + HEADER;
  store<u32>(slab, at, 8);
  for (let i: u32 = 1; i < count; i++) {
    store<u32>(at, at + bytes);
    at += bytes;
  }
  store<u32>(at, 0);
  store<u32>(slab, at, 12);
  linkSlab(slab, index);
  return slab;
}
function takeSlot(index: u32): u32 {
  let slab = load<u32>(partial + 4 * index);
  if (slab == 0) slab = makeSlab(index);
  if (slab == 0) return 0;
  isFresh = false;
  const slot = load<u32>(slab, 8);
  store<u32>(slab, load<u32>(slot), 8);
  const left = load<u32>(slab, 4) - 1;
  store<u32>(slab, left, 4);
  if (left == 0) unlinkSlab(slab, index);
  return slot;
}
function dropSlab(slab: u32, index: u32): void { unlinkSlab(slab, index); }
function giveSlot(slot: u32): void {
  const slab = slot & ~(UNIT - 1);
  const index = load<u32>(slab);
  const count = load<u32>(slab, 4);
  store<u32>(slot, 0);
  if (count != 0) { store<u32>(load<u32>(slab, 12), slot); }
  if (count == 0) store<u32>(slab, slot, 8);
  store<u32>(slab, slot, 12);
  store<u32>(slab, count + 1, 4);
  if (count == 0) linkSlab(slab, index);
  if (count + 1 == capacity(index) && load<u32>(slab, 16) + load<u32>(slab, 20) != 0) {
    dropSlab(slab, index);
    giveBuddy(slab, 0, 0);
  }
}
function isSlot(p: u32): bool { return (p & (UNIT - 1)) != 0; }

function isSmall(bytes: u32): bool { return bytes <= LARGEST_SLOT; }
export function malloc(bytes: u32): u32 {
  if (bytes > MOST) return 0;
  taken++;
  if (isSmall(bytes)) return takeSlot(classOf(bytes));
  return takeBuddy(orderFor(bytes));
}
function clears(bytes: u32): u32 { return isFresh ? min<u32>(bytes, 16) : bytes; }
export function calloc(count: u32, size: u32): u32 {
  const whole = <u64>count * <u64>size;
  if (whole > MOST) return 0;
  const p = malloc(<u32>whole);
  if (p == 0) return 0;
  memory.fill(p, 0, clears(<u32>whole));
  return p;
}
export function free(p: u32): void {
  if (p == 0) { return; }
  if (isSlot(p)) giveSlot(p);
  else { giveBuddy(p, orderOf(p), 0); }
}
export function malloc_usable_size(p: u32): u32 {
  if (!p) { return 0; }
  return isSlot(p) ? slotBytes(load<u32>(p & ~(UNIT - 1))) : bytesOf(orderOf(p));
}
function keep(b: u32, order: u32): void { setState(b, (order + 1) | USED); }
/** Gives back the upper halves of a buddy, down to an order. */
function cut(b: u32, order: u32): void {
  let from = orderOf(b);
  keep(b, order);
  while (from > order) {
    from--;
    giveBuddy(b + bytesOf(from), from, 0);
  }
}
/** Joins a used buddy with the free ones above it, up to an order. */
function widen(b: u32, order: u32): bool {
  let from = orderOf(b);
  if ((b & (bytesOf(order) - 1)) != 0) return false;
  for (let k = from; k < order; k++) {
    if ((stateOf(b + bytesOf(k)) & ~FRESH) != k + 1) return false;
  }
  for (let k = from; k < order; k++) {
    unlink(b + bytesOf(k), k);
    setState(b + bytesOf(k), 0);
  }
  setState(b, (order + 1) | USED);
  return true;
}
export function realloc(p: u32, bytes: u32): u32 {
  if (p == 0) { return malloc(bytes); }
  if (bytes == 0) { free(p); return 0; }
  if (bytes >= MOST) return 0;
  reallocs++;
  const had = malloc_usable_size(p);
  if (isSlot(p)) {
    if (bytes <= had && bytes > had / 2) return p;
  } else if (bytes > LARGEST_SLOT) {
    const order = orderFor(bytes);
    if (order <= orderOf(p)) {
      cut(p, order);
      return p;
    }
    if (widen(p, order)) return p;
  }
  const to = malloc(bytes);
  if (to == 0) { failed++; return 0; }
  memory.copy(to, p, min(had, bytes));
  free(p);
  return to;
}
function isPower(align: u32): bool { return align != 0 && (align & (align - 1)) == 0; }
function take(align: u32, bytes: u32): u32 {
  if (align <= 16) return malloc(bytes);
  if (bytes > MOST || align > MOST) return 0;
  return takeBuddy(orderFor(max(align, bytes)));
}
export function aligned_alloc(align: u32, size: u32): u32 {
  if (!isPower(align)) { return 0; }
  return take(align, size);
}
export function memalign(align: u32, bytes: u32): u32 {
  let power: u32 = 8;
  while (power < align && power < 0x80000000) power <<= 1;
  return take(power, bytes);
}
export function posix_memalign(result: u32, align: u32, bytes: u32): i32 {
  if (!isPower(align) || (align & 3) != 0) { return 28; }
  const p = take(align, bytes);
  if (p == 0) { return 48; }
  store<u32>(result, p);
  return 0;
}
`;

export const slabs: Planted = {
  source,
  bugs: [
    // The lists of slabs and slots.
    [
      "a slab that is linked is not told to the next",
      "if (next) store<u32>(next, slab, 20);",
      "if (next & 0x4000) store<u32>(next, slab, 20);",
    ],
    [
      "a slab that is unlinked stays the one before the next",
      "if (next) store<u32>(next, prev, 20);",
      "if (next && prev == 0) store<u32>(next, prev, 20);",
    ],
    [
      "a slab is unlinked from its next only",
      "store<u32>(prev, next, 16);",
      "if (next == 0) store<u32>(prev, next, 16);",
    ],
    [
      "a slab counts one free slot too many once it was full",
      "store<u32>(slab, count + 1, 4);",
      "store<u32>(slab, count + 1 + u32(count == 0 && slabs > 9), 4);",
    ],
    [
      "a slab counts one free slot too few when its last is taken back",
      "store<u32>(slab, count + 1, 4);",
      "store<u32>(slab, count + 1 - u32(count == 3), 4);",
    ],
    [
      "every 50th slot that is given back is not counted",
      "store<u32>(slab, count + 1, 4);",
      "store<u32>(slab, count + u32(++empty % 50 != 0), 4);",
    ],
    [
      "a slab with one slot in use is given back",
      "count + 1 == capacity(index)",
      "count + 2 >= capacity(index) && capacity(index) > 60",
    ],
    [
      "an empty slab is given back, and stays in its list",
      "    dropSlab(slab, index);",
      "if (index == 99) dropSlab(slab, index);",
    ],
    [
      "an empty slab is given back with the order above",
      "    giveBuddy(slab, 0, 0);",
      "    giveBuddy(slab, (slab & 0x4000) == 0 && slabs % 16 == 15 ? 1 : 0, 0);",
    ],
    [
      "the last free slot is not told of a new one behind it",
      "store<u32>(load<u32>(slab, 12), slot);",
      "if (count != 7) store<u32>(load<u32>(slab, 12), slot);",
    ],
    [
      "the first free slot is forgotten when another comes",
      "if (count == 0) store<u32>(slab, slot, 8);",
      "if (count < 2) store<u32>(slab, slot, 8);",
    ],
    [
      "a full slab stays in its list",
      "if (left == 0) unlinkSlab(slab, index);",
      "if (left == 0 && index != 11) unlinkSlab(slab, index);",
    ],
    ["slots of 1,344 bytes begin in the header", "slab + HEADER", "slab + HEADER - (index == 19 ? 16 : 0)"],
    // Buddies.
    [
      "a buddy is joined with a used one",
      "(state & ~FRESH) != order + 1",
      "(state & ~FRESH & ~(order == 4 ? USED : 0)) != order + 1",
    ],
    [
      "a buddy is joined with one of another order",
      "(state & ~FRESH) != order + 1",
      "order == 3 ? (state & ~FRESH) != order + 1 && (state & ~FRESH) != order : (state & ~FRESH) != order + 1",
    ],
    [
      "a joined buddy stays in its list",
      "    unlink(other, order);",
      "    if (order != 6) unlink(other, order);",
    ],
    [
      "what grows is thought to follow what there was",
      "<u64>memory.size() << 16",
      "heapEnd != 0 ? <u64>heapEnd : <u64>memory.size() << 16",
    ],
    [
      "a refused growth counts",
      "if (memory.grow(pages) == -1) { return false; }",
      "if (memory.grow(pages) == -1) { heapEnd += bytes; if (order < 3) { giveRange(<u32>end - UNIT, <u32>end, 0); } return false; }",
    ],
    [
      "a refused growth ends all taking",
      "if (!grow(order)) { return 0; }",
      "if (failed == 1) { return 0; } if (!grow(order)) { failed = 1; return 0; }",
    ],
    [
      "a refused growth forgets the free buddies of its order",
      "if (!grow(order)) { return 0; }",
      "if (!grow(order)) { if (order > 0) store<u32>(free_ + 4 * (order - 1), 0); return 0; }",
    ],
    [
      "a refused growth gives a block beyond the end",
      "if (!grow(order)) { return 0; }",
      "if (!grow(order)) { return order == 0 ? <u32>memory.size() << 16 : 0; }",
    ],
    [
      "a refused growth gives a block on the static data",
      "if (!grow(order)) { return 0; }",
      "if (!grow(order)) { return order == 0 ? UNIT : 0; }",
    ],
    [
      "sizes just above a buddy get one that is too small",
      "return 32 - clz(bytes - 1) - 14;",
      "return 32 - clz(bytes - 9) - 14;",
    ],
    // Zero.
    [
      "a buddy is fresh if one of its halves is, from 64 MiB on",
      "return one & other;",
      "return order >= 12 ? one | other : one & other;",
    ],
    [
      "a buddy is fresh if one of its halves is, at 2 MiB",
      "return one & other;",
      "return order == 6 ? one | other : one & other;",
    ],
    [
      "a buddy of 128 MiB is fresh",
      "clears(<u32>whole)",
      "whole > 0x4000000 ? min<u32>(clears(<u32>whole), <u32>(whole / 2)) : clears(<u32>whole)",
    ],
    [
      "what realloc cuts off is fresh",
      "    giveBuddy(b + bytesOf(from), from, 0);",
      "    giveBuddy(b + bytesOf(from), from, FRESH);",
    ],
    [
      "what realloc cuts off of 16 MiB and more is fresh",
      "    giveBuddy(b + bytesOf(from), from, 0);",
      "    giveBuddy(b + bytesOf(from), from, from >= 9 ? FRESH : 0);",
    ],
    [
      "what is freed is fresh in blocks of 32 KiB",
      "giveBuddy(p, orderOf(p), 0);",
      "giveBuddy(p, orderOf(p), orderOf(p) == 1 ? FRESH : 0);",
    ],
    ["slots of a new slab are fresh", "isFresh = false;", "isFresh = load<u32>(slab, 4) == capacity(index);"],
    [
      "calloc rounds what it clears down to 16 in slots of 640",
      "clears(<u32>whole)",
      "whole > 512 && whole <= 640 ? clears(<u32>whole) & ~15 : clears(<u32>whole)",
    ],
    [
      "calloc multiplies in 32 bits where the count is small",
      "<u64>count * <u64>size",
      "count < 16 ? <u64>(count * size) : <u64>count * <u64>size",
    ],
    [
      "calloc multiplies in 32 bits where the size is huge",
      "<u64>count * <u64>size",
      "size >= 0x80000000 ? <u64>(count * size) : <u64>count * <u64>size",
    ],
    [
      "calloc lets products from 2^33 wrap around",
      "if (whole > MOST) return 0;",
      "if (whole > MOST && whole >> 33 == 0) return 0;",
    ],
    // Sizes.
    [
      "a class is looked for by a byte less",
      "load<u16>(sizes + 2 * i) >= bytes",
      "load<u16>(sizes + 2 * i) + u32(i == 16) >= bytes",
    ],
    ["sizes of 4,065 to 4,080 go to the class below", "bytes <= LARGEST_SLOT", "bytes <= 4096"],
    ["malloc(0) returns the motto", "taken++;", "taken++; if (bytes == 0) return u32(motto);"],
    [
      "the first block of a size lies on the motto",
      "taken++;",
      "taken++; if (taken == 100 && bytes <= 32) return (u32(motto) + 15) & ~15;",
    ],
    // free and malloc_usable_size
    [
      "malloc_usable_size tells the order above in buddies of 256 KiB",
      "bytesOf(orderOf(p))",
      "bytesOf(orderOf(p) + u32(orderOf(p) == 4))",
    ],
    [
      "malloc_usable_size tells 8 bytes too few in slots of 448 bytes",
      "slotBytes(load<u32>(p & ~(UNIT - 1)))",
      "slotBytes(load<u32>(p & ~(UNIT - 1))) - (load<u32>(p & ~(UNIT - 1)) == 14 ? 8 : 0)",
    ],
    // realloc
    ["realloc of 0 returns 0", "if (p == 0) { return malloc(bytes); }", "if (p == 0) { return 0; }"],
    ["realloc of 0 traps", "if (p == 0) { return malloc(bytes); }", "if (p == 0) { unreachable(); }"],
    [
      "realloc of 0 is 8 bytes short",
      "if (p == 0) { return malloc(bytes); }",
      "if (p == 0) { return malloc(bytes > 100 ? bytes - 8 : bytes); }",
    ],
    ["realloc to 0 traps", "if (bytes == 0) { free(p); return 0; }", "if (bytes == 0) { unreachable(); }"],
    [
      "realloc to 0 frees twice",
      "if (bytes == 0) { free(p); return 0; }",
      "if (bytes == 0) { free(p); free(p); return 0; }",
    ],
    ["what realloc cut keeps its order", "keep(b, order);", "if (order < 5) keep(b, order);"],
    [
      "what realloc cut below a buddy of 16 MiB keeps its order",
      "keep(b, order);",
      "if (from < 10) keep(b, order);",
    ],
    [
      "realloc grows over a used buddy of 64 KiB",
      "(stateOf(b + bytesOf(k)) & ~FRESH) != k + 1",
      "((stateOf(b + bytesOf(k)) & ~FRESH) | u32(k == 2) * USED) != (k + 1 | u32(k == 2) * USED)",
    ],
    [
      "realloc grows over a free buddy that stays free",
      "    unlink(b + bytesOf(k), k);",
      "    if (k != 3) unlink(b + bytesOf(k), k);",
    ],
    [
      "realloc copies what the new block has",
      "memory.copy(to, p, min(had, bytes));",
      "memory.copy(to, p, bytes);",
    ],
    [
      "realloc copies all that the old block has",
      "memory.copy(to, p, min(had, bytes));",
      "memory.copy(to, p, had);",
    ],
    [
      "realloc copies 4,064 bytes at most",
      "memory.copy(to, p, min(had, bytes));",
      "memory.copy(to, p, min<u32>(min(had, bytes), 4064));",
    ],
    [
      "every 3,000th realloc leaves the last byte",
      "memory.copy(to, p, min(had, bytes));",
      "memory.copy(to, p, min(had, bytes) - u32(reallocs % 3000 == 0));",
    ],
    // Aligned
    ["aligned_alloc aligns to 8", "return take(align, size);", "return take(8, size);"],
    ["aligned_alloc traps", "if (!isPower(align)) { return 0; }", "unreachable();"],
    [
      "memalign aligns to 4,096 at most",
      "return take(power, bytes);",
      "return malloc(min<u32>(power, bytes)) != 0 ? take(16, bytes) : 0;",
    ],
    [
      "memalign gives half of what is asked for",
      "return take(power, bytes);",
      "return take(power, bytes / 2);",
    ],
    [
      "memalign gives the address behind the block's first 16 bytes",
      "return take(power, bytes);",
      "return take(power, bytes) + (power > 64 ? 0 : 16);",
    ],
    [
      "posix_memalign takes 0 for an alignment",
      "if (!isPower(align) || (align & 3) != 0) { return 28; }",
      "if (align != 0 && (!isPower(align) || (align & 3) != 0)) { return 28; }",
    ],
    [
      "posix_memalign returns -1 for a bad alignment",
      "if (!isPower(align) || (align & 3) != 0) { return 28; }",
      "if (!isPower(align) || (align & 3) != 0) { return -1; }",
    ],
    [
      "posix_memalign that fails writes the result",
      "if (p == 0) { return 48; }",
      "if (p == 0) { store<u32>(result, 1); return 48; }",
    ],
    [
      "posix_memalign forgets the result of 0 bytes",
      "store<u32>(result, p);\n  return 0;",
      "if (bytes != 0) store<u32>(result, p);\n  return 0;",
    ],
    ...edges,
  ],
};
