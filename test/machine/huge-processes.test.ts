/** Huge pages that fork shared, of the simulated Linux kernel beside the real one's: faults, copies, pages, sizes and what stays huge. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Answered, testBesideReal } from "./beside-real.js";
import { randomScript } from "./huge-processes.js";
import { SimulatedProcesses, type Step } from "./processes.js";

const SPAN = 512;
const [DONTNEED, FREE, DONTFORK, HUGEPAGE] = [4, 8, 10, 14];
const [COLD, PAGEOUT, POPULATE_WRITE, COLLAPSE] = [20, 21, 23, 25];
const [READ, READ_WRITE] = [1, 3];

/** A huge page of the first process, of which one page is not zero. */
const LOADED: Answered = [
  [[1, "map", 0, 0, SPAN], "0"],
  [[1, "advise", 0, 0, SPAN, HUGEPAGE], "0"],
  [[1, "write", 0, 0, 1], "1 0"],
];

/** Each step with what Linux 6.18 answered. */
const CASES: Record<string, Answered> = {
  "a write copies 4 KiB and splits the writer's table; the last holder takes all at once": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "huge", 0, 0, 0], "2048"],
    [[2, "sizes", 0, 0, 0], "2048 0 0 512 0 0 0 0 0 0"],
    [[2, "write", 0, 0, 10], "10 10"],
    [[2, "huge", 0, 0, 0], "0"],
    [[1, "huge", 0, 0, 0], "2048"],
    [[1, "sizes", 0, 0, 0], "2048 40 10 502 0 0 0 0 0 0"],
    [[2, "write", 0, 0, SPAN], "502 502"],
    [[1, "write", 0, 0, SPAN], "1 0"],
    [[1, "huge", 0, 0, 0], "2048"],
  ],
  "a page that the others left is copied while they have others of the frame, and reused alone when they are gone":
    [
      ...LOADED,
      [[1, "fork", 0, 0, 0, 2], "0"],
      [[2, "write", 0, 0, 10], "10 10"],
      [[1, "write", 0, 5, 1], "1 1"],
      [[1, "huge", 0, 0, 0], "0"],
      [[2, "exit", 0, 0, 0], "0"],
      [[1, "write", 0, 0, SPAN], "511 0"],
    ],
  "what went by advice or was unmapped is left, too": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "advise", 0, 0, 100, DONTNEED], "0"],
    [[2, "huge", 0, 0, 0], "0"],
    [[1, "write", 0, 0, 5], "5 5"],
    [[1, "sizes", 0, 0, 0], "2048 400 100 412 0 0 0 0 0 0"],
    [[2, "unmap", 0, 100, 412], "0"],
    [[1, "write", 0, 0, SPAN], "507 0"],
  ],
  "the last page of a frame is copied": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "advise", 0, 1, 511, DONTNEED], "0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "write", 0, 0, 1], "1 1"],
  ],
  "a third process has no place among those who may own pages of it": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "fork", 0, 0, 0, 3], "0"],
    [[1, "exit", 0, 0, 0], "0"],
    [[3, "write", 0, 0, 1], "1 1"],
    [[2, "exit", 0, 0, 0], "0"],
    [[3, "write", 0, 0, SPAN], "511 511"],
  ],
  "but what it alone has as one is its own": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "fork", 0, 0, 0, 3], "0"],
    [[1, "exit", 0, 0, 0], "0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[3, "fork", 0, 0, 0, 4], "0"],
    [[4, "exit", 0, 0, 0], "0"],
    [[3, "write", 0, 0, SPAN], "1 0"],
    [[3, "huge", 0, 0, 0], "2048"],
  ],
  "a child that gets a place among them takes what is left": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "fork", 0, 0, 0, 3], "0"],
    [[1, "exit", 0, 0, 0], "0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[3, "fork", 0, 0, 0, 4], "0"],
    [[4, "write", 0, 0, 10], "10 10"],
    [[3, "exit", 0, 0, 0], "0"],
    [[4, "write", 0, 0, SPAN], "502 0"],
  ],
  "advice about what may be taken leaves it while others have it": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "advise", 0, 0, SPAN, FREE], "0"],
    [[1, "advise", 0, 0, 100, COLD], "0"],
    [[1, "advise", 0, 0, SPAN, PAGEOUT], "0"],
    [[1, "huge", 0, 0, 0], "2048"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "show", 0, 0, SPAN], "512xa"],
    [[1, "advise", 0, 0, 100, COLD], "0"],
    [[1, "show", 0, 0, SPAN], "1xa 511xz"],
  ],
  "of pages in pieces, those that were copied may be taken": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "write", 0, 0, 10], "10 10"],
    [[1, "advise", 0, 0, SPAN, FREE], "0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "advise", 0, 0, SPAN, PAGEOUT], "0"],
    [[1, "show", 0, 0, SPAN], "10x. 502xz"],
  ],
  "who had it alone again may have it taken as one, which leaves a table": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "advise", 0, 0, SPAN, FREE], "0"],
    [[1, "advise", 0, 0, SPAN, PAGEOUT], "0"],
    [[1, "show", 0, 0, SPAN], "512x."],
    [[1, "write", 0, 3, 1], "1 0"],
    [[1, "huge", 0, 0, 0], "0"],
  ],
  "populating is writing; collapsing takes a frame of its own, unless it is one": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "advise", 0, 0, SPAN, COLLAPSE], "0"],
    [[1, "sizes", 0, 0, 0], "2048 0 0 512 0 0 0 0 0 0"],
    [[1, "advise", 0, 0, 5, POPULATE_WRITE], "0"],
    [[1, "huge", 0, 0, 0], "0"],
    [[1, "sizes", 0, 0, 0], "2048 20 5 507 0 0 0 0 0 0"],
    [[1, "advise", 0, 0, SPAN, COLLAPSE], "0"],
    [[1, "huge", 0, 0, 0], "2048"],
    [[1, "write", 0, 0, SPAN], "0 0"],
    [[2, "write", 0, 0, SPAN], "1 0"],
  ],
  "a table without pages is copied, too": [
    [[1, "map", 0, 0, SPAN], "0"],
    [[1, "write", 0, 0, SPAN], "512 0"],
    [[1, "advise", 0, 0, SPAN, HUGEPAGE], "0"],
    [[1, "advise", 0, 0, 256, DONTNEED], "0"],
    [[1, "advise", 0, 256, 256, DONTNEED], "0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "write", 0, 3, 1], "1 0"],
    [[2, "show", 0, 0, SPAN], "3x. 1xa 508x."],
  ],
  "a child may get part of a frame": [
    ...LOADED,
    [[1, "advise", 0, 100, 50, DONTFORK], "0"],
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[2, "write", 0, 0, 10], "10 10"],
    [[1, "write", 0, 0, SPAN], "462 462"],
    [[2, "write", 0, 0, 100], "90 90"],
    [[2, "write", 0, 150, 362], "362 362"],
  ],
  "protection of all of it changes nothing": [
    ...LOADED,
    [[1, "fork", 0, 0, 0, 2], "0"],
    [[1, "protect", 0, 0, SPAN, READ], "0"],
    [[1, "protect", 0, 0, SPAN, READ_WRITE], "0"],
    [[1, "huge", 0, 0, 0], "2048"],
    [[2, "exit", 0, 0, 0], "0"],
    [[1, "write", 0, 0, SPAN], "1 0"],
  ],
};

/** Why the kernel here does not use huge pages where advice says so; null if it does. */
function whyNoHugePages(): string | null {
  try {
    const enabled = readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8");
    return enabled.includes("[madvise]") ? null : "huge pages are not where madvise says so";
  } catch {
    return "no transparent huge pages";
  }
}

describe("huge pages that processes share", () => {
  testBesideReal({
    cases: CASES,
    random: (seed, zeroPage) => randomScript(seed, 30, zeroPage),
    seeds: [1, 2],
    whyOther: whyNoHugePages,
    hugePages: "madvise",
    // What a split frees shows the zero page also where the kernel maps none for reads.
    zeroPage: "shared",
  });
});

describe("huge frames that processes share", () => {
  const open = async (forks: number) => {
    const kernel = await SimulatedProcesses.open("shared", "madvise");
    const act = (...steps: Step[]) => {
      for (const step of steps) kernel.answer(step);
      kernel.machine.check();
    };
    act(...LOADED.map(([step]) => step));
    for (let child = 2; child < 2 + forks; child++) act([child - 1, "fork", 0, 0, 0, child]);
    return { kernel, act, machine: kernel.machine };
  };

  it("are one entry for fork to copy, and each page's share in set sizes", async () => {
    const { machine } = await open(1);
    expect(machine.counters().sharing.forkedPages).toBe(1);
    expect(machine.holders()[1]).toBe(SPAN);
    expect(machine.counters().bytes.resident).toBe(2 ** 21);
  });

  it("hold the pages that nobody has, until nobody has any or memory is short", async () => {
    const { machine, act } = await open(2);
    act([1, "write", 0, 0, 20], [2, "write", 0, 10, 20]);
    expect(machine.heldPages()).toBe(0);
    act([3, "write", 0, 0, 15]);
    // The pages 10 to 14 are those that all three have copied.
    expect(machine.heldPages()).toBe(5);
    act([1, "write", 0, 0, SPAN]);
    expect(machine.heldPages()).toBe(5);
    machine.press();
    machine.check();
    expect(machine.heldPages()).toBe(0);
    // What is left of it holds zeroes, but for the first page, which the second process has.
    expect(machine.counters().bytes.resident).toBe((SPAN + 20 + 15 + 1) * 4096);
  });

  it("are left whole by short memory while somebody has all of them", async () => {
    const { machine, act } = await open(1);
    act([1, "write", 0, 0, 20]);
    machine.press();
    act([2, "exit", 0, 0, 0], [1, "write", 0, 30, 5]);
    expect(machine.heldPages()).toBe(20);
  });

  it("are small ones, in all processes, of whom one moves part", async () => {
    const { machine, act } = await open(1);
    const at = 0x200000000000 + 64 * 2 ** 21;
    const moved = machine.mremap(at, 100 * 4096, 200 * 4096, true);
    machine.check();
    expect(machine.hugeGroups()).toBe(0);
    machine.touch(moved, 100 * 4096, true);
    expect(machine.counters().sharing).toMatchObject({ copies: 100, reuses: 0 });
    act([2, "exit", 0, 0, 0]);
  });
});
