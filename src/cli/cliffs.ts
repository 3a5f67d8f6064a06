import { formatCount } from "../base/bytes.js";
import { cliffsChart } from "../experiments/cliffs/chart.js";
import { allocatorLabel } from "../report/label.js";
import type { CliffsReport } from "../results/cliffs.js";
import { parseAllocators, runOptions } from "./allocators.js";
import { parseSize } from "./args.js";
import { collect } from "./collect.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { UsageError } from "./exit.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { checkModuleFiles } from "./modules.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags, printableCliffs } from "./output.js";
import { openProgress } from "./progress.js";

/** The flags of `zeropage cliffs`, as typed. */
export interface CliffsFlags extends FormFlags, CostsFlags, LimitFlags {
  from: string;
  to: string;
  allocator?: string;
  chart?: string;
  check?: boolean;
}

/** Finds the cliffs of each allocator. Returns the exit code; throws UsageError before any work. */
export async function cliffsCommand(flags: CliffsFlags, host: Host): Promise<number> {
  const allocators = parseAllocators(flags.allocator, host.library, "modules");
  const range = { from: parseSize("--from", flags.from), to: parseSize("--to", flags.to) };
  if (range.from > range.to) {
    throw new UsageError(`--from: "${flags.from}" is more than "${flags.to}", given to --to`);
  }
  const { findCliffs } = host.library.scenariosInJail(parseLimits(flags));
  await checkModuleFiles(allocators);
  const costs = await chooseCosts(flags);
  const chart = flags.chart === undefined ? undefined : await prepareSvg("--chart", flags.chart);
  const progress = openProgress(host.stderr);
  const jobs = allocators.map((allocator) => {
    const label = allocatorLabel({ allocator: allocator.model, options: allocator.options });
    const onProgress = (done: number, total: number) =>
      progress.show(`${label}: ${formatCount(done)} of ${formatCount(total)} sizes`);
    const options = runOptions(allocator, flags.check === true);
    const run = () => findCliffs({ model: allocator.model, options, ...range, ...costs, onProgress });
    return { label, run };
  });
  const { done, failed } = await collect(jobs);
  progress.clear();
  const report: CliffsReport = { scenario: "cliffs", parameters: range, results: done };
  return finish(printableCliffs(report), chooseForm(flags), failed, host, {
    ...(chart && { picture: { file: chart, spec: () => cliffsChart(report) } }),
  });
}
