import { type ArenaFigures, arenasOf } from "./glibc-figures.js";
import type { Sandbox } from "./sandbox.js";

const line = (name: string, value: number): string => `${name} = ${String(value).padStart(10)}\n`;

/** Measured: bytes are an unsigned int, which wraps around at 4 GiB. */
const bytes = (system: number, inUse: number): string =>
  line("system bytes    ", system % 2 ** 32) + line("in use bytes    ", inUse % 2 ** 32);

const sum = (arenas: ArenaFigures[], figure: "system" | "inUse"): number =>
  arenas.reduce((all, arena) => all + arena[figure], 0);

/**
 * The text that malloc_stats of glibc would print, for a sandbox of the model `glibc`.
 * @throws SandboxError for any other model.
 */
export function mallocStats(sandbox: Sandbox): string {
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
