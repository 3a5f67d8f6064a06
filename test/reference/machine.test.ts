import { describe, expect, it } from "vitest";
import { OutOfMemory, SegmentationFault } from "../../src/base/errors.js";
import { some } from "../thorough.js";
import {
  DifferentialError,
  formatOperations,
  replayDifferential,
  runDifferential,
  shrinkDifferential,
} from "./differential.js";
import {
  ANYWHERE,
  CAN_REUSE,
  DONTNEED,
  EXACT,
  FIXED,
  FREE,
  FREE_REUSABLE,
  FREE_REUSE,
  type MachineOptions,
  type PageRun,
} from "./interface.js";
import { DARWIN_BOTTOM, HEAP_START, LINUX_TOP, ReferenceMachine, USER_END, USER_START } from "./machine.js";
import type { Page, Part, WriteFault } from "./pages.js";

const P = 4096;
const MIB = 2 ** 20;
/** Free on both kernels, and far from where they place things. */
const A = 0x200000000000;

const NO_LIMITS = {
  memoryBytes: 0,
  addressSpaceBytes: 0,
  maxMaps: 0,
  mapAlignment: "page",
  zeroPage: "shared",
} as const;
const LINUX: MachineOptions = { ...NO_LIMITS, kernel: "linux", pageBytes: P };
const DARWIN: MachineOptions = { ...LINUX, kernel: "darwin" };

function open(options: MachineOptions = LINUX): ReferenceMachine {
  return new ReferenceMachine(options);
}

/** A machine with `pages` pages mapped at A. */
function mapped(options: MachineOptions, pages: number): ReferenceMachine {
  const machine = open(options);
  expect(machine.mmap(A, pages * options.pageBytes, EXACT, 0)).toBe(A);
  return machine;
}

/** The pages in short: `2 written read lazy`, one string per run. */
function show(machine: ReferenceMachine, address: number, bytes: number): string[] {
  const flags = ["read", "written", "lazy", "cleared", "unknown"] as const;
  const word = (run: PageRun) =>
    [run.pages, run.state, ...flags.filter((flag) => run[flag]).map((flag) => `+${flag}`)].join(" ");
  return machine.pages(address, bytes).map(word);
}

function fault(action: () => unknown): { address: number; access: string } {
  try {
    action();
  } catch (error) {
    if (!(error instanceof SegmentationFault)) throw error;
    return { address: error.address, access: error.access };
  }
  throw new Error("no SegmentationFault");
}

describe("what Linux was measured to do with 64 MiB", () => {
  const bytes = 64 * MIB;
  const pages = 16384;
  const setUp = () => {
    const machine = open();
    const address = machine.mmap(0, bytes, ANYWHERE, 0);
    return { machine, address };
  };
  const totals = (machine: ReferenceMachine) => {
    const { faults, bytes } = machine.counters();
    return { faults: faults.zeroMap + faults.zeroFill + faults.copyOnWrite, resident: bytes.resident };
  };

  it("mapping faults on nothing", () => {
    const { machine } = setUp();
    expect(totals(machine)).toEqual({ faults: 0, resident: 0 });
    expect(machine.counters().bytes.virtual).toBe(bytes);
  });

  it("reading each page maps the zero page, then writing each faults once more", () => {
    const { machine, address } = setUp();
    machine.touch(address, bytes, false);
    expect(totals(machine)).toEqual({ faults: pages, resident: 0 });
    machine.touch(address, bytes, true);
    expect(totals(machine)).toEqual({ faults: 2 * pages, resident: bytes });
    expect(machine.counters().faults).toEqual({
      zeroMap: pages,
      zeroFill: 0,
      copyOnWrite: pages,
      needless: 0,
    });
    expect(machine.counters().touched).toEqual({ read: pages, written: pages });
  });

  it("writing each page directly faults once", () => {
    const { machine, address } = setUp();
    machine.touch(address, bytes, true);
    expect(totals(machine)).toEqual({ faults: pages, resident: bytes });
    expect(machine.counters().faults.zeroFill).toBe(pages);
    expect(machine.counters().zeroed.kernel).toBe(bytes);
  });

  it("DONTNEED gives everything back and the pages read as zero", () => {
    const { machine, address } = setUp();
    machine.store(address, 8, 42n);
    machine.touch(address, bytes, true);
    expect(machine.madvise(address, bytes, DONTNEED)).toBe(0);
    expect(totals(machine)).toEqual({ faults: pages, resident: 0 });
    expect(show(machine, address, bytes)).toEqual([`${pages} reserved`]);
    expect(machine.load(address, 8)).toBe(0n);
  });

  it("FREE changes nothing until reclaim: the data stays, a rewrite does not fault", () => {
    const { machine, address } = setUp();
    machine.touch(address, bytes, true);
    machine.store(address, 8, 42n);
    expect(machine.madvise(address, bytes, FREE)).toBe(0);
    expect(totals(machine)).toEqual({ faults: pages, resident: bytes });
    expect(machine.load(address, 8)).toBe(42n);
    machine.touch(address, bytes, true);
    expect(totals(machine)).toEqual({ faults: pages, resident: bytes });
  });

  it("mremap moves the pages without a fault", () => {
    const { machine, address } = setUp();
    machine.touch(address, bytes, true);
    machine.store(address + bytes - 8, 8, 42n);
    expect(machine.mmap(address + bytes, P, EXACT, 0)).toBe(address + bytes);
    const moved = machine.mremap(address, bytes, bytes + P, true);
    expect(moved).toBe(address - bytes - P);
    expect(totals(machine)).toEqual({ faults: pages, resident: bytes });
    expect(machine.load(moved + bytes - 8, 8)).toBe(42n);
    machine.check();
  });
});

describe("a read", () => {
  it("takes a zeroed frame on darwin, and the write after it does not fault", () => {
    const machine = mapped(DARWIN, 2);
    expect(machine.load(A, 8)).toBe(0n);
    expect(show(machine, A, 2 * P)).toEqual(["1 clean +read", "1 reserved"]);
    machine.store(A, 1, 1n);
    expect(machine.counters().faults).toEqual({ zeroMap: 0, zeroFill: 1, copyOnWrite: 0, needless: 0 });
    expect(machine.counters().zeroed.kernel).toBe(P);
  });

  it("counts as a touch once, also after a write", () => {
    const machine = mapped(LINUX, 1);
    machine.store(A, 4, 7n);
    machine.load(A, 4);
    machine.load(A, 4);
    expect(machine.counters().touched).toEqual({ read: 1, written: 1 });
    expect(machine.counters().faults.zeroMap).toBe(0);
    expect(show(machine, A, P)).toEqual(["1 written +read +written"]);
  });

  it("across a page border faults on both pages", () => {
    const machine = mapped(LINUX, 2);
    expect(machine.load(A + P - 1, 2)).toBe(0n);
    expect(machine.counters().faults.zeroMap).toBe(2);
    expect(show(machine, A, 2 * P)).toEqual(["2 zeroPage +read"]);
  });

  it("leaves a lazy page lazy", () => {
    const machine = mapped(LINUX, 1);
    machine.touch(A, 1, true);
    machine.madvise(A, P, FREE);
    machine.load(A, 1);
    expect(show(machine, A, P)).toEqual(["1 written +read +written +lazy +unknown"]);
  });
});

describe("what is stored", () => {
  it("is read back little-endian and unsigned, also across a page border", () => {
    const machine = mapped(LINUX, 2);
    machine.store(A + P - 3, 8, 0xfedcba9876543210n);
    expect(machine.load(A + P - 3, 8)).toBe(0xfedcba9876543210n);
    expect(machine.load(A + P - 1, 1)).toBe(0x54n);
    expect(machine.load(A + P, 2)).toBe(0x9876n);
    expect(machine.load(A + P, 4)).toBe(0xdcba9876n);
  });

  it("is content even when it is zero", () => {
    const machine = mapped(LINUX, 1);
    machine.store(A, 8, 0n);
    expect(show(machine, A, P)).toEqual(["1 written +written"]);
  });

  it("ends being content when zeroes fill the whole page, not a part of it", () => {
    const machine = mapped(LINUX, 2);
    machine.fill(A, 0xaa, 2 * P);
    machine.fill(A + 1, 0, 2 * P - 1);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written", "1 clean +written"]);
    expect(machine.load(A, 2)).toBe(0xaan);
  });

  it("stays where a write without data went, and the page is unknown", () => {
    const machine = mapped(LINUX, 1);
    machine.store(A, 4, 5n);
    machine.touch(A, P, true);
    expect(machine.load(A, 4)).toBe(5n);
    expect(show(machine, A, P)).toEqual(["1 written +read +written +unknown"]);
  });

  it("stays unknown under a store of the whole page, not under a zero fill of it", () => {
    const machine = mapped(LINUX, 2);
    machine.touch(A, 2 * P, true);
    machine.fill(A, 1, P);
    machine.fill(A + P, 0, P);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written +unknown", "1 clean +written"]);
  });
});

describe("a copy", () => {
  it("of content carries the bytes piece by piece", () => {
    const machine = mapped(LINUX, 4);
    machine.store(A + P - 4, 8, 0x1122334455667788n);
    machine.copy(A + 2 * P + 100, A + P - 4, 8);
    expect(machine.load(A + 2 * P + 100, 8)).toBe(0x1122334455667788n);
    expect(show(machine, A, 4 * P)).toEqual(["3 written +read +written", "1 reserved"]);
  });

  it("of zeroes faults on both sides and leaves no content in whole pages", () => {
    const machine = mapped(LINUX, 4);
    machine.store(A + 2 * P, 8, 1n);
    machine.copy(A + 2 * P, A, 2 * P);
    expect(show(machine, A, 4 * P)).toEqual(["2 zeroPage +read", "2 clean +written"]);
    expect(machine.load(A + 2 * P, 8)).toBe(0n);
  });

  it("of zeroes to a part of a page clears those bytes only", () => {
    const machine = mapped(LINUX, 2);
    machine.fill(A + P, 0xff, 8);
    machine.copy(A + P + 2, A, 2);
    expect(machine.load(A + P, 8)).toBe(0xffffffff0000ffffn);
  });

  it("of an unknown page makes an unknown page, with or without stored bytes", () => {
    const machine = mapped(LINUX, 4);
    machine.touch(A, 2 * P, true);
    machine.store(A, 1, 9n);
    machine.copy(A + 2 * P, A, 2 * P);
    expect(show(machine, A + 2 * P, 2 * P)).toEqual(["2 written +written +unknown"]);
    expect(machine.load(A + 2 * P, 1)).toBe(9n);
  });

  it("to an unknown page leaves it unknown, unless zeroes cover it", () => {
    const machine = mapped(LINUX, 4);
    machine.store(A, 1, 9n);
    machine.touch(A + 2 * P, 2 * P, true);
    machine.copy(A + 2 * P, A, 2 * P);
    expect(show(machine, A + 2 * P, 2 * P)).toEqual(["1 written +written +unknown", "1 clean +written"]);
  });
});

describe("clearing", () => {
  it("of untouched pages is needless through and through", () => {
    const machine = mapped(LINUX, 2);
    machine.clear(A + 100, P);
    expect(machine.counters().zeroed).toEqual({ kernel: 2 * P, allocator: P, needless: P });
    expect(machine.counters().faults).toEqual({ zeroMap: 0, zeroFill: 2, copyOnWrite: 0, needless: 2 });
    expect(show(machine, A, 2 * P)).toEqual(["2 clean +written +cleared"]);
  });

  it("of the zero page is a needless copy on write", () => {
    const machine = mapped(LINUX, 1);
    machine.load(A, 1);
    machine.clear(A, P);
    expect(machine.counters().faults).toEqual({ zeroMap: 1, zeroFill: 0, copyOnWrite: 1, needless: 1 });
    expect(show(machine, A, P)).toEqual(["1 clean +read +written +cleared"]);
  });

  it("counts as needless only the bytes that read as zero", () => {
    const machine = mapped(LINUX, 1);
    machine.fill(A, 1, 10);
    machine.clear(A + 5, 20);
    expect(machine.counters().zeroed).toMatchObject({ allocator: 20, needless: 15 });
    expect(machine.load(A, 8)).toBe(0x0101010101n);
    expect(machine.counters().faults.needless).toBe(0);
  });

  it("of an unknown page is never needless, and the whole of it known again", () => {
    const machine = mapped(LINUX, 1);
    machine.touch(A, 1, true);
    machine.clear(A, P - 1);
    expect(show(machine, A, P)).toEqual(["1 written +written +unknown"]);
    machine.clear(A, P);
    expect(show(machine, A, P)).toEqual(["1 clean +written"]);
    expect(machine.counters().zeroed).toMatchObject({ allocator: 2 * P - 1, needless: 0 });
  });

  it.each([
    ["load", (machine: ReferenceMachine) => machine.load(A, 1)],
    ["read touch", (machine: ReferenceMachine) => machine.touch(A, P, false)],
    ["store", (machine: ReferenceMachine) => machine.store(A, 1, 0n)],
    ["fill", (machine: ReferenceMachine) => machine.fill(A, 0, P)],
    ["copy from it", (machine: ReferenceMachine) => machine.copy(A + P, A, 1)],
    ["copy to it", (machine: ReferenceMachine) => machine.copy(A, A + P, 1)],
  ])("stops being needless at the first %s", (_, use) => {
    const machine = mapped(LINUX, 2);
    machine.clear(A, P);
    expect(machine.counters().faults.needless).toBe(1);
    use(machine);
    expect(machine.counters().faults.needless).toBe(0);
    use(machine);
    expect(machine.counters().faults.needless).toBe(0);
  });

  it("stays needless when cleared again, and when read by who had read it before", () => {
    const machine = mapped(LINUX, 1);
    machine.load(A, 1);
    machine.clear(A, P);
    machine.clear(A, P);
    machine.load(A, 1);
    expect(machine.counters().faults.needless).toBe(1);
    machine.store(A, 1, 1n);
    expect(machine.counters().faults.needless).toBe(0);
  });

  it.each([
    ["discarded", (machine: ReferenceMachine) => machine.madvise(A, P, DONTNEED)],
    ["unmapped", (machine: ReferenceMachine) => machine.munmap(A, P)],
    ["replaced", (machine: ReferenceMachine) => machine.mmap(A, P, FIXED, 0)],
  ])("stays needless once the page is %s", (_, drop) => {
    const machine = mapped(LINUX, 1);
    machine.clear(A, P);
    drop(machine);
    if (machine.pages(A, P)[0]?.state !== "unmapped") machine.store(A, 1, 1n);
    expect(machine.counters().faults.needless).toBe(1);
    machine.check();
  });

  it("ends laziness", () => {
    const machine = mapped(LINUX, 1);
    machine.store(A, 1, 1n);
    machine.madvise(A, P, FREE);
    machine.clear(A, 1);
    expect(show(machine, A, P)).toEqual(["1 written +written"]);
  });

  it("of dirty pages asks the kernel once and skips what reads as zero", () => {
    const machine = mapped(LINUX, 5);
    machine.store(A + P, 1, 1n);
    machine.touch(A + 2 * P, 1, true);
    machine.touch(A + 3 * P, 1, false);
    machine.clearDirty(A + 8, 5 * P - 8);
    expect(machine.counters().syscalls.mincore).toBe(1);
    expect(machine.counters().zeroed).toMatchObject({ allocator: 2 * P, needless: P - 1 });
    expect(show(machine, A, 5 * P)).toEqual([
      "1 reserved",
      "2 clean +written",
      "1 zeroPage +read",
      "1 reserved",
    ]);
  });
});

describe("an access to what is not mapped", () => {
  it("names its own address when that is the hole, and changes nothing", () => {
    const machine = mapped(LINUX, 1);
    const before = machine.counters();
    expect(fault(() => machine.load(A + P + 5, 2))).toEqual({ address: A + P + 5, access: "read" });
    expect(fault(() => machine.store(0, 8, 1n))).toEqual({ address: 0, access: "write" });
    expect(machine.counters()).toEqual(before);
  });

  it("names the first page of the hole when it starts in front of it, and changes nothing", () => {
    const machine = mapped(LINUX, 4);
    machine.munmap(A + 2 * P, P);
    const before = machine.counters();
    const hole = A + 2 * P;
    expect(fault(() => machine.store(hole - 3, 8, 1n))).toEqual({ address: hole, access: "write" });
    expect(fault(() => machine.fill(A, 0, 4 * P))).toEqual({ address: hole, access: "write" });
    expect(fault(() => machine.clear(A, 4 * P))).toEqual({ address: hole, access: "write" });
    expect(fault(() => machine.clearDirty(A, 4 * P))).toEqual({ address: hole, access: "write" });
    expect(fault(() => machine.touch(A, 4 * P, false))).toEqual({ address: hole, access: "read" });
    expect(fault(() => machine.touch(A, 4 * P, true))).toEqual({ address: hole, access: "write" });
    expect(machine.counters()).toEqual(before);
    expect(show(machine, A, 4 * P)).toEqual(["2 reserved", "1 unmapped", "1 reserved"]);
  });

  it("looks at the source of a copy first", () => {
    const machine = mapped(LINUX, 1);
    expect(fault(() => machine.copy(0x1000, 0x9000, 8))).toEqual({ address: 0x9000, access: "read" });
    expect(fault(() => machine.copy(A + P - 1, A, 8))).toEqual({ address: A + P, access: "write" });
    expect(machine.counters().faults.zeroMap).toBe(0);
  });

  it("of no bytes is none", () => {
    const machine = mapped(LINUX, 1);
    const before = machine.counters();
    // Nothing is mapped at 0, and what is at A is not touched.
    for (const address of [0, A]) {
      machine.fill(address, 1, 0);
      machine.copy(address, address, 0);
      machine.touch(address, 0, true);
      machine.clear(address, 0);
    }
    expect(machine.counters()).toEqual(before);
    expect(show(machine, A, P)).toEqual(["1 reserved"]);
  });
});

describe("mmap", () => {
  it("places from the top down on linux, from the bottom up on darwin", () => {
    for (const pageBytes of [4096, 16384, 65536] as const) {
      const linux = open({ ...LINUX, pageBytes });
      expect(linux.mmap(0, 1, ANYWHERE, 0)).toBe(LINUX_TOP - pageBytes);
      expect(linux.mmap(0, pageBytes + 1, ANYWHERE, 0)).toBe(LINUX_TOP - 3 * pageBytes);
      const darwin = open({ ...DARWIN, pageBytes });
      expect(darwin.mmap(0, 1, ANYWHERE, 0)).toBe(DARWIN_BOTTOM);
      expect(darwin.mmap(0, 1, ANYWHERE, 0)).toBe(DARWIN_BOTTOM + pageBytes);
    }
  });

  it("fills the first gap that fits", () => {
    const machine = open();
    const top = machine.mmap(0, 8 * P, ANYWHERE, 0);
    machine.mmap(0, P, ANYWHERE, 0);
    machine.munmap(top + 2 * P, 3 * P);
    expect(machine.mmap(0, 4 * P, ANYWHERE, 0)).toBe(top - 5 * P);
    expect(machine.mmap(0, 2 * P, ANYWHERE, 0)).toBe(top + 3 * P);
    expect(machine.mmap(0, P, ANYWHERE, 0)).toBe(top + 2 * P);
  });

  it("aligns", () => {
    const linux = open();
    linux.mmap(0, P, ANYWHERE, 0);
    expect(linux.mmap(0, P, ANYWHERE, 2 ** 21)).toBe(0x7ffff7e00000);
    const darwin = open(DARWIN);
    darwin.mmap(0, P, ANYWHERE, 0);
    expect(darwin.mmap(0, P, ANYWHERE, 2 ** 21)).toBe(DARWIN_BOTTOM + 2 ** 21);
    expect(darwin.mmap(0, P, ANYWHERE, 1)).toBe(DARWIN_BOTTOM + P);
  });

  it("takes a hint, rounded down, if it is free, aligned and in the user range", () => {
    const machine = open();
    expect(machine.mmap(A + 5, P, ANYWHERE, 0)).toBe(A);
    expect(machine.mmap(A, P, ANYWHERE, 0)).toBe(LINUX_TOP - P);
    expect(machine.mmap(A - P, 2 * P, ANYWHERE, 0)).toBe(LINUX_TOP - 3 * P);
    expect(machine.mmap(A + P, P, ANYWHERE, 2 ** 16)).toBe(0x7ffff7fe0000);
    expect(machine.mmap(1, P, ANYWHERE, 0)).toBe(LINUX_TOP - 4 * P);
    expect(machine.mmap(USER_START - P, P, ANYWHERE, 0)).toBe(USER_START);
    expect(machine.mmap(USER_START, P, ANYWHERE, 0)).toBe(LINUX_TOP - 5 * P);
    expect(machine.mmap(USER_END - P, P, ANYWHERE, 0)).toBe(USER_END - P);
  });

  it("fixed replaces what is there, exact refuses", () => {
    const machine = mapped(LINUX, 3);
    machine.fill(A, 1, 3 * P);
    expect(machine.mmap(A + P, 3 * P, EXACT, 0)).toBe(0);
    expect(machine.mmap(A + P, 3 * P, FIXED, 0)).toBe(A + P);
    expect(show(machine, A, 4 * P)).toEqual(["1 written +written", "3 reserved"]);
    expect(machine.counters().bytes).toEqual({ virtual: 4 * P, resident: P, peakResident: 3 * P });
    machine.check();
  });

  it("fails for nothing, too much, and a bad address, and counts the call", () => {
    const machine = open({ ...LINUX, memoryBytes: 16 * P });
    expect(machine.mmap(0, 0, ANYWHERE, 0)).toBe(0);
    expect(machine.mmap(0, 2 ** 47 + 1, ANYWHERE, 0)).toBe(0);
    expect(machine.mmap(0, 17 * P, ANYWHERE, 0)).toBe(0);
    expect(machine.mmap(A + 8, P, FIXED, 0)).toBe(0);
    expect(machine.mmap(A + 8, P, EXACT, 0)).toBe(0);
    expect(machine.mmap(USER_START - P, P, FIXED, 0)).toBe(0);
    expect(machine.mmap(USER_END - P, 2 * P, FIXED, 0)).toBe(0);
    expect(machine.counters().syscalls.mmap).toBe(7);
    expect(machine.counters().bytes.virtual).toBe(0);
  });

  it("does not mind little memory on darwin", () => {
    expect(open({ ...DARWIN, memoryBytes: 16 * P }).mmap(0, 17 * P, ANYWHERE, 0)).toBe(DARWIN_BOTTOM);
  });

  it("keeps to the limit of the address space, less what it replaces", () => {
    const machine = open({ ...LINUX, addressSpaceBytes: 4 * P });
    expect(machine.mmap(A, 3 * P, EXACT, 0)).toBe(A);
    expect(machine.mmap(0, 2 * P, ANYWHERE, 0)).toBe(0);
    expect(machine.mmap(A + P, 4 * P, FIXED, 0)).toBe(0);
    expect(machine.mmap(A + P, 3 * P, FIXED, 0)).toBe(A + P);
    expect(machine.mmap(0, P, ANYWHERE, 0)).toBe(0);
  });
});

describe("munmap", () => {
  it("takes any pages out of the user range, mapped or not", () => {
    const machine = mapped(LINUX, 4);
    machine.touch(A, 4 * P, true);
    expect(machine.munmap(A - P, 2 * P)).toBe(0);
    expect(machine.munmap(A + 2 * P, 1)).toBe(0);
    expect(machine.munmap(A + 2 * P, P)).toBe(0);
    expect(show(machine, A, 4 * P)).toEqual([
      "1 unmapped",
      "1 written +written +unknown",
      "1 unmapped",
      "1 written +written +unknown",
    ]);
    expect(machine.counters().bytes).toEqual({ virtual: 2 * P, resident: 2 * P, peakResident: 4 * P });
    expect(machine.munmap(USER_START, USER_END - USER_START)).toBe(0);
    expect(machine.counters().bytes).toEqual({ virtual: 0, resident: 0, peakResident: 4 * P });
    machine.check();
  });

  it("fails on a bad address or size, and counts the call", () => {
    const machine = mapped(LINUX, 1);
    expect(machine.munmap(A + 1, P)).toBe(-1);
    expect(machine.munmap(A, 0)).toBe(-1);
    expect(machine.munmap(0, 2 * USER_START)).toBe(-1);
    expect(machine.munmap(USER_END - P, 2 * P)).toBe(-1);
    expect(machine.counters().syscalls.munmap).toBe(4);
    expect(machine.counters().bytes.virtual).toBe(P);
  });
});

describe("mremap", () => {
  it("shrinks by unmapping the tail, and keeps an equal size", () => {
    const machine = mapped(LINUX, 4);
    expect(machine.mremap(A, 4 * P, 3 * P + 1, false)).toBe(A);
    expect(machine.mremap(A, 4 * P, P, false)).toBe(A);
    expect(show(machine, A, 4 * P)).toEqual(["1 reserved", "3 unmapped"]);
  });

  it("grows in place where it can, else moves if it may", () => {
    const machine = mapped(LINUX, 1);
    machine.store(A, 1, 7n);
    machine.mmap(A + 2 * P, P, EXACT, 0);
    expect(machine.mremap(A, P, 2 * P, false)).toBe(A);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written", "1 reserved"]);
    expect(machine.mremap(A, 2 * P, 3 * P, false)).toBe(0);
    const moved = machine.mremap(A, 2 * P, 3 * P, true);
    expect(moved).toBe(LINUX_TOP - 3 * P);
    expect(show(machine, A, 3 * P)).toEqual(["2 unmapped", "1 reserved"]);
    expect(show(machine, moved, 3 * P)).toEqual(["1 written +written", "2 reserved"]);
    expect(machine.load(moved, 1)).toBe(7n);
    machine.check();
  });

  it("wants one area to grow, of which any part may move", () => {
    const machine = mapped(LINUX, 2);
    machine.mmap(A + 2 * P, 2 * P, EXACT, 0);
    expect(machine.areaCount()).toBe(1);
    expect(machine.mremap(A, 5 * P, 6 * P, true)).toBe(0);
    expect(machine.mremap(A + P, P, 2 * P, false)).toBe(0);
    expect(machine.mremap(A + P, 2 * P, 3 * P, true)).toBe(LINUX_TOP - 3 * P);
    expect(show(machine, A, 4 * P)).toEqual(["1 reserved", "2 unmapped", "1 reserved"]);
    expect(machine.areaCount()).toBe(3);
  });

  it("shrinks over holes, from where something is mapped", () => {
    const machine = mapped(LINUX, 4);
    machine.munmap(A + P, P);
    expect(machine.mremap(A, 4 * P, 4 * P, true)).toBe(A);
    expect(machine.mremap(A + P, 3 * P, P, true)).toBe(0);
    expect(machine.mremap(A, 4 * P, P, false)).toBe(A);
    expect(show(machine, A, 4 * P)).toEqual(["1 reserved", "3 unmapped"]);
  });

  it("fails for nothing, beyond the limits, and on darwin", () => {
    const machine = open({ ...LINUX, memoryBytes: 8 * P, addressSpaceBytes: 6 * P });
    machine.mmap(A, 4 * P, EXACT, 0);
    expect(machine.mremap(A, 0, P, true)).toBe(0);
    expect(machine.mremap(A, P, 0, true)).toBe(0);
    expect(machine.mremap(A + P, 3 * P, 6 * P, true)).toBe(0);
    expect(machine.mremap(A, 4 * P, 9 * P, true)).toBe(0);
    expect(machine.mremap(A, 4 * P, 6 * P, true)).toBe(A);
    expect(machine.counters().syscalls.mremap).toBe(5);
    expect(mapped(DARWIN, 2).mremap(A, 2 * P, P, true)).toBe(0);
  });

  it("does not grow past the end of the user range", () => {
    const machine = open();
    machine.mmap(USER_END - P, P, EXACT, 0);
    expect(machine.mremap(USER_END - P, P, 2 * P, false)).toBe(0);
    expect(machine.mremap(USER_END - P, P, 2 * P, true)).toBe(LINUX_TOP - 2 * P);
  });
});

describe("brk", () => {
  it("starts fixed, moves by bytes and maps by pages", () => {
    const machine = open();
    expect(machine.brk(0)).toBe(HEAP_START);
    expect(machine.brk(HEAP_START + 1)).toBe(HEAP_START + 1);
    expect(machine.counters().bytes.virtual).toBe(P);
    expect(machine.brk(HEAP_START + P)).toBe(HEAP_START + P);
    expect(machine.counters().bytes.virtual).toBe(P);
    expect(machine.brk(HEAP_START + 3 * P - 5)).toBe(HEAP_START + 3 * P - 5);
    expect(machine.counters().bytes.virtual).toBe(3 * P);
    expect(machine.brk(0)).toBe(HEAP_START + 3 * P - 5);
  });

  it("gives zeroes again after shrinking", () => {
    const machine = open();
    machine.brk(HEAP_START + 2 * P);
    machine.fill(HEAP_START, 1, 2 * P);
    expect(machine.brk(HEAP_START + 5)).toBe(HEAP_START + 5);
    expect(machine.brk(HEAP_START + 2 * P)).toBe(HEAP_START + 2 * P);
    expect(show(machine, HEAP_START, 2 * P)).toEqual(["1 written +written", "1 reserved"]);
    expect(machine.brk(HEAP_START)).toBe(HEAP_START);
    expect(machine.counters().bytes).toMatchObject({ virtual: 0, resident: 0 });
    machine.check();
  });

  it("fails below its start, into another region, beyond the limits, and then leaves the break", () => {
    const machine = open({ ...LINUX, memoryBytes: 8 * P, addressSpaceBytes: 12 * P });
    expect(machine.brk(HEAP_START - 1)).toBe(0);
    expect(machine.brk(HEAP_START + 9 * P)).toBe(0);
    expect(machine.brk(2 ** 47)).toBe(0);
    expect(machine.brk(HEAP_START + 8 * P)).toBe(HEAP_START + 8 * P);
    expect(machine.brk(HEAP_START + 13 * P)).toBe(0);
    expect(machine.mmap(HEAP_START + 9 * P, P, EXACT, 0)).toBe(HEAP_START + 9 * P);
    expect(machine.brk(HEAP_START + 10 * P)).toBe(0);
    expect(machine.brk(HEAP_START + 9 * P)).toBe(0);
    expect(machine.brk(HEAP_START + 8 * P)).toBe(HEAP_START + 8 * P);
    expect(machine.counters().syscalls.brk).toBe(8);
  });
});

describe("madvise", () => {
  it("fails on darwin on a hole, a bad address or no bytes, changes nothing and counts the call", () => {
    const machine = mapped(DARWIN, 3);
    machine.touch(A, 3 * P, true);
    machine.munmap(A + P, P);
    expect(machine.madvise(A, 3 * P, FREE)).toBe(-1);
    expect(machine.madvise(A + 1, 8, FREE)).toBe(-1);
    expect(machine.madvise(A, 0, FREE)).toBe(-1);
    expect(machine.pages(A, 3 * P).some((run) => run.lazy)).toBe(false);
    expect(machine.counters().syscalls.madviseFree).toBe(3);
  });

  it("fails on linux on a hole, but discards what is mapped", () => {
    const machine = mapped(LINUX, 3);
    machine.touch(A, 3 * P, true);
    machine.munmap(A + P, P);
    expect(machine.madvise(A, 3 * P, DONTNEED)).toBe(-1);
    expect(show(machine, A, 3 * P)).toEqual(["1 reserved", "1 unmapped", "1 reserved"]);
  });

  it("DONTNEED does nothing on darwin", () => {
    const machine = mapped(DARWIN, 1);
    machine.store(A, 1, 7n);
    expect(machine.madvise(A, P, DONTNEED)).toBe(0);
    expect(machine.load(A, 1)).toBe(7n);
  });

  it("FREE and FREE_REUSABLE make frames lazy, FREE_REUSE ends it, CAN_REUSE does nothing", () => {
    const machine = mapped(DARWIN, 2);
    machine.store(A, 1, 7n);
    expect(machine.madvise(A, 2 * P, FREE_REUSABLE)).toBe(0);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written +lazy", "1 reserved"]);
    expect(machine.madvise(A, 2 * P, CAN_REUSE)).toBe(0);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written +lazy", "1 reserved"]);
    expect(machine.madvise(A, 2 * P, FREE_REUSE)).toBe(0);
    expect(show(machine, A, 2 * P)).toEqual(["1 written +written", "1 reserved"]);
    expect(machine.madvise(A, 1, FREE)).toBe(0);
    expect(show(machine, A, P)).toEqual(["1 written +written +lazy"]);
    expect(machine.counters().syscalls).toMatchObject({
      madviseFree: 1,
      madviseFreeReusable: 1,
      madviseFreeReuse: 1,
      madviseCanReuse: 1,
    });
  });

  it("refuses darwin's advice on linux, and counts it", () => {
    const machine = mapped(LINUX, 1);
    for (const advice of [FREE_REUSABLE, FREE_REUSE, CAN_REUSE]) {
      expect(machine.madvise(A, P, advice)).toBe(-1);
    }
    expect(machine.counters().syscalls.madviseCanReuse).toBe(1);
  });
});

describe("vmCopy", () => {
  /** Pages 0 to 3 copied to 4 to 7: content, unknown, clean, reserved. */
  const copied = () => {
    const machine = mapped(DARWIN, 8);
    machine.store(A, 8, 7n);
    machine.touch(A + P, 1, true);
    machine.clear(A + 2 * P, P);
    machine.store(A + 4 * P, 8, 1n);
    expect(machine.vmCopy(A, A + 4 * P, 4 * P)).toBe(0);
    return machine;
  };

  it("shares frames, also clean ones, and gives back those of the destination", () => {
    const machine = copied();
    expect(machine.counters().bytes).toEqual({ virtual: 8 * P, resident: 3 * P, peakResident: 4 * P });
    expect(show(machine, A, 8 * P)).toEqual([
      "1 shared +written",
      "1 shared +written +unknown",
      "1 shared +written +cleared",
      "1 reserved",
      "1 shared",
      "1 shared +unknown",
      "1 shared",
      "1 reserved",
    ]);
    expect(machine.load(A + 4 * P, 8)).toBe(7n);
    machine.check();
  });

  it("copies on the first write; the last sharer keeps the frame but faults too", () => {
    const machine = copied();
    machine.store(A + 4 * P, 8, 8n);
    expect(machine.counters().bytes.resident).toBe(4 * P);
    expect(machine.load(A, 8)).toBe(7n);
    expect(show(machine, A, P)).toEqual(["1 shared +read +written"]);
    machine.store(A + 4, 4, 1n);
    expect(machine.counters().bytes.resident).toBe(4 * P);
    expect(machine.counters().faults.copyOnWrite).toBe(2);
    expect(show(machine, A, P)).toEqual(["1 written +read +written"]);
    expect(machine.load(A + 4 * P, 8)).toBe(8n);
    machine.check();
  });

  it("makes clearing a needless fault only where the page is known to be zero", () => {
    const machine = copied();
    const before = machine.counters().faults.needless;
    machine.clear(A + 4 * P, 3 * P);
    expect(machine.counters().faults.copyOnWrite).toBe(3);
    expect(machine.counters().faults.needless).toBe(before + 1);
    expect(show(machine, A + 4 * P, 3 * P)).toEqual(["2 clean +written", "1 clean +written +cleared"]);
  });

  it("frees a frame when the last sharer leaves", () => {
    const machine = copied();
    machine.munmap(A, P);
    expect(machine.counters().bytes.resident).toBe(3 * P);
    expect(show(machine, A + 4 * P, P)).toEqual(["1 shared"]);
    machine.munmap(A + 4 * P, P);
    expect(machine.counters().bytes.resident).toBe(2 * P);
    machine.check();
  });

  it("ends laziness, and FREE leaves shared pages alone", () => {
    const machine = mapped(DARWIN, 2);
    machine.store(A, 1, 1n);
    machine.madvise(A, P, FREE);
    machine.vmCopy(A, A + P, P);
    machine.madvise(A, 2 * P, FREE);
    expect(show(machine, A, 2 * P)).toEqual(["1 shared +written", "1 shared"]);
  });

  it("fails on a bad address, an overlap, a hole, and on linux", () => {
    const machine = mapped(DARWIN, 4);
    expect(machine.vmCopy(A + 1, A + 2 * P, P)).toBe(-1);
    expect(machine.vmCopy(A, A + 2 * P + 1, P)).toBe(-1);
    expect(machine.vmCopy(A, A + P, P + 1)).toBe(-1);
    expect(machine.vmCopy(A + 2 * P, A, 3 * P)).toBe(-1);
    expect(machine.vmCopy(A + P, A + 3 * P, 2 * P)).toBe(-1);
    expect(machine.counters().syscalls.vmCopy).toBe(5);
    expect(mapped(LINUX, 2).vmCopy(A, A + P, P)).toBe(-1);
  });
});

describe("little memory", () => {
  const little = () => {
    const machine = open({ ...LINUX, memoryBytes: 4 * P });
    machine.mmap(A, 4 * P, EXACT, 0);
    machine.mmap(A + 4 * P, 4 * P, EXACT, 0);
    machine.fill(A, 1, 4 * P);
    return machine;
  };

  it("takes the lazy pages back, all at once, when a frame more is needed", () => {
    const machine = little();
    machine.madvise(A, 3 * P, FREE);
    machine.store(A + 4 * P, 1, 1n);
    expect(show(machine, A, 5 * P)).toEqual(["3 reserved", "2 written +written"]);
    expect(machine.load(A, 1)).toBe(0n);
    expect(machine.counters().bytes).toMatchObject({ resident: 2 * P, peakResident: 4 * P });
    machine.check();
  });

  it("is out of memory when there are none, and changes nothing", () => {
    const machine = little();
    const before = machine.counters();
    expect(() => machine.store(A + 4 * P, 1, 1n)).toThrow(OutOfMemory);
    expect(machine.counters()).toEqual(before);
    machine.load(A + 4 * P, 1);
    machine.store(A, 1, 2n);
    machine.check();
  });
});

describe("the differential driver", () => {
  const KERNELS = ["linux", "darwin"] as const;
  const options = (kernel: "linux" | "darwin", memoryPages = 0): MachineOptions => ({
    ...LINUX,
    kernel,
    memoryBytes: memoryPages * P,
  });

  it.each(KERNELS)("finds nothing to say about the reference itself on %s", (kernel) => {
    runDifferential(open(options(kernel)), options(kernel), 0x5eed, 2000);
    runDifferential(open(options(kernel, 120)), options(kernel, 120), 0x5eed, 2000);
  });

  /** One thing wrong in each. Most are what a faster machine could get wrong. */
  const BROKEN: Record<string, typeof ReferenceMachine> = {
    "a read on linux takes a frame": class extends ReferenceMachine {
      protected override read(page: Page) {
        if (this.linux && page.frame === null && !page.read) page.frame = this.takeFrame();
        super.read(page);
      }
    },
    "a read ends laziness": class extends ReferenceMachine {
      protected override read(page: Page) {
        super.read(page);
        page.lazy = false;
      }
    },
    "a write leaves laziness": class extends ReferenceMachine {
      protected override markWritten(page: Page) {
        const { lazy } = page;
        super.markWritten(page);
        page.lazy = lazy;
      }
    },
    "a needless fault is never resolved": class extends ReferenceMachine {
      protected override resolve() {}
    },
    "a needless fault is resolved by every read": class extends ReferenceMachine {
      protected override read(page: Page) {
        super.read(page);
        this.resolve(page);
      }
    },
    "a needless fault is forgotten with its page": class extends ReferenceMachine {
      protected override discard(page: Page) {
        this.resolve(page);
        super.discard(page);
      }
    },
    "bytes nobody knows are cleared needlessly": class extends ReferenceMachine {
      protected override clearPart(part: Part) {
        const { unknown } = part.page;
        part.page.unknown = false;
        super.clearPart(part);
        part.page.unknown = unknown && part.to - part.from < P;
      }
    },
    "clearing a shared page of zeroes is not needless": class extends ReferenceMachine {
      protected override clearPart(part: Part) {
        if (part.page.shared) part.page.unknown = true;
        super.clearPart(part);
      }
    },
    "a discarded page keeps its bytes": class extends ReferenceMachine {
      protected override discard(page: Page) {
        const { content } = page;
        super.discard(page);
        page.content = content;
      }
    },
    "zeroes over a part drop the page": class extends ReferenceMachine {
      protected override zeroPart({ page }: Part) {
        super.zeroPart({ page, from: 0, to: P });
      }
    },
    "zeroes over a page keep it unknown": class extends ReferenceMachine {
      protected override zeroPart(part: Part) {
        const { unknown } = part.page;
        super.zeroPart(part);
        part.page.unknown = unknown;
      }
    },
    "zeroes over the first page of a group do nothing": class extends ReferenceMachine {
      protected override zeroPart(part: Part) {
        for (const [number, page] of this.table) {
          if (number % 512 === 0 && page === part.page) return;
        }
        super.zeroPart(part);
      }
    },
    "a copy forgets what is unknown": class extends ReferenceMachine {
      protected override copyPiece(source: Page, from: number, to: Part) {
        const { unknown } = to.page;
        super.copyPiece(source, from, to);
        to.page.unknown = unknown && to.page.unknown;
      }
    },
    "a copy does not read its source": class extends ReferenceMachine {
      protected override copyPiece(source: Page, from: number, to: Part) {
        const { read } = source;
        source.read = true;
        super.copyPiece(source, from, to);
        source.read = read;
      }
    },
    "a copy is one byte off": class extends ReferenceMachine {
      protected override copyPiece(source: Page, from: number, to: Part) {
        super.copyPiece(source, from === 0 ? 0 : from - 1, to);
      }
    },
    "the last sharer copies its frame": class extends ReferenceMachine {
      protected override writeFault(page: Page): WriteFault {
        if (page.shared && page.frame?.pages === 1) this.takeFrame();
        return super.writeFault(page);
      }
    },
    "a write to a shared page writes all of them": class extends ReferenceMachine {
      protected override share(source: Page, destination: Page) {
        super.share(source, destination);
        destination.content = source.content;
      }
    },
    "sharing leaves the source lazy": class extends ReferenceMachine {
      protected override share(source: Page, destination: Page) {
        const { lazy } = source;
        super.share(source, destination);
        source.lazy = lazy;
      }
    },
    "sharing copies that the page was touched": class extends ReferenceMachine {
      protected override share(source: Page, destination: Page) {
        super.share(source, destination);
        destination.written = source.written;
      }
    },
    "a frame is freed when the first sharer leaves": class extends ReferenceMachine {
      protected override leaveFrame(page: Page) {
        if (page.frame?.pages === 2) this.count.bytes.resident -= P;
        super.leaveFrame(page);
      }
    },
    "FREE makes shared pages lazy": class extends ReferenceMachine {
      protected override advise(page: Page, advice: number) {
        super.advise(page, advice);
        if (advice === FREE && page.shared) page.lazy = true;
      }
    },
    "FREE_REUSE does nothing": class extends ReferenceMachine {
      protected override advise(page: Page, advice: number) {
        if (advice !== FREE_REUSE) super.advise(page, advice);
      }
    },
    "reclaim forgets a page": class extends ReferenceMachine {
      protected override reclaim() {
        const spared = [...this.table.values()].find((page) => page.lazy);
        if (spared !== undefined) spared.lazy = false;
        super.reclaim();
        if (spared !== undefined) spared.lazy = true;
      }
    },
    "a move forgets what is unknown": class extends ReferenceMachine {
      protected override move(...[address, target, bytes, area]: Parameters<ReferenceMachine["move"]>) {
        for (const [, page] of this.mappedIn(address, bytes)) page.unknown = false;
        super.move(address, target, bytes, area);
      }
    },
    "munmap leaves the last page of a range over a group border": class extends ReferenceMachine {
      protected override unmap(address: number, bytes: number) {
        const group = (at: number) => Math.floor(at / (512 * P));
        super.unmap(address, group(address) === group(address + bytes - P) ? bytes : bytes - P);
      }
    },
    "placement ignores alignment": class extends ReferenceMachine {
      protected override findPlace(hint: number, bytes: number) {
        return super.findPlace(hint, bytes, P);
      }
    },
    "placement goes from the bottom up": class extends ReferenceMachine {
      protected override findPlace(_hint: number, bytes: number, align: number) {
        return super.findLowest(bytes, align);
      }
    },
    "a hint is ignored": class extends ReferenceMachine {
      protected override findPlace(_hint: number, bytes: number, align: number) {
        return super.findPlace(0, bytes, align);
      }
    },
    "a fault names the start of the access": class extends ReferenceMachine {
      protected override requireMapped(address: number, bytes: number, access: "read" | "write") {
        try {
          super.requireMapped(address, bytes, access);
        } catch {
          throw new SegmentationFault("", address, access);
        }
      }
    },
    "a fault comes after the first page was touched": class extends ReferenceMachine {
      protected override requireMapped(address: number, bytes: number, access: "read" | "write") {
        const page = this.table.get(Math.floor(address / P));
        if (page !== undefined && bytes > 0 && access === "read") this.read(page);
        super.requireMapped(address, bytes, access);
      }
    },
    "a fault comes with another error": class extends ReferenceMachine {
      protected override requireMapped(address: number, bytes: number, access: "read" | "write") {
        try {
          super.requireMapped(address, bytes, access);
        } catch {
          throw new RangeError("unreachable");
        }
      }
    },
    "a failing call is not counted": class extends ReferenceMachine {
      override madvise(address: number, bytes: number, advice: number) {
        const result = super.madvise(address, bytes, advice);
        if (result !== 0 && advice === FREE) this.count.syscalls.madviseFree -= 1;
        return result;
      }
    },
    "a load is signed": class extends ReferenceMachine {
      override load(address: number, width: 1 | 2 | 4 | 8) {
        return BigInt.asIntN(64, super.load(address, width));
      }
    },
    "a store stops at the page border": class extends ReferenceMachine {
      override store(address: number, width: 1 | 2 | 4 | 8, value: bigint) {
        const beyond = (address % P) + width - P;
        super.store(address, width, beyond > 0 ? BigInt.asUintN(8 * (width - beyond), value) : value);
      }
    },
    "the peak falls with what is resident": class extends ReferenceMachine {
      protected override leaveFrame(page: Page) {
        super.leaveFrame(page);
        this.count.bytes.peakResident = this.count.bytes.resident;
      }
    },
    "an invariant is broken, and nothing else": class extends ReferenceMachine {
      override check() {
        super.check();
        if (this.count.syscalls.mmap > 10) throw new Error("a frame was lost");
      }
    },
  };

  /** The first error that some seed, kernel or memory limit brings. */
  const catchBug = (Broken: typeof ReferenceMachine) => {
    for (const seed of [0xb0, 0xb1, 0xb2]) {
      for (const set of [
        options("linux"),
        options("darwin"),
        options("linux", 120),
        options("darwin", 120),
      ]) {
        try {
          runDifferential(new Broken(set), set, seed, 3000);
        } catch (error) {
          if (!(error instanceof DifferentialError)) throw error;
          return { error, set };
        }
      }
    }
    return null;
  };

  it.each(some(Object.entries(BROKEN), 16))("catches a machine where %s", (_, Broken) => {
    const caught = catchBug(Broken);
    expect(caught?.error.message).toMatch(/^seed=0xb[012] op=\d+ .*\n {2}\w+\(.*\)\n {2}.*(subject|differ)/);
  });

  it.each([
    ["a move forgets what is unknown", 6],
    ["a write to a shared page writes all of them", 6],
    ["munmap leaves the last page of a range over a group border", 3],
    ["the last sharer copies its frame", 10],
  ])("shrinks a run to what matters: %s", async (name, most) => {
    const Broken = BROKEN[name] ?? ReferenceMachine;
    const caught = catchBug(Broken);
    if (caught === null) throw new Error("not caught");
    const { error, set } = caught;
    const short = await shrinkDifferential(() => new Broken(set), set, error.operations);
    expect(short.length, formatOperations(short)).toBeLessThanOrEqual(most);
    expect(replayDifferential(new Broken(set), set, short)).not.toBeNull();
    expect(replayDifferential(open(set), set, short)).toBeNull();
  });

  it("does the same again with the same seed", () => {
    const [one, two] = [open(), open()];
    runDifferential(one, LINUX, 7, 1000);
    runDifferential(two, LINUX, 7, 1000);
    expect(one.counters()).toEqual(two.counters());
    const three = open();
    runDifferential(three, LINUX, 8, 1000);
    expect(three.counters()).not.toEqual(one.counters());
  });
});
