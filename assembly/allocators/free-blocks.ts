/**
 * The free blocks of a model in a range of addresses, as it tells of them (`tellFree` of allocator.ts).
 *
 *      rows     0         8       16     24
 *               ├─────────┼───────┼──────┼─ … ─┤
 *               │ address │ bytes │ list │     │    a u64 each, of every block that reaches into the range
 *               └─────────┴───────┴──────┴─ … ─┘
 */
import { peek } from "../machine/access";
import { reserve } from "../machine/frames";
import { mappedBytes, virtualBytes } from "../machine/kernel";

const ROW_BYTES: usize = 24;
const LEAST_ROWS: u32 = 256;
const LEAST_BLOCK: u64 = 8;

export let rows: usize = 0;
export let count: u32 = 0;
let room: u32 = 0;
let from: u64 = 0;
let to: u64 = 0;
/** Number of the first list of the model that tells. */
let firstList: u32 = 0;
/** Blocks that may still be told. A program can link a list into a ring, and memory has no more blocks than this. */
let left: u64 = 0;

/** What is told from now on is looked at for this range. */
export function begin(start: u64, end: u64): void {
  from = start;
  to = end;
  count = 0;
  firstList = 0;
  left = virtualBytes() / LEAST_BLOCK;
}

/** The model below a layer tells from now on, which has so many lists itself. */
export function tellBelow(lists: u32): void {
  firstList = lists;
}

/** A block is free, and in a list, by its number in the registry (src/sandbox/models.ts). Returns false if it is time to stop. */
export function tell(address: u64, bytes: u64, list: u32): bool {
  if (!left) return false;
  left--;
  if (!bytes || address >= to || address + bytes <= from) return true;
  if (count == room) makeRoom();
  const row = rows + ROW_BYTES * count++;
  store<u64>(row, address);
  store<u64>(row, bytes, 8);
  store<u64>(row, firstList + list, 16);
  return true;
}

/** The link at an address, without touching; 0 where a program has led it to nowhere. */
export function linkAt(address: u64): u64 {
  return mappedBytes(address) >= 8 ? peek<u64>(address) : 0;
}

function makeRoom(): void {
  const grown = max(LEAST_ROWS, 2 * room);
  const moved = reserve(ROW_BYTES * grown);
  memory.copy(moved, rows, ROW_BYTES * count);
  rows = moved;
  room = grown;
}
