import { SandboxError } from "../base/errors.js";
import { joinWords } from "../base/numbers.js";
import { type ArenaFigures, arenasOf } from "./glibc-figures.js";
import { mimallocStats } from "./mimalloc-stats.js";
import { baseNameOf } from "./model-info.js";
import type { Sandbox } from "./sandbox.js";
import { tcmallocStats } from "./tcmalloc-stats.js";

const line = (name: string, value: number): string => `${name} = ${String(value).padStart(10)}\n`;

/** Measured: bytes are an unsigned int, which wraps around at 4 GiB. */
const bytes = (system: number, inUse: number): string =>
  line("system bytes    ", system % 2 ** 32) + line("in use bytes    ", inUse % 2 ** 32);

const sum = (arenas: ArenaFigures[], figure: "system" | "inUse"): number =>
  arenas.reduce((all, arena) => all + arena[figure], 0);

/** By model: malloc_stats, or what takes its place. */
const TEXTS: Readonly<Record<string, (sandbox: Sandbox) => string>> = {
  glibc: glibcStats,
  mimalloc: mimallocStats,
  tcmalloc: tcmallocStats,
};

/** The models that have such a text, in words. */
export const MODELS_WITH_STATS = joinWords(Object.keys(TEXTS));

/** Whether a model has such a text, itself or below a layer. */
export const hasMallocStats = (model: string): boolean => baseNameOf(model) in TEXTS;

/**
 * The text that malloc_stats would print, or mi_stats_print of mimalloc, for a sandbox of the model `glibc`, `mimalloc` or
 * `tcmalloc`, or a layer over one.
 * @throws SandboxError for any other model.
 */
export function mallocStats(sandbox: Sandbox): string {
  const textOf = TEXTS[baseNameOf(sandbox.model)];
  if (textOf) return textOf(sandbox);
  throw new SandboxError(`only the models ${MODELS_WITH_STATS} have malloc_stats; this is ${sandbox.model}`);
}

function glibcStats(sandbox: Sandbox): string {
  const arenas = arenasOf(sandbox, "malloc_stats");
  const { hblkhd = 0, maxMaps = 0, maxMapBytes = 0 } = sandbox.statistics();
  return [
    ...arenas.map(({ system, inUse }, i) => `Arena ${i}:\n${bytes(system, inUse)}`),
    "Total (incl. mmap):\n",
    bytes(sum(arenas, "system") + hblkhd, sum(arenas, "inUse") + hblkhd),
    line("max mmap regions", maxMaps),
    line("max mmap bytes  ", maxMapBytes),
  ].join("");
}
