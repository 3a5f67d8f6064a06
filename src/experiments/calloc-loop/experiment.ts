import { parseCount, parsePercent, parseSizes } from "../../base/flags.js";
import { formatSize } from "../../base/numbers.js";
import type { Report, Result } from "../../results/run.js";
import { defineExperiment, doneOf } from "../experiment.js";
import { runsRows } from "../runs/csv.js";
import { callocLoopChart } from "./chart.js";
import { runCallocLoop } from "./run.js";
import { callocLoopSheet } from "./sheet.js";

export const callocLoop = defineExperiment({
  command: "run calloc-loop",
  description: "p = calloc(1, n); free(p), over and over: who zeroes the memory, and is it needed?",
  examples: [
    "",
    "--size 100MiB,1000MiB --allocator libmalloc,libmalloc:zeroing=dirty",
    "--written 25% --chart zeroed.svg",
    "--allocator heap,as-tlsf",
  ],
  flags: {
    size: {
      value: "<sizes>",
      help: "size of the block: bytes, or KiB, MiB, GiB; several by commas",
      default: "100MiB,1000MiB",
      withModules: "100MiB",
      parse: parseSizes,
    },
    count: {
      value: "<number>",
      help: "how many times",
      default: "10000",
      withModules: "100",
      parse: parseCount,
    },
    written: {
      value: "<share>",
      help: "share of the block the program writes each time, 0% to 100%",
      default: "0%",
      parse: parsePercent,
    },
  },
  takes: "models and modules",
  functions: { runCallocLoop },
  jobs({ flags: { size, count, written }, allocators, functions }) {
    return size.flatMap((bytes) =>
      allocators.map(({ label, run }) => ({
        label: `${label} at ${formatSize(bytes)}`,
        run: (show): Promise<Result> => {
          const onProgress = (done: number, total: number) => show(doneOf(done, total));
          return functions.runCallocLoop({ ...run, bytes, count, written, onProgress });
        },
      })),
    );
  },
  record({ flags: { count, written } }, results): Report {
    return { scenario: "calloc-loop", parameters: { count, written }, results };
  },
  sheet: callocLoopSheet,
  rows: runsRows,
  chart: { help: "draw who zeroed the memory, as an SVG image", draw: callocLoopChart },
});
