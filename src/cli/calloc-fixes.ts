import { macos2016 } from "../costs/macos-2016.js";
import type { CostProfile } from "../costs/profile.js";
import { callocFixesChart } from "../experiments/calloc-fixes/chart.js";
import { allocatorLabel } from "../report/label.js";
import type { CallocFix, CallocFixesReport, NamedCrossover } from "../results/calloc-fixes.js";
import { type AllocatorChoice, parseAllocators, runOptions } from "./allocators.js";
import { parseShares, parseSize } from "./args.js";
import { collect } from "./collect.js";
import { type CostsFlags, chooseCosts } from "./costs.js";
import { finish } from "./finish.js";
import type { Host } from "./host.js";
import type { Catalogue } from "./library.js";
import { prepareSvg } from "./outfile.js";
import { chooseForm, type FormFlags, printableCallocFixes } from "./output.js";
import { openProgress } from "./progress.js";

/** The flags of `zeropage run calloc-fixes`, as typed. */
export interface CallocFixesFlags extends FormFlags, CostsFlags {
  size: string;
  written: string;
  allocator?: string;
  chart?: string;
  check?: boolean;
}

/** What Apple did and what could be done instead: clear what is dirty, discard, keep nothing, or be glibc. */
const FIXES = [
  { model: "libmalloc", options: {} },
  { model: "libmalloc", options: { zeroing: "dirty" } },
  { model: "libmalloc", options: { zeroing: "discard" } },
  { model: "libmalloc", options: { cache: "off" } },
  { model: "glibc", options: {} },
] satisfies AllocatorChoice[];

/** Each allocator by the part of the pages written. Returns the exit code; throws UsageError before any work. */
export async function callocFixesCommand(flags: CallocFixesFlags, host: Host): Promise<number> {
  const bytes = parseSize("--size", flags.size);
  const shares = parseShares(flags.written);
  const allocators =
    flags.allocator === undefined ? knownFixes(host.library) : parseAllocators(flags.allocator, host.library);
  // Times compare only on one machine: by default that of the bug.
  const { costs = macos2016 } = await chooseCosts(flags);
  const chart = flags.chart === undefined ? undefined : await prepareSvg("--chart", flags.chart);
  const progress = openProgress(host.stderr);
  const runs = allocators.map((allocator) => {
    const { model } = allocator;
    const label = allocatorLabel({ allocator: model, options: allocator.options });
    return { label, model, options: runOptions(allocator, flags.check === true) };
  });
  const { done, failed } = await collect<CallocFix>(
    runs.map(({ label, ...run }) => ({
      label,
      run: () => {
        progress.show(label);
        return host.library.runCallocFix({ ...run, bytes, shares, costs });
      },
    })),
  );
  const crossovers = failed.length === 0 ? await crossoversOf(runs, bytes, costs, host) : [];
  progress.clear();
  const parameters = { bytes, costs: costs.name };
  const report: CallocFixesReport = { scenario: "calloc-fixes", parameters, results: done, crossovers };
  return finish(printableCallocFixes(report), chooseForm(flags), failed, host, {
    ...(chart && { picture: { file: chart, spec: () => callocFixesChart(report) } }),
  });
}

/** The fixes whose options the library's models have. */
function knownFixes({ models }: Catalogue): AllocatorChoice[] {
  return FIXES.filter(({ model, options }) => {
    const known = models.find(({ name }) => name === model)?.options;
    return (
      known &&
      Object.entries(options).every(([name, value]) =>
        known.some((option) => option.name === name && option.values?.includes(value)),
      )
    );
  });
}

interface NamedRun {
  label: string;
  model: string;
  options: ReturnType<typeof runOptions>;
}

/** Of the first with each other. */
async function crossoversOf(
  [first, ...others]: readonly NamedRun[],
  bytes: number,
  costs: CostProfile,
  { library }: Host,
): Promise<NamedCrossover[]> {
  const found: NamedCrossover[] = [];
  for (const other of first ? others : []) {
    const crossover = await library.findCrossover({ one: first as NamedRun, other, bytes, costs });
    if (crossover) found.push({ one: (first as NamedRun).label, other: other.label, ...crossover });
  }
  return found;
}
