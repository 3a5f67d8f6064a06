/**
 * macOS's allocator, libmalloc: the scalable zone, as its releases from 116 (macOS 10.12) to 792 have it
 * (versions.ts). Its size makes a request tiny, small, medium in some releases, or large. The first three
 * come from racks (racks.ts) and their magazines (magazine.ts), large ones from the kernel and the cache of
 * freed blocks (large.ts).
 */

import { copy } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageBytes } from "../../machine/layout";
import { Cache, Option, Statistic, Version, Zeroing } from "../../shared/libmalloc";
import { Allocator } from "../allocator";
import { liveBlocks, liveBytes } from "./block-rack";
import * as found from "./check";
import * as deathRow from "./death-row";
import * as large from "./large";
import * as live from "./live-table";
import * as racks from "./racks";
import { medium, small, tiny } from "./racks";
import { choose, clearsFreedTiny, largestMedium, largestSmall, vmCopyThreshold } from "./versions";
import * as zeroing from "./zeroing";

/** Each has a magazine, and there are no more of these. */
const MOST_CPUS: f64 = 32;
/** Physical memory assumed when the machine has no limit. */
const DEFAULT_MEMORY: u64 = 16 << 30;

let version: i32 = 0;
let cpus: u64 = 4;
let hasCache: bool = true;
/** Most bytes in use so far, so never less than are in use. */
let mostBytes: u64 = 0;

function isTiny(bytes: u64): bool {
  return bytes <= racks.LARGEST_TINY;
}

function isSmall(bytes: u64): bool {
  return bytes <= largestSmall;
}

function isMedium(bytes: u64): bool {
  return bytes <= largestMedium;
}

function isLarge(bytes: u64): bool {
  return !isSmall(bytes) && !isMedium(bytes);
}

/** Size of the block a request of so many bytes gets; 0 when it exceeds the address space. */
function roundedSize(bytes: u64): u64 {
  if (isTiny(bytes)) return tiny.roundedSize(bytes);
  if (isSmall(bytes)) return small.roundedSize(bytes);
  return isMedium(bytes) ? medium.roundedSize(bytes) : large.roundedSize(bytes);
}

function copyBlock(destination: u64, source: u64, bytes: u64): void {
  if (bytes < vmCopyThreshold || kernel.vmCopy(source, destination, bytes)) copy(destination, source, bytes);
}

/** Notes that the program may hold more than ever. Returns the pointer. */
function handOut(pointer: u64): u64 {
  mostBytes = max(mostBytes, live.bytes + liveBytes);
  return pointer;
}

/** Resizes a block in place, if a request of so many bytes is tiny, small, medium or large as it is. */
function resizeInPlace(pointer: u64, bytes: u64): bool {
  if (tiny.holds(pointer)) return isTiny(bytes) && tiny.resize(pointer, bytes);
  if (small.holds(pointer)) return !isTiny(bytes) && isSmall(bytes) && small.resize(pointer, bytes);
  if (medium.holds(pointer)) return !isSmall(bytes) && isMedium(bytes) && medium.resize(pointer, bytes);
  return isLarge(bytes) && large.resize(pointer, large.roundedSize(bytes));
}

function alignedBlock(align: u64, bytes: u64): u64 {
  const span = bytes + align - 1;
  if (isTiny(span)) return tiny.aligned(align, bytes);
  if (isSmall(span)) return small.aligned(align, bytes);
  if (isMedium(span)) return medium.aligned(align, bytes);
  return large.allocate(max(bytes, max(largestSmall, largestMedium) + 1), align, false);
}

export class Model extends Allocator {
  /** Words are numbers of shared/libmalloc.ts. */
  configure(option: u32, value: f64): bool {
    if (option == Option.Cpus) {
      if (value < 1 || value > MOST_CPUS) return false;
      cpus = <u64>value;
    } else if (option == Option.Version && value < Version.Count) version = <i32>value;
    else if (option == Option.Zeroing && value < Zeroing.Count) zeroing.choose(<i32>value);
    else if (option == Option.Cache && value < Cache.Count) hasCache = value == Cache.On;
    else return false;
    return true;
  }

  /** A process has had large blocks before main, so its first live table is there, and touched. */
  start(): void {
    const memory = kernel.memoryBytes() ? kernel.memoryBytes() : DEFAULT_MEMORY;
    choose(version, memory);
    racks.start(cpus, clearsFreedTiny);
    large.configure(memory, hasCache);
    const pointer = large.allocate(pageBytes, 1, false);
    if (pointer) {
      large.release(pointer);
      large.discardCache();
    }
  }

  malloc(bytes: u64): u64 {
    if (isTiny(bytes)) return handOut(tiny.malloc(bytes));
    if (isSmall(bytes)) return handOut(small.malloc(bytes));
    return handOut(isMedium(bytes) ? medium.malloc(bytes) : large.allocate(bytes, 1, false));
  }

  calloc(bytes: u64): u64 {
    if (isTiny(bytes)) return handOut(tiny.calloc(bytes));
    if (isSmall(bytes)) return handOut(small.calloc(bytes));
    return handOut(isMedium(bytes) ? medium.calloc(bytes) : large.allocate(bytes, 1, true));
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return this.malloc(bytes);
    if (!bytes) {
      this.free(pointer);
      return this.malloc(1);
    }
    const old = this.usableSize(pointer);
    const good = roundedSize(bytes);
    if (good <= old && good > old / 2) return pointer;
    if (good && resizeInPlace(pointer, bytes)) return handOut(pointer);
    const moved = this.malloc(bytes);
    if (!moved) return 0;
    copyBlock(moved, pointer, min(old, bytes));
    this.free(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer || tiny.free(pointer) || small.free(pointer) || medium.free(pointer)) return;
    if (!large.release(pointer)) large.refuse(pointer);
  }

  aligned(align: u64, bytes: u64): u64 {
    if (align <= 16 || (isLarge(bytes) && align <= pageBytes)) return this.malloc(bytes);
    return handOut(alignedBlock(align, bytes));
  }

  usableSize(pointer: u64): u64 {
    let bytes = tiny.sizeAt(pointer);
    if (!bytes) bytes = small.sizeAt(pointer);
    if (!bytes) bytes = medium.sizeAt(pointer);
    if (!bytes) bytes = large.sizeOf(pointer);
    if (!bytes) large.refuse(pointer);
    return bytes;
  }

  /** Memory-pressure relief. It keeps nothing, whatever is asked. */
  trim(keep: u64): bool {
    return large.relieve();
  }

  inUse(): u64 {
    return live.bytes + liveBytes;
  }

  system(): u64 {
    return live.bytes + deathRow.cacheBytes + live.tableBytes() + racks.mappedBytes();
  }

  /** Freed large blocks, and what neither live blocks nor metadata have of the regions. */
  cached(): u64 {
    return deathRow.cacheBytes + racks.payloadBytes() - liveBytes;
  }

  /** What the walks meet is what the books say, and all that is mapped is accounted for. */
  check(): void {
    large.check();
    racks.check();
    assert(found.liveBlocks == liveBlocks, "the racks have as many live blocks as are counted");
    assert(this.inUse() == live.bytes + found.liveBytes, "the bytes in use are those of the live blocks");
    assert(
      this.cached() == deathRow.cacheBytes + found.freeBytes,
      "the cached bytes are those of free memory",
    );
    const mapped = kernel.virtualBytes() - kernel.lostBytes;
    assert(this.system() == mapped, "all that is mapped is the allocator's, or what munmap left");
    assert(mostBytes >= this.inUse(), "no more bytes are in use than ever were");
  }

  /** The fields of malloc_statistics_t, in its order. Cached large blocks are in none of them. */
  statistic(which: u32): u64 {
    switch (which) {
      case Statistic.BlocksInUse:
        return live.count + liveBlocks;
      case Statistic.SizeInUse:
        return this.inUse();
      case Statistic.MaxSizeInUse:
        return mostBytes;
      default:
        return live.bytes + racks.mappedBytes();
    }
  }
}
