/**
 * The contract of every model. A model is a class without fields that extends `Allocator`, or `Layer` of layer.ts, and is
 * called `Model`. Its state is in its module's globals (one wasm instance is one sandbox), and in simulated
 * memory, through machine/access, where the real allocator's state is in memory. The model is chosen at
 * compile time (assembly/model.ts), so calls are direct.
 *
 * Sizes and addresses are bytes, u64. A request that cannot be met returns 0, and `fail` of
 * machine/failure notes the reason (the kernel does so itself). Misuse that the real allocator notices
 * is raised with `abort` before anything changes.
 */
import { Exception, look, raise } from "../machine/failure";

export abstract class Contract {
  /** Sets an option before start. Returns false when the model has no such option or value. */
  abstract configure(option: u32, value: f64): bool;
  /** Runs once, after configure and before anything else. Stands for what happens before main(). Not counted. */
  abstract start(): void;

  abstract malloc(bytes: u64): u64;
  /** Returns zeroed memory. `bytes` is count * size, which did not overflow. */
  abstract calloc(bytes: u64): u64;
  /** `pointer` may be 0, and `bytes` may be 0. If it fails, returns 0 and keeps the block. */
  abstract realloc(pointer: u64, bytes: u64): u64;
  /** Does nothing for 0. */
  abstract free(pointer: u64): void;
  /** `align`: a power of two. */
  abstract aligned(align: u64, bytes: u64): u64;
  /** Bytes that may be used at the pointer. At least those asked for. */
  abstract usableSize(pointer: u64): u64;
  /** Usable bytes of live blocks, and bytes that the allocator has from the kernel. */
  abstract inUse(): u64;
  abstract system(): u64;
  /** Free bytes that the allocator keeps. */
  abstract cached(): u64;

  /** Gives kept memory back to the kernel, except `keep` bytes. Returns whether it gave any. */
  abstract trim(keep: u64): bool;

  /**
   * What follows is this thread's: 1 to MOST_THREADS of shared/records. Until the first call it is thread 1's,
   * the main thread's. A thread begins with the first thing it does.
   */
  abstract thread(number: u32): void;

  /**
   * A thread ends, running or not, and with it what the allocator keeps for it alone. The running thread stays the
   * running one. A number that ended, or never began, may be a new thread's.
   */
  abstract endThread(number: u32): void;

  /** Whether threads are told apart, or there is nothing that each has of its own. Else all threads share the caches of one. */
  abstract tellsThreads(): bool;

  /**
   * Tells free-blocks.ts of each free block, and of all memory that was never handed out: what it can hand out without asking the
   * kernel for more. Touches nothing.
   */
  abstract tellFree(): void;

  /** Walks all data of the model and asserts its invariants. Called only in check builds. */
  abstract check(): void;

  /** One of the allocator's own statistics, by number (`statistics` in src/sandbox/models.ts). What is negative is in two's complement. */
  abstract statistic(which: u32): u64;

  /**
   * What the allocator says of one of its parts, by number, in its own words: for a text that the real one prints.
   * Returns the address of u64s in linear memory, of which the first is how many follow; 0 if there is no such part.
   */
  abstract figures(part: u32): usize;
}

/** What most models have nothing of. A layer extends the contract itself: so no call of a model's is a layer's. */
export abstract class Allocator extends Contract {
  configure(option: u32, value: f64): bool {
    return false;
  }

  start(): void {}

  cached(): u64 {
    return 0;
  }

  trim(keep: u64): bool {
    return false;
  }

  thread(number: u32): void {}

  endThread(number: u32): void {}

  tellsThreads(): bool {
    return false;
  }

  tellFree(): void {}

  check(): void {}

  statistic(which: u32): u64 {
    return 0;
  }

  figures(part: u32): usize {
    return 0;
  }
}

/** Bytes that a layer over the model has mapped itself: they are the process's, but none of the model's. */
export let layerBytes: u64 = 0;

export function addLayerBytes(bytes: u64): void {
  layerBytes += bytes;
}

/** Aborts as the real allocator would. `message`: its number in the model's messages (src/sandbox/models.ts). */
export function abort(message: u64, pointer: u64): void {
  raise(Exception.AllocatorAbort, message, pointer);
}

/** The same where the call has changed nothing. */
export function refuse(message: u64, pointer: u64): void {
  look();
  abort(message, pointer);
}
