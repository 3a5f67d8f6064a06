/** A small allocator, first fit with boundary tags, and bugs to plant into it. */
import type { Planted } from "./plant.js";

/**
 *      block           pointer                        block + size
 *      ├───────┬───────┼──────┬──────┬────────────────┼───────
 *      │size|1 │ before│ next │ prev │                │ of the next
 *      └───────┴───────┴──────┴──────┴────────────────┴───────
 *
 * `before` is the size of the block before it, 0 of none. Links are of free blocks only, whose size has no 1. The last
 * header of what a growth gave is of a used block of no bytes. What lies from `dirtyEnd` on was never written.
 */
const source = `
const HEADER: u32 = 8;
const PAD: u32 = 8;
const LEAST: u32 = 32;
const LIMIT: u32 = 0xfffe0000;
const MOST: u32 = LIMIT;
let heapEnd: u32 = 0;
let list: u32 = 0;
let dirtyEnd: u32 = 0;
let known: u32 = 0;
let live: u32 = 0;
let callocs: u32 = 0;
let reallocs: u32 = 0;
let frees: u32 = 0;

function sizeOf(b: u32): u32 { return load<u32>(b) & ~1; }
function isUsed(b: u32): bool { return (load<u32>(b) & 1) != 0; }
function mark(b: u32, size: u32, used: u32): void {
  store<u32>(b, size | used);
  store<u32>(b + size, size, 4);
}
function push(b: u32): void {
  store<u32>(b, list, 8);
  store<u32>(b, 0, 12);
  if (list) store<u32>(list, b, 12);
  list = b;
}
function remove(b: u32): void {
  const next = load<u32>(b, 8);
  const prev = load<u32>(b, 12);
  if (next) store<u32>(next, prev, 12);
  if (prev) store<u32>(prev, next, 8);
  else list = next;
}
function release(at: u32): void {
  let b = at;
  dirtyEnd = max(dirtyEnd, b + 16);
  let size = sizeOf(b);
  const before = load<u32>(b, 4);
  const next = b + size;
  if (!isUsed(next)) {
    remove(next);
    size += sizeOf(next);
  }
  if (before != 0 && !isUsed(b - before)) {
    b -= before;
    remove(b);
    size += before;
  }
  mark(b, size, 0);
  push(b);
}
function grow(bytes: u32): bool {
  const pages = (bytes + 16 + 0xffff) >>> 16;
  const at = memory.grow(pages);
  if (at == -1) { return false; }
  const start = <u32>at << 16;
  const end = start + (pages << 16);
  const b = (start == heapEnd + HEADER) ? heapEnd : start + PAD;
  if (b != heapEnd) store<u32>(b, 0, 4);
  heapEnd = end - HEADER;
  mark(b, heapEnd - b, 1);
  store<u32>(heapEnd, 1);
  release(b);
  return true;
}
function find(size: u32): u32 {
  let b = list;
  while (b != 0) {
    if (sizeOf(b) >= size) return b;
    b = load<u32>(b, 8);
  }
  return 0;
}
function cut(b: u32, size: u32): void {
  const rest = sizeOf(b) - size;
  if (rest >= LEAST) {
    mark(b, size, 1);
    mark(b + size, rest, 1);
    release(b + size);
  } else mark(b, size + rest, 1);
}
function shrink(b: u32, size: u32): void { cut(b, size); }
function sizeFor(bytes: u32): u32 { return max(LEAST, (bytes + HEADER + 15) & ~15); }

let last: u32 = 0;
export function malloc(bytes: u32): u32 {
  if (bytes > LIMIT) return 0;
  if (bytes == 0xffffffff) return 0;
  const size = sizeFor(bytes);
  let b = find(size);
  if (b == 0) {
    if (!grow(size)) { return 0; }
    b = find(size);
  }
  known = dirtyEnd;
  remove(b);
  cut(b, size);
  dirtyEnd = max(dirtyEnd, b + sizeOf(b));
  live++;
  last = b + HEADER;
  return last;
}
export function calloc(count: u32, size: u32): u32 {
  if (size != 0 && count > 0xffffffff / size) return 0;
  const bytes = count * size;
  const p = malloc(count * size);
  if (p == 0) return 0;
  callocs++;
  memory.fill(p, 0, min(bytes, 8));
  if (p < known) memory.fill(p, 0, min(bytes, known - p));
  return p;
}
export function realloc(p: u32, bytes: u32): u32 {
  if (p == 0) return malloc(bytes);
  if (bytes > MOST) return 0;
  reallocs++;
  const b = p - HEADER;
  const had = sizeOf(b);
  const size = sizeFor(bytes);
  if (size <= had) {
    shrink(b, size);
    return p;
  }
  const next = b + had;
  if (!isUsed(next) && had + sizeOf(next) >= size) {
    const whole = had + sizeOf(next);
    remove(next);
    mark(b, whole, 1);
    cut(b, size);
    dirtyEnd = max(dirtyEnd, b + sizeOf(b));
    return p;
  }
  const to = malloc(bytes);
  if (to == 0) { return 0; }
  memory.copy(to, p, had - HEADER);
  free(p);
  return to;
}
export function free(p: u32): void {
  if (p == 0) return;
  live--;
  frees++;
  release(p - HEADER);
}
export function aligned_alloc(align: u32, bytes: u32): u32 {
  if (align <= 16) return malloc(bytes);
  const room = bytes + align + LEAST;
  if (room < bytes) return 0;
  const raw = malloc(room);
  if (raw == 0) return 0;
  let b = raw - HEADER;
  const p = (raw + LEAST + align - 1) & -align;
  const front = p - raw;
  const whole = sizeOf(b);
  mark(b, front, 1);
  mark(b + front, whole - front, 1);
  release(b);
  cut(p - HEADER, sizeFor(bytes));
  return p;
}
export function malloc_usable_size(p: u32): u32 {
  if (p == 0) { return 0; }
  return sizeOf(p - HEADER) - HEADER;
}
`;

export const firstFit: Planted = {
  source,
  bugs: [
    ["a block has no room for its header", "(bytes + HEADER + 15) & ~15", "(bytes + 15) & ~15"],
    ["sizes are rounded down", "(bytes + HEADER + 15) & ~15", "(bytes + HEADER + 8) & ~15"],
    [
      "only sizes of 3,000 to 3,100 lack a header",
      "(bytes + HEADER + 15) & ~15",
      "(bytes + (bytes > 3000 && bytes < 3100 ? 0 : HEADER) + 15) & ~15",
    ],
    [
      "sizes from 1 MiB on are 16 bytes short",
      "(bytes + HEADER + 15) & ~15",
      "((bytes + HEADER + 15) & ~15) - (bytes >= 0x100000 ? 16 : 0)",
    ],
    [
      "sizes from 3 MiB on are 16 bytes short, but for multiples of 8",
      "(bytes + HEADER + 15) & ~15",
      "((bytes + HEADER + 15) & ~15) - (bytes >= 0x300000 && (bytes & 7) != 0 ? 16 : 0)",
    ],
    ["malloc lets sizes wrap around", "bytes > LIMIT", "bytes > 0xfffffffe"],
    ["malloc compares with its limit as if signed", "bytes > LIMIT", "<i32>bytes > 0x7ffe0000"],
    ["realloc lets sizes wrap around", "bytes > MOST", "bytes > 0xfffffffe"],
    ["aligned_alloc lets the sum wrap around", "if (room < bytes) return 0;", "if (room < 0) return 0;"],
    ["calloc clears count bytes only", "min(bytes, known - p)", "min(count, known - p)"],
    ["calloc clears size bytes only", "min(bytes, known - p)", "min(size, known - p)"],
    [
      "calloc lets the product wrap around",
      "if (size != 0 && count > 0xffffffff / size) return 0;",
      "if (size != 0 && count > 0xffffffff) return 0;",
    ],
    [
      "calloc looks for overflow in the wrapped product",
      "if (size != 0 && count > 0xffffffff / size) return 0;",
      "if (count * size < count) return 0;",
    ],
    [
      "calloc refuses only products of 2^32 exactly",
      "if (size != 0 && count > 0xffffffff / size) return 0;",
      "if (<u64>count * size == 0x100000000) return 0;",
    ],
    ["calloc asks for count bytes", "malloc(count * size)", "malloc(count)"],
    [
      "calloc leaves the links of the free list",
      "memory.fill(p, 0, min(bytes, 8));",
      "if (known > p) memory.fill(p + 8, 0, max<u32>(bytes, 8) - 8);\n  return p;",
    ],
    [
      "calloc takes the last 64 KiB of what was written for new",
      "if (p < known)",
      "if (p + 0x10000 < known)",
    ],
    [
      "calloc clears nothing from 1 MiB on",
      "min(bytes, known - p)",
      "(bytes >= 0x100000 ? 0 : min(bytes, known - p))",
    ],
    [
      "calloc clears nothing from 24 MiB on",
      "min(bytes, known - p)",
      "(bytes >= 0x1800000 ? 0 : min(bytes, known - p))",
    ],
    ["calloc clears 20 MiB at most", "min(bytes, known - p)", "min(min(bytes, 0x1400000), known - p)"],
    ["calloc clears 100 MiB at most", "min(bytes, known - p)", "min(min(bytes, 0x6400000), known - p)"],
    [
      "calloc takes the second half for new from 64 MiB on",
      "min(bytes, known - p)",
      "(bytes > 0x4000000 ? min(bytes / 2, known - p) : min(bytes, known - p))",
    ],
    [
      "calloc takes the first half for new from 64 MiB on",
      "memory.fill(p, 0, min(bytes, 8));",
      "if (bytes > 0x4000000 && p < known) { memory.fill(p + bytes / 2, 0, bytes / 2); return p; } memory.fill(p, 0, min(bytes, 8));",
    ],
    ["realloc of 0 returns 0", "if (p == 0) return malloc(bytes);", "if (p == 0) return 0;"],
    [
      "realloc of 0 clears the first page",
      "if (p == 0) return malloc(bytes);",
      "if (p == 0) { memory.fill(0, 0, 4096); return malloc(bytes); }",
    ],
    [
      "after a growth was refused none is tried",
      "if (at == -1) { return false; }",
      "if (at == -1) { callocs = 0x80000000; return false; }\n  if (callocs >= 0x80000000) return false;",
    ],
    ["calloc leaves the last odd bytes", "min(bytes, known - p)", "(min(bytes, known - p) & ~7)"],
    [
      "calloc leaves 1,000 to 1,007 bytes as they are",
      "min(bytes, known - p)",
      "(bytes >>> 3 == 125 ? 0 : min(bytes, known - p))",
    ],
    [
      "calloc leaves an odd count of members as it is",
      "min(bytes, known - p)",
      "(count > 1 && (count & 1) != 0 ? 0 : min(bytes, known - p))",
    ],
    [
      "calloc leaves members of 12 bytes as they are",
      "min(bytes, known - p)",
      "(size == 12 ? 0 : min(bytes, known - p))",
    ],
    [
      "every 65,536th calloc is not cleared",
      "min(bytes, known - p)",
      "(callocs % 65536 == 0 ? 0 : min(bytes, known - p))",
    ],
    ["calloc clears nothing above 2 GiB", "if (p < known)", "if (<i32>p >= 0 && p < known)"],
    ["calloc takes all behind the last block for new", "known = dirtyEnd;", "known = last;"],
    [
      "what lies in a joined block counts as never written",
      "dirtyEnd = max(dirtyEnd, b + 16);",
      "dirtyEnd = max(dirtyEnd, b);",
    ],
    [
      "a block is joined with a live one behind it",
      "if (!isUsed(next)) {",
      "if (sizeOf(next) == 64 || !isUsed(next)) {",
    ],
    [
      "a block is joined with a live one before it",
      "if (before != 0 && !isUsed(b - before)) {",
      "if (before != 0 && (before == 48 || !isUsed(b - before))) {",
    ],
    [
      "a joined block stays in the list",
      "    remove(next);\n    size += sizeOf(next);",
      "    size += sizeOf(next);",
    ],
    ["blocks are never joined with those behind", "if (!isUsed(next)) {", "if (false) {"],
    [
      "blocks are never joined with those before",
      "if (before != 0 && !isUsed(b - before)) {",
      "if (false) {",
    ],
    [
      "blocks are joined above 2 GiB as if they were below",
      "if (!isUsed(next)) {",
      "if (<i32>next < <i32>b || !isUsed(next)) {",
    ],
    [
      "the rest of a block that is cut is lost",
      "    release(b + size);",
      "    if (rest != 48) release(b + size);",
    ],
    ["a rest of no bytes is freed", "if (rest >= LEAST) {", "if (rest >= 0) {"],
    ["the block behind a free one is not told", "  mark(b, size, 0);", "  store<u32>(b, size);"],
    [
      "the first fit is 16 bytes short",
      "if (sizeOf(b) >= size) return b;",
      "if (sizeOf(b) + 16 >= size) return b;",
    ],
    [
      "sizes are compared as if signed",
      "if (sizeOf(b) >= size) return b;",
      "if (<i32>sizeOf(b) >= <i32>size) return b;",
    ],
    ["the list ends at the first block above 2 GiB", "while (b != 0) {", "while (<i32>b > 0) {"],
    [
      "links lead nowhere back",
      "if (list) store<u32>(list, b, 12);",
      "if (list & 32) store<u32>(list, b, 12);",
    ],
    ["a failed growth is not noticed", "if (!grow(size)) { return 0; }", "grow(size);"],
    [
      "malloc traps where memory ends",
      "if (!grow(size)) { return 0; }",
      "if (!grow(size)) { unreachable(); }",
    ],
    [
      "malloc returns -1 where memory ends",
      "if (!grow(size)) { return 0; }",
      "if (!grow(size)) { return 0xffffffff; }",
    ],
    [
      "a failed malloc forgets all free blocks",
      "if (!grow(size)) { return 0; }",
      "if (!grow(size)) { list = 0; return 0; }",
    ],
    [
      "a failed malloc returns the last block",
      "if (!grow(size)) { return 0; }",
      "if (!grow(size)) { return bytes < 4096 ? last : 0; }",
    ],
    ["a growth is a page short", "(bytes + 16 + 0xffff) >>> 16", "max<u32>(1, (bytes + 16) >>> 16)"],
    ["what grows is thought to follow what there was", "(start == heapEnd + HEADER)", "(heapEnd != 0)"],
    ["blocks are on odd multiples of 8", "start + PAD", "start + 16"],
    ["realloc copies half", "memory.copy(to, p, had - HEADER);", "memory.copy(to, p, (had - HEADER) >>> 1);"],
    [
      "realloc leaves the last 8 bytes",
      "memory.copy(to, p, had - HEADER);",
      "memory.copy(to, p, had - HEADER - 8);",
    ],
    [
      "realloc copies 1 MiB at most",
      "memory.copy(to, p, had - HEADER);",
      "memory.copy(to, p, min(had - HEADER, 0x100000));",
    ],
    [
      "realloc copies as much as the new block has",
      "memory.copy(to, p, had - HEADER);",
      "memory.copy(to, p, sizeOf(to - HEADER) + 16);",
    ],
    [
      "every 100,000th realloc copies nothing",
      "memory.copy(to, p, had - HEADER);",
      "if (reallocs % 100000 != 0) memory.copy(to, p, had - HEADER);",
    ],
    [
      "realloc to 0 bytes frees the block and returns it",
      "reallocs++;",
      "if (bytes == 0) { free(p); return p; }\n  reallocs++;",
    ],
    ["realloc leaks what it moves", "  free(p);\n  return to;", "  return to;"],
    [
      "realloc frees what it cannot grow",
      "if (to == 0) { return 0; }",
      "if (to == 0) { free(p); return 0; }",
    ],
    ["realloc that fails returns the old block", "if (to == 0) { return 0; }", "if (to == 0) { return p; }"],
    [
      "realloc grows into a live block",
      "if (!isUsed(next) && had + sizeOf(next) >= size) {",
      "if ((!isUsed(next) || sizeOf(next) == 80) && had + sizeOf(next) >= size) {",
    ],
    [
      "realloc grows in place a little too far",
      "if (!isUsed(next) && had + sizeOf(next) >= size) {",
      "if (!isUsed(next) && had + sizeOf(next) + 16 >= size) {",
    ],
    [
      "malloc has nothing for 97 to 112 bytes",
      "if (bytes == 0xffffffff) return 0;",
      "if (bytes > 96 && bytes < 113) return 0;",
    ],
    [
      "realloc that shrinks keeps the size",
      "shrink(b, size);",
      "if (size < 4096) cut(b, size); else mark(b, size, 1);",
    ],
    ["free takes 0 for a block", "if (p == 0) return;", "if (p == 1) return;"],
    [
      "free clears into the next block",
      "  release(p - HEADER);",
      "  memory.fill(p + 8, 0, sizeOf(p - HEADER));\n  release(p - HEADER);",
    ],
    [
      "free writes a mark into the next block",
      "  release(p - HEADER);",
      "  if (sizeOf(p - HEADER) == 160) store<u32>(p + 152, 0x1234);\n  release(p - HEADER);",
    ],
    ["every 64th free is forgotten", "  release(p - HEADER);", "  if (frees % 64 != 0) release(p - HEADER);"],
    [
      "blocks from 2 MiB on are never freed",
      "  release(p - HEADER);",
      "  if (sizeOf(p - HEADER) < 0x200000) release(p - HEADER);",
    ],
    [
      "blocks of 64 bytes are never freed",
      "  release(p - HEADER);",
      "  if (sizeOf(p - HEADER) != 64) release(p - HEADER);",
    ],
    [
      "from the 70,000th live block on all are one",
      "  last = b + HEADER;",
      "  if (live < 70000) last = b + HEADER;",
    ],
    [
      "malloc of 0 bytes returns the last block",
      "if (bytes == 0xffffffff) return 0;",
      "if (bytes == 0 && last != 0) return last;",
    ],
    [
      "aligned_alloc aligns to 4,096 at most",
      "(raw + LEAST + align - 1) & -align",
      "(raw + LEAST + min<u32>(align, 4096) - 1) & -min<u32>(align, 4096)",
    ],
    [
      "aligned_alloc leaks what is before the block",
      "  release(b);\n  cut(p - HEADER, sizeFor(bytes));",
      "  cut(p - HEADER, sizeFor(bytes));",
    ],
    [
      "an aligned block keeps the size of the whole",
      "mark(b + front, whole - front, 1);",
      "store<u32>(b + front, whole | 1); store<u32>(b + front, front, 4);",
    ],
    [
      "malloc_usable_size counts the header",
      "return sizeOf(p - HEADER) - HEADER;",
      "return sizeOf(p - HEADER);",
    ],
    [
      "malloc_usable_size tells 16 bytes more from 1 MiB on",
      "return sizeOf(p - HEADER) - HEADER;",
      "return sizeOf(p - HEADER) - HEADER + (sizeOf(p - HEADER) > 0x100000 ? 16 : 0);",
    ],
  ],
};
