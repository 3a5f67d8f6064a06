import type { HugePagesKind } from "../../allocator/machine.js";
import { parseSize, parseWord, sizeWithin } from "../../base/flags.js";
import { type HugeReport, type HugeResult, TOUCHERS } from "../../results/huge.js";
import { HUGE_PAGE_MODES } from "../../sandbox/huge-pages.js";
import { defineExperiment } from "../experiment.js";
import { hugeChart } from "./chart.js";
import { hugeRows } from "./csv.js";
import { LEAST_STRIDE, runHuge } from "./run.js";
import { hugeSheet } from "./sheet.js";

export const huge = defineExperiment({
  command: "run huge",
  description: "what huge pages make of programs that touch little of a block, and all of it",
  examples: ["", "--stride 64KiB --allocator glibc", "--mode never,always --chart huge.svg"],
  flags: {
    mode: {
      value: "<words>",
      help: `when Linux uses huge pages, ${HUGE_PAGE_MODES.join(", ")}; several by commas`,
      default: HUGE_PAGE_MODES.join(","),
      parse: (text: string, flag: string): HugePagesKind[] => [
        ...new Set(text.split(",").map((word) => parseWord(word.trim(), flag, HUGE_PAGE_MODES))),
      ],
    },
    size: { value: "<size>", help: "size of the block", default: "32MiB", parse: parseSize },
    stride: {
      value: "<size>",
      help: "how far the bytes of the sparse one are apart",
      default: "2MiB",
      parse: sizeWithin(LEAST_STRIDE),
    },
  },
  takes: "models",
  allocators: { list: "naive,glibc", help: "those whose machine has huge pages" },
  functions: { runHuge },
  jobs({ flags: { mode: modes, size, stride }, allocators, functions }) {
    return allocators.flatMap(({ label, run }) =>
      TOUCHERS.flatMap((toucher) =>
        modes.map((mode) => ({
          label: `${label}, ${toucher}, ${mode}`,
          run: (show): Promise<HugeResult> => {
            show();
            return functions.runHuge({ ...run, mode, toucher, size, stride });
          },
        })),
      ),
    );
  },
  record({ flags: { size, stride } }, results): HugeReport {
    return { scenario: "huge", parameters: { size, stride }, results };
  },
  sheet: hugeSheet,
  rows: hugeRows,
  chart: { help: "draw what is resident, as an SVG image", draw: hugeChart },
});
