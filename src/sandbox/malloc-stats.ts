import { SandboxError } from "../base/errors.js";
import type { Sandbox } from "./sandbox.js";

/** glibc prints the bytes of arenas as unsigned int: they wrap around at 4 GiB. */
const int = (bytes: number): number => bytes % 2 ** 32;

const line = (name: string, value: number): string => `${name} = ${String(value).padStart(10)}\n`;

/**
 * The text that malloc_stats of glibc would print, for a sandbox of the model `glibc`.
 * @throws SandboxError for any other model.
 */
export function mallocStats(sandbox: Sandbox): string {
  if (sandbox.model !== "glibc")
    throw new SandboxError(`only the model glibc has malloc_stats; this is ${sandbox.model}`);
  const { arena = 0, uordblks = 0, hblkhd = 0, maxMaps = 0, maxMapBytes = 0 } = sandbox.statistics();
  return [
    "Arena 0:\n",
    line("system bytes    ", int(arena)),
    line("in use bytes    ", int(uordblks)),
    "Total (incl. mmap):\n",
    line("system bytes    ", int(arena + hblkhd)),
    line("in use bytes    ", int(uordblks + hblkhd)),
    line("max mmap regions", maxMaps),
    line("max mmap bytes  ", maxMapBytes),
  ].join("");
}
