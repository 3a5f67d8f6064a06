import { parseCount, parsePercent, parseSize, parseWord } from "../../base/flags.js";
import {
  FORK_PROGRAMS,
  type ForkLoad,
  type ForkProgram,
  type ForkReport,
  type ForkResult,
  PYTHON_OBJECTS,
} from "../../results/fork.js";
import { defineExperiment } from "../experiment.js";
import { forkChart } from "./chart.js";
import { forkRows } from "./csv.js";
import { runFork } from "./run.js";
import { forkSheet } from "./sheet.js";

const orNone = <T>(text: string, flag: string, parse: (text: string, flag: string) => T) =>
  text.trim() === "0" ? 0 : parse(text, flag);

const flags = {
  program: {
    value: "<words>",
    help: "what processes do; several by commas",
    default: FORK_PROGRAMS.join(","),
    parse: (text: string, flag: string): ForkProgram[] => [
      ...new Set(text.split(",").map((word) => parseWord(word.trim(), flag, FORK_PROGRAMS))),
    ],
  },
  data: { value: "<size>", help: "what the parent loads", default: "64MiB", parse: parseSize },
  children: { value: "<number>", help: "children that it forks", default: "4", parse: parseCount },
  written: {
    value: "<share>",
    help: "share of the data that is written, 0% to 100%",
    default: "10%",
    parse: parsePercent,
  },
  object: {
    value: "<word>",
    help: `objects of Python: ${PYTHON_OBJECTS.join(" or ")}`,
    default: "list",
    parse: (text: string, flag: string) => parseWord(text, flag, PYTHON_OBJECTS),
  },
  value: { value: "<size>", help: "size of a value of a snapshot", default: "1KiB", parse: parseSize },
  own: {
    value: "<size>",
    help: "what each child allocates for itself; 0 for nothing",
    default: "1MiB",
    parse: (text: string, flag: string) => orNone(text, flag, parseSize),
  },
  seed: {
    value: "<number>",
    help: "seed of what is random",
    default: "1",
    parse: (text: string, flag: string) => orNone(text, flag, parseCount),
  },
};

export const fork = defineExperiment({
  command: "run fork",
  description:
    "a parent loads data and forks: what do reading, writing, Python's garbage and a snapshot copy?",
  examples: [
    "",
    "--program snapshot --written 1% --value 64",
    "--program snapshot --allocator glibc,glibc:hugetlb=1:hugePages=madvise",
    "--program iterate,collect --object float --children 8",
    "--allocator glibc,pymalloc/glibc --chart fork.svg",
  ],
  flags,
  takes: "models",
  allocators: { list: "pymalloc/glibc", help: "pymalloc/glibc, as Python has it" },
  functions: { runFork },
  jobs({ flags, allocators, functions }) {
    const { program: programs, ...load } = flags;
    return allocators.flatMap(({ label, run }) =>
      programs.map((program) => ({
        label: `${label}, ${program}`,
        run: (show): Promise<ForkResult> => {
          show();
          return functions.runFork({ ...run, ...load, program });
        },
      })),
    );
  },
  record({ flags: { program: _, ...parameters } }, results): ForkReport {
    return { scenario: "fork", parameters: parameters satisfies ForkLoad, results };
  },
  sheet: forkSheet,
  rows: forkRows,
  chart: { help: "draw what processes have together, as an SVG image", draw: forkChart },
});
