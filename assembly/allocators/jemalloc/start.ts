/**
 * What has happened before main: the first arena and its metadata, the thread's cache, and a block that the C++ library,
 * which jemalloc brings along, allocates for errors and keeps. (Before that the real one maps and unmaps two pages, to
 * see what the kernel can do; nothing of it is left.)
 */
import { touch } from "../../machine/access";
import { LINUX_MMAP_TOP } from "../../machine/layout";
import { arenaAt, MAIN, makeArena, takeBackground } from "./arena";
import * as cache from "./cache";
import * as classes from "./classes";
import { startDecay } from "./decay";
import * as extents from "./extent";
import * as mapping from "./mapping";
import * as pages from "./page-layer";
import * as radix from "./radix";
import * as random from "./random";

/** Of libstdc++, for exceptions when memory runs out. */
export const EMERGENCY_POOL_BYTES: u64 = 72704;
/** It links what is free in it, at its beginning. */
export const EMERGENCY_POOL_HEADER: u64 = 16;

/** What the environment asks for, and where a real process has its mappings and the thread's state. */
@unmanaged
export class Settings {
  decayMs: i64;
  hasCache: bool;
  retains: bool;
  forbidsHugePages: bool;
  seed: u64;
  mapTop: u64;
}

/** Returns whether there was room. */
export function start(settings: Settings): bool {
  classes.start();
  extents.start();
  radix.start();
  random.seed(settings.seed);
  mapping.start(settings.forbidsHugePages);
  pages.start(settings.retains);
  if (!makeArena(MAIN, settings.decayMs, pages.FIRST_GROWTH)) return false;
  const arena = arenaAt(MAIN);
  arena.jitter += settings.mapTop - LINUX_MMAP_TOP;
  startDecay(arena);
  if (settings.hasCache) cache.start();
  takeBackground();
  return true;
}

/** The program's first block is the C++ library's. */
export function touchPool(pool: u64): void {
  if (pool) touch(pool, EMERGENCY_POOL_HEADER, true);
}
