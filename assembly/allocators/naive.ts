/**
 * The plainest allocator: every block is a mapping of its own, and free gives it back. calloc clears all
 * of it, needed or not. There are no records: the size of a block is that of its mapping.
 */
import { clear, copy } from "../machine/access";
import * as kernel from "../machine/kernel";
import { Allocator, layerBytes, refuse } from "./allocator";

/** Number of the message in src/sandbox/models.ts. */
const INVALID_POINTER: u64 = 0;

/** Bytes of live blocks, which are all that is mapped, but for what munmap left. */
let live: u64 = 0;

function sizeOf(pointer: u64): u64 {
  if (kernel.mappingStart(pointer) != pointer) refuse(INVALID_POINTER, pointer);
  return kernel.mappedBytes(pointer);
}

function map(bytes: u64, align: u64): u64 {
  const pointer = kernel.mmap(0, max(bytes, 1), kernel.Place.Anywhere, align);
  if (pointer) live += kernel.mappedBytes(pointer);
  return pointer;
}

export class Model extends Allocator {
  malloc(bytes: u64): u64 {
    return map(bytes, 1);
  }

  calloc(bytes: u64): u64 {
    const pointer = map(bytes, 1);
    if (pointer) clear(pointer, bytes);
    return pointer;
  }

  realloc(pointer: u64, bytes: u64): u64 {
    const old = pointer ? sizeOf(pointer) : 0;
    const moved = map(bytes, 1);
    if (!moved || !pointer) return moved;
    copy(moved, pointer, min(old, bytes));
    this.free(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer) return;
    const bytes = sizeOf(pointer);
    if (isDefined(ZP_CHECK)) assert(live >= bytes, "a block that is freed was counted");
    kernel.munmap(pointer, bytes);
    live -= bytes;
  }

  aligned(align: u64, bytes: u64): u64 {
    return map(bytes, align);
  }

  usableSize(pointer: u64): u64 {
    return sizeOf(pointer);
  }

  inUse(): u64 {
    return live;
  }

  system(): u64 {
    return live;
  }

  tellsThreads(): bool {
    return true; // it keeps nothing for a thread
  }

  check(): void {
    const mapped = kernel.virtualBytes() - kernel.lostBytes - layerBytes;
    assert(live == mapped, "all that is mapped is live blocks, a layer's, and what munmap left");
  }
}
