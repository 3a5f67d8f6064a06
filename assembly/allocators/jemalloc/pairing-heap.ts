/**
 * A pairing heap of extents, oldest first, that puts off its work: what is inserted waits in a list beside the root,
 * until somebody asks for the first.
 *
 *      root ──next──▶ ○ ──▶ ○ ──▶ ○        waiting, in no order
 *        │ child
 *        ▼
 *        ○ ──▶ ○ ──▶ ○                     merged; each has children likewise
 *
 * It is the real one's, with its flaw: to remove a root without children makes the first that waits the root,
 * whatever its age. So the first is not always the oldest, nor a child always newer than its parent.
 */
import { Extent } from "./extent";

@unmanaged
export class Heap {
  root: Extent | null;
  /** Insertions since the waiting ones were last merged into the tree. */
  waiting: u32;
}

/** Whether one extent is older: by serial number, then by address. */
export function isBefore(one: Extent, other: Extent): bool {
  return one.serial != other.serial ? one.serial < other.serial : one.base < other.base;
}

/** Makes one the leftmost child of another. */
function link(parent: Extent, child: Extent): void {
  const sibling = parent.child;
  child.previous = parent;
  child.next = sibling;
  if (sibling) sibling.previous = child;
  parent.child = child;
}

function merge(one: Extent | null, other: Extent | null): Extent | null {
  if (!one) return other;
  if (!other) return one;
  if (isBefore(one, other)) {
    link(one, other);
    return one;
  }
  link(other, one);
  return other;
}

function detach(node: Extent): void {
  node.next = null;
  node.previous = null;
}

/** Merges pairs of a list from the left, and then what came of it. */
function mergeSiblings(list: Extent | null): Extent | null {
  let first: Extent | null = null;
  let last: Extent | null = null;
  while (list) {
    const one = list as Extent;
    const other = one.next;
    list = other ? other.next : null;
    detach(one);
    if (other) detach(other);
    const merged = merge(one, other) as Extent;
    if (last) last.next = merged;
    else first = merged;
    last = merged;
  }
  return first ? mergeQueue(first, last as Extent) : null;
}

/** Takes two from the front of a queue, and puts what they merge into at its end, until one is left. */
function mergeQueue(first: Extent, last: Extent): Extent {
  let one = first;
  let other = one.next;
  while (other) {
    const behind = other.next;
    detach(one);
    detach(other);
    const merged = merge(one, other) as Extent;
    if (!behind) return merged;
    last.next = merged;
    last = merged;
    one = behind;
    other = one.next;
  }
  return one;
}

/** Merges what waits into the tree. */
function settle(heap: Heap): void {
  heap.waiting = 0;
  const root = heap.root;
  const list = root ? root.next : null;
  if (!root || !list) return;
  detach(root);
  list.previous = null;
  heap.root = merge(root, mergeSiblings(list));
}

export function first(heap: Heap): Extent | null {
  settle(heap);
  return heap.root;
}

export function removeFirst(heap: Heap): Extent | null {
  const node = first(heap);
  if (node) heap.root = mergeSiblings(node.child);
  return node;
}

export function insert(heap: Heap, node: Extent): void {
  detach(node);
  node.child = null;
  const root = heap.root;
  if (root && !isBefore(node, root)) {
    wait(heap, root, node);
    return;
  }
  // What waited beside the old root is now among the new one's children.
  node.child = root;
  if (root) root.previous = node;
  heap.root = node;
  heap.waiting = 0;
}

/** Has a node wait, and does some of the work that was put off: the more, the more often its number is even. */
function wait(heap: Heap, root: Extent, node: Extent): void {
  heap.waiting++;
  node.previous = root;
  node.next = root.next;
  const behind = root.next;
  if (behind) behind.previous = node;
  root.next = node;
  if (heap.waiting < 2) return;
  for (let left: u32 = ctz(heap.waiting - 1); left; left--) {
    if (!mergeWaiting(root)) return;
  }
}

/** Merges the first two that wait. Returns whether more may be merged. */
function mergeWaiting(root: Extent): bool {
  const one = root.next;
  const other = one ? one.next : null;
  if (!one || !other) return false;
  const behind = other.next;
  detach(one);
  detach(other);
  const merged = merge(one, other) as Extent;
  merged.next = behind;
  if (behind) behind.previous = merged;
  merged.previous = root;
  root.next = merged;
  return behind != null;
}

export function remove(heap: Heap, node: Extent): void {
  if (heap.root == node) {
    if (!node.child) {
      const heir = node.next;
      heap.root = heir;
      if (heir) heir.previous = null;
      return;
    }
    settle(heap);
    if (heap.root == node) {
      heap.root = mergeSiblings(node.child);
      return;
    }
  }
  replace(node, mergeSiblings(node.child));
}

/** Puts another node, or none, in the place of one that is not the root. */
function replace(node: Extent, by: Extent | null): void {
  const before = node.previous as Extent;
  const behind = node.next;
  let heir = behind;
  if (by) {
    by.next = behind;
    if (behind) behind.previous = by;
    heir = by;
  }
  if (heir) heir.previous = before;
  if (before.child == node) before.child = heir;
  else before.next = heir;
}

/** The extent that a walk over all of a heap comes to next, from the root on; null behind the last. A long chain needs no stack. */
export function after(node: Extent): Extent | null {
  if (node.child) return node.child;
  let at = node;
  while (!at.next) {
    const parent = parentOf(at);
    if (!parent) return null;
    at = parent;
  }
  return at.next;
}

/** What a node is a child of; null of the root and of those that wait beside it. The links of siblings lead to the first. */
function parentOf(node: Extent): Extent | null {
  let at = node;
  let before = at.previous;
  while (before && before.child != at) {
    at = before;
    before = at.previous;
  }
  return before;
}

/** Asserts that all links of a heap lead back. Returns how many extents are in it. Its order nobody can rely on. */
export function check(heap: Heap): u32 {
  let count: u32 = 0;
  let node = heap.root;
  if (node) assert(!node.previous, "nothing comes before the root");
  while (node) {
    checkLinks(node);
    count++;
    node = after(node);
  }
  return count;
}

function checkLinks(node: Extent): void {
  const child = node.child;
  const next = node.next;
  if (child) assert(child.previous == node, "the link to a first child leads back");
  if (next) assert(next.previous == node, "the links of siblings lead back");
}
