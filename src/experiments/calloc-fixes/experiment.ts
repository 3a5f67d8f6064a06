import { parseShares, parseSize } from "../../base/flags.js";
import { macos2016 } from "../../costs/macos-2016.js";
import type { CostProfile } from "../../costs/profile.js";
import type { CallocFix, CallocFixesReport, NamedCrossover } from "../../results/calloc-fixes.js";
import { type Asked, defineExperiment } from "../experiment.js";
import { callocFixesChart } from "./chart.js";
import { callocFixesRows } from "./csv.js";
import { findCrossover, runCallocFix } from "./run.js";
import { callocFixesSheet } from "./sheet.js";

/** What Apple did, and what could be done instead: clear what is dirty, discard, keep nothing, or be glibc. */
const FIXES = "libmalloc,libmalloc:zeroing=dirty,libmalloc:zeroing=discard,libmalloc:cache=off,glibc";

/** Times compare only on one machine: by default that of the bug. */
const MACHINE = macos2016;

export const callocFixes = defineExperiment({
  command: "run calloc-fixes",
  description: "what calloc could do instead, by the part of the pages that is written",
  examples: ["--chart fixes.svg", "--costs linux-vm --allocator lazy,glibc,libmalloc"],
  flags: {
    size: { value: "<size>", help: "size of the block", default: "100MiB", parse: parseSize },
    written: {
      value: "<shares>",
      help: "parts of the pages the program writes; several by commas",
      default: "0%,1%,10%,50%,100%",
      parse: parseShares,
    },
  },
  takes: "models",
  allocators: { list: FIXES, help: "libmalloc, its variants, and glibc" },
  functions: { runCallocFix, findCrossover },
  jobs({ flags: { size, written }, allocators, costs = MACHINE, functions }) {
    return allocators.map(({ label, run }) => ({
      label,
      run: (show): Promise<CallocFix> => {
        show();
        return functions.runCallocFix({ ...run, bytes: size, shares: written, costs });
      },
    }));
  },
  async record({ flags, allocators, costs = MACHINE, functions }, results): Promise<CallocFixesReport> {
    const isWhole = results.length === allocators.length;
    const crossovers = isWhole
      ? await crossoversOf(allocators, flags.size, costs, functions.findCrossover)
      : [];
    return {
      scenario: "calloc-fixes",
      parameters: { bytes: flags.size, costs: costs.name },
      results,
      crossovers,
    };
  },
  sheet: callocFixesSheet,
  rows: callocFixesRows,
  chart: { help: "draw time against the part written, as an SVG image", draw: callocFixesChart },
});

/** Of the first allocator with each other. */
async function crossoversOf(
  [first, ...others]: Asked["allocators"],
  bytes: number,
  costs: CostProfile,
  find: typeof findCrossover,
): Promise<NamedCrossover[]> {
  const found: NamedCrossover[] = [];
  if (!first) return found;
  for (const other of others) {
    const crossover = await find({ one: first.run, other: other.run, bytes, costs });
    if (crossover) found.push({ one: first.label, other: other.label, ...crossover });
  }
  return found;
}
