import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { isModule } from "../report/results.js";
import { openSandbox, Sandbox, type SandboxOptions } from "../sandbox.js";

/** A model on its machine, or somebody's module on its linear memory, metered. */
export type AnyAllocator = Sandbox | WasmAllocator;

/** Pages of linear memory, as a meter counts them. */
const PAGE_BYTES = 4096;

/**
 * Opens what a name stands for: a model, or the module it is the path of, with its options (module-options.ts).
 * @throws as openSandbox and openWasmAllocator do; OptionError for an option that a module does not have.
 */
export async function openAllocator(name: string, options: SandboxOptions = {}): Promise<AnyAllocator> {
  if (!isModule(name)) return openSandbox(name, options);
  // Only now: the page loads this without.
  const { openWasmAllocator } = await import("../foreign/open.js");
  const { moduleOptions } = await import("../foreign/module-options.js");
  return openWasmAllocator(name, { name, meter: true, ...moduleOptions(options) });
}

export function pageBytesOf(allocator: AnyAllocator): number {
  return allocator instanceof Sandbox ? allocator.machine.pageBytes : PAGE_BYTES;
}

/** What is odd about a module, in sentences, for its results; nothing for a model. */
export function notesOf(allocator: AnyAllocator): { notes?: string[] } {
  if (allocator instanceof Sandbox || allocator.report.findings.length === 0) return {};
  return { notes: allocator.report.findings };
}

/** What its simulated time is counted with. None for a module: it really ran. */
export function costsOf(allocator: AnyAllocator, chosen?: CostProfile): CostProfile | undefined {
  if (!(allocator instanceof Sandbox)) return undefined;
  return chosen ?? defaultCosts(allocator.machine.kernel);
}
