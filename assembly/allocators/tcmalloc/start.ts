/**
 * What has happened before main: the C++ library, which tcmalloc brings along, allocates a block for errors and keeps it,
 * and others allocate four small ones. The first two calls have a thread's cache that is then forgotten; while there is
 * none, an object is freed; the rest has the cache that stays. Options but three are read after the first call.
 */
import { storeAt, touch } from "../../machine/access";
import { Message } from "../../shared/tcmalloc";
import { abort } from "../allocator";
import * as central from "./central";
import * as classes from "./classes";
import * as metadata from "./metadata";
import * as heap from "./page-heap";
import * as pageMap from "./page-map";
import * as spans from "./span";
import * as cache from "./thread-cache";

/** Of libstdc++, for exceptions when memory runs out. It links what is free in it, at its beginning. */
const EMERGENCY_POOL_BYTES: u64 = 72704;
const EMERGENCY_POOL_HEADER: u64 = 16;
/** Record of a thread's cache. */
const CACHE_BYTES: u64 = 4160;

/** Makes everything, up to the first call. `batch`: objects that move together; `cacheBytes`: what threads may keep. */
export function start(batch: u64, cacheBytes: i64, aggressive: bool): void {
  classes.start(batch);
  pageMap.start();
  central.start();
  const has = spans.start() && heap.start(aggressive) && metadata.startPool(metadata.caches, CACHE_BYTES);
  if (!has) abort(Message.OutOfMetadata, 0);
  metadata.takeRecord(metadata.caches);
  cache.start(cacheBytes);
  const pool = take(EMERGENCY_POOL_BYTES);
  if (pool) touch(pool, EMERGENCY_POOL_HEADER, true);
}

/** The other calls. */
export function proceed(): void {
  const one = take(1);
  if (one) {
    storeAt<u64>(one, 0);
    central.give(classes.classOf(1), one, 1);
  }
  metadata.takeRecord(metadata.caches);
  cache.begin();
  const other = take(1);
  if (other) cache.give(classes.classOf(1), other);
  take(16);
  take(8);
  pageMap.startCounting();
}

function take(bytes: u64): u64 {
  return cache.take(classes.classOf(bytes));
}
