/** Random scripts of files of the simulated Linux kernel, and whether the real one here reads ahead as it does. */
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { drawsFrom } from "../random.js";
import { askReal, recorded, SimulatedProcesses, type Step } from "./processes.js";

const [DONTNEED, REMOVE] = [4, 9];
const [DISK, MEMORY] = [0, 1];
/** Pages that the kernel reads ahead at most that was asked. */
export const WINDOW = 2048;
/** A page of an area, as files.h has it. */
export const memory = (area: number, page = 0) => area * 4096 + page;

/** Why readahead is not what was recorded, if so. */
export function otherWindow(program: string): string | null {
  const script: Step[] = [
    [1, "create", 0, 0, 1, DISK],
    [1, "window", 0, 0, 0],
  ];
  const pages = askReal(program, script, "never", 1)[1];
  return pages === String(WINDOW) ? null : `the disk here reads ${pages} pages ahead, not ${WINDOW}`;
}

const PAGES = 96;
const PROCESSES = 4;

/** Random accesses, advice, forks and calls over a file on disk, one of memory, and mappings of both. */
export async function randomScript(
  seed: number,
  steps: number,
  zeroPage: ZeroPageKind,
): Promise<{ script: Step[]; lines: string[] }> {
  const { random, between, pick } = drawsFrom(seed);
  const kernel = await SimulatedProcesses.open(zeroPage);
  const { script, lines, act } = recorded(kernel);
  act([1, "create", 0, 0, PAGES, DISK]);
  act([1, "warm", 0, 0, PAGES]);
  act([1, "create", 1, 0, PAGES, MEMORY]);
  act([1, "mapshared", 0, 0, PAGES, 0]);
  act([1, "mapfile", 1, 0, PAGES, 0]);
  act([1, "mapshared", 2, between(0, 20), 60, 1]);
  act([1, "mapfile", 3, between(0, 20), 60, 1]);
  act([1, "map", 4, 0, PAGES]);
  act([1, "write", 4, 0, PAGES]);
  const alive = new Set([1]);
  for (let i = 0; i < steps; i++) {
    const process = pick([...alive]);
    const area = between(0, 3);
    const most = area < 2 ? PAGES : 60;
    const first = between(0, most - 1);
    const count = between(1, Math.min(most - first, random() < 0.2 ? most : 12));
    const dice = random();
    if (dice < 0.06 && alive.size < PROCESSES) {
      const child = [1, 2, 3, 4].find((number) => !alive.has(number)) as number;
      act([process, "fork", 0, 0, 0, child]);
      alive.add(child);
    } else if (dice < 0.09 && alive.size > 1) {
      act([process, "exit", 0, 0, 0]);
      alive.delete(process);
      continue;
    } else if (dice < 0.22) {
      // Holes are made of memory alone: a file on disk is in larger pieces after that.
      act([process, "advise", area, first, count, area === 2 ? pick([DONTNEED, REMOVE]) : DONTNEED]);
    } else if (dice < 0.3) {
      act([process, "sync", 0, 0, 0]);
    } else if (dice < 0.42) {
      act([
        process,
        pick(["pread", "pwrite"]),
        between(0, 1),
        first,
        Math.min(count, PAGES - first),
        memory(4),
      ]);
    } else {
      act([process, random() < 0.5 ? "write" : "read", area, first, count]);
    }
    act([process, "show", area, 0, most]);
    act([process, "incore", 1, 0, PAGES]);
    act([process, "sets", 0, 0, 0]);
  }
  kernel.machine.check();
  return { script, lines };
}
