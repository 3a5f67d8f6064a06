/** What the model of mimalloc does that users of the real one see: its clock, its options, its silence, its figures. */
import { describe, expect, it } from "vitest";
import { AllocatorAbort, mallocStats, OptionError, openModel, openSandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";

const KIB = 1024;
const MIB = 1024 * KIB;
const MILLISECOND = 1e6;
const BASE = 2 * 2 ** 40;
const SEGMENT = 32 * MIB;
const FIRST_BLOCK = 64 * KIB + 384;

describe("free memory of mimalloc", () => {
  /** Fills a page of 1 MiB and frees it, beside another that stays; then takes a small one after so long. */
  async function decommitted(milliseconds: number, options: Record<string, string | number> = {}) {
    const sandbox = await openChecked("mimalloc", options);
    const [freed, kept] = [sandbox.malloc(MIB), sandbox.malloc(MIB)];
    for (const pointer of [freed, kept]) sandbox.touch(pointer, MIB);
    sandbox.free(freed);
    sandbox.setClock(milliseconds * MILLISECOND);
    const pointer = sandbox.malloc(MIB + 1); // from elsewhere, and looks at what is due
    sandbox.check();
    return { sandbox, freed, pointer, madvise: sandbox.counters().syscalls.madviseDontneed };
  }

  it("stays while the clock stands still, and goes when it was free for long enough", async () => {
    expect((await decommitted(0)).madvise).toBe(0);
    expect((await decommitted(24)).madvise).toBe(0);
    expect((await decommitted(25)).madvise).toBe(1);
    expect((await decommitted(25, { decommit_delay: 26 })).madvise).toBe(0);
  });

  it("goes at once with decommit_delay 0, and never with allow_decommit 0", async () => {
    expect((await decommitted(0, { decommit_delay: 0 })).madvise).toBe(1);
    expect((await decommitted(1000, { decommit_delay: 0, allow_decommit: "0" })).madvise).toBe(0);
  });

  it("is committed again by mprotect, a MiB at a time, when it is taken", async () => {
    const { sandbox, freed } = await decommitted(25);
    expect(sandbox.counters().syscalls.mprotect).toBe(0);
    const pointer = sandbox.malloc(200 * KIB);
    expect(pointer).toBe(freed);
    const [call] = sandbox.callsSince(0).slice(-1);
    expect(call).toMatchObject({ name: "mprotect" });
    expect(call?.arguments.slice(0, 2).map(Number)).toEqual([BASE + 64 * KIB, MIB - 64 * KIB]);
    sandbox.check();
  });

  it("stays with page_reset until the kernel takes it, which is told", async () => {
    const { sandbox } = await decommitted(0, { page_reset: "1" });
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFree: 1, madviseDontneed: 0 });
  });
});

describe("a segment of mimalloc", () => {
  it("is reserved with eager_commit 0, and committed as it is needed", async () => {
    const sandbox = await openChecked("mimalloc", { eager_commit: "0" });
    sandbox.malloc(10);
    const names = sandbox.callsSince(0).map(({ name }) => name);
    expect(names).toEqual(["mmap", "mprotect", "mprotect"]);
    expect(sandbox.statistics()["committed.current"]).toBe(MIB);
  });

  it("lies where base says, and the next one behind it, also when the first was unmapped", async () => {
    const sandbox = await openChecked("mimalloc", { base: 5 * 2 ** 40 });
    const first = sandbox.malloc(10);
    expect(first).toBe(5 * 2 ** 40 + FIRST_BLOCK);
    sandbox.free(first);
    sandbox.trim(0);
    expect(sandbox.counters().bytes.system).toBe(0);
    expect(sandbox.malloc(10)).toBe(first + SEGMENT);
    sandbox.check();
  });

  it("that nothing is in is cached, and its header is cleared before it is used again", async () => {
    const sandbox = await openChecked("mimalloc");
    const pointer = sandbox.malloc(MIB);
    sandbox.free(pointer);
    const { zeroed, syscalls } = sandbox.counters();
    expect(sandbox.malloc(MIB)).toBe(pointer);
    expect(sandbox.counters().syscalls).toEqual(syscalls);
    expect(sandbox.counters().zeroed.allocator - zeroed.allocator).toBe(41_304 - 184);
  });
});

it("cached segments that are due go by up to five at a time, when others become free", async () => {
  const sandbox = await openChecked("mimalloc");
  const blocks = Array.from({ length: 40 }, () => sandbox.malloc(16 * MIB));
  for (const block of blocks) sandbox.free(block);
  const given = Array.from({ length: 200 }, (_, i) => {
    const before = sandbox.counters().syscalls.madviseDontneed;
    sandbox.setClock((600 + i) * MILLISECOND);
    sandbox.free(sandbox.malloc(16 * MIB));
    return sandbox.counters().syscalls.madviseDontneed - before;
  });
  expect(Math.max(...given)).toBe(5);
  expect(given.filter((count) => count === 0).length).toBeGreaterThan(150);
});

it("small blocks whose size is a multiple of their alignment need no room to spare up to 128 bytes", async () => {
  const sandbox = await openChecked("mimalloc");
  expect(sandbox.usableSize(sandbox.alignedAlloc(32, 96))).toBe(96);
  expect(sandbox.usableSize(sandbox.alignedAlloc(64, 192))).toBe(256);
});

it("small blocks whose size is a power of two are taken for aligned, which they are to 128 only, as the real ones", async () => {
  const sandbox = await openChecked("mimalloc");
  // Measured: the real one's blocks begin 384 bytes into their page, too.
  expect([sandbox.alignedAlloc(256, 512), sandbox.alignedAlloc(1024, 1024)].map((at) => at % 1024)).toEqual([
    384, 384,
  ]);
  expect(sandbox.alignedAlloc(256, 600) % 256).toBe(0);
});

it.each([
  ["small", 100, 8],
  ["large", 3 * MIB, 4],
  ["huge", 200 * MIB, 4],
])("without room for a %s block it asks as often as was measured", async (_, bytes, calls) => {
  const sandbox = await openChecked("mimalloc", { addressSpace: 16 * MIB });
  expect(sandbox.malloc(bytes)).toBe(0);
  expect(sandbox.counters().syscalls.mmap).toBe(calls);
});

it("an empty page of the only one of its class stays for some requests that find no page", async () => {
  const sandbox = await openChecked("mimalloc");
  const pageOf = (pointer: number) => Math.floor(pointer / (64 * KIB));
  const first = sandbox.malloc(100);
  sandbox.free(first);
  // Each is of a class of its own, so each makes a sweep: at the ninth the page is free.
  const others = [1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120].map((bytes) => sandbox.malloc(bytes));
  expect(pageOf(others.at(-1) as number)).toBe(pageOf(first));
  sandbox.check();
});

it("calloc clears all of a block, fresh or not, and of the largest 2 GiB", async () => {
  const sandbox = await openSandbox("mimalloc");
  const zeroedBy = (bytes: number) => {
    const before = sandbox.counters().zeroed.allocator;
    sandbox.calloc(1, bytes);
    return sandbox.counters().zeroed.allocator - before;
  };
  expect(zeroedBy(1025)).toBe(1280);
  expect(zeroedBy(20 * MIB)).toBe(20 * MIB);
  expect(zeroedBy(3 * 2 ** 30)).toBe(2 * 2 ** 30);
});

it("realloc keeps a block that is at most twice too large, and gives one of nothing too", async () => {
  const sandbox = await openChecked("mimalloc");
  const pointer = sandbox.malloc(1000);
  expect(sandbox.usableSize(pointer)).toBe(1024);
  expect(sandbox.realloc(pointer, 512)).toBe(pointer);
  const moved = sandbox.realloc(pointer, 511);
  expect(moved).not.toBe(pointer);
  const nothing = sandbox.realloc(moved, 0);
  expect(sandbox.usableSize(nothing)).toBe(8);
  sandbox.check();
});

describe("misuse", () => {
  it("of a small block is silent: freed twice, it is handed out for ever", async () => {
    const sandbox = await openSandbox("mimalloc");
    const pointer = sandbox.malloc(1024);
    sandbox.free(pointer);
    sandbox.free(pointer);
    const given = Array.from({ length: 10 }, () => sandbox.malloc(1024));
    expect(given.slice(4)).toEqual(new Array(6).fill(pointer));
  });

  it("of a pointer into a block is silent, too: that address is handed out", async () => {
    const sandbox = await openSandbox("mimalloc");
    const pointer = sandbox.malloc(8192);
    sandbox.free(pointer + 16);
    expect(Array.from({ length: 4 }, () => sandbox.malloc(8192))).toContain(pointer + 16);
  });

  it("of a block whose page is free is silent, too", async () => {
    const sandbox = await openChecked("mimalloc");
    const [pointer, kept] = [sandbox.malloc(MIB), sandbox.malloc(MIB)];
    sandbox.free(pointer);
    sandbox.free(pointer);
    expect(sandbox.malloc(MIB)).toBe(pointer);
    sandbox.free(kept);
    sandbox.check();
  });

  it("of a pointer to nothing is a segmentation fault", async () => {
    const sandbox = await openChecked("mimalloc");
    sandbox.malloc(10);
    const huge = sandbox.malloc(20 * MIB);
    sandbox.free(huge);
    for (const pointer of [0x123450, huge, 0x7fffffff0000]) {
      expect(() => sandbox.free(pointer)).toThrow(AllocatorAbort);
      expect(() => sandbox.realloc(pointer, 10)).toThrow("Segmentation fault");
    }
  });
});

it("it needs Linux and pages of 4 KiB, and a base on a segment's boundary", async () => {
  for (const options of [
    { kernel: "darwin" },
    { pageSize: 16384 },
    { base: 2 ** 40 + MIB },
    { allow_decommit: 2 },
  ]) {
    await expect(openModel("mimalloc", options)).rejects.toThrow(OptionError);
  }
});

it("takes options by their names in the environment, too", async () => {
  const sandbox = await openModel("mimalloc", { MIMALLOC_RESET_DELAY: 3, MIMALLOC_PAGE_RESET: 1 });
  expect(sandbox.options).toMatchObject({ decommit_delay: 3, page_reset: 1 });
});

it("counts what mi_stats_print says, which is negative in two rows", async () => {
  const sandbox = await openSandbox("mimalloc");
  const pointer = sandbox.malloc(MIB);
  sandbox.malloc(10);
  sandbox.free(pointer);
  expect(sandbox.statistics()).toMatchObject({ "pages.current": -1, "touched.current": 65536 - MIB });
  expect(mallocStats(sandbox)).toContain("\n   touched:   64.2 KiB   64.2 KiB    1.0 MiB -963.7 KiB      ");
});

describe("in the loop of calloc and free", () => {
  /** Faults of so many rounds, and what is needless of them. */
  async function loop(bytes: number, rounds: number, touchesPages = false) {
    const sandbox = await openSandbox("mimalloc");
    for (let round = 0; round < rounds; round++) {
      const pointer = sandbox.calloc(1, bytes);
      if (touchesPages) sandbox.touch(pointer, bytes);
      sandbox.free(pointer);
    }
    const { faults, syscalls, zeroed } = sandbox.counters();
    return { faults, syscalls, zeroed };
  }

  /** Faults that were measured of a process with the real one, of which six are not the allocator's. */
  it.each([
    [100, 500, 12_803_506],
    [1000, 50, 12_800_356],
  ])(
    "of %i MiB every page of every block is faulted in and cleared each time",
    async (mebibytes, rounds, measured) => {
      const { faults, syscalls, zeroed } = await loop(mebibytes * MIB, rounds);
      expect(faults.zeroFill).toBe(measured - 6);
      expect(syscalls).toMatchObject({ mmap: rounds, munmap: rounds });
      expect(zeroed.allocator).toBe(rounds * mebibytes * MIB);
      // The page of the block's link has been written.
      expect(faults.needless).toBe(rounds * (mebibytes * 256 - 1));
    },
  );

  it("a program that writes to each page takes no fault more", async () => {
    const { faults } = await loop(100 * MIB, 300, true);
    expect(faults.zeroFill).toBe((await loop(100 * MIB, 300)).faults.zeroFill);
    expect(faults.needless).toBe(0);
  });

  it("of 16 MiB memory is kept, and of more than that it is mapped each time", async () => {
    expect(await loop(16 * MIB, 200)).toMatchObject({
      syscalls: { mmap: 1 },
      faults: { zeroFill: 4096 + 11 },
    });
    expect(await loop(20 * MIB, 200)).toMatchObject({
      syscalls: { mmap: 200 },
      faults: { zeroFill: 200 * 5127 },
    });
  });
});
