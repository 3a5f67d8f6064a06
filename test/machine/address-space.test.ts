/** The simulated Linux kernel's address space beside the real one's: the same system calls, the same areas. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { askReal, HEAPWARD, PAGE, randomScript, SimulatedKernel, type Step, TODAY } from "./address-space.js";
import { askKernel, whyNotToday, zeroPageHere } from "./real-kernel.js";

const A = 300_000 * PAGE;
const B = 200_000 * PAGE;
const HUGE = 512 * PAGE;

/** Each step with what Linux 6.18 answered. */
const CASES: Record<string, [Step, string][]> = {
  "a mapping joins the area that it touches": [
    [["map", 0, 2 * PAGE, 0], "8192"],
    [["map", 0, PAGE, 0], "12288"],
    [["show"], " 12288:3:0"],
    [["unmap", 2 * PAGE, PAGE], "0"],
    [["count"], "2"],
    [["map", 2 * PAGE, PAGE, 1], "8192"],
    [["count"], "1"],
  ],
  "areas that were written apart are not joined by what is mapped between": [
    [["map", A, PAGE, 1], "1228800000"],
    [["map", A - 2 * PAGE, PAGE, 1], "1228791808"],
    [["write", A, PAGE], "0"],
    [["write", A - 2 * PAGE, PAGE], "0"],
    [["map", A - PAGE, PAGE, 1], "1228795904"],
    [["show"], " 1228800000:2:1 1228791808:1:1"],
  ],
  "an area where one was written before is new": [
    [["map", A, PAGE, 1], "1228800000"],
    [["write", A, PAGE], "0"],
    [["unmap", A, PAGE], "0"],
    [["map", A, PAGE, 1], "1228800000"],
    [["write", A, PAGE], "0"],
    [["map", A - 2 * PAGE, PAGE, 1], "1228791808"],
    [["write", A - 2 * PAGE, PAGE], "0"],
    [["map", A - PAGE, PAGE, 1], "1228795904"],
    [["show"], " 1228800000:2:1 1228791808:1:1"],
  ],
  "part of an area moves, and is joined only to what moved as far": [
    [["map", 0, 10 * PAGE, 0], "40960"],
    [["write", 10 * PAGE, 10 * PAGE], "0"],
    [["remap", 8 * PAGE, 2 * PAGE, 4 * PAGE, 0], "0"],
    [["remap", 8 * PAGE, 2 * PAGE, 4 * PAGE, 1], "57344"],
    [["show"], " 57344:4:2 40960:2:2 24576:6:6"],
    [["remap", 3 * PAGE, 2 * PAGE, 3 * PAGE, 1], "69632"],
    [["show"], " 69632:3:2 57344:4:2 40960:2:2 24576:3:3 4096:1:1"],
    [["map", 0, 4 * PAGE, 0], "86016"],
    [["show"], " 86016:4:0 69632:3:2 57344:4:2 40960:2:2 24576:3:3 4096:1:1"],
  ],
  "a shrinking mremap unmaps over holes; one that grows wants one area": [
    [["map", 0, 10 * PAGE, 0], "40960"],
    [["unmap", 8 * PAGE, 2 * PAGE], "0"],
    [["remap", 10 * PAGE, 10 * PAGE, 11 * PAGE, 1], "0"],
    [["remap", 10 * PAGE, 10 * PAGE, 10 * PAGE, 1], "40960"],
    [["remap", 10 * PAGE, 8 * PAGE, PAGE, 0], "40960"],
    [["show"], " 40960:1:0 8192:2:0"],
    [["remap", 8 * PAGE, 8 * PAGE, PAGE, 0], "0"],
  ],
  "madvise fails over a hole, but does what it should to the rest": [
    [["map", 0, 10 * PAGE, 0], "40960"],
    [["write", 10 * PAGE, 10 * PAGE], "0"],
    [["unmap", 8 * PAGE, 2 * PAGE], "0"],
    [["advise", 10 * PAGE, 5 * PAGE, 0], "-1"],
    [["show"], " 40960:2:0 24576:6:5"],
    [["advise", 9 * PAGE, 9 * PAGE, 0], "-1"],
    [["show"], " 40960:2:0 24576:6:0"],
  ],
  "whole huge pages are aligned to one, where nobody says where they should be": [
    [["map", 0, PAGE, 0], "4096"],
    [["map", 0, HUGE, 0], "4128768"],
    [["map", 0, HUGE + PAGE, 0], "6230016"],
    [["map", 0, HUGE - PAGE, 0], "8323072"],
    [["map", A, HUGE, 0], "1228800000"],
    [["map", A - PAGE, HUGE - PAGE, 0], "10416128"],
    [["map", A - PAGE, HUGE, 0], "12513280"],
    [["map", B, PAGE, 1], "819200000"],
    [["map", B - PAGE, PAGE, 1], "819195904"],
    [["remap", B, PAGE, 2 * HUGE, 1], "16711680"],
  ],
  "the heap ends a page below what is mapped above it, and is not joined to that": [
    [["map", HEAPWARD + 8 * PAGE, PAGE, 1], "70368744210432"],
    [["brk", 8 * PAGE], "-1"],
    [["brk", 7 * PAGE], "0"],
    [["map", HEAPWARD + 7 * PAGE, PAGE, 1], "70368744206336"],
    [["show"], " 70368744177664:9:0"],
  ],
};

/** More than the kernel lets a comb have teeth. */
const COMB_PAGES = 2 * TODAY.maxMaps + 100;
const COMB = 900_000 * PAGE;
/** A piece of the comb: one area less. */
const tooth = (number: number): Step => ["unmap", COMB - 2 * number * PAGE, PAGE];

const FULL: Step[] = [
  ["map", A, 20 * PAGE, 1],
  ["map", B, 20 * PAGE, 1],
  ["map", COMB, COMB_PAGES * PAGE, 1],
  ["comb", COMB, COMB_PAGES],
  ["count"],
  // At the limit: what cuts an area fails and leaves it whole; what adds one does not, once.
  ["unmap", A - 4 * PAGE, PAGE],
  ["map", A - 4 * PAGE, PAGE, 1],
  ["remap", A, 3 * PAGE, 2 * PAGE, 0],
  ["unmap", A, PAGE],
  ["remap", A - 10 * PAGE, 10 * PAGE, 11 * PAGE, 0],
  ["advise", A - 4 * PAGE, PAGE, 0],
  ["brk", PAGE],
  ["count"],
  // Beyond it: what would not add one fails too.
  ["map", A - 21 * PAGE, PAGE, 1],
  ["map", 0, PAGE, 0],
  ["brk", 2 * PAGE],
  ["remap", A - 10 * PAGE, 11 * PAGE, 12 * PAGE, 0],
  ["remap", A - 10 * PAGE, 12 * PAGE, 11 * PAGE, 0],
  ["unmap", A - 4 * PAGE, PAGE],
  ["remap", B - 5 * PAGE, 2 * PAGE, 3 * PAGE, 1],
  // A move wants room for more than it adds.
  ...[1, 2, 3, 4, 5].flatMap((number): Step[] => [
    tooth(number),
    ["remap", B - 5 * PAGE, 2 * PAGE, 3 * PAGE, 1],
    ["count"],
  ]),
];

/** What Linux 6.18 answered a program that began with 25 areas. */
const FULL_OWN = 25;
const FULL_ANSWERS = (
  "1228800000 819200000 3686400000 65503 65505 -1 0 0 0 1228759040 0 0 65506 " +
  "0 0 -1 1228759040 1228759040 -1 0 0 0 65505 0 0 65504 0 0 65503 0 0 65502 0 12288 65503"
).split(" ");

async function simulated(script: readonly Step[], own = 0): Promise<string[]> {
  const kernel = await SimulatedKernel.open(own);
  const lines = script.map((step) => kernel.answer(step));
  kernel.machine.check();
  return lines;
}

function askToday<T>(ask: (program: string) => T): T | string {
  return whyNotToday() ?? askKernel("address-space", ask);
}

describe("the Linux kernel's address space", () => {
  it.each(Object.entries(CASES))("%s", async (_, steps) => {
    const script = steps.map(([step]) => step);
    expect(await simulated(script)).toEqual(steps.map(([, answer]) => answer));
  });

  it("is so on the kernel here", ({ skip }) => {
    for (const [name, steps] of Object.entries(CASES)) {
      const script = steps.map(([step]) => step);
      const real = askToday((program) => askReal(program, script));
      if (typeof real === "string") return skip(real);
      expect(real.lines, name).toEqual(steps.map(([, answer]) => answer));
    }
  });

  it("refuses what needs more areas than vm.max_map_count, as it did when it was recorded", async () => {
    expect(await simulated(FULL, FULL_OWN)).toEqual(FULL_ANSWERS);
  });

  it("refuses what needs more areas than vm.max_map_count, as it does here", async ({ skip }) => {
    const real = askToday((program) => askReal(program, FULL));
    if (typeof real === "string") return skip(real);
    const limit = Number(readFileSync("/proc/sys/vm/max_map_count", "utf8"));
    if (limit !== TODAY.maxMaps) return skip(`vm.max_map_count is ${limit} here`);
    expect(await simulated(FULL, real.own)).toEqual(real.lines);
  });

  it("is the real one's after every call of random scripts", async ({ skip }) => {
    for (let seed = 1; seed <= 20; seed++) {
      const { script, lines } = await randomScript(seed, 100, zeroPageHere());
      const real = askToday((program) => askReal(program, script));
      if (typeof real === "string") return skip(real);
      const at = lines.findIndex((line, i) => line !== real.lines[i]);
      const what = `seed ${seed}, step ${at}: ${script[at]?.join(" ")}`;
      expect(real.lines[at], what).toBe(lines[at]);
    }
  });
});
