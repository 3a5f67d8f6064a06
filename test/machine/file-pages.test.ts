/** Files of the simulated Linux kernel beside the real one's: faults, pages, the page cache and readahead, step for step. */
import { describe } from "vitest";
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { drawsFrom } from "../random.js";
import { type Answered, testBesideReal } from "./beside-real.js";
import { askReal, SimulatedProcesses, type Step } from "./processes.js";

const [NORMAL, RANDOM, DONTNEED, FREE, REMOVE, WIPEONFORK] = [0, 1, 4, 8, 9, 18];
const [DISK, MEMORY] = [0, 1];
/** Pages that the kernel reads ahead at most that was asked. */
const WINDOW = 2048;
/** A page of an area, as files.h has it. */
const memory = (area: number, page = 0) => area * 4096 + page;

/** Each step with what Linux 6.18 answered, on ext4. */
const CASES: Record<string, Answered> = {
  "a fault of a read maps 16 pages by address, one of a write its page; fsync has writes fault again": [
    [[1, "create", 0, 0, 1024, DISK], "0"],
    [[1, "incore", 0, 0, 1024], "1024x0"],
    [[1, "warm", 0, 0, 1024], "0"],
    [[1, "incore", 0, 0, 1024], "1024x1"],
    [[1, "mapshared", 0, 0, 1024, 0], "0"],
    [[1, "read", 0, 0, 1], "1 0"],
    [[1, "show", 0, 0, 1024], "16xf 1008x."],
    [[1, "sets", 0, 0, 0], "0 64"],
    [[1, "read", 0, 0, 1024], "63 0"],
    [[1, "write", 0, 0, 64], "64 0"],
    [[1, "write", 0, 0, 64], "0 0"],
    [[1, "sync", 0, 0, 0], "0"],
    [[1, "write", 0, 0, 64], "64 0"],
    [[1, "forget", 0, 0, 1024], "0"],
    [[1, "incore", 0, 0, 1024], "1024x1"],
  ],
  "a private mapping copies what it writes, and shows the file again when told to forget": [
    [[1, "create", 0, 0, 1024, DISK], "0"],
    [[1, "warm", 0, 0, 1024], "0"],
    [[1, "mapfile", 1, 0, 1024, 0], "0"],
    [[1, "read", 1, 500, 1], "1 0"],
    [[1, "show", 1, 0, 1024], "496x. 16xf 512x."],
    [[1, "write", 1, 496, 32], "32 16"],
    [[1, "show", 1, 0, 1024], "496x. 32xa 496x."],
    [[1, "sets", 0, 0, 0], "128 0"],
    [[1, "advise", 1, 496, 16, DONTNEED], "0"],
    [[1, "show", 1, 0, 1024], "512x. 16xa 496x."],
    [[1, "read", 1, 496, 16], "1 0"],
    [[1, "advise", 1, 0, 32, FREE], "-1"],
    [[1, "advise", 1, 0, 32, WIPEONFORK], "-1"],
  ],
  "a child gets the pages of a private mapping that was written, and faults in all others": [
    [[1, "create", 0, 0, 64, DISK], "0"],
    [[1, "warm", 0, 0, 64], "0"],
    [[1, "mapshared", 0, 0, 64, 0], "0"],
    [[1, "mapfile", 1, 0, 32, 0], "0"],
    [[1, "mapfile", 2, 0, 32, 0], "0"],
    [[1, "read", 0, 0, 64], "4 0"],
    [[1, "read", 1, 0, 32], "2 0"],
    [[1, "read", 2, 0, 17], "2 0"],
    [[1, "write", 2, 4, 1], "1 1"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "show", 0, 0, 64], "64x."],
    [[2, "show", 1, 0, 32], "32x."],
    [[2, "show", 2, 0, 32], "4xf 1xa 27xf"],
    [[2, "write", 2, 4, 1], "1 1"],
    [[1, "write", 2, 4, 1], "1 0"],
    [[2, "write", 2, 6, 1], "1 1"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "sets", 0, 0, 0], "4 508"],
  ],
  "memory: a read of a hole takes a frame, and what is mapped may be written at once; a hole made again is gone for all":
    [
      [[1, "create", 1, 0, 256, MEMORY], "0"],
      [[1, "mapshared", 2, 0, 128, 1], "0"],
      [[1, "read", 2, 0, 4], "4 0"],
      [[1, "show", 2, 0, 128], "4xf 124x."],
      [[1, "write", 2, 0, 4], "0 0"],
      [[1, "write", 2, 20, 4], "4 0"],
      [[1, "read", 2, 30, 1], "1 0"],
      [[1, "fork", 0, 0, 0, 2], "0"],
      [[2, "show", 2, 0, 128], "128x."],
      [[2, "read", 2, 0, 16], "13 0"],
      [[2, "show", 2, 0, 128], "16xf 112x."],
      [[1, "advise", 2, 0, 8, REMOVE], "0"],
      [[2, "show", 2, 0, 128], "8x. 8xf 112x."],
      [[1, "incore", 1, 0, 256], "8x0 8x1 4x0 4x1 6x0 1x1 225x0"],
      [[1, "forget", 1, 0, 256], "0"],
      [[1, "incore", 1, 0, 256], "8x0 8x1 4x0 4x1 6x0 1x1 225x0"],
    ],
  "read copies into memory that it faults in, and sendfile into none": [
    [[1, "create", 0, 0, 256, DISK], "0"],
    [[1, "warm", 0, 0, 256], "0"],
    [[1, "map", 3, 0, 300], "0"],
    [[1, "pread", 0, 0, 64, memory(3)], "64 64"],
    [[1, "pread", 0, 64, 64, memory(3)], "0 64"],
    [[1, "pwrite", 0, 0, 64, memory(3)], "0 64"],
    [[1, "show", 3, 0, 300], "64xa 236x."],
    [[1, "sendfile", 0, 0, 256], "256"],
    [[1, "show", 3, 0, 300], "64xa 236x."],
  ],
  "readahead: first windows, markers, the next ones, and what is read at random": [
    [[1, "create", 2, 0, 4096, DISK], "0"],
    [[1, "window", 2, WINDOW, 0], String(WINDOW)],
    [[1, "map", 3, 0, 64], "0"],
    [[1, "pread", 2, 0, 1, memory(3)], "1 1"],
    [[1, "incore", 2, 0, 4096], "4x1 4092x0"],
    [[1, "pread", 2, 1, 1, memory(3)], "0 1"],
    [[1, "incore", 2, 0, 4096], "20x1 4076x0"],
    [[1, "pread", 2, 4, 4, memory(3)], "3 4"],
    [[1, "incore", 2, 0, 4096], "80x1 4016x0"],
    [[1, "pread", 2, 20, 64, memory(3)], "60 64"],
    [[1, "incore", 2, 0, 4096], "768x1 3328x0"],
    [[1, "pread", 2, 1000, 3, memory(3)], "0 3"],
    [[1, "incore", 2, 0, 4096], "768x1 232x0 3x1 3093x0"],
    [[1, "sendfile", 2, 2000, 10], "10"],
    [[1, "incore", 2, 0, 4096], "768x1 232x0 3x1 997x0 10x1 2086x0"],
    [[1, "forget", 2, 0, 4096], "0"],
    [[1, "incore", 2, 0, 4096], "4096x0"],
  ],
  "a mapping that misses reads around it, unless it is told that touches are random": [
    [[1, "create", 3, 0, 4096, DISK], "0"],
    [[1, "window", 3, WINDOW, 0], String(WINDOW)],
    [[1, "mapshared", 4, 0, 4096, 3], "0"],
    [[1, "read", 4, 2000, 1], "1 0"],
    [[1, "incore", 3, 0, 4096], "976x0 2048x1 1072x0"],
    [[1, "show", 4, 0, 4096], "2000x. 16xf 2080x."],
    [[1, "create", 4, 0, 64, DISK], "0"],
    [[1, "mapfile", 5, 0, 64, 4], "0"],
    [[1, "advise", 5, 0, 64, RANDOM], "0"],
    [[1, "read", 5, 10, 1], "1 0"],
    [[1, "write", 5, 30, 1], "1 0"],
    [[1, "show", 5, 0, 64], "10x. 1xf 19x. 1xa 33x."],
    [[1, "incore", 4, 0, 64], "10x0 1x1 19x0 1x1 33x0"],
    [[1, "advise", 5, 0, 64, NORMAL], "0"],
    [[1, "read", 5, 40, 1], "1 0"],
    [[1, "incore", 4, 0, 64], "64x1"],
  ],
};

/** Why readahead is not what was recorded, if so. */
function otherWindow(program: string): string | null {
  const script: Step[] = [
    [1, "create", 0, 0, 1, DISK],
    [1, "window", 0, 0, 0],
  ];
  const pages = askReal(program, script, "never", 1)[1];
  return pages === String(WINDOW) ? null : `the disk here reads ${pages} pages ahead, not ${WINDOW}`;
}

// ---- Random scripts ----

const PAGES = 96;
const PROCESSES = 4;

/** Random accesses, advice, forks and calls over a file on disk, one of memory, and mappings of both. */
async function randomScript(
  seed: number,
  steps: number,
  zeroPage: ZeroPageKind,
): Promise<{ script: Step[]; lines: string[] }> {
  const { random, between, pick } = drawsFrom(seed);
  const kernel = await SimulatedProcesses.open(zeroPage);
  const script: Step[] = [];
  const lines: string[] = [];
  const act = (step: Step) => {
    script.push(step);
    lines.push(kernel.answer(step));
  };
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

describe("files of the Linux kernel", () => {
  testBesideReal({
    cases: CASES,
    random: (seed, zeroPage) => randomScript(seed, 60, zeroPage),
    seeds: [0xf11e, 0xf11f, 0xf120],
    whyOther: otherWindow,
  });
});
