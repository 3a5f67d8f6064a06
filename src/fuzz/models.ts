/** Runs random programs on a model. */
import type { Options } from "../allocator/choice.js";
import { openModel } from "../sandbox/open.js";
import { type FuzzOptions, type FuzzReport, fuzz } from "./fuzz.js";
import { FUZZ_MEMORY } from "./generate.js";

/**
 * Runs random programs on a model, as `fuzz` does. Its address space is the limit of memory, unless it has one of its own.
 * @throws as openModel and `fuzz` do
 */
export function fuzzModel(
  model: string,
  settings: Options = {},
  options: Omit<FuzzOptions, "addressBits" | "memoryBytes"> = {},
): Promise<FuzzReport> {
  const own = Number(settings.addressSpace ?? 0);
  const memoryBytes = own > 0 ? own : FUZZ_MEMORY;
  const open = () => openModel(model, { ...settings, addressSpace: memoryBytes });
  return fuzz(open, { ...options, memoryBytes, addressBits: 64 });
}
