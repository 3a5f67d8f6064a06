import type { Asked, Experiment, Functions } from "../experiments/experiment.js";
import type { JailLimits } from "../jail/scenarios.js";
import { allocatorLabel } from "../report/label.js";
import { type ModelFlags, parseAllocators, runOptions } from "./allocators.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import type { Library } from "./library.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { readModuleFiles } from "./modules.js";
import type { FormFlags } from "./output.js";
import type { Progress } from "./progress.js";

/** The flags of every command that runs allocators and reports on them, as typed. Limits are for modules. */
export interface RunFlags extends FormFlags, CostsFlags, LimitFlags, ModelFlags {
  allocator?: string;
  glue?: string;
}

/** Limits of modules, whose metering shows how far it is. */
function limitsOf(flags: RunFlags, progress: Progress): JailLimits {
  const percent = (done: number) => `${Math.floor(100 * done)}%`;
  return {
    ...parseLimits(flags),
    onMetering: (model, done) => progress.show(`${model}: metered ${percent(done)}`),
  };
}

/** What is run on the allocators. */
export type Runnable<L extends Functions> = Pick<Experiment, "takes" | "allocators"> & { functions: L };

/** Reads which allocators to run, and with what. @throws UsageError */
export async function readRunFlags<L extends Functions>(
  runnable: Runnable<L>,
  flags: RunFlags,
  library: Library,
  progress: Progress,
): Promise<Omit<Asked<never, L>, "flags">> {
  if (runnable.takes === "no allocators")
    return { allocators: [], functions: await library.functionsOf(runnable, {}) };
  const takesModules = runnable.takes === "models and modules";
  const list = flags.allocator ?? runnable.allocators?.list;
  const choices = parseAllocators(list, library, takesModules ? "modules" : "models only");
  const functions = await library.functionsOf(runnable, takesModules ? limitsOf(flags, progress) : {});
  const read = await readModuleFiles(choices, flags.glue);
  const costs = await chooseCosts(flags);
  const allocators = read.map((choice) => ({
    label: allocatorLabel({ allocator: choice.model, options: choice.options }),
    run: { model: choice.model, options: runOptions(choice, flags), ...costs },
  }));
  return { allocators, ...costs, functions };
}
