import { formatCount } from "../base/bytes.js";
import { formatSize } from "../base/numbers.js";
import type { CostProfile } from "../costs/profile.js";
import { callocLoopChart } from "../experiments/calloc-loop/chart.js";
import type { JailLimits } from "../jail/scenarios.js";
import { allocatorLabel } from "../report/label.js";
import type { Report, Result } from "../results/run.js";
import { parseAllocators, runOptions } from "./allocators.js";
import { parseCount, parsePercent, parseSizes } from "./args.js";
import { type Collected, collect, type Job } from "./collect.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import { type LimitFlags, parseLimits } from "./limits.js";
import { checkModuleFiles } from "./modules.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags, printable } from "./output.js";
import { openProgress, type Progress } from "./progress.js";

/** The flags of `zeropage run calloc-loop`, as typed. */
export interface CallocLoopFlags extends FormFlags, CostsFlags, LimitFlags {
  size: string;
  count: string;
  written: string;
  allocator?: string;
  chart?: string;
  check?: boolean;
}

/** Benfield's program on each allocator at each size. Returns the exit code; throws UsageError before any work. */
export async function callocLoopCommand(flags: CallocLoopFlags, host: Host): Promise<number> {
  const settings = {
    sizes: parseSizes(flags.size),
    count: parseCount(flags.count),
    written: parsePercent(flags.written),
    allocators: parseAllocators(flags.allocator, host.library, "modules"),
    check: flags.check === true,
    limits: parseLimits(flags),
    ...(await chooseCosts(flags)),
  };
  await checkModuleFiles(settings.allocators);
  const chart = flags.chart === undefined ? undefined : await prepareSvg("--chart", flags.chart);
  const progress = openProgress(host.stderr);
  const collected: Collected<Result> = await collect(callocLoopJobs(settings, host, progress));
  progress.clear();
  const report: Report = {
    scenario: "calloc-loop",
    parameters: { count: settings.count, written: settings.written },
    results: collected.done,
  };
  return finish(printable(report), chooseForm(flags), collected.failed, host, {
    ...(chart && { picture: { file: chart, spec: () => callocLoopChart(report) } }),
  });
}

interface CallocLoopSettings {
  sizes: number[];
  count: number;
  written: number;
  allocators: ReturnType<typeof parseAllocators>;
  check: boolean;
  limits: JailLimits;
  costs?: CostProfile;
}

function callocLoopJobs(settings: CallocLoopSettings, host: Host, progress: Progress): Job<Result>[] {
  const { count, written, check, limits, costs } = settings;
  const { runCallocLoop } = host.library.scenariosInJail(limits);
  return settings.sizes.flatMap((bytes) =>
    settings.allocators.map((allocator) => {
      const { model, options } = allocator;
      const label = `${allocatorLabel({ allocator: model, options })} at ${formatSize(bytes)}`;
      const onProgress = (done: number, total: number) =>
        progress.show(`${label}: ${formatCount(done)} of ${formatCount(total)}`);
      const run = {
        ...{ model, options: runOptions(allocator, check), bytes, count, written, onProgress },
        ...(costs && { costs }),
      };
      return { label, run: () => runCallocLoop(run) };
    }),
  );
}
