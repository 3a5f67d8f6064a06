/**
 * The contract every model fulfils. A model is a class without fields that extends this one and is
 * called `Model`; its state lives in its module's globals (one wasm instance is one sandbox) and,
 * where the real allocator's does, in simulated memory through machine/access. A model is composed
 * at compile time (assembly/model.ts), so calls are direct.
 *
 * Sizes and addresses are bytes, u64. A request that cannot be met returns 0, with the reason noted
 * by machine/failure `fail` (the kernel does so itself). Misuse that the real allocator notices is
 * raised with `abort` before anything changes.
 */
import { Exception, raise } from "../machine/failure";

export abstract class Allocator {
  /** Sets an option before start. Returns false when the model has no such option or value. */
  configure(option: u32, value: f64): bool {
    return false;
  }

  /** Runs once, after configure and before anything else: what happens before main(). Not counted. */
  start(): void {}

  abstract malloc(bytes: u64): u64;
  /** Zeroed memory of `bytes` = count * size, whose overflow was already refused. */
  abstract calloc(bytes: u64): u64;
  /** `pointer` may be 0; `bytes` may be 0. Returns 0, and keeps the block, when it cannot be met. */
  abstract realloc(pointer: u64, bytes: u64): u64;
  /** Does nothing for 0. */
  abstract free(pointer: u64): void;
  /** `align`: a power of two. */
  abstract aligned(align: u64, bytes: u64): u64;
  /** Bytes that may be used at the pointer, at least those asked for. */
  abstract usableSize(pointer: u64): u64;
  /** Usable bytes of live blocks; bytes held from the kernel. */
  abstract inUse(): u64;
  abstract system(): u64;

  /** Free bytes kept. */
  cached(): u64 {
    return 0;
  }

  /** Gives memory it keeps back to the kernel, but for `keep` bytes. Returns whether it gave any. */
  trim(keep: u64): bool {
    return false;
  }

  /** Walks all that the model keeps and asserts what must hold there. Called in check builds only. */
  check(): void {}

  /** The allocator's own statistics, by number (`statistics` in src/sandbox/models.ts). */
  statistic(which: u32): u64 {
    return 0;
  }
}

/** Stops as the real allocator's abort would. `message`: its number in the model's messages (src/sandbox/models.ts). */
export function abort(message: u64, pointer: u64): void {
  raise(Exception.AllocatorAbort, message, pointer);
}
