/** Looks at what calloc gives: what costs nothing because nothing is done is no finding. */
import type { Allocator } from "../allocator/allocator.js";
import { formatCount } from "../base/bytes.js";
import { ModuleTrap, OutOfMemory, SandboxError } from "../base/errors.js";

/** What a block is full of before it is freed, to be seen in the next one if that is not cleared. */
const DIRT = 0xa5;

/**
 * Frees a dirty block, and looks at the next of its size. It costs calls and touches: take the counters before.
 * @throws ModuleTrap, or of a model SandboxError, if that is not zero
 */
export function expectZeroed(allocator: Allocator, bytes: number): void {
  const dirty = withinMemory(() => allocator.calloc(1, bytes));
  if (!dirty || bytes === 0) return;
  if (allocator.machine) soilEnds(allocator, dirty, bytes);
  else allocator.fill(dirty, DIRT, bytes);
  allocator.free(dirty);
  const again = withinMemory(() => allocator.calloc(1, bytes));
  if (!again || allocator.isZero(again, bytes)) return;
  const offset = allocator.fillEnd(again, 0, bytes);
  const seen = `calloc(1, ${formatCount(bytes)}) returned 0x${again.toString(16)}, which is not zero at offset ${formatCount(offset)}`;
  throw allocator.machine ? new SandboxError(seen) : new ModuleTrap(seen);
}

/** What a model's machine holds that is not zero takes the host's memory. */
function soilEnds(allocator: Allocator, pointer: number, bytes: number): void {
  allocator.store(pointer, DIRT);
  allocator.store(pointer + bytes - 1, DIRT);
}

/** Returns nothing if the allocator has no memory for what is done. */
export function withinMemory<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    // Some modules trap where they should return 0.
    if (error instanceof OutOfMemory || error instanceof ModuleTrap) return undefined;
    throw error;
  }
}
