/**
 * macOS's allocator, libmalloc: the scalable zone, as its releases from 116 (macOS 10.12) to 792 have it
 * (versions.ts). Its size makes a request tiny, small, medium in some releases, or large. The first three
 * come from racks (racks.ts) and their magazines (magazine.ts), large ones from the kernel and the cache of
 * freed blocks (large.ts).
 */

import { copy } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageBytes } from "../../machine/layout";
import { Cache, Nano, Option, Statistic, TinyZeroing, Version, Zeroing } from "../../shared/libmalloc";
import { Allocator } from "../allocator";
import { liveBlocks, liveBytes } from "./block-rack";
import * as found from "./check";
import * as deathRow from "./death-row";
import * as large from "./large";
import * as live from "./live-table";
import * as nano from "./nano";
import * as racks from "./racks";
import { medium, small, tiny } from "./racks";
import { refuseFree, refuseRealloc } from "./refusal";
import { choose, hasNano, largestMedium, largestSmall, mostMagazines, vmCopyThreshold } from "./versions";
import * as zeroing from "./zeroing";

/** Those of a machine. Each has a magazine, but no version has more than `mostMagazines`. */
const MOST_CPUS: f64 = 64;
/** Physical memory assumed when the machine has no limit. */
const DEFAULT_MEMORY: u64 = 16 << 30;

let version: i32 = 0;
let cpus: u64 = 4;
let hasCache: bool = true;
let tinyZeroing: i32 = TinyZeroing.Free;
let nanoChoice: i32 = Nano.Auto;

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

/** Resizes a block in place, if a request of so many bytes is tiny, small, medium or large as it is. */
function resizeInPlace(pointer: u64, bytes: u64): bool {
  if (tiny.holds(pointer)) return isTiny(bytes) && tiny.resize(pointer, bytes);
  if (small.holds(pointer)) return !isTiny(bytes) && isSmall(bytes) && small.resize(pointer, bytes);
  if (medium.holds(pointer)) return !isSmall(bytes) && isMedium(bytes) && medium.resize(pointer, bytes);
  return isLarge(bytes) && large.resize(pointer, large.roundedSize(bytes));
}

/** Usable bytes of the live block that starts there; 0 when none does. */
function sizeOf(pointer: u64): u64 {
  if (nano.holds(pointer)) return nano.sizeAt(pointer);
  let bytes = tiny.sizeAt(pointer);
  if (!bytes) bytes = small.sizeAt(pointer);
  if (!bytes) bytes = medium.sizeAt(pointer);
  return bytes ? bytes : large.sizeOf(pointer);
}

/** A block cut out of a larger one. What is too small for the kind that the larger one has, is raised to it. */
function alignedBlock(align: u64, bytes: u64): u64 {
  if (isTiny(bytes + align - 1)) return tiny.aligned(align, bytes);
  const smallBytes = max(bytes, racks.LARGEST_TINY + 16);
  if (isSmall(smallBytes + align - 1)) return small.aligned(align, smallBytes);
  const mediumBytes = max(bytes, largestSmall + 512);
  if (isMedium(mediumBytes + align - 1)) return medium.aligned(align, mediumBytes);
  return large.allocate(max(bytes, max(largestSmall, largestMedium) + 1), align, false);
}

/** Takes a block of the scalable zone. */
function allocate(bytes: u64): u64 {
  if (isTiny(bytes)) return tiny.malloc(bytes);
  if (isSmall(bytes)) return small.malloc(bytes);
  return isMedium(bytes) ? medium.malloc(bytes) : large.allocate(bytes, 1, false);
}

export class Model extends Allocator {
  /** Words are numbers of shared/libmalloc.ts. */
  configure(option: u32, value: f64): bool {
    if (option == Option.Cpus) {
      if (value < 1 || value > MOST_CPUS) return false;
      cpus = <u64>value;
    } else if (option == Option.Version && value < Version.Count) version = <i32>value;
    else if (option == Option.Zeroing && value < Zeroing.Count) zeroing.choose(<i32>value);
    else if (option == Option.TinyZeroing && value < TinyZeroing.Count) tinyZeroing = <i32>value;
    else if (option == Option.Nano && value < Nano.Count && (value != Nano.On || version != Version.V116))
      nanoChoice = <i32>value;
    else if (option == Option.Cache && value < Cache.Count) hasCache = value == Cache.On;
    else return false;
    return true;
  }

  /** A process has had large blocks before main, so its first live table is there, and touched. */
  start(): void {
    const memory = kernel.memoryBytes() ? kernel.memoryBytes() : DEFAULT_MEMORY;
    choose(version, memory, tinyZeroing);
    racks.start(min(cpus, mostMagazines));
    large.configure(memory, hasCache);
    nano.start(nanoChoice == Nano.On || (nanoChoice == Nano.Auto && hasNano));
    const pointer = large.allocate(pageBytes, 1, false);
    if (pointer) {
      large.release(pointer);
      large.discardCache();
    }
  }

  malloc(bytes: u64): u64 {
    const slot = bytes <= nano.LARGEST_NANO && nano.isOn() ? nano.allocate(bytes, false) : 0;
    return slot ? slot : allocate(bytes);
  }

  calloc(bytes: u64): u64 {
    const slot = bytes <= nano.LARGEST_NANO && nano.isOn() ? nano.allocate(bytes, true) : 0;
    if (slot) return slot;
    if (isTiny(bytes)) return tiny.calloc(bytes);
    if (isSmall(bytes)) return small.calloc(bytes);
    return isMedium(bytes) ? medium.calloc(bytes) : large.allocate(bytes, 1, true);
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return this.malloc(bytes);
    const old = sizeOf(pointer);
    if (!bytes) return this.replaceByNothing(pointer, old);
    if (!old) refuseRealloc(pointer);
    const isNano = nano.holds(pointer);
    const good = isNano && bytes <= nano.LARGEST_NANO ? nano.roundedSize(bytes) : roundedSize(bytes);
    if (good <= old && good > old / 2) return pointer;
    if (!isNano && good && resizeInPlace(pointer, bytes)) return pointer;
    // What the nano zone did not have stays out of it.
    const moved = isNano ? this.malloc(bytes) : allocate(bytes);
    if (!moved) return 0;
    copyBlock(moved, pointer, min(old, bytes));
    this.free(pointer);
    return moved;
  }

  /** realloc to 0 bytes: the smallest block first, then the free. */
  private replaceByNothing(pointer: u64, old: u64): u64 {
    if (!old) refuseFree(pointer);
    const smallest = this.malloc(0);
    if (smallest) this.free(pointer);
    return smallest;
  }

  free(pointer: u64): void {
    if (nano.holds(pointer)) {
      if (!nano.release(pointer)) refuseFree(pointer);
      return;
    }
    if (!pointer || tiny.free(pointer) || small.free(pointer) || medium.free(pointer)) return;
    if (!large.release(pointer)) refuseFree(pointer);
  }

  aligned(align: u64, bytes: u64): u64 {
    // Blocks that are not tiny start at a multiple of 512.
    if (align <= 16 || (align <= 512 && !isTiny(bytes))) return allocate(max(bytes, 1));
    if (isLarge(bytes) && align <= pageBytes) return allocate(bytes);
    return alignedBlock(align, max(bytes, 1));
  }

  usableSize(pointer: u64): u64 {
    const bytes = sizeOf(pointer);
    if (!bytes) refuseFree(pointer);
    return bytes;
  }

  /** Memory-pressure relief. It keeps nothing, whatever is asked. */
  trim(keep: u64): bool {
    const isRelieved = racks.relieve();
    return large.relieve() || isRelieved;
  }

  /** A thread stays on one CPU: the main thread on the first, the next on the next, and so on around. */
  thread(number: u32): void {
    const cpu = (number - 1) % <u32>cpus;
    racks.serve(cpu % <u32>mostMagazines);
    nano.serve(cpu);
  }

  /** What is apart is of CPUs, and stays when a thread ends. */
  tellsThreads(): bool {
    return true;
  }

  inUse(): u64 {
    return live.bytes + liveBytes + nano.liveBytes;
  }

  system(): u64 {
    return (
      live.bytes +
      deathRow.cacheBytes +
      live.tableBytes() +
      racks.realTableBytes() +
      racks.mappedBytes() +
      nano.mappedBytes()
    );
  }

  tellFree(): void {
    racks.tellFree();
    deathRow.tellFree();
    nano.tellFree();
  }

  /** Freed large blocks, and what neither live blocks nor metadata have of the regions. */
  cached(): u64 {
    return deathRow.cacheBytes + racks.payloadBytes() - liveBytes + nano.usedBytes() - nano.liveBytes;
  }

  /** What the walks meet is what the books say, and all that is mapped is accounted for. */
  check(): void {
    large.check();
    racks.check();
    nano.check();
    assert(found.liveBlocks == liveBlocks, "the racks have as many live blocks as are counted");
    assert(liveBytes == found.liveBytes, "the bytes in use are those of the live blocks");
    assert(
      this.cached() == deathRow.cacheBytes + found.freeBytes + nano.usedBytes() - nano.liveBytes,
      "the cached bytes are those of free memory",
    );
    const mapped = kernel.virtualBytes() - kernel.lostBytes;
    assert(this.system() == mapped, "all that is mapped is the allocator's, or what munmap left");
  }

  /**
   * The fields of malloc_statistics_t, in its order, with blocks freed last as in use, and without cached large
   * blocks. max_size_in_use is not a peak. The nano zone's blocks of 16 KiB count where they have slots in use.
   */
  statistic(which: u32): u64 {
    switch (which) {
      case Statistic.BlocksInUse:
        return live.count + racks.objects() + nano.liveSlots;
      case Statistic.SizeInUse:
        return live.bytes + racks.objectBytes() + nano.liveBytes;
      case Statistic.MaxSizeInUse:
        return live.bytes + racks.usedOnceBytes() + nano.usedBytes();
      default:
        return live.bytes + racks.toldBytes() + nano.usedBytes();
    }
  }
}
