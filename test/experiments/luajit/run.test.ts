/** Low memory by allocators, and by what was measured: E3 of what we know of LuaJIT. */
import { describe, expect, test } from "vitest";
import { openModel, openSandbox, runLuajit } from "../../../src/index.js";
import { MIB } from "../../results/fakes.js";

const GIB = 2 ** 30;
/** Large, so that there are few, and of no whole huge pages, which would be aligned. */
const PIECE = 15 * MIB;
const MEASURED = [0, 608 * MIB, 1104 * MIB, 3008 * MIB];

const run = (model: string, options: Record<string, string | number> = {}, loaded = MEASURED, piece = MIB) =>
  runLuajit({ model, options, loaded, block: 65536, piece });

const mostLoaded = async (model: string, options: Record<string, string | number> = {}) =>
  (await run(model, options, [3008 * MIB], PIECE)).points[0]?.low;

describe("what is left for MAP_32BIT", () => {
  test("is what was measured of a heap that brk grows", async () => {
    const { points } = await run("glibc");
    // Measured: 1,024, 1,024, 939 and 0 MiB, where the heap alone had so much. Each block has 16 bytes more.
    expect(points.map(({ low }) => low / MIB)).toEqual([1024, 1024, 939, 0]);
    expect(points.map(({ hinted }) => hinted / MIB)).toEqual([64, 26, 1, 1]);
    for (const { loaded, taken } of points) {
      expect(taken).toBeGreaterThanOrEqual(Math.min(loaded, 2 * GIB - 4 * MIB - 65536));
      expect(taken).toBeLessThan(loaded + 2 * MIB);
    }
  });

  test.each([
    ["glibc", { image: "pie" }],
    ["glibc", { mmapThreshold: 32768 }],
    ["tcmalloc", { skipSbrk: 1 }],
    ["naive", {}],
  ])("%s leaves all of it where memory is mapped, %j", async (model, options) => {
    expect(await mostLoaded(model, options)).toBe(68 * PIECE);
  });

  test("tcmalloc without an option takes from brk first", async () => {
    expect(await mostLoaded("tcmalloc")).toBe(0);
  });

  test("a heap at random leaves less the higher it starts", async () => {
    const results = await Promise.all(
      [1, 2, 3, 4].map((aslrSeed) => run("glibc", { aslrSeed }, [608 * MIB], PIECE)),
    );
    const left = results.map(({ points }) => points[0]?.low ?? 0);
    expect(new Set(left).size).toBeGreaterThan(1);
    for (const bytes of left) expect(bytes).toBeGreaterThan(300 * MIB);
  });
});

describe("a program's own mappings", () => {
  test("are where it asks for them, and zero", async () => {
    const sandbox = await openSandbox("glibc", { check: true, image: "nonPie" });
    const low = sandbox.map(2 * MIB, { low: true });
    expect(low).toBe(0x40200000);
    expect(sandbox.map(MIB, { hint: 0x20000000 })).toBe(0x20000000);
    expect(sandbox.map(MIB)).toBeGreaterThan(2 ** 46);
    expect(sandbox.isZero(low, 2 * MIB)).toBe(true);
    sandbox.unmap(low, 2 * MIB);
    expect(() => sandbox.load(low)).toThrow("unmapped");
    expect(() => sandbox.unmap(1, 2)).toThrow("munmap refuses");
    sandbox.check();
  });

  test("are refused with a reason", async () => {
    const sandbox = await openSandbox("naive", { dataLimit: 4 * MIB });
    expect(sandbox.map(5 * MIB)).toBe(0);
    expect(sandbox.lastError).toMatchObject({ kind: "memory", requested: 5 * MIB });
    expect(sandbox.malloc(5 * MIB)).toBe(0);
    expect(sandbox.lastError?.kind).toBe("memory");
    expect(sandbox.malloc(3 * MIB)).toBeGreaterThan(0);
  });

  test("are low on Linux alone", async () => {
    const sandbox = await openModel("naive", { kernel: "darwin" });
    expect(() => sandbox.map(MIB, { low: true })).toThrow("only Linux");
  });
});

describe("limits", () => {
  test("overcommit=never refuses a heap, and a fork, that would promise too much", async () => {
    const sandbox = await openSandbox("glibc", {
      ...{ check: true, memory: 64 * MIB, overcommit: "never", overcommitRatio: 50 },
    });
    expect(sandbox.malloc(20 * MIB)).toBeGreaterThan(0);
    expect(sandbox.malloc(20 * MIB)).toBe(0);
    expect(() => sandbox.fork()).toThrow("no room for more");
    // An arena of another thread is reserved, and promised as it grows.
    sandbox.switchThread(2);
    expect(sandbox.malloc(1000)).toBeGreaterThan(0);
    expect(sandbox.malloc(100_000)).toBeGreaterThan(0);
    sandbox.check();
  });

  test("overcommit=always gives more than there is", async () => {
    const options = { memory: 64 * MIB, overcommit: "always" } as const;
    expect((await openSandbox("glibc", options)).malloc(GIB)).toBeGreaterThan(0);
    expect((await openSandbox("glibc", { memory: 64 * MIB })).malloc(GIB)).toBe(0);
  });
});

test("says what cannot be", async () => {
  await expect(run("naive", { kernel: "darwin" })).rejects.toThrow("only Linux");
  await expect(run("libmalloc")).rejects.toThrow('no option "image"');
  await expect(runLuajit({ model: "glibc", loaded: [0], block: 0, piece: 1 })).rejects.toThrow(RangeError);
  await expect(run("naive", { memory: 0, addressSpace: 64 * MIB }, [GIB])).rejects.toThrow("load less");
});
