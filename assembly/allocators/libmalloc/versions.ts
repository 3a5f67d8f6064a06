/**
 * What differs between releases of libmalloc, which are named by their tag numbers, as data: the mechanisms
 * read it. 166 is 166.200.60; 792 is the magazine allocator of the newest release, which differs from 425 in
 * words only. All of it was read from public sources and never run.
 */
import { pageBytes } from "../../machine/layout";
import { TinyZeroing, Version } from "../../shared/libmalloc";
import { Layout } from "./layouts";

/** Machines with so much memory get medium blocks and a larger cache, from 283 on. */
const MUCH_MEMORY: u64 = 32 << 30;
/** Larger pages than these are Apple silicon's, which has medium blocks from 425 on. */
const INTEL_PAGE: u64 = 4096;
const LARGEST_MEDIUM: u64 = 8 << 20;

// ---- Sizes ----

/** Largest small and largest medium request in bytes. The latter is 0 where no block is medium. */
export let largestSmall: u64 = 127 << 10;
export let largestMedium: u64 = 0;
/** The cache of freed large blocks: how many it holds, and bytes of the largest. */
export let cacheSlots: u32 = 16;
export let largestCached: u64 = (1 << 27) - 1;
/** Blocks of so many bytes or more are copied by remapping their pages. */
export let vmCopyThreshold: u64 = 128 << 10;
/** Most magazines, and so CPUs that count. */
export let mostMagazines: u64 = 32;

// ---- Regions and lists ----

export let layout: Layout = Layout.Behind;
export let smallLists: u64 = 256;
/** Tiny lists are grouped by region; the last suitable tiny region goes to the depot; pieces are freed at once. */
export let groupsTiny: bool = false;
/** Tiny and small regions come back from the depot as the first of their magazine. */
export let recallsFirst: bool = true;
/** Magazines above which there is a depot. */
export let fewestForDepot: u64 = 1;
/** An empty region of the depot is unmapped when there are so many; 0: two for each magazine. */
export let retainedRegions: u64 = 0;

// ---- What is done ----

/** Whether the kernel is told when reusable pages of a cached block, or of the depot, are used again. */
export let tellsReuse: bool = true;
/** Blocks also grow into the one freed last, and into what was never handed out. */
export let growsFar: bool = false;
/** Whether tiny blocks are cleared when they are freed, or always when they are handed out. */
export let clearsFreedTiny: bool = false;
export let clearsTiny: bool = false;
/** Factor of the bytes above which the kernel is told of medium blocks that are freed. */
export let adviceScale: u64 = 1;
/** What the kernel was told of medium blocks is read from a wrong word, and not at all to the right of a block. */
export let misreadsAdvice: bool = false;
/** The kernel is not told of medium blocks in the depot, though they are noted as if. */
export let skipsMediumAdvice: bool = false;
/** Whether free() knows a pointer's region before its size, and so has words for a block freed twice. */
export let freesDirectly: bool = false;
/** Whether realloc has the same words as free for a pointer that nobody holds. */
export let reallocSaysFreed: bool = false;
/** Whether small blocks that are freed stay in the count of blocks. */
export let forgetsSmall: bool = false;

/** Chooses the version, by its place, for a machine of so many bytes. Each adds to what the one before it has. */
export function choose(version: i32, memoryBytes: u64, tinyZeroing: i32): void {
  if (version >= Version.V166) become166();
  if (version >= Version.V283) become283(memoryBytes >= MUCH_MEMORY);
  if (version >= Version.V425) become425(memoryBytes, tinyZeroing == TinyZeroing.Free);
  reallocSaysFreed = version >= Version.V792;
}

function become166(): void {
  vmCopyThreshold = (128 << 10) + 1;
  mostMagazines = 64;
  smallLists = 255;
  retainedRegions = 2;
  tellsReuse = false;
  growsFar = true;
}

function become283(isLarge: bool): void {
  layout = Layout.BehindWithCookie;
  largestSmall = 32 << 10;
  largestMedium = isLarge ? LARGEST_MEDIUM : 0;
  cacheSlots = isLarge ? 64 : 16;
  largestCached = isLarge ? 512 << 20 : 128 << 20;
  vmCopyThreshold = (2 << 20) + 1;
  smallLists = 65;
  groupsTiny = true;
  recallsFirst = false;
  forgetsSmall = true;
  misreadsAdvice = true;
  skipsMediumAdvice = true;
}

function become425(memoryBytes: u64, clearsOnFree: bool): void {
  layout = Layout.Before;
  if (pageBytes > INTEL_PAGE) largestMedium = LARGEST_MEDIUM;
  fewestForDepot = 0;
  adviceScale = memoryBytes >= 1 << 40 ? 8 : memoryBytes >= 512 << 30 ? 4 : memoryBytes >= 256 << 30 ? 2 : 1;
  misreadsAdvice = false;
  skipsMediumAdvice = false;
  clearsFreedTiny = clearsOnFree;
  clearsTiny = !clearsOnFree;
  freesDirectly = true;
}
