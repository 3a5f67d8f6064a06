/** The simulated Linux kernel beside the real one: faults and resident pages of the same steps. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { openRawMachine } from "../raw-machine.js";
import { ANYWHERE, DONTNEED, FIXED, FREE } from "../reference/interface.js";
import { askKernel, zeroPageHere } from "./real-kernel.js";

const PAGE = 4096;
const PAGES = 1000;

/** Faults and resident pages after each step, in the order of test/oracle/kernel.c. */
type Steps = [faults: number, resident: number][];

async function simulated(n: number, zeroPage: ZeroPageKind): Promise<Steps> {
  const machine = await openRawMachine(
    {
      kernel: "linux",
      pageBytes: PAGE,
      memoryBytes: 0,
      addressSpaceBytes: 0,
      maxMaps: 0,
      mapAlignment: "page",
      zeroPage,
    },
    true,
  );
  const steps: Steps = [];
  const faults = () => totalFaults(machine.counters().faults);
  const owned = (start: number, pages: number) =>
    machine
      .pages(start, pages * PAGE)
      .filter(({ state }) => state === "clean" || state === "written")
      .reduce((sum, run) => sum + run.pages, 0);
  const step = (start: () => number, pages: number, run: () => void) => {
    const before = faults();
    run();
    steps.push([faults() - before, owned(start(), pages)]);
  };
  const map = (pages: number) => machine.mmap(0, pages * PAGE, ANYWHERE, PAGE);
  const readEach = (start: number, pages: number) => machine.touch(start, pages * PAGE, false);
  const writeEach = (start: number, pages: number) => {
    for (let i = 0; i < pages; i++) machine.store(start + i * PAGE, 1, 1n);
  };
  const p = map(n);
  const atP = () => p;
  step(atP, n, () => {});
  step(atP, n, () => readEach(p, n));
  step(atP, n, () => readEach(p, n));
  step(atP, n, () => writeEach(p, n));
  step(atP, n, () => writeEach(p, n));
  step(atP, n, () => machine.madvise(p, (n / 2) * PAGE, DONTNEED));
  step(atP, n, () => writeEach(p, n / 4));
  step(atP, n, () => readEach(p, n));
  step(atP, n, () => machine.madvise(p, n * PAGE, FREE));
  step(atP, n, () => writeEach(p, n));
  step(atP, n, () => machine.munmap(p + (n / 4) * PAGE, (n / 4) * PAGE));
  step(atP, n, () => machine.mmap(p + (n / 4) * PAGE, (n / 4) * PAGE, FIXED, PAGE));
  step(atP, n, () => writeEach(p, n));
  let q = map(n);
  const atQ = () => q;
  step(atQ, n, () => writeEach(q, n));
  step(atQ, 2 * n, () => {
    q = machine.mremap(q, n * PAGE, 2 * n * PAGE, true);
  });
  step(atQ, 2 * n, () => writeEach(q, 2 * n));
  step(atQ, n / 2, () => {
    q = machine.mremap(q, 2 * n * PAGE, (n / 2) * PAGE, false);
  });
  const heap = machine.brk(0);
  const atHeap = () => heap;
  step(atHeap, n, () => machine.brk(heap + n * PAGE));
  step(atHeap, n, () => writeEach(heap, n));
  step(atHeap, n, () => {
    machine.brk(heap);
    machine.brk(heap + n * PAGE);
  });
  step(atHeap, n, () => readEach(heap, n));
  machine.check();
  return steps;
}

/**
 * Faults are counted by process: one whose code or stack the kernel took a page of meanwhile has one more. That is rare,
 * and so does not happen at the same step of all runs.
 */
const RUNS = 5;

function stepsOf(output: Buffer): Steps {
  const lines = output.toString().trim().split("\n");
  return lines.map((line) => line.split(" ").map(Number) as Steps[number]);
}

/** What the real kernel answers; or why it cannot be asked here. */
function real(n: number): Steps | string {
  return askKernel("kernel", (program) => {
    const runs = Array.from({ length: RUNS }, () => stepsOf(execFileSync(program, [String(n)])));
    return (runs[0] as Steps).map((_, step) => {
      const answers = runs.map((run) => run[step] as Steps[number]);
      return answers.reduce((fewest, answer) => (answer[0] < fewest[0] ? answer : fewest));
    });
  });
}

// What Linux 6.18 answered, for hosts that cannot be asked.
const RECORDED: Steps = [
  [0, 0],
  [1000, 0],
  [0, 0],
  [1000, 1000],
  [0, 1000],
  [0, 500],
  [250, 750],
  [250, 750],
  [0, 750],
  [250, 1000],
  [0, 750],
  [0, 750],
  [250, 1000],
  [1000, 1000],
  [0, 1000],
  [1000, 2000],
  [0, 500],
  [0, 0],
  [1000, 1000],
  [0, 0],
  [1000, 0],
];

describe("the Linux kernel's faults and resident pages", () => {
  it("are what the real one answered when it was recorded", async () => {
    expect(await simulated(PAGES, "shared")).toEqual(RECORDED);
  });

  it("are what the real one answers here", async ({ skip }) => {
    const answer = real(PAGES);
    if (typeof answer === "string") return skip(answer);
    expect(await simulated(PAGES, zeroPageHere())).toEqual(answer);
  });
});
