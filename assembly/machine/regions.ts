/**
 * The mapped regions: a treap ordered by address. Every node knows the widest gap between the regions
 * below it, so a place for a new mapping is found without visiting all of them. Adjacent regions are not
 * merged: each is one mapping that the program made, or a piece of it. What Linux makes of those that touch
 * is in areas.ts.
 *
 *      node          first ──┐                                   ┌── last
 *                            ├──────┤  gap  ├─────┤ gap ├────────┤
 *                              left           node       right
 *
 *      left.last <= start < end <= right.first
 *      priority >= left.priority, right.priority
 *      count() == nodes in the tree
 *
 * Each address space has a tree of its own; functions are about that of the current one. Priorities are a hash of the order of creation, so that equal calls make equal trees.
 */
import { give, regionNodes, setRecordBytes, take, takeZeroed } from "./frames";
import { pageMask } from "./layout";
import { current, Space, setTree as setTreeOfSpace, tree as treeOfSpace } from "./spaces";

@unmanaged
export class Region {
  /** [start, end), page-aligned. */
  start: u64;
  end: u64;
  /** Of the subtree: the lowest start, the highest end, and the widest gap between two neighbours. */
  first: u64;
  last: u64;
  gap: u64;
  left: Region | null;
  right: Region | null;
  priority: u32;
  /** What areas.ts knows of it. */
  anon: u32;
  moved: u64;
  joined: u32;
  /** `RegionFlag`s. */
  flags: u32;
}

let created: u32 = 0;

/** The tree of the current space. */
function tree(): Region | null {
  return changetype<Region | null>(treeOfSpace);
}

function setTree(tree: Region | null): void {
  setTreeOfSpace(changetype<usize>(tree));
}

/** Number of regions of the current space. */
export function count(): u32 {
  return current.regionCount;
}

export function start(): void {
  setRecordBytes(regionNodes, offsetof<Region>());
}

/** Mixes bits: the finaliser of MurmurHash3 (public domain, Austin Appleby). */
function mixed(value: u32): u32 {
  value = (value ^ (value >> 16)) * 0x85ebca6b;
  value = (value ^ (value >> 13)) * 0xc2b2ae35;
  return value ^ (value >> 16);
}

// ---- The tree ----

function update(node: Region): Region {
  const left = node.left;
  const right = node.right;
  node.first = node.start;
  node.last = node.end;
  node.gap = 0;
  if (isDefined(ZP_CHECK)) {
    assert(!left || left.last <= node.start, "regions on the left lie below");
    assert(!right || right.first >= node.end, "regions on the right lie above");
  }
  if (left) {
    node.first = left.first;
    node.gap = max(left.gap, node.start - left.last);
  }
  if (right) {
    node.last = right.last;
    node.gap = max(node.gap, max(right.gap, right.first - node.end));
  }
  return node;
}

let splitLeft: Region | null = null;
let splitRight: Region | null = null;

/** Splits into regions that start below `at` (splitLeft) and the others (splitRight). */
function split(node: Region | null, at: u64): void {
  if (!node) {
    splitLeft = null;
    splitRight = null;
  } else if (node.start < at) {
    split(node.right, at);
    node.right = splitLeft;
    splitLeft = update(node);
  } else {
    split(node.left, at);
    node.left = splitRight;
    splitRight = update(node);
  }
}

/** Merges two trees. Every region of `left` lies below those of `right`. */
function merge(left: Region | null, right: Region | null): Region | null {
  if (!left) return right;
  if (!right) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return update(left);
  }
  right.left = merge(left, right.left);
  return update(right);
}

/** Adds a node to a tree, where nothing is mapped. Returns the tree. */
function attach(tree: Region | null, node: Region): Region {
  if (!tree || tree.priority < node.priority) {
    split(tree, node.start);
    node.left = splitLeft;
    node.right = splitRight;
    return update(node);
  }
  if (node.start < tree.start) tree.left = attach(tree.left, node);
  else tree.right = attach(tree.right, node);
  return update(tree);
}

/** Takes a node, which is there, out of a tree. Returns the tree. */
function detach(tree: Region | null, node: Region): Region | null {
  if (!tree) return null;
  if (tree == node) return merge(tree.left, tree.right);
  if (node.start < tree.start) tree.left = detach(tree.left, node);
  else tree.right = detach(tree.right, node);
  return update(tree);
}

/** Puts a region where nothing is mapped. */
function put(region: Region, start: u64, end: u64): void {
  if (isDefined(ZP_CHECK)) {
    assert(start < end && ((start | end) & pageMask) == 0, "a region is of whole pages, and not empty");
    assert(isFree(start, end), "a region is put where nothing is mapped");
  }
  region.start = start;
  region.end = end;
  setTree(attach(tree(), region));
}

/** The lowest region that ends above the address, or null. */
export function firstEndingAbove(address: u64): Region | null {
  let node = tree();
  let found: Region | null = null;
  while (node) {
    if (node.end > address) {
      found = node;
      node = node.left;
    } else {
      node = node.right;
    }
  }
  return found;
}

/** The highest region that ends at or below the address, or null. */
export function lastEndingBelow(address: u64): Region | null {
  let node = tree();
  let found: Region | null = null;
  while (node) {
    if (node.end <= address) {
      found = node;
      node = node.right;
    } else {
      node = node.left;
    }
  }
  return found;
}

// ---- Asking ----

/** First address of the region that holds the address; 0 if none does. */
export function startOf(address: u64): u64 {
  const region = firstEndingAbove(address);
  return region && region.start <= address ? region.start : 0;
}

/** End of the region that holds the address; 0 if none does. */
export function endOf(address: u64): u64 {
  const region = firstEndingAbove(address);
  return region && region.start <= address ? region.end : 0;
}

/** Flags of the region that holds the address, which there is. */
export function flagsOf(address: u64): u32 {
  const region = firstEndingAbove(address);
  return region ? region.flags : 0;
}

/** Whether nothing is mapped in [start, end). */
export function isFree(start: u64, end: u64): bool {
  const region = firstEndingAbove(start);
  return !region || region.start >= end;
}

/** Start of the lowest region that ends above the address; 0 when there is none. */
export function startAbove(address: u64): u64 {
  const region = firstEndingAbove(address);
  return region ? region.start : 0;
}

/** End of the highest region that ends at or below the address; 0 when there is none. */
export function endBelow(address: u64): u64 {
  const region = lastEndingBelow(address);
  return region ? region.end : 0;
}

// ---- Changing ----

/** Adds a region [start, end), which must be free. */
export function insert(start: u64, end: u64): Region {
  const region = changetype<Region>(takeZeroed(regionNodes));
  region.priority = mixed(++created);
  current.regionCount++;
  put(region, start, end);
  return region;
}

/** Moves the ends of a region. The room must be free. */
export function resize(region: Region, start: u64, end: u64): void {
  setTree(detach(tree(), region));
  put(region, start, end);
}

export function remove(region: Region): void {
  setTree(detach(tree(), region));
  give(regionNodes, changetype<usize>(region));
  current.regionCount--;
}

/** Gives a space without regions a copy of each region of the current one. */
export function copyTo(space: Space): void {
  space.regions = changetype<usize>(copyOf(tree()));
  space.regionCount = current.regionCount;
  space.joins = current.joins;
  space.pages = current.pages;
}

function copyOf(node: Region | null): Region | null {
  if (!node) return null;
  const copied = changetype<Region>(take(regionNodes));
  memory.copy(changetype<usize>(copied), changetype<usize>(node), offsetof<Region>());
  copied.left = copyOf(node.left);
  copied.right = copyOf(node.right);
  return copied;
}

// ---- Finding room ----

function fitHigh(low: u64, high: u64, bytes: u64, align: u64): u64 {
  if (high < bytes) return 0;
  const at = (high - bytes) & ~(align - 1);
  return at >= low ? at : 0;
}

function fitLow(low: u64, high: u64, bytes: u64, align: u64): u64 {
  const at = (low + align - 1) & ~(align - 1);
  return at + bytes <= high ? at : 0;
}

/** Whether no gap of the subtree within (low, high) holds `bytes`. */
function isTight(node: Region, low: u64, high: u64, bytes: u64): bool {
  const below = node.first > low ? node.first - low : 0;
  const above = high > node.last ? high - node.last : 0;
  return max(node.gap, max(below, above)) < bytes;
}

function highestIn(node: Region | null, low: u64, high: u64, bytes: u64, align: u64): u64 {
  if (!node) return fitHigh(low, high, bytes, align);
  if (high <= low || isTight(node, low, high, bytes)) return 0;
  const above = highestIn(node.right, max(low, node.end), high, bytes, align);
  return above ? above : highestIn(node.left, low, min(high, node.start), bytes, align);
}

function lowestIn(node: Region | null, low: u64, high: u64, bytes: u64, align: u64): u64 {
  if (!node) return fitLow(low, high, bytes, align);
  if (high <= low || isTight(node, low, high, bytes)) return 0;
  const below = lowestIn(node.left, low, min(high, node.start), bytes, align);
  return below ? below : lowestIn(node.right, max(low, node.end), high, bytes, align);
}

/** Highest address in [low, high) where `bytes` are free, on a multiple of `align` (a power of two); or 0. */
export function highestRoom(low: u64, high: u64, bytes: u64, align: u64): u64 {
  return highestIn(tree(), low, high, bytes, align);
}

/** Lowest address in [low, high) where `bytes` are free, on a multiple of `align` (a power of two); or 0. */
export function lowestRoom(low: u64, high: u64, bytes: u64, align: u64): u64 {
  return lowestIn(tree(), low, high, bytes, align);
}

// ---- Checking ----

/** Bytes that regions cover. */
export function coveredBytes(): u64 {
  let bytes: u64 = 0;
  for (let from = startAbove(0); from; from = startAbove(endOf(from))) bytes += endOf(from) - from;
  return bytes;
}

/** Whether order, disjointness, heap order and the summary of every node hold. */
export function isSound(): bool {
  return isSoundUnder(tree(), 0, u64.MAX_VALUE, u32.MAX_VALUE);
}

function isSoundUnder(node: Region | null, low: u64, high: u64, priority: u32): bool {
  if (!node) return true;
  if (node.start < low || node.end > high || node.start >= node.end || node.priority > priority) return false;
  return (
    isSummary(node) &&
    isSoundUnder(node.left, low, node.start, node.priority) &&
    isSoundUnder(node.right, node.end, high, node.priority)
  );
}

/** Whether the summary that a node has of its subtree is right. */
function isSummary(node: Region): bool {
  const first = node.first;
  const last = node.last;
  const gap = node.gap;
  update(node);
  const same = first == node.first && last == node.last && gap == node.gap;
  node.first = first;
  node.last = last;
  node.gap = gap;
  return same;
}
