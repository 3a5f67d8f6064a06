/** Bugs of the allocator of slabs that only show at an edge: of memory, of a class, of a call that fails or asks for nothing. */
import type { Planted } from "./plant.js";

export const edges: Planted["bugs"] = [
  // Slots.
  [
    "a slot freed after the one before it is lost",
    "store<u32>(load<u32>(slab, 12), slot);",
    "if (slot != load<u32>(slab, 12) + slotBytes(index)) store<u32>(load<u32>(slab, 12), slot);",
  ],
  [
    "a slot freed after the one behind it is lost",
    "store<u32>(load<u32>(slab, 12), slot);",
    "if (slot + slotBytes(index) != load<u32>(slab, 12)) store<u32>(load<u32>(slab, 12), slot);",
  ],
  [
    "slabs of 16 bytes have slots in the next one",
    "(UNIT - HEADER) / slotBytes(index)",
    "(UNIT - (index == 0 ? 0 : HEADER)) / slotBytes(index)",
  ],
  [
    "slabs of 4,080 bytes have a slot too many",
    "(UNIT - HEADER) / slotBytes(index)",
    "(UNIT - HEADER) / slotBytes(index) + u32(index == 23)",
  ],
  [
    "the last slot of a slab is free although it lives",
    "return slot;",
    "if (left == 0 && slabs % 8 == 7) { giveSlot(slot); } return slot;",
  ],
  [
    "free writes 8 bytes behind a slot of 224",
    "giveSlot(p);",
    "if (load<u32>(p & ~(UNIT - 1)) == 10) store<u64>(p + 224, 0); giveSlot(p);",
  ],
  [
    "free writes 8 bytes behind every slot but the last",
    "giveSlot(p);",
    "if ((p & 0x3fff) + 2 * slotBytes(load<u32>(p & ~(UNIT - 1))) < UNIT) store<u64>(p + slotBytes(load<u32>(p & ~(UNIT - 1))), 0); giveSlot(p);",
  ],
  // Buddies.
  [
    "the upper half of a split buddy counts as twice as large",
    "    link(b + bytesOf(from), from, fresh);",
    "    link(b + bytesOf(from), from + u32(from == 2), fresh);",
  ],
  ["buddies are never joined", "(state & ~FRESH) != order + 1", "order < 99"],
  [
    "buddies above 2 GiB are never joined",
    "(state & ~FRESH) != order + 1",
    "b >= 0x80000000 || (state & ~FRESH) != order + 1",
  ],
  [
    "the states of buddies above 2 GiB are read below it",
    "load<u8>(states + (b >>> 14))",
    "load<u8>(states + ((b & 0x7fffffff) >>> 14))",
  ],
  [
    "addresses are signed where states are read",
    "load<u8>(states + (b >>> 14))",
    "load<u8>(states + (<i32>b >> 14))",
  ],
  [
    "what is taken above 2 GiB counts as fresh",
    "isFresh = fresh != 0;",
    "isFresh = fresh != 0 || <i32>b < 0;",
  ],
  [
    "growth is a page short",
    "if (memory.grow(pages) == -1) { return false; }",
    "if (memory.grow(max(pages - 1, 1)) == -1) { return false; }",
  ],
  [
    "growth from 8 MiB on is a page short",
    "if (memory.grow(pages) == -1) { return false; }",
    "if (memory.grow(pages - i32(order > 8)) == -1) { return false; }",
  ],
  [
    "blocks from 64 MiB on are never given back",
    "giveBuddy(p, orderOf(p), 0);",
    "if (orderOf(p) < 12) giveBuddy(p, orderOf(p), 0);",
  ],
  [
    "blocks from 512 MiB on are never given back",
    "giveBuddy(p, orderOf(p), 0);",
    "if (orderOf(p) < 15) giveBuddy(p, orderOf(p), 0);",
  ],
  [
    "of blocks from 32 MiB on half is given back",
    "giveBuddy(p, orderOf(p), 0);",
    "giveBuddy(p, orderOf(p) - u32(orderOf(p) > 10), 0);",
  ],
  [
    "sizes of 256 MiB and more are half of it",
    "return 32 - clz(bytes - 1) - 14;",
    "return 32 - clz(bytes - 1) - 14 - u32(bytes > 0x10000000);",
  ],
  // Zero.
  ["an empty slab is fresh", "    giveBuddy(slab, 0, 0);", "    giveBuddy(slab, 0, FRESH);"],
  ["calloc leaves the links of what is fresh", "min<u32>(bytes, 16)", "0"],
  [
    "calloc clears 8 bytes too many in slots",
    "clears(<u32>whole)",
    "clears(<u32>whole) + (whole <= 4064 ? 8 : 0)",
  ],
  [
    "calloc clears 8 bytes too many in buddies",
    "clears(<u32>whole)",
    "clears(<u32>whole) + (whole > 4064 && !isFresh ? 8 : 0)",
  ],
  [
    "calloc clears 8 bytes too many in buddies of 1 MiB and more",
    "clears(<u32>whole)",
    "clears(<u32>whole) + (whole >= 0x100000 && !isFresh ? 8 : 0)",
  ],
  [
    "calloc clears what the next smaller slot has, from 1,632 bytes on",
    "clears(<u32>whole)",
    "whole > 1632 && whole <= 4064 ? min(clears(<u32>whole), slotBytes(classOf(<u32>whole) - 1)) : clears(<u32>whole)",
  ],
  [
    "calloc clears the first page and the last of what has more than 128 KiB",
    "clears(<u32>whole)",
    "whole > 0x20000 && !isFresh ? (memory.fill(p + <u32>whole - 4096, 0, 4096), 4096) : clears(<u32>whole)",
  ],
  ["calloc of no members traps", "if (whole > MOST) return 0;", "if (0xffffffff / count < size) return 0;"],
  [
    "calloc of members of no size traps",
    "if (whole > MOST) return 0;",
    "if (0xffffffff / size < count) return 0;",
  ],
  [
    "calloc takes products modulo 2^36",
    "if (whole > MOST) return 0;",
    "if ((whole & 0xfffffffff) > MOST) return 0;",
  ],
  [
    "calloc takes products modulo 2^40",
    "if (whole > MOST) return 0;",
    "if ((whole & 0xffffffffff) > MOST) return 0;",
  ],
  [
    "calloc takes products modulo 2^48",
    "if (whole > MOST) return 0;",
    "if ((whole & 0xffffffffffff) > MOST) return 0;",
  ],
  [
    "calloc takes products modulo 2^60",
    "if (whole > MOST) return 0;",
    "if ((whole & 0xfffffffffffffff) > MOST) return 0;",
  ],
  [
    "calloc sees only products that wrap to less than a factor",
    "if (whole > MOST) return 0;",
    "if (<u32>whole > MOST || (whole > MOST && (<u32>whole < count || <u32>whole < size))) return 0;",
  ],
  [
    "calloc refuses factors from 2^16 on only if both are",
    "if (whole > MOST) return 0;",
    "if (<u32>whole > MOST || (count >= 0x10000 && size >= 0x10000)) return 0;",
  ],
  [
    "calloc that overflows leaks a slot",
    "if (whole > MOST) return 0;",
    "if (whole > MOST) { malloc(16); return 0; }",
  ],
  // Sizes.
  [
    "malloc(0) always returns one block",
    "taken++;",
    "taken++; if (bytes == 0) { if (empty == 0) empty = takeSlot(0); return empty; }",
  ],
  ["malloc(0) leaks a slot", "taken++;", "taken++; if (bytes == 0) takeSlot(0);"],
  ["malloc(0) cannot be freed", "taken++;", "taken++; if (bytes == 0) return 8;"],
  // free and malloc_usable_size
  ["free of 0 traps", "if (p == 0) { return; }", "if (p == 0) { unreachable(); }"],
  [
    "free of 0 frees static data",
    "if (p == 0) { return; }",
    "if (p == 0) { giveBuddy(UNIT, 0, 0); return; }",
  ],
  ["malloc_usable_size of 0 is 16", "if (!p) { return 0; }", "if (!p) { return 16; }"],
  ["malloc_usable_size of 0 traps", "if (!p) { return 0; }", "if (!p) { unreachable(); }"],
  // realloc
  ["realloc to 0 leaks", "if (bytes == 0) { free(p); return 0; }", "if (bytes == 0) { return 0; }"],
  [
    "realloc to 0 leaks slots of 1,008 bytes",
    "if (bytes == 0) { free(p); return 0; }",
    "if (bytes == 0) { if (malloc_usable_size(p) != 1008) free(p); return 0; }",
  ],
  [
    "realloc that fails frees the block",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { free(p); return 0; }",
  ],
  [
    "realloc that fails frees the block if that is a buddy of 1 MiB or more",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { if (!isSlot(p) && had >= 0x100000) free(p); return 0; }",
  ],
  [
    "realloc that fails frees the block if that is a slot",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { if (isSlot(p)) free(p); return 0; }",
  ],
  [
    "realloc that fails writes to the block",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { store<u32>(p, 0); return 0; }",
  ],
  [
    "realloc that fails writes to the end of a block of 512 KiB or more",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { if (had >= 0x80000) store<u32>(p + had - 4, 0); return 0; }",
  ],
  [
    "realloc that fails leaks a slot",
    "if (to == 0) { failed++; return 0; }",
    "if (to == 0) { malloc(16); return 0; }",
  ],
  ["realloc leaks what it moves", "  free(p);\n  return to;", "  return to;"],
  [
    "realloc leaks slots that it moves to a buddy",
    "  free(p);\n  return to;",
    "  if (!isSlot(p) || isSlot(to)) free(p);\n  return to;",
  ],
  [
    "realloc leaks what it moves from 16 MiB on",
    "  free(p);\n  return to;",
    "  if (had < 0x1000000) free(p);\n  return to;",
  ],
  [
    "realloc to what a block has returns 0",
    "reallocs++;",
    "reallocs++; if (bytes == malloc_usable_size(p)) return 0;",
  ],
  [
    "a slot grows by 8 bytes where it lies",
    "bytes <= had && bytes > had / 2",
    "bytes <= had + 8 && bytes > had / 2",
  ],
  [
    "a slot of 2,032 bytes grows by 8 where it lies",
    "bytes <= had && bytes > had / 2",
    "bytes <= had + (had == 2032 ? 8 : 0) && bytes > had / 2",
  ],
  [
    "a slot of 48 bytes grows by 1 where it lies",
    "bytes <= had && bytes > had / 2",
    "bytes <= had + u32(had == 48) && bytes > had / 2",
  ],
  [
    "a buddy of 512 KiB grows where it lies whatever is behind",
    "if (order <= orderOf(p)) {",
    "if (order <= orderOf(p) + u32(orderOf(p) == 5)) {",
  ],
  [
    "realloc cuts off half of what stays, if it cuts twice or more",
    "      cut(p, order);",
    "      cut(p, order - u32(order > 2 && orderOf(p) > order + 1));",
  ],
  [
    "what realloc cuts off of 256 KiB begins 16 KiB too early",
    "    giveBuddy(b + bytesOf(from), from, 0);",
    "    giveBuddy(b + bytesOf(from) - (from == 4 ? UNIT : 0), from, 0);",
  ],
  [
    "realloc grows over a used buddy behind a free one",
    "(stateOf(b + bytesOf(k)) & ~FRESH) != k + 1",
    "k == from && (stateOf(b + bytesOf(k)) & ~FRESH) != k + 1",
  ],
  [
    "realloc grows an upper half over the buddy behind it",
    "  if ((b & (bytesOf(order) - 1)) != 0) return false;\n",
    "",
  ],
  // Aligned
  [
    "alignments from 32 KiB on are those of the size",
    "orderFor(max(align, bytes))",
    "orderFor(align > 0x4000 ? bytes : max(align, bytes))",
  ],
  [
    "alignments from 2 MiB on are those of the size",
    "orderFor(max(align, bytes))",
    "orderFor(align > 0x100000 ? bytes : max(align, bytes))",
  ],
  ["memalign leaks a slot", "return take(power, bytes);", "takeSlot(0); return take(power, bytes);"],
  [
    "memalign leaks a slot of 128 bytes for alignments from 8,192 on",
    "return take(power, bytes);",
    "if (power > 4096) takeSlot(classOf(128)); return take(power, bytes);",
  ],
  [
    "memalign leaks blocks from 200 KB on",
    "return take(power, bytes);",
    "if (bytes > 200000) takeBuddy(orderFor(bytes)); return take(power, bytes);",
  ],
  [
    "posix_memalign takes 2 for an alignment",
    "if (!isPower(align) || (align & 3) != 0) { return 28; }",
    "if (!isPower(align) || (align & 1) != 0) { return 28; }",
  ],
  [
    "posix_memalign takes 24 for an alignment",
    "if (!isPower(align) || (align & 3) != 0) { return 28; }",
    "if (align == 0 || (align & 3) != 0) { return 28; }",
  ],
  [
    "posix_memalign refuses 4 for an alignment",
    "if (!isPower(align) || (align & 3) != 0) { return 28; }",
    "if (!isPower(align) || (align & 7) != 0) { return 28; }",
  ],
  [
    "posix_memalign that refuses an alignment leaks a slot",
    "if (!isPower(align) || (align & 3) != 0) { return 28; }",
    "if (!isPower(align) || (align & 3) != 0) { malloc(16); return 28; }",
  ],
  [
    "posix_memalign says of no memory that the alignment is bad",
    "if (p == 0) { return 48; }",
    "if (p == 0) { return 28; }",
  ],
  [
    "posix_memalign returns 0 although there is no memory",
    "if (p == 0) { return 48; }",
    "if (p == 0) { return 0; }",
  ],
  [
    "posix_memalign writes 8 bytes for the result",
    "store<u32>(result, p);\n  return 0;",
    "store<u64>(result, p);\n  return 0;",
  ],
  [
    "posix_memalign returns the address",
    "store<u32>(result, p);\n  return 0;",
    "store<u32>(result, p);\n  return p;",
  ],
];
