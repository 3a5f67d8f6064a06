/** What the model of tcmalloc does that users of the real one see: its clearing, its options, its words. */
import { describe, expect, it } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import {
  AllocatorAbort,
  mallocStats,
  OptionError,
  openModel,
  openSandbox,
  type ProfileNode,
  runCallocLoop,
  type Sandbox,
} from "../../src/index.js";
import { openChecked } from "../checked.js";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** tcmalloc's, of two of the kernel's. */
const PAGE = 8 * KIB;

/** Faults and releases of a loop of calloc and free. The program writes a byte of each page, or nothing. */
async function loop(mebibytes: number, count: number, written: number) {
  const bytes = mebibytes * MIB;
  const { counters } = await runCallocLoop({ model: "tcmalloc", options: {}, bytes, count, written });
  return { faults: totalFaults(counters.faults), releases: counters.syscalls.madviseDontneed, counters };
}

describe("the loop of calloc and free, as it was measured with the real one", () => {
  // What of the faults is the program's own, before its loop, is a handful.
  it.each([
    { mebibytes: 100, count: 10_000, written: 0, measured: 3_148_805, frees: 82 },
    { mebibytes: 1000, count: 500, written: 0, measured: 14_592_517, frees: 9 },
    { mebibytes: 100, count: 300, written: 1, measured: 128_005, frees: 82 },
    { mebibytes: 1000, count: 30, written: 1, measured: 1_280_000 + 517, frees: 9 },
  ])("$mebibytes MiB, $count times, $written of it written", async (one) => {
    const { mebibytes, count, written, measured, frees } = one;
    const { faults, releases } = await loop(mebibytes, count, written);
    expect(Math.abs(measured - faults)).toBeLessThanOrEqual(5);
    // Nothing goes back until 2 GiB were freed; then all of it every so many frees.
    const before = Math.ceil((2 * GIB) / (mebibytes * MIB));
    expect(releases).toBe(Math.floor((count - before) / frees) + 1);
  });

  it("clears all of the block each time, which is needless but where the program wrote", async () => {
    const { counters } = await loop(100, 20, 0);
    expect(counters.zeroed).toMatchObject({ allocator: 20 * 100 * MIB, needless: 20 * 100 * MIB });
    const small = await openSandbox("tcmalloc");
    small.calloc(1, 100_000); // a class of 104 KiB
    expect(small.counters().zeroed.allocator).toBe(104 * KIB);
  });
});

describe("misuse", () => {
  const outside = 0x123450;

  it.each([
    [
      "free",
      (s: Sandbox) => s.free(outside),
      "src/tcmalloc.cc:333] Attempt to free invalid pointer: 0x123450",
    ],
    [
      "realloc",
      (s: Sandbox) => s.realloc(outside, 10),
      "src/tcmalloc.cc:337] Attempt to realloc invalid pointer: 0x123450",
    ],
    [
      "usableSize",
      (s: Sandbox) => s.usableSize(outside),
      "src/tcmalloc.cc:343] Attempt to get the size of an invalid pointer: 0x123450",
    ],
  ])("%s of a pointer to nothing aborts in its words", async (_, call, message) => {
    const sandbox = await openChecked("tcmalloc");
    expect(() => call(sandbox)).toThrow(new AllocatorAbort(message, outside));
    sandbox.free(sandbox.malloc(10));
  });

  it("in the middle of a large block is a pointer to nothing", async () => {
    const sandbox = await openChecked("tcmalloc");
    const pointer = sandbox.malloc(MIB);
    expect(() => sandbox.free(pointer + 10 * PAGE)).toThrow("Attempt to free invalid pointer");
    expect(sandbox.usableSize(pointer)).toBe(MIB);
  });

  it("of a small block is silent: freed twice, it is handed out twice", async () => {
    const sandbox = await openSandbox("tcmalloc");
    const pointer = sandbox.malloc(64);
    sandbox.free(pointer);
    sandbox.free(pointer);
    expect([sandbox.malloc(64), sandbox.malloc(64)]).toEqual([pointer, pointer]);
  });

  it("is told where the real one would break without a word: pages freed twice", async () => {
    const sandbox = await openChecked("tcmalloc");
    const pointer = sandbox.malloc(MIB);
    sandbox.free(pointer);
    expect(() => sandbox.free(pointer)).toThrow("freed twice, which tcmalloc does not notice");
  });

  it("is told where objects come back to a span more often than they left it", async () => {
    const sandbox = await openSandbox("tcmalloc");
    const pointer = sandbox.malloc(100_000);
    expect(() => {
      for (let i = 0; i < 10; i++) sandbox.free(pointer);
    }).toThrow("freed twice, which tcmalloc does not notice");
  });
});

describe("options", () => {
  it("are taken by the names in the environment", async () => {
    const sandbox = await openChecked("tcmalloc", { TCMALLOC_AGGRESSIVE_DECOMMIT: "1" });
    sandbox.free(sandbox.malloc(10 * MIB));
    // The growth is given first, and goes back at once as what is freed does.
    expect(sandbox.counters().syscalls.madviseDontneed).toBe(2);
  });

  it.each([
    { kernel: "darwin" },
    { pageSize: 16384 },
    { skipSbrk: "yes" },
    { transferNumObj: 0 },
    { transferNumObj: 5000 },
    { heapStart: 0x555555560800 },
    { heapLimitMb: 0.5 },
    { releaseRate: -1 },
  ])("refuse %o", async (options) => {
    await expect(openModel("tcmalloc", options)).rejects.toThrow(OptionError);
  });

  it("release a fraction of what is freed", async () => {
    const releases = async (releaseRate: number) => {
      const sandbox = await openChecked("tcmalloc", { releaseRate });
      for (let i = 0; i < 4000; i++) sandbox.free(sandbox.malloc(MIB));
      return sandbox.counters().syscalls.madviseDontneed;
    };
    expect([await releases(0), await releases(2.5), await releases(10)]).toEqual([0, 4, 19]);
  });

  it("limit the heap, and say so", async () => {
    const sandbox = await openChecked("tcmalloc", { heapLimitMb: 100 });
    expect(sandbox.malloc(95 * MIB)).toBe(0);
    expect(sandbox.lastError).toMatchObject({ kind: "memory", requested: 95 * MIB });
    const pointer = sandbox.malloc(85 * MIB);
    sandbox.free(pointer);
    expect(sandbox.malloc(86 * MIB)).not.toBe(0); // what was freed goes back first
  });

  it("leave no way to grow where neither brk nor mmap is taken", async () => {
    const sandbox = await openChecked("tcmalloc", { skipSbrk: "1", skipMmap: "1" });
    expect(sandbox.malloc(2 * MIB)).toBe(0);
    expect(sandbox.lastError).toMatchObject({ kind: "memory", requested: 2 * MIB });
    expect(sandbox.malloc(100)).not.toBe(0);
  });

  it("try brk no more once it failed, as long as mmap works", async () => {
    const end = 0x7fffffff0000; // of what a program may map
    const sandbox = await openChecked("tcmalloc", { heapStart: end - 32 * MIB });
    const [far, near] = [sandbox.malloc(30 * MIB), sandbox.malloc(2 * MIB)];
    expect([far, near].every((pointer) => pointer > 0 && pointer < end - 32 * MIB)).toBe(true);
    expect(sandbox.counters().syscalls).toMatchObject({ brk: 1, mmap: 2 });
  });

  it("put the heap where it is told to be", async () => {
    const heapStart = 0x555555561000;
    const sandbox = await openChecked("tcmalloc", { heapStart });
    // Behind 8 MiB of metadata, what is aligned, and the blocks from before main.
    expect(sandbox.malloc(1)).toBe(heapStart + 8 * MIB + 0x1000 + 9 * PAGE + 8);
    expect(sandbox.regions()).toEqual([{ address: heapStart, bytes: 9 * MIB + 0x1000 }]);
  });
});

/** Measured before main's first call of its own, with what malloc_stats has for its text. */
const AT_START = `------------------------------------------------
MALLOC:          90136 (    0.1 MiB) Bytes in use by application
MALLOC: +       942080 (    0.9 MiB) Bytes in page heap freelist
MALLOC: +        16360 (    0.0 MiB) Bytes in central cache freelist
MALLOC: +            0 (    0.0 MiB) Bytes in transfer cache freelist
MALLOC: +            0 (    0.0 MiB) Bytes in thread cache freelists
MALLOC: +      2490368 (    2.4 MiB) Bytes in malloc metadata
MALLOC:   ------------
MALLOC: =      3538944 (    3.4 MiB) Actual memory used (physical + swap)
MALLOC: +            0 (    0.0 MiB) Bytes released to OS (aka unmapped)
MALLOC:   ------------
MALLOC: =      3538944 (    3.4 MiB) Virtual address space used
MALLOC:
MALLOC:              7              Spans in use
MALLOC:              2              Thread heaps in use
MALLOC:           8192              Tcmalloc page size
------------------------------------------------
Call ReleaseFreeMemory() to release freelist memory to the OS (via madvise()).
Bytes released to the OS take up virtual address space but no physical memory.
`;

describe("malloc_stats", () => {
  it("says what the real one says, to the letter", async () => {
    expect(mallocStats(await openChecked("tcmalloc"))).toBe(AT_START);
    expect(mallocStats(await openSandbox("pymalloc/tcmalloc"))).toBe(AT_START);
  });

  it("is not of other models", async () => {
    const sandbox = await openSandbox("jemalloc");
    expect(() => mallocStats(sandbox)).toThrow(
      "only the models glibc, mimalloc and tcmalloc have malloc_stats",
    );
  });

  it("rounds halves to even, as printf does", async () => {
    const sandbox = await openChecked("tcmalloc");
    sandbox.malloc(224 * PAGE);
    expect(mallocStats(sandbox)).toContain(`${5.25 * MIB} (    5.2 MiB) Virtual`);
  });
});

it("a profile has its functions, by the real names", async () => {
  const sandbox = await openChecked("tcmalloc");
  const blocks = Array.from({ length: 3000 }, () => sandbox.malloc(2000));
  for (const pointer of blocks) sandbox.free(pointer);
  for (let i = 0; i < 30; i++) sandbox.free(sandbox.malloc(100 * MIB));
  const namesIn = ({ name, children }: ProfileNode): string[] => [name, ...children.flatMap(namesIn)];
  const names = namesIn(sandbox.profile());
  for (const name of [
    "ThreadCache::FetchFromCentralCache",
    "ThreadCache::ReleaseToCentralCache",
    "PageHeap::New",
    "PageHeap::Delete",
    "PageHeap::GrowHeap",
    "PageHeap::ReleaseAtLeastNPages",
  ])
    expect(names).toContain(name);
});

describe("the walk of check builds", () => {
  /** Three blocks, of which the last two were freed. */
  const make = async () => {
    const sandbox = await openSandbox("tcmalloc", { check: true });
    const blocks = [1, 2, 3].map(() => sandbox.malloc(64));
    for (const block of blocks.slice(1)) sandbox.free(block);
    return { sandbox, blocks };
  };

  it.each([
    ["a link of the thread's out of its class", 2, 0x1000, "an object is in a span"],
    ["a link of the thread's that ends early", 2, 0, "an object is in a span"],
  ])("finds %s", async (_, which, link, told) => {
    const { sandbox, blocks } = await make();
    sandbox.check();
    sandbox.store(blocks[which] as number, link, 8);
    expect(() => sandbox.check()).toThrow(told);
  });

  it("finds a link of a span's that leads elsewhere", async () => {
    const { sandbox, blocks } = await make();
    sandbox.store((blocks[2] as number) + 4 * 64, blocks[0] as number, 8);
    expect(() => sandbox.check()).toThrow(
      /^internal: (an object of a span is free or out|the objects of a span)/,
    );
  });
});
