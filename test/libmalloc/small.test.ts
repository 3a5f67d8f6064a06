/** Small and medium blocks, the depot, and the zone's statistics. */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";

const KIB = 1024;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PAGE = 4096;
const REGION = 8 * MIB;
const PAYLOAD = 16_319 * 512;

const open = (options = {}) => openChecked("libmalloc", options);

const times = (count: number, make: () => number) => Array.from({ length: count }, make);

function freeAll(sandbox: Sandbox, pointers: number[]): void {
  for (const pointer of pointers) sandbox.free(pointer);
}

/** Of each page from the address on, whether it was written. */
function writtenPages(sandbox: Sandbox, address: number, bytes: number): boolean[] {
  return sandbox
    .pages(address, bytes)
    .flatMap(({ pages, written }) => Array.from({ length: pages }, () => written));
}

describe("a small region", () => {
  it("is 8 MiB on 8 MiB; making it writes one page at its end", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(2000);
    expect(pointer % REGION).toBe(0);
    expect(sandbox.regions()).toContainEqual({ address: pointer, bytes: REGION });
    expect(sandbox.usableSize(pointer)).toBe(2048);
    const pages = writtenPages(sandbox, pointer, REGION);
    const touched = pages.flatMap((written, i) => (written ? [i] : []));
    // Trailer and first words.
    expect(touched).toEqual([Math.floor(PAYLOAD / PAGE)]);
  });

  it("has 16,319 quanta", async () => {
    const sandbox = await open();
    const pointers = times(63, () => sandbox.malloc(127 * KIB));
    expect((pointers.at(-1) as number) % REGION).toBe(62 * 127 * KIB);
    sandbox.malloc(100 * KIB);
    const rest = (16_319 - 63 * 254 - 200) * 512;
    expect(sandbox.malloc(rest) % REGION).toBe(PAYLOAD - rest);
    const maps = sandbox.counters().syscalls.mmap;
    sandbox.malloc(1500);
    expect(sandbox.counters().syscalls.mmap).toBe(maps + 1);
  });
});

describe("a freed small block", () => {
  it("of any size is the last freed, and really freed by the next", async () => {
    const sandbox = await open();
    const [one, , other] = times(4, () => sandbox.malloc(100 * KIB));
    sandbox.free(one as number);
    expect(sandbox.malloc(99 * KIB + 513)).toBe(one);
    sandbox.free(one as number);
    sandbox.free(other as number);
    expect(sandbox.malloc(99 * KIB)).toBe(one);
  });

  it("that starts a page and is larger than one stays clean", async () => {
    const sandbox = await open({ cpus: 1 });
    const [first = 0] = times(3, () => sandbox.malloc(16 * KIB));
    const other = sandbox.malloc(1500);
    sandbox.free(first);
    sandbox.free(other);
    expect(writtenPages(sandbox, first, 16 * KIB)).toEqual([false, false, false, false]);
    expect(sandbox.malloc(15 * KIB)).toBe(first);
  });

  it("holds its links itself when it does not start a page", async () => {
    const sandbox = await open();
    sandbox.malloc(512 * 3);
    const pointer = sandbox.malloc(16 * KIB);
    sandbox.malloc(1500);
    sandbox.free(pointer);
    sandbox.free(sandbox.malloc(1500));
    expect(writtenPages(sandbox, pointer, PAGE)[0]).toBe(true);
  });

  it("holds its links itself from the 34th clean one on", async () => {
    const sandbox = await open({ cpus: 1 });
    const pointers = times(140, () => sandbox.malloc(8 * KIB));
    const freed = pointers.filter((_, i) => i % 2 === 0).slice(0, 64);
    freeAll(sandbox, freed);
    const dirty = freed.filter((pointer) => writtenPages(sandbox, pointer, PAGE)[0]);
    // The 64th is the one freed last.
    expect(dirty).toEqual(freed.slice(33, 63));
    expect(times(64, () => sandbox.malloc(8 * KIB))).toEqual(freed.toReversed());
  });

  it("is merged with its neighbours, whatever they end with", async () => {
    const sandbox = await open();
    const [first = 0, second = 0, third = 0, guard = 0] = times(4, () => sandbox.malloc(1536));
    freeAll(sandbox, [first, third, second, guard]);
    expect(sandbox.malloc(4608)).toBe(first);
  });

  it("is known: freeing it again is noticed", async () => {
    const sandbox = await open();
    const [first = 0, second = 0] = times(3, () => sandbox.malloc(20 * KIB));
    sandbox.free(first);
    expect(() => sandbox.free(first)).toThrow("pointer being freed was not allocated");
    sandbox.free(second);
    for (const pointer of [first, second, first + 512, second + PAGE]) {
      expect(() => sandbox.free(pointer)).toThrow("pointer being freed was not allocated");
    }
  });
});

describe("calloc of a small block", () => {
  it("clears the rounded size always, but in the first block of a region", async () => {
    const sandbox = await open();
    const pointer = sandbox.calloc(1, 5000);
    expect(sandbox.counters().zeroed.allocator).toBe(0);
    sandbox.calloc(1, 5000);
    expect(sandbox.counters().zeroed).toMatchObject({ allocator: 5120, needless: 5120 });
    sandbox.free(pointer);
    expect(sandbox.calloc(1, 5000)).toBe(pointer);
    expect(sandbox.counters().zeroed.allocator).toBe(10_240);
  });

  it("asks which pages were written when told so, from a page on", async () => {
    const sandbox = await open({ zeroing: "dirty" });
    sandbox.malloc(PAGE);
    const pointer = sandbox.malloc(32 * KIB);
    sandbox.touch(pointer + PAGE, PAGE);
    sandbox.free(pointer);
    expect(sandbox.calloc(1, 32 * KIB)).toBe(pointer);
    expect(sandbox.counters()).toMatchObject({ zeroed: { allocator: PAGE, needless: 0 } });
    expect(sandbox.counters().syscalls.mincore).toBe(1);
    sandbox.calloc(1, 2048);
    expect(sandbox.counters()).toMatchObject({ zeroed: { allocator: PAGE + 2048 } });
    expect(sandbox.counters().syscalls.mincore).toBe(1);
  });
});

describe("the depot", () => {
  // Of 127 KiB, 254 quanta. The newest region takes 63, and one more once there is a newer one.
  const FULL = 64;
  const blocks = (sandbox: Sandbox, count: number) => times(count, () => sandbox.malloc(127 * KIB));

  it("is only there with more than one CPU", async () => {
    const sandbox = await open({ cpus: 1 });
    freeAll(sandbox, blocks(sandbox, 4 * FULL));
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFreeReusable: 0, munmap: 0 });
  });

  it("takes the first sparse region once more than one and a half are free; its pages are reusable", async () => {
    const sandbox = await open({ cpus: 2 });
    const count = 3 * FULL - 1;
    const pointers = blocks(sandbox, count);
    for (const pointer of pointers) sandbox.touch(pointer, 127 * KIB);
    let freed = 0;
    while (sandbox.counters().syscalls.madviseFreeReusable === 0) sandbox.free(pointers[freed++] as number);
    // One more is the last freed, which counts as used.
    expect(freed - 1).toBe(count - Math.floor((1.5 * 16_319) / 254));
    const [first = 0] = pointers;
    const reusable = sandbox.pages(first, REGION).filter((run) => run.reusable);
    expect(reusable.map(({ address, pages }) => [address, pages])).toEqual([
      // Links are in the first page, whether they are or not.
      [first + PAGE, (FULL * 127 * KIB) / PAGE - 1],
    ]);
  });

  it("takes the newest region when that is the first sparse one, with what was never handed out of it", async () => {
    const sandbox = await open({ cpus: 2 });
    const bases = new Map<number, number[]>();
    while (bases.size < 4) {
      const [pointer = 0] = blocks(sandbox, 1);
      const base = pointer - (pointer % REGION);
      bases.set(base, [...(bases.get(base) ?? []), pointer]);
    }
    const older = [...bases.values()].slice(0, 3);
    // Once a block of it is really freed, the newest may go.
    freeAll(sandbox, [...bases.values()][3] as number[]);
    // A fifth of each of the older ones is free, so they are not sparse; with the newest it is more than one and a half.
    freeAll(
      sandbox,
      older.flatMap((pointers) => pointers.filter((_, i) => i % 5 === 2)),
    );
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFreeReusable: 1, mmap: 4 });
    sandbox.check();
    expect(new Set(blocks(sandbox, 2 * FULL)).size).toBe(2 * FULL);
    expect(sandbox.counters().syscalls).toMatchObject({ madviseFreeReuse: 1 });
  });

  it("gives a region back before one is mapped, and tells the kernel of all of it", async () => {
    const sandbox = await open({ cpus: 2 });
    const pointers = blocks(sandbox, 3 * FULL - 1);
    for (const pointer of pointers) sandbox.touch(pointer, 127 * KIB);
    freeAll(sandbox, pointers.slice(0, 2 * FULL));
    const before = sandbox.counters().syscalls;
    expect(before.madviseFreeReusable).toBeGreaterThan(0);
    expect(before.madviseFreeReuse).toBe(0);
    const again = blocks(sandbox, 2 * FULL);
    expect(new Set(again).size).toBe(2 * FULL);
    const after = sandbox.counters().syscalls;
    expect(after.mmap).toBe(before.mmap);
    expect(after.madviseFreeReuse).toBeGreaterThan(0);
    for (const { address } of sandbox.regions().filter(({ bytes }) => bytes === REGION))
      expect(sandbox.pages(address, REGION).some((run) => run.reusable)).toBe(false);
  });

  it.each([2, 3])("unmaps an empty region when it holds two for each of %i CPUs", async (cpus) => {
    const sandbox = await open({ cpus });
    freeAll(sandbox, blocks(sandbox, 10 * FULL - 1));
    const left = sandbox.regions().filter(({ bytes }) => bytes === REGION).length;
    expect(sandbox.counters().syscalls.munmap).toBe(10 - left);
    // In the depot one less than crowds it; the magazine keeps one, for two would be more than one and a half.
    expect(left).toBe(2 * cpus - 1 + 1);
  });

  it("takes a block of a region that was unmapped for one that was never allocated", async () => {
    const sandbox = await open({ cpus: 2 });
    let last = 0;
    for (const pointer of blocks(sandbox, 10 * FULL - 1)) {
      sandbox.free(pointer);
      if (sandbox.counters().syscalls.munmap) break;
      last = pointer;
    }
    sandbox.check();
    expect(() => sandbox.free(last)).toThrow("pointer being freed was not allocated");
  });
});

describe("realloc and alignment of small blocks", () => {
  it("remaps no pages below 128 KiB", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(100 * KIB);
    sandbox.malloc(16 * KIB);
    sandbox.fill(pointer, 7, 100 * KIB);
    const moved = sandbox.realloc(pointer, 120 * KIB);
    expect(moved).not.toBe(pointer);
    expect(sandbox.load(moved + 100 * KIB - 1)).toBe(7);
    expect(sandbox.counters().syscalls.vmCopy).toBe(0);
  });

  it("shrinks in place, and moves to a tiny block", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(8 * KIB);
    expect(sandbox.realloc(pointer, 4 * KIB)).toBe(pointer);
    expect(sandbox.usableSize(pointer)).toBe(4 * KIB);
    const moved = sandbox.realloc(pointer, 1000);
    expect(moved).not.toBe(pointer);
    expect(sandbox.usableSize(moved)).toBe(1008);
  });

  it("carves blocks on a page out of small ones, of 1 KiB even for a tiny request", async () => {
    const sandbox = await open();
    sandbox.malloc(1500);
    const pointer = sandbox.alignedAlloc(PAGE, 100);
    expect(pointer % REGION).toBe(PAGE);
    expect(sandbox.usableSize(pointer)).toBe(1024);
    expect(sandbox.malloc(2560) % REGION).toBe(1536);
  });

  it("gives a block of more than 1,008 bytes as it comes when 512 bytes are alignment enough", async () => {
    const sandbox = await open();
    const pointer = sandbox.alignedAlloc(512, 1500);
    expect(pointer % REGION).toBe(0);
    expect(sandbox.malloc(512 * 3) % REGION).toBe(1536);
  });
});

describe("medium blocks", () => {
  const options = { version: 283, memory: 64 * GIB };

  it("are there from 283 on with 32 GiB of memory: 32 KiB to 8 MiB in quanta of 32 KiB", async () => {
    const sandbox = await open(options);
    const sizes = [32 * KIB, 32 * KIB + 1, 8 * MIB, 8 * MIB + 1];
    const usable = sizes.map((bytes) => sandbox.usableSize(sandbox.malloc(bytes)));
    expect(usable).toEqual([32 * KIB, 64 * KIB, 8 * MIB, 8 * MIB + PAGE]);
    const regions = sandbox.regions().filter(({ bytes }) => bytes === 128 * MIB);
    expect(regions).toHaveLength(1);
    expect((regions[0]?.address as number) % (128 * MIB)).toBe(0);
  });

  it("are not there with less: what is not small is large", async () => {
    const sandbox = await open({ ...options, memory: 31 * GIB });
    expect(sandbox.usableSize(sandbox.malloc(32 * KIB + 1))).toBe(36 * KIB);
    const before = await open({ version: 166, memory: 64 * GIB });
    expect(before.usableSize(before.malloc(100 * KIB + 1))).toBe(100 * KIB + 512);
  });

  it.each([283, 425])("of %i hold their links themselves from the 909th clean one on", async (version) => {
    const sandbox = await open({ ...options, version, cpus: 1 });
    const pointers = times(2000, () => sandbox.malloc(64 * KIB));
    const freed = pointers.filter((_, i) => i % 2 === 0);
    freeAll(sandbox, freed);
    const dirty = freed.filter((pointer) => writtenPages(sandbox, pointer, PAGE)[0]);
    expect(dirty).toEqual(freed.slice(908, 999));
    sandbox.check();
    expect(times(1000, () => sandbox.malloc(64 * KIB))).toEqual(freed.toReversed());
  });

  it("are cleared by calloc", async () => {
    const sandbox = await open(options);
    sandbox.calloc(1, MIB);
    sandbox.calloc(1, MIB);
    expect(sandbox.counters().zeroed).toMatchObject({ allocator: MIB, needless: MIB });
  });
});

describe("statistics", () => {
  it("are those of the zone: what is cached is not in use, nor are large blocks allocated that are cached", async () => {
    const sandbox = await open();
    const pointers = [100, 5000, MIB].map((bytes) => sandbox.malloc(bytes));
    const small = 112 + 5120;
    // What was never handed out of the regions is not touched.
    const touched = 9 * MIB - (64_520 * 16 + PAYLOAD - small);
    expect(sandbox.statistics()).toEqual({
      blocks_in_use: 3,
      size_in_use: small + MIB,
      max_size_in_use: touched + MIB,
      size_allocated: 9 * MIB + MIB,
    });
    freeAll(sandbox, pointers);
    // The tiny block and the small one are those freed last.
    expect(sandbox.statistics()).toEqual({
      blocks_in_use: 2,
      size_in_use: small,
      max_size_in_use: touched,
      size_allocated: 9 * MIB,
    });
  });

  it("of small blocks count each that was really freed, from 283 on", async () => {
    for (const [version, left] of [
      [116, 1],
      [283, 5],
    ]) {
      const sandbox = await open({ version });
      freeAll(
        sandbox,
        [1024, 2048, 3072, 4096, 5120].map((bytes) => sandbox.malloc(bytes)),
      );
      expect(sandbox.statistics()).toMatchObject({ blocks_in_use: left, size_in_use: 5120 });
    }
  });
});
