/** Huge pages of the simulated Linux kernel beside the real one's: faults, pages, and what stays huge, step for step. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ZeroPageKind } from "../../src/allocator/machine.js";
import { askReal, differenceIn, randomScript, SimulatedHugePages, type Step } from "./huge.js";
import { askKernel, zeroPageHere } from "./real-kernel.js";

const [DONTNEED, FREE, HUGEPAGE, NOHUGEPAGE] = [4, 8, 14, 15];
const [COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE, COLLAPSE] = [20, 21, 22, 23, 25];
const READ = 1;
const SPAN = 512;

/** A script, what Linux 6.18 answered, and KiB of huge pages after each `show`. */
type Case = [steps: [Step, string][], huge: number[]];

const CASES: Record<string, Case> = {
  "a first write faults in 2 MiB; what goes leaves the rest; one call over all of it makes it fresh": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["write", 0, 7, 1], "1"],
      [["show", 0, 0, SPAN], "512xa"],
      [["write", 0, 0, SPAN], "0"],
      [["advise", 0, 0, 256, DONTNEED], "0"],
      [["show", 0, 0, SPAN], "256x. 256xa"],
      [["write", 0, 3, 1], "1"],
      [["show", 0, 0, SPAN], "3x. 1xa 252x. 256xa"],
      [["advise", 0, 0, SPAN, DONTNEED], "0"],
      [["write", 0, 9, 1], "1"],
      [["show", 0, 0, SPAN], "512xa"],
    ],
    [2048, 0, 0, 2048],
  ],
  "small pages leave a table, which two calls do not free and one does": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["write", 0, 0, SPAN], "512"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["advise", 0, 0, 256, DONTNEED], "0"],
      [["advise", 0, 256, 256, DONTNEED], "0"],
      [["write", 0, 4, 1], "1"],
      [["show", 0, 0, SPAN], "4x. 1xa 507x."],
      [["advise", 0, 0, SPAN, DONTNEED], "0"],
      [["write", 0, 4, 1], "1"],
      [["show", 0, 0, SPAN], "512xa"],
    ],
    [0, 2048],
  ],
  "only whole 2 MiB of one area are huge": [
    [
      [["map", 0, 308, 1000], "0"],
      [["advise", 0, 0, 1000, HUGEPAGE], "0"],
      [["write", 0, 0, 1000], "489"],
      [["show", 0, 0, 1000], "1000xa"],
    ],
    [2048],
  ],
  "MADV_FREE of a part splits the frame: pages of zeroes become the zero page": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, 1], "1"],
      [["write", 0, 100, 3], "0"],
      [["advise", 0, 0, 256, FREE], "0"],
      [["show", 0, 0, SPAN], "1xa 99xz 3xa 409xz"],
    ],
    [0],
  ],
  "so does MADV_COLD, of what a part that went left": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, 1], "1"],
      [["advise", 0, 0, 256, DONTNEED], "0"],
      [["show", 0, 0, SPAN], "256x. 256xa"],
      [["advise", 0, 256, 10, COLD], "0"],
      [["show", 0, 0, SPAN], "256x. 256xz"],
    ],
    [0, 0],
  ],
  "MADV_COLLAPSE makes it huge at once, but not of nothing; NOHUGEPAGE leaves the pages": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, COLLAPSE], "-1"],
      [["write", 0, 0, 100], "100"],
      [["read", 0, 200, 50], "50"],
      [["advise", 0, 0, SPAN, COLLAPSE], "0"],
      [["show", 0, 0, SPAN], "512xa"],
      [["advise", 0, 10, 100, NOHUGEPAGE], "0"],
      [["show", 0, 0, SPAN], "512xa"],
      [["advise", 0, 0, SPAN, DONTNEED], "0"],
      [["write", 0, 0, 1], "1"],
      [["show", 0, 0, SPAN], "1xa 511x."],
    ],
    [2048, 0, 0],
  ],
  "MADV_COLLAPSE is refused between multiples of 2 MiB, where nothing was touched, and in areas without room for one":
    [
      [
        [["map", 0, 0, 1400], "0"],
        [["advise", 0, 500, 20, COLLAPSE], "-1"],
        [["write", 0, 0, 1], "1"],
        [["advise", 0, 500, 20, COLLAPSE], "0"],
        [["advise", 0, SPAN, SPAN, COLLAPSE], "-1"],
        [["advise", 0, 1, 511, COLLAPSE], "0"],
        [["advise", 0, 1, 510, COLLAPSE], "-1"],
        [["advise", 0, 600, 20, HUGEPAGE], "0"],
        [["advise", 0, 590, SPAN, COLLAPSE], "-1"],
        [["advise", 0, 1000, 100, COLLAPSE], "-1"],
        [["advise", 0, 0, SPAN, COLLAPSE], "0"],
        [["show", 0, 0, 1400], "512xa 888x."],
      ],
      [2048],
    ],
  "MADV_COLLAPSE ends with the first 2 MiB that nobody touched": [
    [
      [["map", 0, 0, 3 * SPAN], "0"],
      [["write", 0, 0, SPAN], "512"],
      [["write", 0, 2 * SPAN, SPAN], "512"],
      [["advise", 0, 0, 3 * SPAN, COLLAPSE], "-1"],
      [["show", 0, 0, 3 * SPAN], "512xa 512x. 512xa"],
      [["advise", 0, 2 * SPAN, SPAN, COLLAPSE], "0"],
      [["show", 0, 0, 3 * SPAN], "512xa 512x. 512xa"],
    ],
    [2048, 4096],
  ],
  "protection of a part splits the table, of all of it does not": [
    [
      [["map", 0, 0, 2 * SPAN], "0"],
      [["advise", 0, 0, 2 * SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, 1], "1"],
      [["write", 0, SPAN, 1], "1"],
      [["protect", 0, 8, 8, READ], "0"],
      [["show", 0, 0, 2 * SPAN], "1024xa"],
      [["protect", 0, SPAN, SPAN, READ], "0"],
      [["show", 0, 0, 2 * SPAN], "1024xa"],
    ],
    [2048, 2048],
  ],
  "a move to a place that is aligned alike keeps it": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, 1], "1"],
      [["move", 0, 0, SPAN, 8], "0"],
      [["show", 0, 0, SPAN + 1], "512xa 1x."],
      [["write", 0, 0, SPAN], "0"],
      [["map", 1, 0, SPAN], "0"],
      [["advise", 1, 0, SPAN, HUGEPAGE], "0"],
      [["write", 1, 0, 1], "1"],
      [["move", 1, 0, SPAN, 0], "0"],
      [["show", 1, 0, SPAN + 1], "512xa 1x."],
    ],
    [0, 2048],
  ],
  "populating a part faults in all of it": [
    [
      [["map", 0, 0, 2 * SPAN], "0"],
      [["advise", 0, 0, 2 * SPAN, HUGEPAGE], "0"],
      [["advise", 0, 500, 20, POPULATE_WRITE], "0"],
      [["show", 0, 0, 2 * SPAN], "1024xa"],
    ],
    [4096],
  ],
  "all of it may be lazy, and is taken at once; a part is taken from a frame that is split": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, SPAN], "1"],
      [["advise", 0, 0, SPAN, FREE], "0"],
      [["advise", 0, 0, SPAN, PAGEOUT], "0"],
      [["show", 0, 0, SPAN], "512x."],
      [["write", 0, 5, 1], "1"],
      [["show", 0, 0, SPAN], "5x. 1xa 506x."],
      [["map", 1, 0, SPAN], "0"],
      [["advise", 1, 0, SPAN, HUGEPAGE], "0"],
      [["write", 1, 0, SPAN], "1"],
      [["advise", 1, 0, SPAN, FREE], "0"],
      [["advise", 1, 0, 100, PAGEOUT], "0"],
      [["show", 1, 0, SPAN], "100x. 412xa"],
    ],
    [0, 0, 0],
  ],
  "what is unmapped of it is unmapped": [
    [
      [["map", 0, 0, 2 * SPAN], "0"],
      [["advise", 0, 0, 2 * SPAN, HUGEPAGE], "0"],
      [["write", 0, 0, 1], "1"],
      [["unmap", 0, 500, 100], "0"],
      [["show", 0, 0, 2 * SPAN], "500xa 524x."],
      [["write", 0, 600, 1], "1"],
      [["show", 0, 0, 2 * SPAN], "500xa 100x. 1xa 423x."],
    ],
    [0, 0],
  ],
};

/** Reads of fresh memory, of a kernel with a zero page. */
const READS: Record<string, Case> = {
  "a first read maps the huge zero page, which a write replaces": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["read", 0, 5, 1], "1"],
      [["show", 0, 0, SPAN], "512xz"],
      [["read", 0, 0, SPAN], "0"],
      [["write", 0, 7, 1], "1"],
      [["show", 0, 0, SPAN], "512xa"],
    ],
    [0, 2048],
  ],
  "what is left of a huge zero page is small": [
    [
      [["map", 0, 0, SPAN], "0"],
      [["advise", 0, 0, SPAN, HUGEPAGE], "0"],
      [["read", 0, 0, 1], "1"],
      [["unmap", 0, 0, 8], "0"],
      [["show", 0, 8, SPAN - 8], "504xz"],
      [["write", 0, 8, 1], "1"],
      [["show", 0, 8, SPAN - 8], "1xa 503xz"],
    ],
    [0, 0],
  ],
};

/** And of one without. */
const READS_WITHOUT: Record<string, Case> = {
  "a first read faults in 2 MiB": [
    [
      [["map", 0, 0, 2 * SPAN], "0"],
      [["advise", 0, 0, 2 * SPAN, HUGEPAGE], "0"],
      [["read", 0, 5, 1], "1"],
      [["show", 0, 0, 2 * SPAN], "512xa 512x."],
      [["write", 0, 0, SPAN], "0"],
      [["advise", 0, SPAN, 9, POPULATE_READ], "0"],
      [["show", 0, 0, 2 * SPAN], "1024xa"],
      [["write", 0, SPAN, SPAN], "0"],
      [["unmap", 0, 0, 8], "0"],
      [["show", 0, 8, 2 * SPAN - 8], "1016xa"],
    ],
    [2048, 4096, 2048],
  ],
};

async function simulated(
  steps: Case[0],
  zeroPage?: ZeroPageKind,
): Promise<{ lines: string[]; huge: number[] }> {
  const kernel = await SimulatedHugePages.open("madvise", 0, zeroPage);
  const huge: number[] = [];
  const lines = steps.map(([step]) => {
    const line = kernel.answer(step);
    kernel.machine.check();
    if (step[0] === "show") huge.push(2048 * kernel.machine.hugeGroups());
    return line;
  });
  return { lines, huge };
}

/** Asks the real kernel; or says why not. */
function ask<T>(what: (program: string) => T): T | string {
  try {
    const enabled = readFileSync("/sys/kernel/mm/transparent_hugepage/enabled", "utf8");
    if (!enabled.includes("[madvise]")) return "transparent huge pages are not where madvise says so";
    readFileSync("/proc/kpageflags", { flag: "r" }).subarray(0, 0);
  } catch {
    return "no transparent huge pages, or no leave to read page flags";
  }
  return askKernel("huge", what);
}

describe("huge pages of the Linux kernel", () => {
  it.each(Object.entries({ ...CASES, ...READS }))(
    "are as the real one's were: %s",
    async (_, [steps, huge]) => {
      expect(await simulated(steps)).toEqual({ lines: steps.map(([, line]) => line), huge });
    },
  );

  it.each(Object.entries(READS_WITHOUT))(
    "are as those of one without a zero page were: %s",
    async (_, [steps, huge]) => {
      expect(await simulated(steps, "none")).toEqual({ lines: steps.map(([, line]) => line), huge });
    },
  );

  it("are as the real one's are here", ({ skip }) => {
    const here = Object.entries({ ...CASES, ...(zeroPageHere() === "none" ? READS_WITHOUT : READS) });
    const scripts = here.map(([, [steps]]) => steps.map(([step]) => step));
    const real = ask((program) => scripts.map((script) => askReal(program, script)));
    if (typeof real === "string") return skip(real);
    const expected = here.map(([, [steps, huge]]) => ({ lines: steps.map(([, line]) => line), huge }));
    expect(Object.fromEntries(real.map((its, i) => [here[i]?.[0], its]))).toEqual(
      Object.fromEntries(expected.map((its, i) => [here[i]?.[0], its])),
    );
  });

  it("are as the real one's are here in random scripts", async ({ skip }) => {
    const random = await Promise.all([1, 2, 3].map((seed) => randomScript(seed, 60)));
    const real = ask((program) => random.map((simulated) => differenceIn(program, simulated)));
    if (typeof real === "string") return skip(real);
    expect(real).toEqual(random.map(() => null));
  });
});

describe("huge pages", () => {
  const huge = async (mode: "never" | "madvise" | "always", memoryBytes = 0) => {
    const kernel = await SimulatedHugePages.open(mode, memoryBytes);
    kernel.answer(["map", 0, 0, 2 * SPAN]);
    return kernel;
  };

  it("are for nobody, for who asks, or for all", async () => {
    const faults = async (mode: "never" | "madvise" | "always", advice?: number) => {
      const kernel = await huge(mode);
      if (advice !== undefined) kernel.answer(["advise", 0, 0, 2 * SPAN, advice]);
      return kernel.answer(["write", 0, 0, 2 * SPAN]);
    };
    expect(await faults("never", HUGEPAGE)).toBe("1024");
    expect(await faults("madvise")).toBe("1024");
    expect(await faults("madvise", HUGEPAGE)).toBe("2");
    expect(await faults("always")).toBe("2");
    expect(await faults("always", NOHUGEPAGE)).toBe("1024");
  });

  it("are held whole while a page of them is mapped, and let go when memory is short", async () => {
    const kernel = await huge("always");
    const { machine } = kernel;
    const answer = (step: Step) => kernel.answer(step);
    answer(["write", 0, 0, 1]);
    expect(machine.heldPages()).toBe(0);
    answer(["advise", 0, 0, 500, DONTNEED]);
    expect(machine.heldPages()).toBe(500);
    expect(machine.counters().bytes.resident).toBe(12 * 4096);
    machine.press();
    expect(machine.heldPages()).toBe(0);
    // What was never written is on the zero page now.
    expect(machine.counters().bytes.resident).toBe(0);
    machine.check();
  });

  it("are small where there is no frame of 2 MiB", async () => {
    const kernel = await huge("always", 4 * 2 ** 20);
    kernel.answer(["map", 1, 0, 1]);
    kernel.answer(["write", 1, 0, 1]);
    expect(kernel.answer(["write", 0, 0, 1])).toBe("1");
    expect(kernel.answer(["write", 0, SPAN, 3])).toBe("3");
    kernel.machine.check();
  });

  it("that may be taken go as one when memory is short, and leave a table", async () => {
    const kernel = await huge("always", 8 * 2 ** 20);
    const { machine } = kernel;
    const answer = (step: Step) => kernel.answer(step);
    answer(["map", 1, 0, 3 * SPAN]);
    answer(["write", 0, 0, 1]);
    answer(["write", 0, SPAN, 1]);
    answer(["advise", 0, 0, 2 * SPAN, FREE]);
    answer(["advise", 0, SPAN, 9, DONTNEED]);
    expect(machine.heldPages()).toBe(9);
    expect(answer(["write", 1, 0, SPAN])).toBe("1");
    expect(answer(["write", 1, SPAN, SPAN])).toBe("1");
    expect(machine.heldPages()).toBe(9);
    expect(answer(["write", 1, 2 * SPAN, 100])).toBe("100");
    expect(answer(["show", 0, 0, 2 * SPAN])).toBe("1024x.");
    expect([machine.hugeGroups(), machine.heldPages()]).toEqual([2, 0]);
    machine.check();
    expect(answer(["write", 0, 0, SPAN])).toBe("512");
    machine.check();
  });

  it("zero all of 2 MiB for the first byte", async () => {
    const kernel = await huge("always");
    kernel.answer(["write", 0, 0, 1]);
    const { zeroed, bytes, faults } = kernel.machine.counters();
    expect(zeroed.kernel).toBe(2 ** 21);
    expect(bytes.resident).toBe(2 ** 21);
    expect(faults).toMatchObject({ zeroMap: 0, zeroFill: 1, copyOnWrite: 0 });
  });
});
