/**
 * A set of free spans in order of their length, and of their place among those as long. It is a treap: a search tree in
 * which no span is lighter than those below it, with weights that are as good as random.
 *
 *               ●
 *       before ╱ ╲ after
 *             ●   ●
 */
import * as metadata from "./metadata";
import { Span } from "./span";

const REAL_BYTES: u64 = 48;
/** 2^64 over the golden ratio: multiples are spread evenly. Knuth, The Art of Computer Programming, 6.4. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;

@unmanaged
export class SpanSet {
  root: Span | null;
}

/** Both halves of what `split` cut. */
let lower: Span | null = null;
let upper: Span | null = null;
let isStarted: bool = false;

export function isBefore(one: Span, other: Span): bool {
  return one.pages < other.pages || (one.pages == other.pages && one.first < other.first);
}

function weight(span: Span): u64 {
  return (span.first + 1) * SPREAD;
}

// ---- Asking ----

/** The first of a set; null if it is empty. */
export function first(set: SpanSet): Span | null {
  return atLeast(set, 0);
}

/** The first that has so many pages, or null. */
export function atLeast(set: SpanSet, pages: u64): Span | null {
  let found: Span | null = null;
  let at = set.root;
  while (at) {
    const span = at as Span;
    if (span.pages >= pages) {
      found = span;
      at = span.before;
    } else {
      at = span.after;
    }
  }
  return found;
}

// ---- Changing ----

/** Inserts a span, for which the real set takes a node. */
export function insert(set: SpanSet, span: Span): void {
  if (!isStarted) {
    isStarted = true;
    metadata.startPool(metadata.setNodes, REAL_BYTES);
  }
  metadata.takeRecord(metadata.setNodes);
  set.root = inserted(set.root, span);
}

function inserted(root: Span | null, span: Span): Span {
  if (!root) return alone(span);
  if (weight(span) > weight(root)) {
    split(root, span);
    span.before = lower;
    span.after = upper;
    return span;
  }
  if (isBefore(span, root)) root.before = inserted(root.before, span);
  else root.after = inserted(root.after, span);
  return root;
}

function alone(span: Span): Span {
  span.before = null;
  span.after = null;
  return span;
}

/** Splits a tree into what is before the span, and what is after it. */
function split(root: Span | null, span: Span): void {
  if (!root) {
    lower = null;
    upper = null;
  } else if (isBefore(root, span)) {
    split(root.after, span);
    root.after = lower;
    lower = root;
  } else {
    split(root.before, span);
    root.before = upper;
    upper = root;
  }
}

/** Takes a span out of its set. */
export function remove(set: SpanSet, span: Span): void {
  set.root = removed(set.root, span);
  metadata.giveRecord(metadata.setNodes);
}

function removed(root: Span | null, span: Span): Span | null {
  if (!root) return null;
  if (root == span) return joined(span.before, span.after);
  if (isBefore(span, root)) root.before = removed(root.before, span);
  else root.after = removed(root.after, span);
  return root;
}

/** One tree of two, of which all of the one is before all of the other. */
function joined(one: Span | null, other: Span | null): Span | null {
  if (!one) return other;
  if (!other) return one;
  if (weight(one) > weight(other)) {
    one.after = joined(one.after, other);
    return one;
  }
  other.before = joined(one, other.before);
  return other;
}

// ---- Checking ----

/** Asserts the order of a set. Returns the number of its spans, all of a state. */
export function check(set: SpanSet, state: u32): u64 {
  return checkTree(set.root, state);
}

function checkTree(root: Span | null, state: u32): u64 {
  if (!root) return 0;
  assert(root.state == state, "a set has free spans of its state");
  const before = root.before;
  const after = root.after;
  if (before) assert(isBefore(before, root) && weight(before) < weight(root), "what is shorter is before");
  if (after) assert(isBefore(root, after) && weight(after) < weight(root), "what is longer is after");
  return 1 + checkTree(before, state) + checkTree(after, state);
}
