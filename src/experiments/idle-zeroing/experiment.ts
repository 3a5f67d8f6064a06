import { parseCount, parseShares, parseSize } from "../../base/flags.js";
import { macos2016 } from "../../costs/macos-2016.js";
import type { IdleZeroingReport, IdleZeroingResult } from "../../results/idle-zeroing.js";
import { defineExperiment } from "../experiment.js";
import { idleZeroingChart } from "./chart.js";
import { idleZeroingRows } from "./csv.js";
import { runIdleZeroing } from "./run.js";
import { idleZeroingSheet } from "./sheet.js";

/** Who clears blocks from a cache, who maps afresh, and who does both. */
const COMPARED = "libmalloc,libmalloc:cache=off,glibc,naive";

/** Times compare only on one machine: by default that of the bug. */
const MACHINE = macos2016;

export const idleZeroing = defineExperiment({
  command: "run idle-zeroing",
  description: "what a kernel that zeroes pages in idle time would change, and why it does not rescue calloc",
  examples: ["", "--written 100% --costs linux-vm", "--size 1000MiB --allocator libmalloc --chart idle.svg"],
  flags: {
    size: { value: "<size>", help: "size of the block", default: "100MiB", parse: parseSize },
    count: { value: "<number>", help: "how many times", default: "10000", parse: parseCount },
    written: {
      value: "<shares>",
      help: "parts of the block the program writes; several by commas",
      default: "0%,10%,100%",
      parse: parseShares,
    },
  },
  takes: "models",
  allocators: { list: COMPARED, help: "libmalloc with and without its cache, glibc, and naive" },
  functions: { runIdleZeroing },
  jobs({ flags: { size, count, written }, allocators, costs = MACHINE, functions }) {
    return allocators.map(({ label, run }) => ({
      label,
      run: (show): Promise<IdleZeroingResult> => {
        show();
        return functions.runIdleZeroing({ ...run, bytes: size, count, shares: written, costs });
      },
    }));
  },
  record({ flags: { size, count }, costs = MACHINE }, results): IdleZeroingReport {
    return { scenario: "idle-zeroing", parameters: { bytes: size, count, costs: costs.name }, results };
  },
  sheet: idleZeroingSheet,
  rows: idleZeroingRows,
  chart: { help: "draw where the time goes, as an SVG image", draw: idleZeroingChart },
});
