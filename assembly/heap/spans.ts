/**
 * Spans: runs that are cut into slots of one size class. Which slots are free is a word of bits, so that finding one
 * and giving one back touch no slot.
 *
 *      span     base
 *               ├────────┬────────┬────────┬─── … ──┬────────┬──────┐
 *               │ slot 0 │ slot 1 │ slot 2 │        │ last   │ rest │        slots ≤ 64, rest ≤ 1/32; of one that fills a hole 1/8
 *               └────────┴────────┴────────┴─── … ──┴────────┴──────┘
 *
 *      record   0        8      12     16           20     24          28      30      32
 *               ├────────┼──────┼──────┼────────────┼──────┼───────────┼───────┼───────┤
 *               │ free   │ base │ size │ reciprocal │ next │ sizeClass │ slots │ units │
 *               └────────┴──────┴──────┴────────────┴──────┴───────────┴───────┴───────┘
 *
 * A class lists its spans that have free slots; slots are taken of the first. Only the first may have become full: it
 * is dropped when the next is asked for. A span that gets its first free slot goes to the front. Where a list ends there
 * is `NONE`, a full span that follows itself, so that to take a slot asks one question alone.
 *
 * Records come from runs of their own, each half as long as all before: they stay where they are, and few runs are in
 * few others' way. Unused records are linked by `next`.
 */
import { SizeClass, slotsOf } from "./classes";
import { UNIT } from "./config";
import { bytesOf, Kind, setTag, tagOf, unitsFor } from "./units";

@unmanaged
export class Span {
  /** A bit for each free slot. */
  free: u64;
  base: usize;
  size: u32;
  reciprocal: u32;
  next: usize;
  sizeClass: SizeClass;
  slots: u16;
  units: u16;
}

const SPAN_RECORD_BYTES: u32 = 32;
/** Bytes of the first run of records: 64 of them. */
const FIRST_RECORDS: usize = 2048;

export const NONE: usize = memory.data(SPAN_RECORD_BYTES, 8);

let unused: usize = 0;
/** Of all runs of records. */
let recordBytes: usize = 0;
/** Records of the last run that were never used: [nextRecord, recordsEnd). */
let nextRecord: usize = 0;
let recordsEnd: usize = 0;

export function spanAt(address: usize): Span {
  return changetype<Span>(address);
}

/** Before anything else. */
export function startSpans(): void {
  spanAt(NONE).next = NONE;
}

/** A span's free bits if all its slots are free. */
export function allFree(span: Span): u64 {
  return <u64>-1 >> (64 - span.slots);
}

/** Whether a record is there for a span. */
export function hasRecord(): bool {
  return unused != 0 || nextRecord < recordsEnd;
}

/** Units of the next run of records. */
export function recordUnits(): u32 {
  return unitsFor(max(FIRST_RECORDS, recordBytes >> 1));
}

/** Gives a run of so many units for records. */
export function addRecords(run: usize, units: u32): void {
  setTag(run, tagOf(units, Kind.Own));
  nextRecord = run;
  recordsEnd = run + bytesOf(units);
  recordBytes += bytesOf(units);
}

function takeRecord(): Span {
  if (unused) {
    const span = spanAt(unused);
    unused = span.next;
    return span;
  }
  const span = spanAt(nextRecord);
  nextRecord += SPAN_RECORD_BYTES;
  return span;
}

/** Makes a span of a run. There has to be a record. */
export function makeSpan(sizeClass: SizeClass, run: usize, units: u32): Span {
  const span = takeRecord();
  span.base = run;
  span.size = sizeClass.size;
  span.reciprocal = sizeClass.reciprocal;
  span.sizeClass = sizeClass;
  span.slots = <u16>slotsOf(units, sizeClass.size);
  span.units = <u16>units;
  span.free = allFree(span);
  tagUnits(span, changetype<usize>(span));
  list(span);
  return span;
}

/** Gives up a span that is in no list. Its run has no tags then. */
export function endSpan(span: Span): void {
  tagUnits(span, 0);
  span.next = unused;
  unused = changetype<usize>(span);
}

function tagUnits(span: Span, tag: usize): void {
  const end = span.base + bytesOf(span.units);
  for (let unit = span.base; unit < end; unit += UNIT) setTag(unit, <u32>tag);
}

/** Puts a span that has free slots at the front of its class's list, unless it is there. A full one there is dropped. */
export function list(span: Span): void {
  const sizeClass = span.sizeClass;
  const head = spanAt(sizeClass.head);
  if (head == span) return;
  span.next = head.free ? sizeClass.head : head.next;
  sizeClass.head = changetype<usize>(span);
}
