import { parseSize, parseSizes } from "../../base/flags.js";
import { formatSize } from "../../base/numbers.js";
import { BUFFER_WAYS, type IterContentReport, type IterContentResult } from "../../results/iter-content.js";
import { defineExperiment, doneOf } from "../experiment.js";
import { iterContentChart } from "./chart.js";
import { iterContentRows } from "./csv.js";
import { runIterContent } from "./run.js";
import { iterContentSheet } from "./sheet.js";

/** Whose calloc clears large blocks, and whose does not. */
const BUG_REPORT_ALLOCATORS = "glibc,libmalloc";

export const iterContent = defineExperiment({
  command: "run iter-content",
  description: "the bug report: a body read over TLS, each read into a new buffer of a whole chunk",
  examples: ["", "--size 64MiB --allocator libmalloc:zeroing=dirty --costs macos-2016"],
  flags: {
    size: {
      value: "<sizes>",
      help: "size of a chunk; several by commas",
      default: "10MiB,100MiB,1GiB",
      parse: parseSizes,
    },
    body: { value: "<size>", help: "bytes to read in all", default: "100MiB", parse: parseSize },
  },
  takes: "models",
  allocators: { list: BUG_REPORT_ALLOCATORS, help: BUG_REPORT_ALLOCATORS },
  functions: { runIterContent },
  jobs({ flags: { size, body }, allocators, functions }) {
    return allocators.flatMap(({ label, run }) =>
      BUFFER_WAYS.flatMap((way) =>
        size.map((chunk) => ({
          label: `${label}, ${way} of ${formatSize(chunk)}`,
          run: (show): Promise<IterContentResult> => {
            const onProgress = (done: number, total: number) => show(doneOf(done, total, "reads"));
            return functions.runIterContent({ ...run, way, chunk, body, onProgress });
          },
        })),
      ),
    );
  },
  record({ flags: { body } }, results): IterContentReport {
    return { scenario: "iter-content", parameters: { body }, results };
  },
  sheet: iterContentSheet,
  rows: iterContentRows,
  chart: { help: "draw throughput against the size of a chunk, as an SVG image", draw: iterContentChart },
});
