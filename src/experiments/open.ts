import { readModule } from "#read-module";
import { PAGE_BYTES } from "#shared/meter";
import { isModule } from "../allocator/name.js";
import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { findModel } from "../sandbox/options.js";
import { openSandbox, Sandbox, type SandboxOptions } from "../sandbox/sandbox.js";

/** A model on its machine, or somebody's module on its linear memory, metered. */
export type AnyAllocator = Sandbox | WasmAllocator;

/** Opens a new one at each call. */
export type Opener = () => Promise<AnyAllocator> | AnyAllocator;

/** A model, and what it is run with. */
export interface ModelRun {
  model: string;
  options?: SandboxOptions;
  /** What simulated time is counted with; by default the profile of the kernel. */
  costs?: CostProfile;
}

/** The same of any allocator: `model` may be the path of a wasm module. */
export interface AllocatorRun extends ModelRun {
  /** Opens the allocator that `model` then only names: a module that is no file, or that is given limits. Metered. */
  open?: Opener;
}

/**
 * Prepares the allocator that a name stands for, to be opened again and again: a model, or the module at that path,
 * whose options module-options.ts reads. It is read and compiled once.
 * @throws as openSandbox and openWasmAllocator do; OptionError for an option that a module does not have.
 */
export async function prepareAllocator(name: string, options: SandboxOptions = {}): Promise<Opener> {
  if (!isModule(name)) {
    // Which module is the check build's is for openSandbox to say.
    const module = options.module ?? (options.check ? undefined : await compile(findModel(name).url));
    return () => openSandbox(name, { ...options, ...(module && { module }) });
  }
  // Imported only now: the page does without.
  const { prepareMetered } = await import("../foreign/open.js");
  return prepareMetered(name, { name, options });
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  const source = await readModule(url);
  return source instanceof Response ? WebAssembly.compileStreaming(source) : WebAssembly.compile(source);
}

export function pageBytesOf(allocator: AnyAllocator): number {
  return allocator instanceof Sandbox ? allocator.machine.pageBytes : PAGE_BYTES;
}

/** What is odd about a module, in sentences for its results. Nothing is odd about a model. */
export function notesOf(allocator: AnyAllocator): { notes?: string[] } {
  if (allocator instanceof Sandbox || allocator.report.findings.length === 0) return {};
  return { notes: allocator.report.findings };
}

/** What its simulated time is counted with. None for a module: it really ran. */
export function costsOf(allocator: AnyAllocator, chosen?: CostProfile): CostProfile | undefined {
  if (!(allocator instanceof Sandbox)) return undefined;
  return chosen ?? defaultCosts(allocator.machine.kernel);
}
