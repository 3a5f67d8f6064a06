/**
 * A small allocator with an address-ordered free list, and the bugs that can be planted in it: each does one thing wrong.
 *
 *      block    0        4                16
 *               ├────────┼────────────────┼─────────────────
 *               │ bytes  │                │ the object, or the next free block
 *               └────────┴────────────────┴─────────────────
 *
 * What ends at `top` when it is freed is given back to it.
 */

/** By the number that plants it, from 1: what is wrong. */
export const FLAWS = [
  "calloc clears count bytes",
  "calloc does not clear what lies above all blocks",
  "calloc does not clear 1,009 to 1,024 bytes",
  "a rest of 16 bytes is a block",
  "blocks are joined though a block of 48 bytes lies between",
  "realloc leaves out the last 8 bytes",
  "realloc writes into a block though it has no other",
  "rounding wraps around",
  "the product of calloc wraps around",
  "a block on a page of its own is 8 bytes behind",
  "every 500th block is 16 bytes short",
  "a block is given though memory does not grow",
  "what the program grew is taken for the allocator's",
] as const;

/** The source, with the flaw of that number planted. Another can be planted by `plant`. */
export const planted = (flaw = 0): string => `
let flaw: u32 = ${flaw};
export function plant(number: u32): void { flaw = number; }

let top: usize = (__heap_base + 15) & ~15;
/** Where the memory ended when it was last asked for more. */
let ends: u64 = <u64>memory.size() << 16;
let head: usize = 0;
let made: u32 = 0;

function sizeOf(block: usize): usize { return load<u32>(block); }
function setSize(block: usize, bytes: usize): void { store<u32>(block, bytes); }
function nextOf(block: usize): usize { return load<u32>(block, 16); }
function link(before: usize, block: usize): void { if (before) store<u32>(before, block, 16); else head = block; }

function blockBytes(bytes: usize): usize {
  if (bytes > 0x7fffff00 && flaw != 8) return 0;
  const needed = max((bytes + 31) & ~15, 32);
  return flaw == 11 && ++made % 500 == 0 ? max(needed - 16, 32) : needed;
}

function take(needed: usize): usize {
  let before: usize = 0;
  for (let block = head; block; block = nextOf(block)) {
    if (sizeOf(block) >= needed) return cut(before, block, needed);
    before = block;
  }
  return 0;
}

function cut(before: usize, block: usize, needed: usize): usize {
  const next = nextOf(block);
  const rest = sizeOf(block) - needed;
  if (rest >= (flaw == 4 ? 16 : 32)) {
    setSize(block, needed);
    setSize(block + needed, rest);
    link(block + needed, next);
    link(before, block + needed);
  } else link(before, next);
  return block;
}

function grow(needed: usize): usize {
  if (<u64>memory.size() << 16 != ends && flaw != 13) {
    // Others grew it: what there was is left, and the rest is behind theirs.
    ends = <u64>memory.size() << 16;
    top = <usize>ends;
  }
  const block = top;
  const end = <u64>top + needed;
  const pages = <i32>((end + 0xffff) >>> 16) - memory.size();
  if (pages > 0 && memory.grow(pages) < 0) {
    if (flaw != 12) return 0;
  }
  ends = <u64>memory.size() << 16;
  top = <usize>end;
  setSize(block, needed);
  return block;
}

export function malloc(bytes: usize): usize {
  const needed = blockBytes(bytes);
  if (!needed) return 0;
  const block = take(needed) || grow(needed);
  return block ? block + 16 : 0;
}

export function calloc(count: usize, size: usize): usize {
  if (<u64>count * size > u32.MAX_VALUE && flaw != 9) return 0;
  const before = top;
  const pointer = malloc(count * size);
  if (!pointer) return 0;
  if (flaw == 2 && pointer > before) return pointer;
  if (flaw == 3 && count * size > 1008 && count * size <= 1024) return pointer;
  memory.fill(pointer, 0, flaw == 1 ? min(count, size) : count * size);
  return pointer;
}

export function aligned_alloc(align: usize, bytes: usize): usize {
  if (align <= 16) return malloc(bytes);
  if (bytes > 0x70000000) return 0;
  const pointer = malloc(bytes + align + 32);
  if (!pointer) return 0;
  const to = (pointer + 32 + align - 1) & ~(align - 1);
  setSize(to - 16, sizeOf(pointer - 16) - (to - pointer));
  setSize(pointer - 16, to - pointer);
  free(pointer);
  return flaw == 10 && align == 4096 ? to + 8 : to;
}

export function realloc(pointer: usize, bytes: usize): usize {
  if (!pointer) return malloc(bytes);
  const needed = blockBytes(bytes);
  const held = sizeOf(pointer - 16);
  if (needed && needed + 32 <= held) {
    setSize(pointer - 16, needed);
    setSize(pointer - 16 + needed, held - needed);
    free(pointer + needed);
  }
  if (needed && needed <= held) return pointer;
  const to = malloc(bytes);
  if (to) memory.copy(to, pointer, held - 16 - (flaw == 6 ? 8 : 0));
  else if (flaw == 7) store<u8>(pointer, ~load<u8>(pointer));
  if (to) free(pointer);
  return to;
}

export function free(pointer: usize): void {
  if (!pointer) return;
  let block = pointer - 16;
  let before: usize = 0;
  let next = head;
  while (next && next < block) {
    before = next;
    next = nextOf(next);
  }
  link(before, block);
  link(block, next);
  join(block, next);
  if (before) block = join(before, block);
  if (block + sizeOf(block) != top) return;
  top = block;
  link(block == before || !before ? beforeOf(block) : before, 0);
}

/** Joins two free blocks if nothing lies between. Returns the one that has the second. */
function join(block: usize, next: usize): usize {
  const between = next - block - sizeOf(block);
  if (!next || (between != 0 && !(flaw == 5 && between == 48))) return next;
  setSize(block, next + sizeOf(next) - block);
  link(block, nextOf(next));
  return block;
}

function beforeOf(block: usize): usize {
  let before: usize = 0;
  for (let at = head; at && at < block; at = nextOf(at)) before = at;
  return before;
}
`;
