/**
 * macOS's allocator, libmalloc-116 (10.12): its large path exactly (large.ts); tiny and small
 * requests take the simple path of small.ts, which like the real one clears the whole block on every
 * calloc but of memory fresh from the kernel.
 */
import { clear, copy } from "../../machine/access";
import * as kernel from "../../machine/kernel";
import { pageBytes } from "../../machine/layout";
import { Allocator } from "../allocator";
import * as small from "../small";
import * as deathRow from "./death-row";
import * as large from "./large";
import * as live from "./live-table";

/** Options, in the order of src/models.ts. */
const ZEROING: u32 = 0;
/** Blocks from here on are copied by remapping their pages. */
const VM_COPY_THRESHOLD: u64 = 128 << 10;
/** Physical memory assumed when the machine has no limit. */
const DEFAULT_MEMORY: u64 = 16 << 30;

let onlyDirty: bool = false;

function isSmall(bytes: u64): bool {
  return bytes <= small.LARGEST_SMALL;
}

/** Size of the block a request of so many bytes gets; 0 when it exceeds the address space. */
function roundedSize(bytes: u64): u64 {
  return isSmall(bytes) ? small.roundedSize(bytes) : large.roundedSize(bytes);
}

function copyBlock(destination: u64, source: u64, bytes: u64): void {
  if (bytes < VM_COPY_THRESHOLD || kernel.vmCopy(source, destination, bytes))
    copy(destination, source, bytes);
}

export class Model extends Allocator {
  /** zeroing: 0 always, 1 dirty. */
  configure(option: u32, value: f64): bool {
    if (option != ZEROING || (value != 0 && value != 1)) return false;
    onlyDirty = value == 1;
    return true;
  }

  /** A process has had large blocks before main: its first live table is there, and touched. */
  start(): void {
    const memory = kernel.memoryBytes();
    large.configure(memory ? memory : DEFAULT_MEMORY, onlyDirty);
    const pointer = large.allocate(pageBytes, 1, false);
    if (pointer) {
      large.release(pointer);
      large.discardCache();
    }
  }

  malloc(bytes: u64): u64 {
    return isSmall(bytes) ? small.allocate(bytes) : large.allocate(bytes, 1, false);
  }

  calloc(bytes: u64): u64 {
    if (!isSmall(bytes)) return large.allocate(bytes, 1, true);
    const pointer = small.allocate(bytes);
    if (!pointer) return 0;
    if (onlyDirty ? !small.isFresh : !small.isFreshRegion) clear(pointer, small.roundedSize(bytes));
    return pointer;
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
    if (!isSmall(old) && !isSmall(bytes) && good && large.resize(pointer, good)) return pointer;
    const moved = this.malloc(bytes);
    if (!moved) return 0;
    copyBlock(moved, pointer, min(old, bytes));
    this.free(pointer);
    return moved;
  }

  free(pointer: u64): void {
    if (!pointer || small.release(pointer)) return;
    if (!large.release(pointer)) large.refuse(pointer);
  }

  aligned(align: u64, bytes: u64): u64 {
    if (align <= 16) return this.malloc(bytes);
    if (isSmall(bytes) && bytes + align - 1 <= small.LARGEST_SMALL)
      return small.allocateAligned(align, bytes);
    if (!isSmall(bytes) && align <= pageBytes) return this.malloc(bytes);
    return large.allocate(max(bytes, small.LARGEST_SMALL + 1), align, false);
  }

  usableSize(pointer: u64): u64 {
    const bytes = large.sizeOf(pointer);
    if (bytes) return bytes;
    const smallBytes = small.usableSize(pointer);
    if (!smallBytes) large.refuse(pointer);
    return smallBytes;
  }

  /** Memory-pressure relief. It keeps nothing, whatever is asked. */
  trim(keep: u64): bool {
    return large.relieve();
  }

  inUse(): u64 {
    return live.bytes + small.liveBytes;
  }

  system(): u64 {
    return live.bytes + deathRow.cacheBytes + live.tableBytes() + small.regionBytes;
  }

  cached(): u64 {
    return deathRow.cacheBytes + small.freeBytes;
  }
}
