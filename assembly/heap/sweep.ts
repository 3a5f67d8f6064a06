/**
 * The sweep: what was left for later. Cached runs become free runs, spans without a live slot are given up, and each
 * class lists its spans from the lowest up, so that the upper ones may become empty. Runs before the memory grows.
 */
import { flush } from "./cache";
import { classAt, classCount, MOST_CLASSES, numberOf, SizeClass } from "./classes";
import { freeFrom, release } from "./runs";
import { allFree, endSpan, NONE, Span, spanAt } from "./spans";
import { bottom, bytesOf, KIND_BITS, tagAt, top, unitsOf } from "./units";

/** Where each class's list goes on: the address of the word for the next span. */
const ENDS = memory.data(MOST_CLASSES * sizeof<usize>(), 8);

function endOf(number: u32): usize {
  return ENDS + number * sizeof<usize>();
}

export function sweep(): void {
  flush();
  for (let number: u32 = 0; number < classCount; number++) {
    store<usize>(endOf(number), changetype<usize>(classAt(number)) + offsetof<SizeClass>("head"));
  }
  for (let at = bottom; at < top; ) at = sweepExtent(at);
  for (let number: u32 = 0; number < classCount; number++) store<usize>(load<usize>(endOf(number)), NONE);
}

/** Returns the next extent's address. */
function sweepExtent(at: usize): usize {
  const tag = tagAt(at);
  if (tag & KIND_BITS) return at + bytesOf(unitsOf(tag));
  const span = spanAt(tag);
  const end = at + bytesOf(span.units);
  if (span.free != allFree(span)) {
    if (span.free) append(span);
    return end;
  }
  // The free run behind it becomes part of this one.
  const next = end + bytesOf(freeFrom(end));
  endSpan(span);
  release(at, span.units, 0, 0);
  return next;
}

function append(span: Span): void {
  const end = endOf(numberOf(span.sizeClass));
  store<usize>(load<usize>(end), changetype<usize>(span));
  store<usize>(end, changetype<usize>(span) + offsetof<Span>("next"));
}
