import type { Allocator } from "../allocator/allocator.js";
import { isModule } from "../allocator/choice.js";
import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import { type AnyOptions, openModel } from "../sandbox/sandbox.js";

/** Opens a new allocator at each call: a model on its machine, or somebody's module, metered. */
export type Opener = () => Promise<Allocator> | Allocator;

/** A model, and what it is run with. */
export interface ModelRun {
  model: string;
  options?: AnyOptions;
  /** What simulated time is counted with; by default the profile of the kernel. */
  costs?: CostProfile;
}

/** The same of any allocator: `model` may be the path of a wasm module, or the name of a built-in one. */
export interface AllocatorRun extends ModelRun {
  /** Opens the allocator that `model` then only names: a module that is no file, or that is given limits. Metered. */
  open?: Opener;
}

/**
 * Prepares the allocator that a name stands for, to be opened again and again: a model, or the module of that name or path,
 * whose options module-options.ts reads. It is read and compiled once.
 * @throws as openSandbox and openWasmAllocator do; OptionError for an option that a module does not have.
 */
export async function prepareAllocator(name: string, options: AnyOptions = {}): Promise<Opener> {
  if (!isModule(name)) return () => openModel(name, options);
  // Imported only now: the page does without.
  const { prepareMetered } = await import("../foreign/open.js");
  return prepareMetered(name, { name, options });
}

/** What is odd about an allocator, or how sure it is, in sentences, for its results; nothing if there is nothing. */
export function notesOf({ notes }: Allocator): { notes?: string[] } {
  return notes.length === 0 ? {} : { notes: [...notes] };
}

/** What its simulated time is counted with. None for what really ran. */
export function costsOf({ machine }: Allocator, chosen?: CostProfile): CostProfile | undefined {
  return machine ? (chosen ?? defaultCosts(machine.kernel)) : undefined;
}
