/**
 * How little calloc could cost. A large block is always a fresh mapping: the kernel hands it out zeroed, and
 * free gives it back. A small block (small.ts) that was used before has its whole pages discarded, and only
 * the parts of pages at its ends are cleared. So calloc never clears two pages or more.
 */
import { clear, copy } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { kernelKind, pageMask, roundToPages } from "../../machine/layout";
import { Kernel } from "../../shared/kernel";
import { Allocator, refuse } from "../allocator";
import { check as checkSmall } from "./check";
import { tellFree } from "./free-blocks";
import * as small from "./small";

/** Number of the message in src/sandbox/models.ts. */
const INVALID_POINTER: u64 = 0;

/** Bytes of large blocks: all that is mapped except the regions and what munmap left. */
let largeBytes: u64 = 0;

/** Usable bytes of a large block; 0 if the pointer is not to one. */
function largeSize(pointer: u64): u64 {
  return kernel.mappingStart(pointer) == pointer ? kernel.mappedBytes(pointer) : 0;
}

function mapLarge(bytes: u64, align: u64): u64 {
  const pointer = kernel.mmap(0, bytes, kernel.Place.Anywhere, align);
  if (pointer) largeBytes += kernel.mappedBytes(pointer);
  return pointer;
}

/** Makes a range read as zero. Discards its whole pages, except on Darwin, whose madvise cannot. */
function renew(address: u64, bytes: u64): void {
  const first = roundToPages(address);
  const end = (address + bytes) & ~pageMask;
  if (kernelKind != Kernel.Linux || first >= end) {
    clear(address, bytes);
    return;
  }
  kernel.madvise(first, end - first, kernel.Syscall.MadviseDontneed);
  clear(address, first - address);
  clear(end, address + bytes - end);
}

export class Model extends Allocator {
  malloc(bytes: u64): u64 {
    return bytes <= small.LARGEST ? small.allocate(bytes) : mapLarge(bytes, 1);
  }

  calloc(bytes: u64): u64 {
    const pointer = this.malloc(bytes);
    if (pointer && bytes <= small.LARGEST && !small.isFresh) renew(pointer, bytes);
    return pointer;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    if (!pointer) return this.malloc(bytes);
    const old = this.usableSize(pointer);
    if (bytes <= old && bytes > old / 2) return pointer;
    const moved = this.malloc(bytes);
    if (!moved) return 0;
    copy(moved, pointer, min(old, bytes));
    this.free(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer || small.release(pointer)) return;
    const bytes = largeSize(pointer);
    if (!bytes || small.isInRegion(pointer)) refuse(INVALID_POINTER, pointer);
    if (isDefined(ZP_CHECK)) assert(largeBytes >= bytes, "a large block that is freed was counted");
    kernel.munmap(pointer, bytes);
    largeBytes -= bytes;
  }

  aligned(align: u64, bytes: u64): u64 {
    if (align <= 16) return this.malloc(bytes);
    if (bytes + align <= small.LARGEST) return small.allocateAligned(align, bytes);
    return mapLarge(max(bytes, 1), align);
  }

  usableSize(pointer: u64): u64 {
    const bytes = small.usableSize(pointer);
    if (bytes) return bytes;
    if (!largeSize(pointer) || small.isInRegion(pointer)) refuse(INVALID_POINTER, pointer);
    return largeSize(pointer);
  }

  inUse(): u64 {
    return largeBytes + small.liveBytes;
  }

  system(): u64 {
    return largeBytes + small.mappedBytes();
  }

  tellFree(): void {
    tellFree();
  }

  cached(): u64 {
    return small.mappedBytes() - small.liveBytes;
  }

  tellsThreads(): bool {
    return true; // it keeps nothing for a thread
  }

  check(): void {
    checkSmall();
    const mapped = kernel.virtualBytes() - kernel.lostBytes;
    assert(this.system() == mapped, "all that is mapped is large blocks, regions, and what munmap left");
  }
}
