import type { Allocator } from "../allocator/allocator.js";
import { isModule } from "../allocator/choice.js";
import type { CostProfile } from "../costs/profile.js";
import { defaultCosts } from "../costs/profiles.js";
import type { WasmSource } from "../foreign/source.js";
import { type AnyOptions, openModel } from "../sandbox/open.js";

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
  /** The module that `model` then only names, as openWasmAllocator takes it. Metered. */
  source?: WasmSource;
}

/** Whether a run is of a module: by what it is of, or by its name. */
export const isOfModule = ({ model, source }: AllocatorRun): boolean =>
  source !== undefined || isModule(model);

/**
 * Prepares the allocator of a run, to be opened again and again: a model, or the module of that name or path, whose options
 * module-options.ts reads. It is read and compiled once.
 * @throws as openSandbox and openWasmAllocator do; OptionError for an option that a module does not have.
 */
export async function prepareAllocator(run: AllocatorRun): Promise<Opener> {
  const { model: name, options = {}, source = name } = run;
  if (run.open) return run.open;
  if (!isOfModule(run)) return () => openModel(name, options);
  // Imported only now: the page does without.
  const { prepareMetered } = await import("../foreign/open.js");
  return prepareMetered(source, { name, options });
}

/** Does a job on an allocator that nobody used before, and which is nobody's after it. */
export type OnNew = <T>(job: (allocator: Allocator) => T) => Promise<T>;

/**
 * Prepares the allocator of a run for many short jobs. A model goes back to how it began: 0.1 to 0.5 ms of CPU time, where
 * opening another takes 3 to 10.
 * @throws as prepareAllocator does
 */
export async function prepareJobs(run: AllocatorRun): Promise<OnNew> {
  if (!run.open && !isOfModule(run)) {
    const sandbox = await openModel(run.model, run.options ?? {});
    const begin = sandbox.checkpoint();
    return async (job) => {
      sandbox.restore(begin);
      return job(sandbox);
    };
  }
  const open = await prepareAllocator(run);
  return async (job) => {
    const allocator = await open();
    try {
      return job(allocator);
    } finally {
      allocator.close();
    }
  };
}

/** What is odd about an allocator, or how sure it is, in sentences, for its results; nothing if there is nothing. */
export function notesOf({ notes }: Allocator): { notes?: string[] } {
  return notes.length === 0 ? {} : { notes: [...notes] };
}

/** What its simulated time is counted with. None for what really ran. */
export function costsOf({ machine }: Allocator, chosen?: CostProfile): CostProfile | undefined {
  return machine ? (chosen ?? defaultCosts(machine.kernel)) : undefined;
}
