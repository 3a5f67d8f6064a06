/** Where the simulated Linux kernel puts mappings, and what it refuses, beside the real one. */
import { totalmem } from "node:os";
import { describe, expect, it } from "vitest";
import type { LinuxSettings } from "../../src/allocator/machine.js";
import { openRawMachine } from "../raw-machine.js";
import { ANYWHERE, DONTFORK, LOW, type MachineOptions, RESERVED } from "../reference/interface.js";
import { askReal, HEAP, LINKED, MIB, type Program, type Step, simulated } from "./placement.js";
import { askKernel, whyNotToday } from "./real-kernel.js";

const PAGE = 4096;
const NON_PIE: Program = { image: "nonPie", layout: "topDown" };
const PIE: Program = { image: "pie", layout: "topDown" };
const LEGACY: Program = { image: "nonPie", layout: "bottomUp" };
const [R, RW] = [1, 2];
const [SAME, ONLY_RESERVED, UNBACKED_, LOW_] = [0, 3, 4, 5];

/** What is mapped when a heap has grown so far: E3 of what we know of LuaJIT. */
const grown = (mib: number): Step[] => [["heap"], ["up"], ["brk", HEAP + mib * MIB], ["low"], ["hints"]];

/** Each script with what Linux 6.18 answered. */
const CASES: Record<string, [Program, Step[], string[]]> = {
  "nothing in the heap": [NON_PIE, grown(0), ["1", "0", "0", "1024 1073741824", "64"]],
  "608 MiB in the heap": [NON_PIE, grown(608), ["1", "0", "0", "1024 1073741824", "26"]],
  "1,104 MiB in the heap": [NON_PIE, grown(1104), ["1", "0", "0", "939 1161977856", "1"]],
  "3,008 MiB in the heap": [NON_PIE, grown(3008), ["1", "0", "0", "0 0", "1"]],
  "a heap that is far": [PIE, [["heap"], ["up"], ["low"], ["hints"]], ["0", "0", "1024 1073741824", "64"]],
  "the legacy layout": [LEGACY, [["heap"], ["up"], ["low"], ["hints"]], ["1", "1", "1024 1073741824", "64"]],
  "low mappings of huge pages, and at hints": [
    NON_PIE,
    [
      ["map", 0, 2 * MIB, LOW_],
      ["map", 0, 2 * MIB, LOW_],
      ["map", 0, PAGE, LOW_],
      ["map", 0x20000000, PAGE, LOW_],
      ["map", 0x7ffff000, 2 * PAGE, LOW_],
      ["map", 0x90000000, PAGE, LOW_],
      ["map", 0, 1025 * MIB, LOW_],
    ],
    ["1075838976", "1080033280", "1073741824", "536870912", "1073745920", "1073754112", "0"],
  ],
  "low mappings of huge pages whose hint cannot be followed": [
    NON_PIE,
    [
      ["map", 0x30000000, 40 * MIB, LOW_],
      ["map", 0x30000000, 40 * MIB, LOW_],
      ["map", 0, PAGE, LOW_],
      ["map", 0x31000000, 40 * MIB, LOW_],
      ["map", 0, 40 * MIB, LOW_],
      ["map", PAGE, PAGE, LOW_],
      ["map", 1, 2 * MIB, LOW_],
    ],
    ["805306368", "1073741824", "1115684864", "1115688960", "1159725056", "65536", "1203765248"],
  ],
  "low mappings of huge pages in the legacy layout": [
    LEGACY,
    [
      ["map", 0, 2 * MIB, LOW_],
      ["map", 0, 2 * MIB, LOW_],
      ["map", 0, PAGE, LOW_],
    ],
    ["1073741824", "1075838976", "1077936128"],
  ],
  "RLIMIT_DATA: what may be written, also later": [
    NON_PIE,
    [
      ["limit", 1, 64 * MIB],
      ["map", 0, 100 * MIB, SAME],
      ["map", 0, 32 * MIB, SAME],
      ["map", 0, 100 * MIB, ONLY_RESERVED],
      ["protect", R],
      ["protect", RW],
      ["brk", HEAP + 100 * MIB],
      ["unmap"],
      ["map", 0, 100 * MIB, UNBACKED_],
      ["map", 0, 40 * MIB, SAME],
      ["map", 0, 30 * MIB, SAME],
      ["protect", R],
      ["map", 0, 30 * MIB, SAME],
      ["protect", RW],
    ],
    "0 0 1 1 0 -1 -1 0 0 0 1 0 1 0".split(" "),
  ],
  "RLIMIT_AS: everything": [
    NON_PIE,
    [
      ["limit", 0, 256 * MIB],
      ["map", 0, 300 * MIB, SAME],
      ["map", 0, 300 * MIB, ONLY_RESERVED],
      ["map", 0, 300 * MIB, UNBACKED_],
      ["map", 0, 200 * MIB, ONLY_RESERVED],
      ["map", 0, 50 * MIB, ONLY_RESERVED],
      ["map", 0, 50 * MIB, ONLY_RESERVED],
    ],
    "0 0 0 0 1 1 0".split(" "),
  ],
};

/** Of a request alone, as vm.overcommit_memory = 0 has it; in parts of the memory that there is. */
const heuristic = (memory: number): [Step[], string[]] => {
  const part = (share: number) => Math.floor((memory * share) / PAGE) * PAGE;
  return [
    [
      ["map", 0, part(0.9), SAME],
      ["map", 0, part(0.9), SAME],
      ["map", 0, part(1.1), SAME],
      ["map", 0, part(8), UNBACKED_],
      ["map", 0, part(8), ONLY_RESERVED],
      ["protect", RW],
      ["protect", R],
    ],
    "1 1 0 1 1 -1 0".split(" "),
  ];
};

describe("the Linux kernel", () => {
  it.each(Object.entries(CASES))(
    "places and refuses as the real one did: %s",
    async (_, [program, script, answers]) => {
      expect(await simulated(program, script)).toEqual(answers);
    },
  );

  it.for(Object.entries(CASES))("does so here: %s", async ([, [program, script, answers]], { skip }) => {
    const real =
      whyNotToday() ??
      askKernel("placement", (path) => askReal(path, program, script), LINKED[program.image]);
    if (typeof real === "string") return skip(real);
    expect(real).toEqual(answers);
  });

  it("refuses a request for more than there is, and promises more in all", async () => {
    const [script, answers] = heuristic(2 ** 34);
    // The machine knows what is only reserved apart where somebody limits what may be written.
    expect(await simulated(PIE, script, 2 ** 34, { dataLimit: 2 ** 46 })).toEqual(answers);
  });

  it("does so here", async ({ skip }) => {
    const [script, answers] = heuristic(totalmem());
    const real = askKernel("placement", (path) => askReal(path, PIE, script));
    if (typeof real === "string") return skip(real);
    expect(real).toEqual(answers);
  });
});

const open = (linux: Partial<LinuxSettings>, memoryBytes = 0) => {
  const options: MachineOptions = {
    ...{ kernel: "linux", pageBytes: PAGE, memoryBytes, addressSpaceBytes: 0, maxMaps: 0 },
    ...{ mapAlignment: "page", zeroPage: "shared", linux },
  };
  return openRawMachine(options, true);
};

describe("overcommit", () => {
  it("always: refuses nothing but address space", async () => {
    const machine = await open({ overcommit: "always" }, 64 * MIB);
    const address = machine.mmap(0, 2 ** 40, ANYWHERE, PAGE);
    expect(address).toBeGreaterThan(0);
    expect(machine.protect(address, 2 ** 40, 0)).toBe(0);
    expect(machine.protect(address, 2 ** 40, RW)).toBe(0);
    expect(machine.mmap(0, 2 ** 47, ANYWHERE, PAGE)).toBe(0);
  });

  it("never: promises all processes together a part of memory", async () => {
    const machine = await open({ overcommit: "never", overcommitRatio: 50 }, 64 * MIB);
    const block = machine.mmap(0, 20 * MIB, ANYWHERE, PAGE);
    expect(machine.mmap(0, 13 * MIB, ANYWHERE, PAGE)).toBe(0);
    expect(machine.fork(2)).toBe(-1);
    const reserved = machine.mmap(0, 100 * MIB, RESERVED, PAGE);
    expect(machine.protect(reserved, 12 * MIB, RW)).toBe(0);
    expect(machine.protect(reserved + 12 * MIB, PAGE, RW)).toBe(-1);
    expect(() => machine.touch(reserved + 12 * MIB, PAGE, false)).toThrow("protected");
    machine.touch(reserved, PAGE, true);
    expect(machine.munmap(block, 20 * MIB)).toBe(0);
    expect(machine.fork(2)).toBe(0);
    machine.switchTo(2);
    expect(machine.mmap(0, 9 * MIB, ANYWHERE, PAGE)).toBe(0);
    expect(machine.mmap(0, 8 * MIB, ANYWHERE, PAGE)).not.toBe(0);
    machine.exit();
    expect(machine.mmap(0, 20 * MIB, ANYWHERE, PAGE)).not.toBe(0);
    machine.check();
  });
});

describe("overcommit and limits of data", () => {
  it("promise all areas that become writable in one call, one after the other", async () => {
    const machine = await open({ overcommit: "never", overcommitRatio: 50 }, 64 * MIB);
    machine.mmap(0, 20 * MIB, ANYWHERE, PAGE);
    const reserved = machine.mmap(0, 20 * MIB, RESERVED, PAGE);
    // Two areas, of which each alone would fit into the 12 MiB that are left.
    expect(machine.protect(reserved, 10 * MIB, R)).toBe(0);
    expect(machine.protect(reserved, 20 * MIB, RW)).toBe(-1);
    machine.touch(reserved, PAGE, true);
    expect(() => machine.touch(reserved + 10 * MIB, PAGE, true)).toThrow("protected");
    machine.check();
  });

  it("count what is writable already once", async () => {
    const machine = await open({ dataLimit: 16 * MIB });
    const block = machine.mmap(0, 10 * MIB, ANYWHERE, PAGE);
    expect(machine.protect(block, 10 * MIB, RW)).toBe(0);
    expect(machine.mmap(0, 7 * MIB, ANYWHERE, PAGE)).toBe(0);
    expect(machine.mmap(0, 6 * MIB, ANYWHERE, PAGE)).not.toBe(0);
  });

  it("promise a child nothing of what it does not get", async () => {
    const machine = await open({ overcommit: "never", overcommitRatio: 50 }, 64 * MIB);
    const block = machine.mmap(0, 20 * MIB, ANYWHERE, PAGE);
    expect(machine.fork(2)).toBe(-1);
    expect(machine.madvise(block, 20 * MIB, DONTFORK)).toBe(0);
    expect(machine.fork(2)).toBe(0);
  });
});

describe("a layout at random", () => {
  const places = async (aslrSeed: number, image: Program["image"] = "nonPie") => {
    const machine = await open({ aslrSeed, image });
    return [machine.brk(0), machine.mmap(0, PAGE, ANYWHERE, PAGE), machine.mmap(0, PAGE, LOW, PAGE)];
  };

  it("is the same for the same seed, and another for another", async () => {
    expect(await places(1)).toEqual(await places(1));
    const [one, other] = [await places(1), await places(2)];
    for (const i of [0, 1, 2]) expect(one[i]).not.toBe(other[i]);
  });

  it("is within what Linux moves things by", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [heap = 0, mapped = 0, low = 0] = await places(seed);
      expect(heap).toBeGreaterThanOrEqual(0x405000);
      expect(heap).toBeLessThan(0x405000 + 2 ** 30);
      expect(mapped).toBeLessThan(0x7ffff7ff0000);
      expect(mapped).toBeGreaterThanOrEqual(0x7ffff7ff0000 - 2 ** 40 - PAGE);
      expect(low).toBeGreaterThanOrEqual(2 ** 30);
      expect(low).toBeLessThan(2 ** 30 + 32 * MIB);
    }
  });

  it("moves low mappings by another offset each time: a few pieces fewer have room", async () => {
    const machine = await open({ aslrSeed: 3 });
    let pieces = 0;
    while (machine.mmap(0, MIB, LOW, PAGE) !== 0) pieces++;
    // 1,018 to 1,020 were measured.
    expect(pieces).toBeGreaterThanOrEqual(1015);
    expect(pieces).toBeLessThan(1024);
  });
});
