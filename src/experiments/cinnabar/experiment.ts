import { formatCount } from "../../base/bytes.js";
import { parseCount, parsePercent, parseSize } from "../../base/flags.js";
import { exactBytes } from "../../base/numbers.js";
import type { CinnabarReport, CinnabarResult } from "../../results/cinnabar.js";
import { defineExperiment } from "../experiment.js";
import { cinnabarChart } from "./chart.js";
import { CHART_POINTS, COMPARED, changesOf } from "./compared.js";
import { cinnabarRows } from "./csv.js";
import { runCinnabar } from "./run.js";
import { cinnabarSheet } from "./sheet.js";
import { cinnabarTrace } from "./trace.js";
import { type CinnabarWorkload, checkWorkload, cinnabarWorkload } from "./workload.js";

const whole = (help: string, value: number) => ({
  value: "<number>",
  help,
  default: String(value),
  parse: (text: string, flag: string) => (text.trim() === "0" ? 0 : parseCount(text, flag)),
});

const size = (help: string, value: number) => ({
  value: "<size>",
  help,
  default: exactBytes(value),
  parse: (text: string, flag: string) => (text.trim() === "0" ? 0 : parseSize(text, flag)),
});

const W = cinnabarWorkload;
const flags = {
  objects: whole("objects that are made first, and stay", W.objects),
  manifests: whole("manifests that are imported", W.manifests),
  kept: whole("copies of manifests that are kept", W.kept),
  smallest: size("about what the first manifest has", W.smallest),
  largest: size("about what the last has", W.largest),
  dying: {
    value: "<share>",
    help: "share of the objects that die meanwhile, 0% to 100%",
    default: `${100 * W.dying}%`,
    parse: parsePercent,
  },
  small: whole("small objects that each manifest leaves", W.small),
  middling: whole("objects of 576 bytes or more that it leaves, twice", W.middling),
  warm: size("a block before all others; 0 for none", W.warmUp),
  seed: whole("seed of what is random", W.seed),
};

type CinnabarFlags = { [Name in keyof typeof flags]: ReturnType<(typeof flags)[Name]["parse"]> };

/** @throws UsageError */
function workloadOf({ warm: warmUp, ...rest }: CinnabarFlags): CinnabarWorkload {
  const workload = { ...rest, warmUp };
  checkWorkload(workload);
  return workload;
}

export const cinnabar = defineExperiment({
  command: "run cinnabar",
  description: "git-cinnabar's story: why does a Python process take ever more memory for ever less data?",
  examples: [
    "",
    "--chart cinnabar.svg",
    "--allocator pymalloc/glibc:python=3.11,glibc",
    "--save-trace cinnabar.txt",
  ],
  flags,
  takes: "models",
  allocators: {
    list: COMPARED.join(","),
    help: "Python's on glibc, with arenas by mmap, by malloc and none, and on jemalloc and tcmalloc",
  },
  functions: { runCinnabar },
  jobs({ flags, allocators, functions }) {
    const workload = workloadOf(flags);
    return allocators.flatMap(({ label, run }, i) =>
      changesOf(i).map((without) => ({
        label: without === "nothing" ? label : `${label}, without ${without}`,
        run: (show): Promise<CinnabarResult> => {
          const onProgress = (operations: number) => show(`${formatCount(operations)} operations`);
          return functions.runCinnabar({ ...run, workload, without, points: CHART_POINTS, onProgress });
        },
      })),
    );
  },
  record({ flags }, results): CinnabarReport {
    return { scenario: "cinnabar", parameters: { ...workloadOf(flags) }, results };
  },
  sheet: cinnabarSheet,
  rows: cinnabarRows,
  chart: {
    help: "draw live bytes, bytes in use, system and resident over the operations, as an SVG image",
    draw: cinnabarChart,
  },
  trace: (flags) => cinnabarTrace(workloadOf(flags)),
});
