/** The bug report, in exact counts and simulated throughput, in Node and in Chromium. */
import { describe, expect, test } from "vitest";
import { hasReportedShape } from "../../../src/experiments/iter-content/sheet.js";
import {
  type BufferWay,
  OutOfMemory,
  openSandbox,
  runIterContent,
  TLS_RECORD_BYTES,
} from "../../../src/index.js";

const MIB = 2 ** 20;
const SIZES = [10 * MIB, 100 * MIB, 1024 * MIB];
const BODY = 4 * MIB;
const READS = BODY / TLS_RECORD_BYTES;

const curve = (model: string, way: BufferWay) =>
  Promise.all(SIZES.map((chunk) => runIterContent({ model, way, chunk, body: BODY })));

const speeds = async (model: string, way: BufferWay) =>
  (await curve(model, way)).map(({ bytesPerSecond }) => bytesPerSecond as number);

describe("the reported shape", () => {
  test("is that of a library that clears every buffer, on glibc", async () => {
    // Kept and cleared at 10 MiB; mapped, faulted in whole and given back at each read above.
    expect(hasReportedShape(await curve("glibc", "malloc+memset"))).toBe(true);
    const [, at100 = 0, at1000 = 0] = await speeds("glibc", "malloc+memset");
    expect(at100 / at1000).toBeGreaterThan(9);
    expect(at100 / at1000).toBeLessThan(12);
  });

  test("is not that of libmalloc's calloc, which at 1 GiB maps and clears nothing", async () => {
    const readings = await curve("libmalloc", "calloc");
    expect(hasReportedShape(readings)).toBe(false);
    const [at10 = 0, at100 = 0, at1000 = 0] = readings.map(({ bytesPerSecond }) => bytesPerSecond as number);
    expect(at100).toBeLessThan(1e6);
    expect(at10).toBeGreaterThan(5 * at100);
    expect(at1000).toBeGreaterThan(100 * at100);
    expect(readings[2]?.counters.zeroed.allocator).toBe(0);
    expect(readings[2]?.counters.syscalls.mmap).toBe(READS);
  });

  test("is gone with the fix", async () => {
    for (const model of ["glibc", "libmalloc"]) {
      for (const speed of await speeds(model, "malloc")) expect(speed).toBeGreaterThan(100e6);
    }
  });
});

describe("counts", () => {
  test("libmalloc's calloc clears the buffer of every read but the first, all but the record needlessly", async () => {
    const [, at100] = await curve("libmalloc", "calloc");
    expect(at100?.counters.zeroed.allocator).toBe((READS - 1) * 100 * MIB);
    expect(at100?.counters.zeroed.needless).toBe((READS - 1) * (100 * MIB - TLS_RECORD_BYTES));
    expect(at100?.library).toEqual({ reads: READS, cleared: 0, needless: 0 });
  });

  test("a library that clears does so in full; on fresh memory needlessly, faulting in every page", async () => {
    const { counters, library } = await runIterContent({
      ...{ model: "libmalloc", way: "malloc+memset", chunk: 1024 * MIB, body: BODY },
    });
    expect(library).toEqual({ reads: READS, cleared: READS * 1024 * MIB, needless: READS * 1024 * MIB });
    expect(counters.faults.zeroFill).toBe(READS * 262_144 + counters.syscalls.mmap - READS);
    expect(counters.zeroed.allocator).toBe(0);
  });

  test("what the library clears is priced as clearing", async () => {
    const run = { model: "libmalloc", chunk: 100 * MIB, body: BODY } as const;
    const [memset, calloc] = [
      await runIterContent({ ...run, way: "malloc+memset" }),
      await runIterContent({ ...run, way: "calloc" }),
    ];
    const perByte = calloc.simulated.parts.zeroedByAllocator / calloc.counters.zeroed.allocator;
    expect(memset.simulated.parts.zeroedByAllocator).toBeCloseTo(perByte * memset.library.cleared, 9);
  });

  test("the last read may be short, and a chunk smaller than a record", async () => {
    const read = async (chunk: number, body: number) =>
      (await runIterContent({ model: "lazy", way: "malloc", chunk, body })).library.reads;
    expect(await read(MIB, TLS_RECORD_BYTES + 1)).toBe(2);
    expect(await read(1000, 2500)).toBe(3);
  });

  test("of needless bytes are those that really were zero", async () => {
    const sandbox = await openSandbox("libmalloc");
    const p = sandbox.malloc(MIB);
    sandbox.fill(p, 0, MIB);
    sandbox.touch(p, TLS_RECORD_BYTES);
    // What the scenario takes for zero, byte by byte: all but the record, which may hold anything.
    for (let at = TLS_RECORD_BYTES; at < MIB; at += 4096) expect(sandbox.load(p + at)).toBe(0);
    const { library } = await runIterContent({
      ...{ model: "libmalloc", way: "malloc+memset", chunk: MIB, body: 2 * TLS_RECORD_BYTES },
    });
    expect(library.needless).toBe(MIB + (MIB - TLS_RECORD_BYTES));
  });
});

test("where there is no memory for a chunk, it says so", async () => {
  const run = runIterContent({ model: "glibc", way: "calloc", chunk: 2 ** 40, body: 1 });
  await expect(run).rejects.toThrow(OutOfMemory);
});
