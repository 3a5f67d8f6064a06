/**
 * Metadata of an arena: blocks of its own, cut from the bottom up and never given back. A block is a mapping, larger
 * than the one before, and begins with a header.
 *
 *      block ├────────┬──────────┬──────────┬───┬───────────────────┤
 *            │ header │  arena   │ records  │ … │     remainder     │
 */
import { touch } from "../../machine/access";
import { PAGE, pageClass, pageIndex } from "./classes";
import { mapAligned, settle } from "./mapping";

const BLOCK_ALIGN: u64 = 2 << 20;
const HEADER_BYTES: u64 = 144;
/** What the header ends at a multiple of. */
export const CACHE_LINE: u64 = 64;
const QUANTUM: u64 = 16;
/** Far more than the address space holds, as blocks grow. */
const MOST_BLOCKS: u32 = 128;

/** A block, and what is left of it. */
@unmanaged
class Block {
  start: u64;
  bytes: u64;
  rest: u64;
  restBytes: u64;
}

const BLOCK_BYTES: usize = 32;

@unmanaged
export class Base {
  /** Its blocks, oldest first. */
  list: usize;
  blocks: u32;
  /** Page class of the last block. */
  lastClass: u32;
  /** Bytes of all blocks; bytes handed out; bytes of the pages that they touch. */
  mapped: u64;
  allocated: u64;
  resident: u64;
}

/** Room for one, as memory.data takes it. */
export const BASE_BYTES: i32 = <i32>(48 + MOST_BLOCKS * <u32>BLOCK_BYTES);

function blockAt(base: Base, number: u32): Block {
  return changetype<Block>(base.list + BLOCK_BYTES * number);
}

function up(value: u64, align: u64): u64 {
  return (value + align - 1) & ~(align - 1);
}

/** Makes an empty one, in so much room that is zero. */
export function makeBase(room: usize): Base {
  const base = changetype<Base>(room);
  base.list = room + 48;
  return base;
}

/** Maps a block that holds so many bytes. Returns whether there was room. */
export function addBlock(base: Base, bytes: u64, align: u64): bool {
  const header = up(HEADER_BYTES, align);
  const next = base.blocks ? pageClass(base.lastClass + 1) : 0;
  const size = up(max(header + up(bytes, align), next), BLOCK_ALIGN);
  const start = base.blocks < MOST_BLOCKS ? mapAligned(size, BLOCK_ALIGN) : 0;
  if (!start) return false;
  settle(start, size);
  const block = blockAt(base, base.blocks++);
  block.start = start;
  block.bytes = size;
  block.rest = start + HEADER_BYTES;
  block.restBytes = size - HEADER_BYTES;
  base.lastClass = pageIndex(size);
  base.mapped += size;
  base.allocated += HEADER_BYTES;
  base.resident += PAGE;
  touch(start, HEADER_BYTES, true);
  return true;
}

/**
 * Takes zeroed bytes at a multiple of `align`, of the smallest remainder class that holds them. Returns their address,
 * or 0. Touches nothing but the header of a block that it needs.
 */
export function takeMetadata(base: Base, bytes: u64, align: u64): u64 {
  const size = up(bytes, align);
  const found = findBlock(base, size + align - QUANTUM);
  if (found == base.blocks && !addBlock(base, size, align)) return 0;
  const block = blockAt(base, found);
  const at = up(block.rest, align);
  base.allocated += size;
  base.resident += up(at + size, PAGE) - up(block.rest, PAGE);
  block.restBytes -= at + size - block.rest;
  block.rest = at + size;
  return at;
}

/** The oldest block of those whose remainder is in the lowest class that holds so many bytes; their number if none is. */
function findBlock(base: Base, bytes: u64): u32 {
  let best = base.blocks;
  let lowest: u64 = u64.MAX_VALUE;
  for (let block: u32 = 0; block < base.blocks; block++) {
    const rest = blockAt(base, block).restBytes;
    const size = rest < QUANTUM ? 0 : classBelow(rest);
    if (size < bytes || size >= lowest) continue;
    best = block;
    lowest = size;
  }
  return best;
}

/** The largest class of at most so many bytes, at least 16. */
function classBelow(bytes: u64): u64 {
  const power = 63 - <u32>clz(bytes);
  return bytes & (u64.MAX_VALUE << (power - 2));
}

/** The bytes of the block that begins at an address; 0 if none does. For validators. */
export function blockBytesAt(base: Base, address: u64): u64 {
  for (let block: u32 = 0; block < base.blocks; block++) {
    if (blockAt(base, block).start == address) return blockAt(base, block).bytes;
  }
  return 0;
}

/** Asserts that what is left lies in its block. Returns the bytes of all blocks. */
export function check(base: Base): u64 {
  let bytes: u64 = 0;
  for (let number: u32 = 0; number < base.blocks; number++) {
    const block = blockAt(base, number);
    assert(block.rest + block.restBytes == block.start + block.bytes, "what is left of a block is its end");
    assert(block.rest >= block.start + HEADER_BYTES, "a block keeps its header");
    bytes += block.bytes;
  }
  assert(bytes == base.mapped, "the blocks of metadata add up");
  assert(base.allocated <= bytes && base.resident <= bytes, "what is handed out lies in the blocks");
  return bytes;
}
