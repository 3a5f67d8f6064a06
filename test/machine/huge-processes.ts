/** Random scripts of processes that fork and have huge pages, for processes.ts. */
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { drawsFrom } from "../random.js";
import { recorded, SimulatedProcesses, type Step } from "./processes.js";

const AREA_PAGES = 1300;
const OFFSETS = [0, 308];
const PROCESSES = 5;
const SPAN = 512;
const [HUGEPAGE, READ, READ_WRITE] = [14, 1, 3];
/**
 * DONTNEED, WIPEONFORK and its opposite, NOHUGEPAGE and its opposite, COLD, PAGEOUT, POPULATE_WRITE, COLLAPSE. What is lazy
 * (FREE) is in a list of the CPU's for a while, as in scripts without huge pages.
 */
const ADVICE = [4, 4, 4, 18, 19, 15, 14, 20, 21, 23, 23, 25];

/** A random script, and what a simulated kernel answers. Whoever has no huge page of zeroes finds no first access that is a read. */
export async function randomScript(
  seed: number,
  steps: number,
  zeroPage: ZeroPageKind,
): Promise<{ script: Step[]; lines: string[] }> {
  const { random, between, pick } = drawsFrom(seed);
  const kernel = await SimulatedProcesses.open(zeroPage, "madvise");
  const { script, lines, act } = recorded(kernel);
  for (const [area, offset] of OFFSETS.entries()) {
    act([1, "map", area, offset, AREA_PAGES]);
    act([1, "advise", area, 0, AREA_PAGES, HUGEPAGE]);
    act([1, "write", area, 0, AREA_PAGES]);
  }
  /** Pages of each area that a process has, by its number. */
  const alive = new Map([[1, OFFSETS.map(() => AREA_PAGES)]]);
  /** Pages of whole groups, or any. */
  const range = (area: number, most: number): [first: number, count: number] => {
    const offset = OFFSETS[area] as number;
    const isWhole = random() < 0.4;
    const first = isWhole ? between(0, 2) * SPAN + ((SPAN - offset) % SPAN) : between(0, most - 1);
    const from = Math.min(first, most - 1);
    const pages = isWhole ? SPAN * between(1, 2) : between(1, random() < 0.3 ? 700 : 12);
    return [from, Math.min(most - from, pages)];
  };
  const fork = (process: number) => {
    const child = Array.from({ length: PROCESSES }, (_, i) => i + 1).find((number) => !alive.has(number));
    if (child === undefined) return;
    act([process, "fork", 0, 0, 0, child]);
    alive.set(child, [...(alive.get(process) as number[])]);
  };
  for (let i = 0; i < steps; i++) {
    const process = pick([...alive.keys()]);
    const area = between(0, OFFSETS.length - 1);
    const left = alive.get(process) as number[];
    const most = left[area] as number;
    const [first, count] = range(area, most);
    const dice = random();
    if (dice < 0.1) fork(process);
    else if (dice < 0.15 && alive.size > 1) {
      act([process, "exit", 0, 0, 0]);
      alive.delete(process);
      continue;
    } else if (dice < 0.65) act([process, "write", area, first, count]);
    else if (dice < 0.9) act([process, "advise", area, first, count, pick(ADVICE)]);
    else if (dice < 0.96) {
      act([process, "protect", area, first, count, READ]);
      act([process, "protect", area, first, count, READ_WRITE]);
    } else {
      // From the end, so that what is left stays one range.
      left[area] = Math.max(1, most - between(1, 40));
      act([process, "unmap", area, left[area] as number, most - (left[area] as number)]);
    }
    act([process, "show", area, 0, left[area] as number]);
    act([process, "sizes", 0, 0, 0]);
    act([process, "huge", 0, 0, 0]);
  }
  kernel.machine.check();
  return { script, lines };
}
