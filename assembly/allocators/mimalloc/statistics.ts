/**
 * The rows of mi_stats_print that this build counts. `touched` and `pages` only lose what is freed, so they are negative:
 * measured.
 */
import { COMMITS, Column, Row } from "../../shared/mimalloc";

const ROW_BYTES: usize = 8 * Column.Count;
const ROWS: usize = memory.data(<i32>(ROW_BYTES * Row.Count), 8);
let commits: u64 = 0;
/** Bytes that may be read and written: what the row says is more, as of a huge segment less is taken off than was mapped. */
export let committed: u64 = 0;

function figure(row: u32, column: u32): i64 {
  return load<i64>(ROWS + ROW_BYTES * row + 8 * column);
}

function put(row: u32, column: u32, value: i64): void {
  store<i64>(ROWS + ROW_BYTES * row + 8 * column, value);
}

/** Adds to a row; what is negative was freed. */
export function note(row: Row, amount: i64): void {
  const current = figure(row, Column.current) + amount;
  put(row, Column.current, current);
  put(row, Column.peak, max(figure(row, Column.peak), current));
  if (amount > 0) put(row, Column.total, figure(row, Column.total) + amount);
  else put(row, Column.freed, figure(row, Column.freed) - amount);
}

/** Bytes were committed, of which some had been: those are taken off first. */
export function noteCommit(bytes: u64, overlap: u64): void {
  commits++;
  note(Row.committed, -(<i64>overlap));
  note(Row.committed, <i64>bytes);
  committed += bytes - overlap;
}

/** Bytes were decommitted, of which some had not been committed: those are added first. */
export function noteDecommit(bytes: u64, overlap: u64): void {
  note(Row.committed, <i64>(bytes - overlap));
  note(Row.committed, -(<i64>bytes));
  committed -= overlap;
}

/** Bytes before a huge block were given back. Nothing is committed again of them. */
export function noteGiven(bytes: u64): void {
  note(Row.committed, -(<i64>bytes));
}

/** Bytes were mapped, to be read and written at once or not. */
export function noteMapped(bytes: u64, isCommitted: bool): void {
  note(Row.reserved, <i64>bytes);
  if (!isCommitted) return;
  note(Row.committed, <i64>bytes);
  committed += bytes;
}

/** Bytes were unmapped, of which some were committed. `told`: how many of them are counted as such. */
export function noteUnmapped(bytes: u64, overlap: u64, told: u64): void {
  note(Row.committed, -(<i64>told));
  note(Row.reserved, -(<i64>bytes));
  committed -= overlap;
}

export function statisticOf(which: u32): u64 {
  if (which >= <u32>COMMITS) return commits;
  return <u64>figure(which / Column.Count, which % Column.Count);
}

/** Bytes mapped. */
export function reserved(): u64 {
  return <u64>figure(Row.reserved, Column.current);
}
