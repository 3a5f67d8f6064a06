import { ModuleError } from "../base/errors.js";
import { openWasmAllocator, type WasmOptions } from "../foreign/open.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import type { MeteredCounts } from "./record.js";

/**
 * Counts what happens in a module's memory from where it has started to the end of `run`. Null if the module cannot be metered,
 * or if it runs out of memory because the meter takes some of the 4 GiB.
 * @throws whatever `run` throws for other reasons.
 */
export async function countMetered(
  wasm: Uint8Array,
  options: WasmOptions,
  run: (allocator: WasmAllocator) => Promise<unknown>,
): Promise<MeteredCounts | null> {
  let allocator: WasmAllocator;
  try {
    allocator = await openWasmAllocator(wasm, { ...options, meter: true });
  } catch (error) {
    if (error instanceof ModuleError) return null;
    throw error;
  }
  // Of its start, which is not the allocator's doing.
  const before = pagesTouched(allocator);
  try {
    await run(allocator);
  } catch (error) {
    if (allocator.exhaustion) return null;
    throw error;
  }
  const { touched, zeroed } = allocator.counters();
  return {
    touched: { ...touched, either: pagesTouched(allocator) - before },
    zeroed: { bytes: zeroed.allocator, needless: zeroed.needless },
  };
}

function pagesTouched(allocator: WasmAllocator): number {
  const touched = allocator.pages(0, allocator.hostBytes).filter(({ read, written }) => read || written);
  return touched.reduce((sum, { pages }) => sum + pages, 0);
}
