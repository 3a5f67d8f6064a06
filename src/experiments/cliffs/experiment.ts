import { UsageError } from "../../base/errors.js";
import { parseSize } from "../../base/flags.js";
import { exactBytes } from "../../base/numbers.js";
import type { CliffsReport, CliffsResult } from "../../results/cliffs.js";
import { defineExperiment, doneOf } from "../experiment.js";
import { cliffsChart } from "./chart.js";
import { cliffsRows } from "./csv.js";
import { findCliffs } from "./find.js";
import { cliffsSheet } from "./sheet.js";

export const cliffs = defineExperiment({
  command: "cliffs",
  description: "at which sizes the cost of calloc(1, n); free changes kind, to the byte",
  examples: [
    "",
    "--allocator glibc,glibc:mmapThreshold=4GiB:trimThreshold=8GiB",
    "--from 64KiB --to 256MiB --chart cliffs.svg",
  ],
  flags: {
    from: {
      value: "<size>",
      help: "smallest n: bytes, or KiB, MiB, GiB",
      default: "1KiB",
      parse: parseSize,
    },
    to: { value: "<size>", help: "largest n", default: "1GiB", parse: parseSize },
  },
  takes: "models and modules",
  functions: { findCliffs },
  jobs({ flags, allocators, functions }) {
    const { from, to } = flags;
    if (from > to) {
      throw new UsageError(`--from: "${exactBytes(from)}" is more than "${exactBytes(to)}", given to --to`);
    }
    return allocators.map(({ label, run }) => ({
      label,
      run: (show): Promise<CliffsResult> => {
        const onProgress = (done: number, total: number) => show(doneOf(done, total, "sizes"));
        return functions.findCliffs({ ...run, from, to, onProgress });
      },
    }));
  },
  record({ flags: { from, to } }, results): CliffsReport {
    return { scenario: "cliffs", parameters: { from, to }, results };
  },
  sheet: cliffsSheet,
  rows: cliffsRows,
  chart: { help: "draw cost against size, of all allocators together, as an SVG image", draw: cliffsChart },
});
