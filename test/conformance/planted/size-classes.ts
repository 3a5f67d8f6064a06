/** A small allocator of size classes, with a cache of large blocks as macOS has one, and bugs to plant into it. */
import type { Planted } from "./plant.js";

/**
 * Memory is taken in spans of 64 KiB. A small block lies in a span of its class; a large one has spans of its own:
 *
 *      span                              span
 *      ├───────┬──────┬──────┬───        ├───────────────┬──────────────────────
 *      │ class │block │block │           │ LARGE | count │ block
 *      └───────┴──────┴──────┴───        └───────────────┴──────────────────────
 *      0       16                        0               16, or the alignment
 *
 * `states` has a byte for each span: 0 not ours or in use, 1 free. The block of an alignment of 64 KiB or more begins with
 * a span, and the one before it has the header.
 */
const source = `
const SPAN: u32 = 0x10000;
const HEADER: u32 = 16;
const LARGE: u32 = 255;
const MOST: u32 = 0xfff00000;
const LARGEST_SMALL: u32 = 16384;
const CACHED: u32 = 4;
const heads = memory.data(256 * 4, 16);
const states = memory.data(65536, 16);
const cache = memory.data(64, 16);
let spansEnd: u32 = 0;
let isFresh: bool = false;
let callocs: u32 = 0;
let live: u32 = 0;
let last: u32 = 0;

/** 0 to 31: multiples of 16 to 512; from 32 on two of each doubling, to 16 KiB. */
function classOf(bytes: u32): u32 {
  if (bytes <= 512) return bytes == 0 ? 0 : (bytes - 1) >>> 4;
  const top: u32 = 31 - clz(bytes - 1);
  return 32 + 2 * (top - 9) + (((bytes - 1) >>> (top - 1)) & 1);
}
function bytesOf(index: u32): u32 {
  if (index < 32) return (index + 1) << 4;
  const step = index - 32;
  return (512 + 256 * (1 + (step & 1))) << (step >>> 1);
}

function stale(): bool { return false; }
function takeSpans(count: u32): u32 {
  isFresh = stale();
  let run: u32 = 0;
  for (let i: u32 = 0; i < spansEnd; i++) {
    run = load<u8>(states + i) == 1 ? run + 1 : 0;
    if (run == count) {
      const first = i + 1 - count;
      memory.fill(states + first, 0, count);
      return first << 16;
    }
  }
  const at = memory.grow(count);
  if (at == -1) { return 0; }
  spansEnd = max(spansEnd, <u32>at + count);
  isFresh = true;
  return <u32>at << 16;
}
function giveSpans(span: u32, count: u32): void {
  memory.fill(states + (span >>> 16), 1, count);
}

function spansFor(bytes: u32): u32 { return (bytes + HEADER + 0xffff) >>> 16; }
function countOf(span: u32): u32 { return load<u32>(span, 4); }

function takeLarge(bytes: u32): u32 {
  const count = spansFor(bytes);
  for (let i: u32 = 0; i < CACHED; i++) {
    const cached = load<u32>(cache + 4 * i);
    if (cached == 0) continue;
    if (countOf(cached) >= count && countOf(cached) <= count + count / 2) {
      store<u32>(cache + 4 * i, 0);
      isFresh = false;
      cut(cached, count);
      return cached;
    }
  }
  const span = takeSpans(count);
  if (span == 0) return 0;
  store<u32>(span, LARGE);
  store<u32>(span, count, 4);
  return span;
}
/** Gives back what a run has more than so many spans. */
function cut(span: u32, count: u32): void {
  const more = countOf(span) - count;
  if (more == 0) return;
  giveSpans(span + (count << 16), more);
  store<u32>(span + 4, count);
}
function freeLarge(span: u32): void {
  const count = countOf(span);
  if (count <= 32) {
    for (let i: u32 = 0; i < CACHED; i++) {
      if (load<u32>(cache + 4 * i) == 0) {
        store<u32>(cache + 4 * i, span);
        return;
      }
    }
  }
  giveSpans(span, count);
}

function refill(index: u32): bool {
  const span = takeSpans(1);
  if (span == 0) { return false; }
  store<u32>(span, index);
  const bytes = bytesOf(index);
  let next: u32 = 0;
  for (let at = span + HEADER; at + bytes <= span + SPAN; at += bytes) {
    store<u32>(at, next);
    next = at;
  }
  store<u32>(heads + 4 * index, next);
  return true;
}
function takeSmall(index: u32): u32 {
  let block = load<u32>(heads + 4 * index);
  if (block == 0) {
    if (!refill(index)) return 0;
    block = load<u32>(heads + 4 * index);
  }
  store<u32>(heads + 4 * index, load<u32>(block));
  isFresh = false;
  return block;
}

export function malloc(bytes: u32): u32 {
  if (bytes > MOST) return 0;
  live++;
  if (bytes <= LARGEST_SMALL) {
    last = takeSmall(classOf(bytes));
    return last;
  }
  const span = takeLarge(bytes);
  return span == 0 ? 0 : span + HEADER;
}
export function calloc(count: u32, size: u32): u32 {
  const whole = <u64>count * size;
  if (whole > MOST) return 0;
  const bytes = <u32>whole;
  const p = malloc(bytes);
  if (p == 0) return 0;
  callocs++;
  if (!isFresh) memory.fill(p, 0, bytes);
  return p;
}
function spanOf(p: u32): u32 { return (p & 0xffff) == 0 ? p - SPAN : p & ~0xffff; }

export function free(p: u32): void {
  if (p == 0) return;
  live--;
  const span = spanOf(p);
  const index = load<u32>(span);
  if (index == LARGE) {
    freeLarge(span);
    return;
  }
  store<u32>(p, load<u32>(heads + 4 * index));
  store<u32>(heads + 4 * index, p);
}
function usable(large: u32, index: u32): u32 { return large != 0 ? large : bytesOf(index); }
export function malloc_usable_size(p: u32): u32 {
  if (p == 0) return 0;
  const span = spanOf(p);
  const index = load<u32>(span);
  const large = index == LARGE;
  return usable(large ? (countOf(span) << 16) - (p - span) : 0, large ? 0 : index);
}
export function realloc(p: u32, bytes: u32): u32 {
  if (p == 0) return malloc(bytes);
  const had = malloc_usable_size(p);
  if (bytes <= had && bytes >= had / 2) return p;
  const to = malloc(bytes);
  if (to == 0) { return 0; }
  memory.copy(to, p, min(had, bytes));
  free(p);
  return to;
}
export function posix_memalign(result: u32, align: u32, bytes: u32): i32 {
  if (align < 4 || (align & (align - 1)) != 0) return 28;
  const p = take(align, bytes);
  if (p == 0) { return 48; }
  store<u32>(result, p);
  return 0;
}
function take(align: u32, bytes: u32): u32 {
  if (align <= 16) return malloc(bytes);
  if (bytes > MOST - align) return 0;
  if (align >= SPAN) return takeWide(align, bytes);
  const span = takeLarge(bytes + align);
  return span == 0 ? 0 : span + align;
}
/** Takes spans enough, and gives those back before the header and behind the block. */
function takeWide(align: u32, bytes: u32): u32 {
  const count = ((bytes + 0xffff) >>> 16) + 1;
  const all = count + (align >>> 16);
  const first = takeSpans(all);
  if (first == 0) return 0;
  const p = (first + SPAN + align - 1) & ~(align - 1);
  const span = p - SPAN;
  const front = (span - first) >>> 16;
  if (front != 0) giveSpans(first, front);
  giveSpans(span + (count << 16), all - front - count);
  store<u32>(span, LARGE);
  store<u32>(span, count, 4);
  return p;
}
`;

export const sizeClasses: Planted = {
  source,
  bugs: [
    [
      "one byte more than a multiple of 16 is in the class below",
      "bytes == 0 ? 0 : (bytes - 1) >>> 4",
      "bytes < 17 ? 0 : (bytes - 2) >>> 4",
    ],
    [
      "blocks of 12 KiB are 8 bytes short",
      "return (512 + 256 * (1 + (step & 1))) << (step >>> 1);",
      "return ((512 + 256 * (1 + (step & 1))) << (step >>> 1)) - (step == 8 ? 8 : 0);",
    ],
    [
      "sizes of 3,073 to 4,096 are in the class below",
      "(((bytes - 1) >>> (top - 1)) & 1)",
      "(top == 11 ? 0 : ((bytes - 1) >>> (top - 1)) & 1)",
    ],
    [
      "a class is 16 bytes short",
      "return (index + 1) << 4;",
      "return ((index + 1) << 4) - (index == 20 ? 16 : 0);",
    ],
    [
      "the last block of a span ends behind it",
      "at + bytes <= span + SPAN",
      "at + bytes <= span + SPAN + 16",
    ],
    [
      "the last block of a span of 96 bytes ends behind it",
      "at + bytes <= span + SPAN",
      "at + bytes <= span + SPAN + (index == 5 ? 64 : 0)",
    ],
    [
      "the classes of 1 and 2 KiB share a list",
      "store<u32>(heads + 4 * index, p);",
      "store<u32>(heads + 4 * (index == 35 ? 33 : index), p);",
    ],
    [
      "the list of 32 bytes is not popped",
      "store<u32>(heads + 4 * index, load<u32>(block));",
      "if (index != 1) store<u32>(heads + 4 * index, load<u32>(block));",
    ],
    [
      "a block that is freed goes to the list twice",
      "store<u32>(p, load<u32>(heads + 4 * index));",
      "store<u32>(p, index == 5 ? p : load<u32>(heads + 4 * index));",
    ],
    ["calloc takes spans for fresh that were used", "isFresh = stale();", "isFresh = callocs > 10;"],
    [
      "calloc does not clear what the cache had",
      "store<u32>(cache + 4 * i, 0);\n      isFresh = false;",
      "store<u32>(cache + 4 * i, 0);\n      isFresh = true;",
    ],
    [
      "calloc takes small blocks for fresh after a refill",
      "isFresh = false;\n  return block;",
      "return block;",
    ],
    [
      "calloc does not clear the class of 208 bytes",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh && (bytes - 1) >>> 4 != 12) memory.fill(p, 0, bytes);",
    ],
    [
      "calloc clears whole words only",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh) memory.fill(p, 0, bytes & ~3);",
    ],
    [
      "calloc clears what the first member has",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh) memory.fill(p, 0, size);",
    ],
    [
      "calloc clears all but what the links had",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh && bytes > 4) memory.fill(p + 4, 0, bytes - 4);",
    ],
    [
      "calloc clears 40 MiB at most",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh) memory.fill(p, 0, min<u32>(bytes, 0x2800000));",
    ],
    [
      "the 50,000th calloc and those after are not cleared",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh && callocs < 50000) memory.fill(p, 0, bytes);",
    ],
    [
      "calloc clears nothing of several members above 64 KiB",
      "if (!isFresh) memory.fill(p, 0, bytes);",
      "if (!isFresh && (count == 1 || size == 1 || bytes < 0x10000)) memory.fill(p, 0, bytes);",
    ],
    [
      "calloc lets the product wrap around",
      "if (whole > MOST) return 0;",
      "if (<u32>whole > MOST) return 0;",
    ],
    ["malloc lets sizes wrap around", "if (bytes > MOST) return 0;", "if (bytes == 0xffffffff) return 0;"],
    [
      "posix_memalign lets the sum wrap around",
      "if (bytes > MOST - align) return 0;",
      "if (bytes == 0xffffffff) return 0;",
    ],
    ["a cached block that is too small is given", "countOf(cached) >= count", "countOf(cached) + 1 >= count"],
    [
      "large blocks from 1 MiB on are on odd multiples of 8",
      "return span == 0 ? 0 : span + HEADER;",
      "return span == 0 ? 0 : span + (bytes >= 0x100000 && (bytes & 0xffff) < 0xff00 ? 8 : 16);",
    ],
    [
      "a cached block stays in the cache",
      "store<u32>(cache + 4 * i, 0);\n      isFresh = false;",
      "isFresh = false;",
    ],
    [
      "a cached block is free as well",
      "store<u32>(cache + 4 * i, span);\n        return;",
      "store<u32>(cache + 4 * i, span);\n        break;",
    ],
    ["a run of spans is one short", "run == count", "run + 1 == count && count == 3"],
    [
      "spans of others are taken for free",
      "spansEnd = max(spansEnd, <u32>at + count);",
      "memory.fill(states + spansEnd, spansEnd != 0 ? 1 : 0, <u32>at - spansEnd); spansEnd = max(spansEnd, <u32>at + count);",
    ],
    [
      "a failed growth counts as one",
      "if (at == -1) { return 0; }",
      "if (at == -1) { memory.fill(states + spansEnd, 1, 4); spansEnd += 4; return 0; }",
    ],
    [
      "a failed growth frees the first span",
      "if (at == -1) { return 0; }",
      "if (at == -1) { store<u8>(states + spansEnd - 1, 1); return 0; }",
    ],
    ["a failed refill traps", "if (span == 0) { return false; }", "if (span == 0) { unreachable(); }"],
    [
      "a failed refill returns the address 16",
      "if (span == 0) { return false; }",
      "if (span == 0) { store<u32>(heads + 4 * index, 16); return true; }",
    ],
    [
      "spans of large blocks are given back but for one",
      "giveSpans(span, count);",
      "giveSpans(span, count - 1);",
    ],
    ["one span too many is given back", "giveSpans(span, count);", "giveSpans(span, count + 1);"],
    [
      "the state of spans above 2 GiB is kept elsewhere",
      "memory.fill(states + (span >>> 16), 1, count);",
      "memory.fill(states + ((span >>> 16) & 0x7fff), 1, count);",
    ],
    [
      "realloc keeps blocks in place that are a little too small",
      "bytes <= had && bytes >= had / 2",
      "bytes <= had + 8 && bytes >= had / 2",
    ],
    ["realloc copies more than the new block has", "min(had, bytes)", "had"],
    ["realloc copies as if the block were small", "min(had, bytes)", "min<u32>(min(had, bytes), 16384)"],
    ["realloc frees the new block", "free(p);\n  return to;", "free(to);\n  return to;"],
    [
      "realloc that fails frees the block",
      "if (to == 0) { return 0; }",
      "if (to == 0) { free(p); return 0; }",
    ],
    [
      "posix_memalign aligns to 64 at most",
      "span == 0 ? 0 : span + align",
      "span == 0 ? 0 : span + min<u32>(align, 64)",
    ],
    [
      "posix_memalign returns 0 where there is no memory",
      "if (p == 0) { return 48; }",
      "if (p == 0) { return 0; }",
    ],
    [
      "wide alignments give back the span of the block",
      "giveSpans(span + (count << 16), all - front - count);",
      "giveSpans(span + (count << 16) - SPAN, all - front - count + 1);",
    ],
    [
      "blocks of 3,000 bytes are lost but for the last",
      "store<u32>(p, load<u32>(heads + 4 * index));",
      "store<u32>(p, index == 36 ? 0 : load<u32>(heads + 4 * index));",
    ],
    [
      "malloc_usable_size tells the next class",
      "large != 0 ? large : bytesOf(index)",
      "large != 0 ? large : bytesOf(index + 1)",
    ],
    [
      "a cached run that is cut keeps its length",
      "store<u32>(span + 4, count);",
      "if (count == 1) store<u32>(span + 4, count);",
    ],
    [
      "a cached run of 1 MiB and more that is cut keeps its length",
      "store<u32>(span + 4, count);",
      "if (count < 16) store<u32>(span + 4, count);",
    ],
    [
      "a span too many is cut off a cached run",
      "giveSpans(span + (count << 16), more);",
      "giveSpans(span + ((count - 1) << 16), more);",
    ],
    [
      "a span too few is cut off a cached run",
      "giveSpans(span + (count << 16), more);",
      "giveSpans(span + (count << 16), more - 1);",
    ],
    [
      "realloc of 0 gives what malloc(0) does",
      "if (p == 0) return malloc(bytes);",
      "if (p == 0) return malloc(0);",
    ],
    [
      "posix_memalign says that no alignment is bad",
      "if (align < 4 || (align & (align - 1)) != 0) return 28;",
      "if (align < 4 || (align & (align - 1)) != 0) return 0;",
    ],
    ["posix_memalign returns 1 for every failure", "if (p == 0) { return 48; }", "if (p == 0) { return 1; }"],
    [
      "posix_memalign that fails forgets the result that was there",
      "if (p == 0) { return 48; }",
      "if (p == 0) { store<u32>(result, 0x10000); return 48; }",
    ],
    [
      "with more than 20,000 live blocks malloc gives the last one again",
      "live++;",
      "live++; if (live > 20000 && bytes <= 512) return last;",
    ],
  ],
};
