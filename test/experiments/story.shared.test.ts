/** Benfield's experiment in exact figures, in Node and in Chromium. */
import { describe, expect, it } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import { type Counters, openSandbox, readTrace, replayTrace, runCallocLoop } from "../../src/index.js";

const MIB = 2 ** 20;
const PAGES = (100 * MIB) / 4096; // 25,600
const COUNT = 10_000;

const total = ({ faults }: Counters) => totalFaults(faults);

describe.each([false, true])("10,000 times calloc and free (check build: %s)", (check) => {
  const loop = async (model: string, bytes: number, options = {}, written = 0) =>
    (await runCallocLoop({ model, options: { ...options, check }, bytes, count: COUNT, written })).counters;

  it("libmalloc at 100 MiB clears every byte from the second iteration on, all of it needlessly", async () => {
    const counters = await loop("libmalloc", 100 * MIB);
    expect(counters.zeroed.allocator).toBe(9_999 * 104_857_600);
    expect(counters.zeroed.needless).toBe(9_999 * 104_857_600);
    expect(total(counters)).toBe(PAGES);
    expect(counters.faults.needless).toBe(PAGES);
  });

  it("libmalloc's first iteration touches nothing", async () => {
    const sandbox = await openSandbox("libmalloc", { check });
    sandbox.free(sandbox.calloc(1, 100 * MIB));
    const counters = sandbox.counters();
    expect(total(counters)).toBe(0);
    expect(counters.touched).toEqual({ read: 0, written: 0 });
    expect(counters.zeroed).toEqual({ kernel: 0, allocator: 0, needless: 0 });
  });

  it("libmalloc that clears only what was written clears nothing", async () => {
    const counters = await loop("libmalloc", 100 * MIB, { zeroing: "dirty" });
    expect(counters.zeroed).toEqual({ kernel: 0, allocator: 0, needless: 0 });
    expect(total(counters)).toBe(0);
    expect(counters.syscalls.mincore).toBe(COUNT - 1);
  });

  it("libmalloc at 1000 MiB only maps and unmaps", async () => {
    const counters = await loop("libmalloc", 1000 * MIB);
    expect(counters.zeroed).toEqual({ kernel: 0, allocator: 0, needless: 0 });
    expect(total(counters)).toBe(0);
    expect(counters.syscalls).toMatchObject({ mmap: COUNT, munmap: COUNT });
    expect(Object.values(counters.syscalls).reduce((a, b) => a + b)).toBe(2 * COUNT);
  });

  it("naive at 100 MiB faults on every page and zeroes every byte twice", async () => {
    const counters = await loop("naive", 100 * MIB);
    expect(total(counters)).toBe(256_000_000);
    expect(counters.faults.needless).toBe(256_000_000);
    expect(counters.zeroed.kernel).toBe(COUNT * 100 * MIB);
    expect(counters.zeroed.allocator).toBe(COUNT * 100 * MIB);
    expect(counters.zeroed.needless).toBe(COUNT * 100 * MIB);
  });

  it.each([100, 1000])("lazy at %i MiB zeroes nothing and touches nothing", async (size) => {
    const counters = await loop("lazy", size * MIB);
    expect(counters.zeroed).toEqual({ kernel: 0, allocator: 0, needless: 0 });
    expect(counters.touched).toEqual({ read: 0, written: 0 });
    expect(total(counters)).toBe(0);
  });

  // The program writes to every page, so every page must have a frame: a fault is needed wherever
  // the page has none. The write is of unknown content, so clearing it later is needed too.
  describe("when the program writes to every page", () => {
    it("libmalloc faults once a page in all, and clears what really was written", async () => {
      const counters = await loop("libmalloc", 100 * MIB, {}, 1);
      // The cache keeps the frames, so only the first iteration's writes fault; nothing was cleared
      // before them, so none is the clearing's. Every later calloc clears pages that were written.
      expect(counters.faults).toEqual({ zeroMap: 0, zeroFill: PAGES, copyOnWrite: 0, needless: 0 });
      expect(counters.zeroed).toEqual({ kernel: 100 * MIB, allocator: 9_999 * 100 * MIB, needless: 0 });
    });

    it("lazy pays a fault a page in every iteration, and nothing else", async () => {
      const counters = await loop("lazy", 100 * MIB, {}, 1);
      // Each block is a fresh mapping: its pages fault and are zeroed by the kernel when written.
      expect(counters.faults).toEqual({ zeroMap: 0, zeroFill: COUNT * PAGES, copyOnWrite: 0, needless: 0 });
      expect(counters.zeroed).toEqual({ kernel: COUNT * 100 * MIB, allocator: 0, needless: 0 });
    });

    it("naive pays the same faults, which are not needless, and clears needlessly", async () => {
      const counters = await loop("naive", 100 * MIB, {}, 1);
      // Clearing faults first, but the program's write would have faulted too: not needless. The
      // bytes cleared are fresh from the kernel: needless, all of them.
      expect(counters.faults).toEqual({ zeroMap: 0, zeroFill: COUNT * PAGES, copyOnWrite: 0, needless: 0 });
      expect(counters.zeroed.allocator).toBe(COUNT * 100 * MIB);
      expect(counters.zeroed.needless).toBe(COUNT * 100 * MIB);
    });
  });
});

describe("the edge of libmalloc's cache", () => {
  it.each([
    [134_213_632, 1],
    [134_217_728, 10],
  ])("is between 134,213,632 and 134,217,728 bytes: ten loops of %i map %i times", async (bytes, maps) => {
    const sandbox = await openSandbox("libmalloc");
    for (let i = 0; i < 10; i++) sandbox.free(sandbox.calloc(1, bytes));
    expect(sandbox.counters().syscalls.mmap).toBe(maps);
  });
});

it("a loop for whose blocks there is no memory is an error, and no finding that it costs nothing", async () => {
  const run = { model: "naive", bytes: 20 * 2 ** 30, count: 600, written: 0 };
  await expect(runCallocLoop(run)).rejects.toThrow(/^calloc\(1, 20 GiB\) failed every time: \S/);
});

it("a trace of nothing says so", async () => {
  const { result } = await replayTrace({
    model: "lazy",
    trace: await readTrace("# nothing\n"),
    touch: "none",
  });
  expect(result.notes).toEqual(["the trace has no operations"]);
});
