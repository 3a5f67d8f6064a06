/**
 * What differs between releases of glibc: a table of switches. Nothing else does. Each mechanism asks the
 * switches that are about it. They begin with what 2.36 does.
 */
import { Message, Version } from "../../shared/glibc";

/** How large a mapping is that stands in for the break. */
export enum Pieces {
  /** The first is a multiple of 1 MiB, and makes up for the old top. */
  Rounded,
  /** Each is at least 1 MiB; the first makes up for the old top. */
  AtLeast,
  /** Each is at least 1 MiB, and has room for all of the request. */
  Whole,
}

// ---- tcache ----

/** It is made by the first free of a small chunk, or by a search that has something to cache; else by the first call on the heap. */
export let makesTcacheLate: bool = false;
/** Chunks a bin, unless an option says otherwise. */
export let chunksPerBin: u16 = 7;
/** Bytes of its struct, and those asked for where a search makes it. */
export let tcacheBytes: u64 = 640;
export let tcacheBytesInSearch: u64 = 640;
/** Where its pointers begin, in bytes: behind the counts. */
export let tcachePointers: usize = 128;
/** Its counts say how many more chunks a bin has room for, not how many it has. */
export let countsRoom: bool = false;
/** calloc takes from it. */
export let callocTakesCached: bool = false;
/** Aligned allocation takes from it. */
export let alignedTakesCached: bool = false;
/** What realloc gives up may go into it, and so may an abandoned top. */
export let cachesInternalFrees: bool = true;
/** A free looks for a chunk that seems cached in every bin, not only in that of its size. */
export let searchesAllBins: bool = false;

// ---- free, realloc, aligned allocation ----

export let hasFastbins: bool = true;
/** A freed small chunk that is merged goes into its small bin at once, not into the unsorted one. */
export let sortsSmallAtFree: bool = false;
/**
 * free looks first whether the pointer is aligned, of mapped blocks too. Of the size it then only minds that it wraps, or
 * is less than any.
 */
export let checksPointerFirst: bool = false;
/** What aligned allocation cuts off is merged at once, and even the smallest tail is cut off. */
export let mergesCuts: bool = false;
/** A mapped chunk may begin 16 bytes into its mapping. */
export let mapsAtAnyLead: bool = false;
/** realloc keeps a block, before anything else, of which less than so many bytes would be given up: on the heap, mapped. */
export let keptSlack: u64 = 0;
export let keptMappedSlack: u64 = 0;

// ---- Arenas ----

/** Bytes of an arena's state, in its first heap. */
export let arenaBytes: u64 = 2200;
/** Where in it the headers of the bins would begin. */
export let binsInArena: u64 = 0x50;

// ---- The kernel ----

/** What is said of a broken top: it names a line of the library's own source. That of 2.39 is as people report it. */
export let topAssertion: Message = Message.TopAssertion;

/** Bytes of a mapping that are behind its chunk. */
export let behindMapped: u64 = 0;
/** Bytes of a mapped chunk that programs may not use. */
export let mappedOverhead: u64 = 16;
/** Bytes by which each mremap to another size makes the statistic of mapped bytes wrong. */
export let mremapDrift: u64 = 0;
/** What a mapping that stands in for the break is rounded to, or is at least: see heap.ts. */
export let pieces: Pieces = Pieces.Rounded;

/**
 * Where the bins begin in the C library. The first of them would have number 0. Measured on Debian's packages
 * 2.36-9+deb12u14, 2.41-12+deb13u5 and 2.43-7. That of 2.39 is a guess: only the bytes of links depend on it.
 */
export let binsInLibc: u64 = 0x1d3cb0;

/** Chooses the release, by its place among the versions. */
export function choose(version: i32): void {
  if (version >= Version.V239) become239();
  if (version >= Version.V241) become241();
  if (version >= Version.V243) become243();
}

function become239(): void {
  alignedTakesCached = true;
  mergesCuts = true;
  keptSlack = 16;
  keptMappedSlack = 4097; // shows in broken heaps only: no sound mapping gives up a page for less
  pieces = Pieces.AtLeast;
  topAssertion = Message.TopAssertion239;
  binsInLibc = 0x203b10;
}

function become241(): void {
  callocTakesCached = true;
  sortsSmallAtFree = true;
  topAssertion = Message.TopAssertion241;
  binsInLibc = 0x1e5b10;
}

function become243(): void {
  makesTcacheLate = true;
  topAssertion = Message.TopAssertion243;
  chunksPerBin = 16;
  tcacheBytes = 760;
  tcacheBytesInSearch = 768;
  tcachePointers = 152;
  countsRoom = true;
  cachesInternalFrees = false;
  searchesAllBins = true;
  hasFastbins = false;
  arenaBytes = 2112; // without the heads of the fastbins
  binsInArena = -8;
  checksPointerFirst = true;
  keptMappedSlack = 16;
  mapsAtAnyLead = true;
  behindMapped = 16;
  mappedOverhead = 8;
  mremapDrift = 16;
  pieces = Pieces.Whole;
  binsInLibc = 0x1e7ab8;
}
