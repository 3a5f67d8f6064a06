/**
 * Free spans of slices, of all segments: a list for each size, of up to four sizes a doubling, the last freed first.
 *
 *      list     0   1   2   3   4   5   6   7    8    9   10  …
 *      slices       1   2   3   4   5   6   7   8   9-10  11-12 …
 */
import { Span } from "./segment";

const LISTS: u32 = 36;
const HEADS: usize = memory.data(<i32>(4 * LISTS), 4);

function listOf(slices: u32): u32 {
  if (slices <= 1) return slices;
  const last = slices - 1;
  const doubling = 31 - clz(last);
  return doubling <= 2 ? slices : 4 * doubling + ((last >> (doubling - 2)) & 3) - 4;
}

function headOf(list: u32): Span | null {
  return load<Span | null>(HEADS + 4 * list);
}

/** Lists a free span, before all others of its size. */
export function insert(span: Span): void {
  const list = listOf(span.slices);
  const next = headOf(list);
  span.next = next;
  span.previous = null;
  if (next) next.previous = span;
  store<Span>(HEADS + 4 * list, span);
}

export function remove(span: Span): void {
  const next = span.next;
  const previous = span.previous;
  if (next) next.previous = previous;
  if (previous) previous.next = next;
  else store<Span | null>(HEADS + 4 * listOf(span.slices), next);
}

/** A span of so many slices or more, which stays where it is; or null. */
export function find(slices: u32): Span | null {
  for (let list = listOf(slices); list < LISTS; list++) {
    for (let span = headOf(list); span; span = (span as Span).next) {
      if ((span as Span).slices >= slices) return span;
    }
  }
  return null;
}

/** How many spans are listed. For validators: asserts that each is where its size says. */
export function check(): u32 {
  let count: u32 = 0;
  for (let list: u32 = 0; list < LISTS; list++) {
    let previous: Span | null = null;
    let span = headOf(list);
    while (span) {
      assert(span.state == 0 && listOf(span.slices) == list, "a list has free spans of its size");
      assert(span.previous == previous, "a list of spans links back");
      previous = span;
      span = span.next;
      count++;
    }
  }
  return count;
}
