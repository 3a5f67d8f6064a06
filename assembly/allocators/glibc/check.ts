/**
 * The walk of check builds: asserts the invariants that the other files write on their data. It holds
 * for programs that keep the rules. A program that overwrites headers or links breaks what is
 * asserted here, and the real allocator with it; so nothing else asserts what simulated memory says.
 *
 * Every chunk is counted where it is found, and the counts must agree:
 *
 *      chain:  free by its neighbour's flag      ==  bins
 *      chain:  in use by its neighbour's flag    ==  fastbins + tcache + the tcache's own + live blocks
 *
 * It ends on any heap: the chain ascends, and no list is followed beyond the chunks that the chain has.
 */
import { peek } from "../../machine/access";
import { currentBreak, lostBytes, virtualBytes } from "../../machine/kernel";
import { pageMask } from "../../machine/layout";
import { layerBytes } from "../allocator";
import * as arenas from "./arenas";
import * as bins from "./bins";
import {
  FLAGS,
  MIN_CHUNK,
  MIN_LARGE,
  MMAPPED,
  ofArena,
  PREV_INUSE,
  toChunk,
  toPointer,
  withoutFlags,
} from "./chunk";
import * as fastbins from "./fastbins";
import * as heap from "./heap";
import * as heaps from "./heaps";
import * as parameters from "./parameters";
import * as pieces from "./pieces";
import * as tcache from "./tcache";
import * as threads from "./threads";
import * as version from "./version";

/** Chunks, their bytes, and the sum of their addresses: equal tallies are of the same chunks. */
@unmanaged
class Tally {
  chunks: u64;
  bytes: u64;
  addresses: u64;

  reset(): void {
    this.chunks = 0;
    this.bytes = 0;
    this.addresses = 0;
  }

  add(chunk: u64, size: u64): void {
    this.chunks++;
    this.bytes += size;
    this.addresses += chunk;
  }

  /** Bytes a program may use of such chunks while they are in use. */
  usable(): u64 {
    return this.bytes - 8 * this.chunks;
  }
}

const TALLY: usize = offsetof<Tally>();
/** Room for four. */
const TALLIES: usize = isDefined(ZP_CHECK) ? memory.data(4 * <i32>TALLY, 8) : 0;

/** Chunks of the chain, by what the header behind each says. */
const free = changetype<Tally>(TALLIES);
const used = changetype<Tally>(TALLIES + TALLY);
/** Chunks of the bins; chunks that are marked as in use though no program holds them. */
const binned = changetype<Tally>(TALLIES + 2 * TALLY);
const kept = changetype<Tally>(TALLIES + 3 * TALLY);

/** `live`: usable bytes of live blocks. */
export function check(live: u64): void {
  checkMappings();
  checkParameters();
  if (!pieces.areNoted()) return;
  used.reset();
  kept.reset();
  walkArenas();
  const mapped = walkTcaches();
  assert(
    used.usable() - kept.usable() + heap.usableOfMappings() - mapped == live,
    "live blocks add up to what is in use",
  );
}

/** Two rounds: what the fastbins of any arena hold is counted against the chunks of all. */
function walkArenas(): void {
  const before = arenas.enterFirst();
  do walkArena();
  while (arenas.enterNext());
  do walkFastbins();
  while (arenas.enterNext());
  arenas.leave(before);
}

function walkArena(): void {
  free.reset();
  if (arenas.isMain()) {
    checkTop();
    walkPieces();
  } else walkHeaps();
  walkBins();
}

/** Returns the usable bytes of tcaches that are mappings of their own. */
function walkTcaches(): u64 {
  const before = threads.running;
  let mapped: u64 = 0;
  for (let number: u32 = 1; number <= threads.highest; number++) {
    if (!threads.hasRun(number)) continue;
    threads.run(number);
    walkTcache();
    mapped += usableOfMappedTcache();
  }
  threads.run(before);
  return mapped;
}

function headAt(chunk: u64): u64 {
  return peek<u64>(chunk + 8);
}

function sizeAt(chunk: u64): u64 {
  return withoutFlags(headAt(chunk));
}

function isMarkedInUse(chunk: u64, size: u64): bool {
  return (headAt(chunk + size) & PREV_INUSE) != 0;
}

// ---- What is kept outside simulated memory ----

function checkMappings(): void {
  assert(
    mainHeapBytes() + heaps.reservedBytes + heap.mappedBytes + lostBytes + layerBytes == virtualBytes(),
    "heaps, mappings, a layer's, and what munmap left are all there is",
  );
  assert(((arenas.heapBytes() | heap.mappedBytes) & pageMask) == 0, "heap and mappings are whole pages");
  assert((heap.mappings == 0) == (heap.mappedBytes == 0), "mappings have bytes, and bytes a mapping");
  assert(heap.mappings <= heap.mostMappings, "the most mappings are not below those there are");
  assert(
    heap.mappedBytes + heap.mappedDrift <= heap.mostMappedBytes,
    "the most mapped bytes are not below those there are",
  );
  // A thread without room in its arena gets a mapping whatever mmapMax says.
  if (!arenas.areMany) assert(heap.mappings <= parameters.mmapMax, "mappings are no more than mmapMax");
}

function mainHeapBytes(): u64 {
  const before = arenas.enterFirst();
  const bytes = heap.heapBytes;
  arenas.leave(before);
  return bytes;
}

function checkParameters(): void {
  if (!parameters.adapts) return;
  const map = parameters.mmapThreshold;
  const trim = parameters.trimThreshold;
  const isInitial = map == parameters.INITIAL_THRESHOLD && trim == map;
  assert(isInitial || trim == 2 * map, "an adapted trim threshold is twice the mmap threshold");
  assert(map >= parameters.INITIAL_THRESHOLD, "an adaptive threshold only grows");
  assert(map <= parameters.LARGEST_ADAPTIVE, "an adaptive threshold is at most 32 MiB");
}

function checkTop(): void {
  if (!heap.top) {
    assert(heap.heapBytes == 0 && pieces.count == 0, "a heap has a top");
    return;
  }
  const size = sizeAt(heap.top);
  assert(size >= MIN_CHUNK, "the top is at least a chunk");
  assert(((heap.top + size) & pageMask) == 0, "the top ends with a page");
  if (!heap.contiguous) return;
  assert(pieces.count == 1, "a contiguous heap is one piece");
  assert(heap.top + size == currentBreak(), "the top of a contiguous heap ends at the break");
}

// ---- The chain ----

function walkPieces(): void {
  let bytes: u64 = 0;
  for (let i: u32 = 0; i < pieces.count; i++) bytes += walkPiece(i);
  assert(bytes == heap.heapBytes, "the pieces of the heap add up to its bytes");
}

/** Returns the bytes of the piece. */
function walkPiece(piece: u32): u64 {
  const start = pieces.startOf(piece);
  const isLatest = piece == pieces.count - 1;
  const last = isLatest ? heap.top : pieces.lastHeaderOf(piece);
  assert((headAt(start) & PREV_INUSE) != 0, "nothing is free before a piece");
  let chunk = start;
  while (chunk < last) chunk += walkChunk(chunk, last, isLatest);
  assert(chunk == last, "the chunks of a piece lead to its last header");
  assert((headAt(last) & PREV_INUSE) != 0, "the chunk before a last header is in use");
  if (!isLatest) assert(sizeAt(last) == heap.FENCEPOST, "a piece that the top left ends in a fencepost");
  return last + sizeAt(last) - start;
}

/** Returns the bytes of the chunk. `isLatest`: the piece has no fenceposts. */
function walkChunk(chunk: u64, last: u64, isLatest: bool): u64 {
  const head = headAt(chunk);
  const size = withoutFlags(head);
  assert(
    (head & FLAGS & ~(PREV_INUSE | ofArena)) == 0,
    "a heap chunk has no flags but PREV_INUSE and its arena's",
  );
  assert((size & 15) == 0 && size >= heap.FENCEPOST, "a chunk is some units of 16 bytes");
  assert(size <= last - chunk, "a chunk stays within its piece");
  if (size < MIN_CHUNK) {
    assert(!isLatest && last - chunk <= 2 * heap.FENCEPOST, "only fenceposts are smaller than a chunk");
  } else if (isMarkedInUse(chunk, size)) {
    used.add(chunk, size);
  } else {
    assert((head & PREV_INUSE) != 0, "no two free chunks are neighbours");
    assert(peek<u64>(chunk + size) == size, "the size behind a free chunk is its own");
    free.add(chunk, size);
  }
  return size;
}

/** From the newest heap to the oldest. */
function walkHeaps(): void {
  const newest = heaps.heapOf(heap.top);
  let bytes = heaps.sizeOfHeap(newest);
  assert(heap.top + sizeAt(heap.top) == newest + bytes, "the top ends with the newest heap");
  walkHeap(newest, heap.top, false);
  for (let at = newest; at != arenas.firstHeap(); ) {
    at = heaps.previousHeap(at);
    const size = heaps.sizeOfHeap(at);
    walkHeap(at, at + size - heap.FENCEPOST, true);
    bytes += size;
  }
  assert(bytes == heap.heapBytes, "the heaps of an arena add up to its bytes");
}

/** `last`: the top, or the last fencepost; what is right before that one is no chunk of the program's. */
function walkHeap(start: u64, last: u64, isLeft: bool): void {
  assert(heaps.sizeOfHeap(start) <= heaps.accessibleIn(start), "a heap is accessible");
  let chunk = start + (start == arenas.firstHeap() ? heaps.firstChunk() : heaps.HEADER);
  assert((headAt(chunk) & PREV_INUSE) != 0, "nothing is free before a heap");
  const end = isLeft ? last - peek<u64>(last) : last;
  while (chunk < end) chunk += walkChunk(chunk, end, true);
  assert(chunk == end, "the chunks of a heap lead to its end");
  if (isLeft)
    assert(sizeAt(last) == 0 && end + sizeAt(end) == last, "a heap that the top left ends in fenceposts");
}

// ---- Bins ----

function walkBins(): void {
  binned.reset();
  for (let number: u32 = 1; number < bins.BINS; number++) walkBin(number);
  assert(binned.chunks == free.chunks, "every free chunk is in a bin");
  assert(binned.bytes == free.bytes && binned.addresses == free.addresses, "the bins hold the free chunks");
}

function walkBin(number: u32): void {
  const bin = bins.binAt(number);
  const isUnsorted = bin == bins.unsorted;
  let before = bin;
  for (let chunk = nextOf(bin); chunk != bin; chunk = nextOf(chunk)) {
    assert((chunk & 15) == 0, "a link leads to a chunk");
    assert(previousOf(chunk) == before, "a bin is linked both ways");
    const size = walkBinned(chunk);
    assert(isUnsorted || bins.binNumber(size) == number, "a chunk is in the bin of its size");
    if (isUnsorted && size >= MIN_LARGE) {
      assert(
        nextSizeOf(chunk) == 0 && previousSizeOf(chunk) == 0,
        "an unsorted chunk is in no list of sizes",
      );
    }
    before = chunk;
  }
  assert(previousOf(bin) == before, "a bin's header is linked both ways");
  if (before == bin || isUnsorted) return;
  assert(bins.isMarked(number), "the binmap has every bin that holds a chunk");
  if (number >= bins.binNumber(MIN_LARGE)) walkSizes(bin);
}

/** Counts a chunk of a bin. Returns its size. */
function walkBinned(chunk: u64): u64 {
  assert(binned.chunks < free.chunks, "the bins hold no more chunks than are free");
  const size = sizeAt(chunk);
  assert(!isMarkedInUse(chunk, size), "a chunk in a bin is free");
  binned.add(chunk, size);
  return size;
}

/** A large bin descends. The first chunk of each size is linked to those of the other sizes, both ways. */
function walkSizes(bin: u64): void {
  const largest = nextOf(bin);
  let first = largest;
  for (let chunk = nextOf(largest); chunk != bin; chunk = nextOf(chunk)) {
    assert(sizeAt(chunk) <= sizeAt(first), "a large bin descends");
    if (sizeAt(chunk) == sizeAt(first)) {
      assert(nextSizeOf(chunk) == 0, "only the first of equals is in the list of sizes");
    } else {
      checkSizes(first, chunk);
      first = chunk;
    }
  }
  checkSizes(first, largest);
}

function checkSizes(larger: u64, smaller: u64): void {
  assert(nextSizeOf(larger) == smaller, "the list of sizes leads down");
  assert(previousSizeOf(smaller) == larger, "the list of sizes leads back up");
}

function nextOf(chunk: u64): u64 {
  return bins.isHeader(chunk) ? bins.nextOf(chunk) : peek<u64>(chunk + 16);
}

function previousOf(chunk: u64): u64 {
  return bins.isHeader(chunk) ? bins.previousOf(chunk) : peek<u64>(chunk + 24);
}

function nextSizeOf(chunk: u64): u64 {
  return peek<u64>(chunk + 32);
}

function previousSizeOf(chunk: u64): u64 {
  return peek<u64>(chunk + 40);
}

// ---- Lists of chunks that are marked as in use ----

/** Counts a chunk of a fastbin or of the tcache. */
function walkKept(chunk: u64, size: u64): void {
  assert((chunk & 15) == 0, "a fast or cached chunk is aligned");
  assert(kept.chunks < used.chunks, "the lists hold no more chunks than are in use");
  assert(sizeAt(chunk) == size, "a chunk is in the list of its size");
  assert(isMarkedInUse(chunk, size), "a chunk that is not merged is marked as in use");
  kept.add(chunk, size);
}

/** The link at an address, which it is mixed with. */
function linkAt(address: u64): u64 {
  return peek<u64>(address) ^ (address >> 12);
}

function walkFastbins(): void {
  assert(version.hasFastbins || !fastbins.mayHold, "there is nothing in fastbins where there are none");
  for (let size: u64 = MIN_CHUNK; size <= fastbins.largest; size += 16) {
    const first = fastbins.first(size);
    assert(!first || fastbins.mayHold, "the fastbins are empty when they may hold nothing");
    for (let chunk = first; chunk; chunk = linkAt(toPointer(chunk))) walkKept(chunk, size);
  }
}

function walkTcache(): void {
  if (!tcache.isReady()) return;
  const own = toChunk(tcache.struct);
  assert(sizeAt(own) >= version.tcacheBytes + 8, "the tcache fits its chunk");
  if (!isTcacheMapped()) walkKept(own, sizeAt(own));
  for (let bin: u64 = 0; bin < tcache.BINS; bin++) walkTcacheBin(bin);
}

/** The tcache's own chunk is a mapping where `mmapThreshold` is that small. */
function isTcacheMapped(): bool {
  return tcache.isReady() && (headAt(toChunk(tcache.struct)) & MMAPPED) != 0;
}

function usableOfMappedTcache(): u64 {
  return isTcacheMapped() ? sizeAt(toChunk(tcache.struct)) - version.mappedOverhead : 0;
}

function walkTcacheBin(bin: u64): void {
  const word = peek<u16>(tcache.struct + 2 * bin);
  const count = version.countsRoom ? tcache.limit - word : word;
  assert(count <= tcache.limit, "a tcache bin holds no more than its limit");
  let pointer = peek<u64>(tcache.struct + version.tcachePointers + 8 * bin);
  for (let i: u16 = 0; i < count; i++) {
    walkKept(toChunk(pointer), MIN_CHUNK + 16 * bin);
    assert(peek<u64>(pointer + 8) == tcache.KEY, "a cached chunk carries the key");
    pointer = linkAt(pointer);
  }
  assert(pointer == 0, "a tcache bin is as long as its count");
}
