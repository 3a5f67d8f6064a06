import { SandboxError } from "../base/errors.js";
import { type ArenaFigures, arenasOf, hasArenas } from "./glibc-figures.js";
import { mimallocStats } from "./mimalloc-stats.js";
import type { Sandbox } from "./sandbox.js";
import { tcmallocStats } from "./tcmalloc-stats.js";

const line = (name: string, value: number): string => `${name} = ${String(value).padStart(10)}\n`;

/** Measured: bytes are an unsigned int, which wraps around at 4 GiB. */
const bytes = (system: number, inUse: number): string =>
  line("system bytes    ", system % 2 ** 32) + line("in use bytes    ", inUse % 2 ** 32);

const sum = (arenas: ArenaFigures[], figure: "system" | "inUse"): number =>
  arenas.reduce((all, arena) => all + arena[figure], 0);

/** Whose text it is, where it is not glibc's. */
const TEXTS: Record<string, (sandbox: Sandbox) => string> = {
  mimalloc: mimallocStats,
  tcmalloc: tcmallocStats,
};

/** Whether a model has malloc_stats, or what takes its place: that of glibc, mimalloc or tcmalloc, or a layer over one. */
export function hasMallocStats(model: string): boolean {
  return hasArenas(model) || bottomOf(model) in TEXTS;
}

const bottomOf = (model: string): string => model.split("/").at(-1) as string;

/**
 * The text that malloc_stats would print, or mi_stats_print of mimalloc, for a sandbox of the model `glibc`, `mimalloc` or
 * `tcmalloc`, or a layer over one.
 * @throws SandboxError for any other model.
 */
export function mallocStats(sandbox: Sandbox): string {
  const { model } = sandbox;
  if (!hasMallocStats(model))
    throw new SandboxError(
      `only the models glibc, mimalloc and tcmalloc have malloc_stats; this is ${model}`,
    );
  return (TEXTS[bottomOf(model)] ?? glibcStats)(sandbox);
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
