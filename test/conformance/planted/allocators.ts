import { checkAllocator } from "../../../src/conformance.js";
import { openWasmAllocator } from "../../../src/index.js";
import { firstFit } from "./first-fit.js";
import type { Planted } from "./plant.js";
import { sizeClasses } from "./size-classes.js";
import { slabs } from "./slabs.js";

/** The allocators that have bugs. */
export const allocators: Record<string, Planted> = {
  "first fit": firstFit,
  "size classes": sizeClasses,
  slabs,
};

/** What a case sees that a module fails; undefined if it passes or is not about it. */
export async function failureOf(wasm: Uint8Array, name: string): Promise<string | undefined> {
  const open = (memoryBytes = 2 ** 32) => openWasmAllocator(wasm, { memoryBytes });
  const { outcomes } = await checkAllocator(open, { cases: [name] });
  const [outcome] = outcomes;
  return outcome?.state === "fail" ? outcome.seen : undefined;
}
