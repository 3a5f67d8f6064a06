import { parseSize, sizeWithin } from "../../base/flags.js";
import type { LuajitReport, LuajitResult } from "../../results/luajit.js";
import { defineExperiment } from "../experiment.js";
import { luajitChart } from "./chart.js";
import { luajitRows } from "./csv.js";
import { MOST_PIECE, runLuajit } from "./run.js";
import { luajitSheet } from "./sheet.js";

/** Whose heap grows by brk, and who maps; a program that is position-independent has its heap elsewhere. */
const COMPARED = "glibc,glibc:image=pie,glibc:mmapThreshold=32KiB,tcmalloc,tcmalloc:skipSbrk=1";

/** Reads `0,608MiB`: amounts in the order given, each once. */
const parseAmounts = (text: string, flag: string): number[] => [
  ...new Set(text.split(",").map((size) => (size.trim() === "0" ? 0 : parseSize(size, flag)))),
];

export const luajit = defineExperiment({
  command: "run luajit",
  description: "how much of the memory below 2 GiB a host's allocator leaves to LuaJIT",
  examples: ["", "--loaded 1GiB,2GiB --allocator glibc:aslrSeed=1,glibc:aslrSeed=2", "--chart luajit.svg"],
  flags: {
    loaded: {
      value: "<sizes>",
      help: "what the host has loaded; several by commas",
      default: "0,608MiB,1104MiB,3008MiB",
      parse: parseAmounts,
    },
    block: { value: "<size>", help: "size of the blocks that it loads", default: "64KiB", parse: parseSize },
    piece: {
      value: "<size>",
      help: "size of the pieces that LuaJIT asks for",
      default: "1MiB",
      parse: sizeWithin(1, MOST_PIECE),
    },
  },
  takes: "models",
  needs: "hasPlacement",
  allocators: { list: COMPARED, help: "those of Linux, in a program that is not position-independent" },
  functions: { runLuajit },
  jobs({ flags: { loaded, block, piece }, allocators, functions }) {
    return allocators.map(({ label, run }) => ({
      label,
      run: (show): Promise<LuajitResult> => {
        show();
        return functions.runLuajit({ ...run, loaded, block, piece });
      },
    }));
  },
  record({ flags: { block, piece } }, results): LuajitReport {
    return { scenario: "luajit", parameters: { block, piece }, results };
  },
  sheet: luajitSheet,
  rows: luajitRows,
  chart: { help: "draw what is left, as an SVG image", draw: luajitChart },
});
