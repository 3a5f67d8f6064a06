/**
 * What the machine counted, by the site that a trace names for its operations (shared/records.ts).
 *
 *      rows     0        264      528
 *               ├────────┼────────┼─ … ─┤
 *               │ site 0 │ site 1 │     │    what happened while the site was the current one, a u64 for each field
 *               └────────┴────────┴─ … ─┘
 *
 *      // the sum of all rows == KNOWN, the machine's totals when a row was last added to
 *
 * Rows are added to when the site changes. A trace without sites makes none, and costs nothing.
 */
import { raise } from "./machine/failure";
import { reserve } from "./machine/frames";
import { sum } from "./machine/paths";
import { callsMade } from "./machine/syscall";
import {
  ALLOCATOR_SYSCALLS,
  Counter,
  SITE_FIELDS,
  SITE_SYSCALLS,
  SITE_WALKED,
  SiteField,
  SYSCALL_COUNTERS,
  WALKED_COUNTERS,
} from "./shared/counters";
import { Exception } from "./shared/failure";
import { MOST_SITES, RecordKind } from "./shared/records";

const ROW_BYTES: usize = 8 * SITE_FIELDS;
const KNOWN: usize = memory.data(8 * SITE_FIELDS, 8);

let rows: usize = 0;
let rowCount: u32 = 0;
let current: u32 = 0;
/** Those system calls that KNOWN has. */
let knownCalls: u64 = 0;

/** What follows is called from this site. */
export function enterSite(number: u64): void {
  if (number >= <u64>MOST_SITES) raise(Exception.BadOperation, RecordKind.Site, number);
  if (!rowCount) ensureRows(1);
  settle();
  current = <u32>number;
  if (current >= rowCount) ensureRows(current + 1);
}

/** Address of the rows, complete up to now. */
export function siteRows(): usize {
  if (rowCount) settle();
  return rows;
}

/** Number of rows; 0 as long as no site was named. */
export function siteCount(): u32 {
  return rowCount;
}

/** Adds to the current site's row what happened since a row was last added to. */
function settle(): void {
  settleField(SiteField.ZeroMap, Counter.ZeroMap);
  settleField(SiteField.ZeroFill, Counter.ZeroFill);
  settleField(SiteField.CopyOnWrite, Counter.CopyOnWrite);
  settleField(SiteField.KernelZeroedPages, Counter.KernelZeroedPages);
  settleField(SiteField.NeedlesslyClearedPages, Counter.NeedlesslyClearedPages);
  settleField(SiteField.AllocatorZeroedBytes, Counter.AllocatorZeroedBytes);
  settleField(SiteField.NeedlesslyZeroedBytes, Counter.NeedlesslyZeroedBytes);
  if (callsMade != knownCalls) settleCalls();
}

function settleCalls(): void {
  for (let call: u32 = 0; call < <u32>ALLOCATOR_SYSCALLS; call++) {
    settleField(SITE_SYSCALLS + call, SYSCALL_COUNTERS + call);
    settleField(SITE_WALKED + call, WALKED_COUNTERS + call);
  }
  knownCalls = callsMade;
}

function settleField(field: u32, which: u32): void {
  const known = KNOWN + 8 * <usize>field;
  const at = rows + ROW_BYTES * current + 8 * <usize>field;
  const now = sum(which);
  if (isDefined(ZP_CHECK)) assert(now >= load<u64>(known), "what is kept by site only grows");
  store<u64>(at, load<u64>(at) + now - load<u64>(known));
  store<u64>(known, now);
}

function ensureRows(count: u32): void {
  const grown = max(count, max(64, 2 * rowCount));
  const moved = reserve(ROW_BYTES * grown);
  memory.copy(moved, rows, ROW_BYTES * rowCount);
  rows = moved;
  rowCount = grown;
}
