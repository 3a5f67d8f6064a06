/**
 * Spans: runs of pages, each with a record. A large block is a span, what is cut into small ones is, and so is what is
 * free. Spans lie side by side, and are split and joined.
 *
 *      ├──────────────── heap ────────────────────────────────────────┤
 *      │ large block │ objects of a class │  normal  │    returned    │
 *           in use         in use              free, with its pages or without
 *
 * The real records are in metadata, of 48 bytes each. The model's are its own, and metadata.ts touches the real ones' pages.
 */
import { give, Pool, setOwnRecordBytes, takeZeroed } from "../../machine/frames";
import * as metadata from "./metadata";

/** Of a span: in use; free; free, and its pages were given back. */
export enum State {
  InUse,
  Normal,
  Returned,
}

const REAL_BYTES: u64 = 48;

@unmanaged
export class Span {
  /** Its neighbours in the list that it is in. */
  previous: Span;
  next: Span;
  /** The spans below it in a set (span-set.ts). */
  before: Span | null;
  after: Span | null;
  /** Its first page, as a number, and how many it has. */
  first: u64;
  pages: u64;
  /** Of a class: its first free object, which links to the next, or 0; and how many are not free. */
  objects: u64;
  out: u32;
  /** The class of its objects; 0 if it is not cut into any. */
  sizeClass: u32;
  state: u32;

  get end(): u64 {
    return this.first + this.pages;
  }
}

const records = changetype<Pool>(memory.data(offsetof<Pool>(), 8));

/** The real one has two more records than there are spans. Returns whether there was room. */
export function start(): bool {
  setOwnRecordBytes(records, (offsetof<Span>() + 7) & ~7);
  if (!metadata.startPool(metadata.spans, REAL_BYTES)) return false;
  metadata.takeRecord(metadata.spans);
  metadata.takeRecord(metadata.spans);
  return true;
}

/** A record for a span in use. */
export function newSpan(first: u64, pages: u64): Span {
  metadata.takeRecord(metadata.spans);
  const span = changetype<Span>(takeZeroed(records));
  span.first = first;
  span.pages = pages;
  return span;
}

export function endSpan(span: Span): void {
  metadata.giveRecord(metadata.spans);
  give(records, changetype<usize>(span));
}

// ---- Lists ----

// A list is a span that is none, whose neighbours are the first and the last of the list.

/** Bytes of a list. */
export const LIST_BYTES: usize = 2 * sizeof<usize>();

/** Makes an empty list in so much room. */
export function makeList(room: usize): void {
  const list = changetype<Span>(room);
  list.next = list;
  list.previous = list;
}

export function isEmpty(list: Span): bool {
  return list.next == list;
}

export function insertFirst(list: Span, span: Span): void {
  const next = list.next;
  span.previous = list;
  span.next = next;
  list.next = span;
  next.previous = span;
}

/** Takes a span out of the list that it is in. */
export function remove(span: Span): void {
  const previous = span.previous;
  const next = span.next;
  previous.next = next;
  next.previous = previous;
}
