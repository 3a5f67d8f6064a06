import { parseSize, parseWord } from "../../base/flags.js";
import {
  SERVE_WAYS,
  type ServeFileReport,
  type ServeFileResult,
  type ServeWay,
} from "../../results/serve-file.js";
import { defineExperiment } from "../experiment.js";
import { serveFileChart } from "./chart.js";
import { serveFileRows } from "./csv.js";
import { runServeFile } from "./run.js";
import { serveFileSheet } from "./sheet.js";

export const serveFile = defineExperiment({
  command: "run serve-file",
  description:
    "a program serves a file by read, by mmap, or by sendfile: what is cached, copied, mapped and faulted in?",
  examples: ["", "--size 1GiB --buffer 1MiB", "--way mmap,sendfile --chart serve-file.svg"],
  flags: {
    way: {
      value: "<words>",
      help: "how it is served; several by commas",
      default: SERVE_WAYS.join(","),
      parse: (text: string, flag: string): ServeWay[] => [
        ...new Set(text.split(",").map((word) => parseWord(word.trim(), flag, SERVE_WAYS))),
      ],
    },
    size: { value: "<size>", help: "length of the file", default: "16MiB", parse: parseSize },
    buffer: { value: "<size>", help: "the buffer that read has", default: "64KiB", parse: parseSize },
  },
  takes: "models",
  needs: "hasFiles",
  allocators: { list: "naive", help: "naive, whose machine alone has files" },
  functions: { runServeFile },
  jobs({ flags: { way: ways, size, buffer }, allocators, functions }) {
    return allocators.flatMap(({ label, run }) =>
      ways.map((way) => ({
        label: `${label}, ${way}`,
        run: (show): Promise<ServeFileResult> => {
          show();
          return functions.runServeFile({ ...run, way, size, buffer });
        },
      })),
    );
  },
  record({ flags: { size, buffer } }, results): ServeFileReport {
    return { scenario: "serve-file", parameters: { size, buffer }, results };
  },
  sheet: serveFileSheet,
  rows: serveFileRows,
  chart: { help: "draw what is copied, as an SVG image", draw: serveFileChart },
});
