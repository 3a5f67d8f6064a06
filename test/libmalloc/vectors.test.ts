/** What the tags' own code did when it was compiled and run: offsets of blocks, and what the kernel was told. */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";

const KIB = 1024;
const MIB = 2 ** 20;
const PAGE = 4096;
const TINY_REGION = MIB;
const SMALL_REGION = 8 * MIB;

const VERSIONS = [166, 283, 425] as const;
type Version = (typeof VERSIONS)[number];

/** Where the first block of a region is. */
const heapOf = (version: Version, before: number) => (version === 425 ? before : 0);

const open = (version: Version, options = {}) => openChecked("libmalloc", { version, ...options });

const times = (count: number, make: () => number) => Array.from({ length: count }, make);

/** Offsets of blocks from their region's first one. */
const offsetsIn = (region: number, heap: number) => (pointer: number) => (pointer % region) - heap;

const statistics = (sandbox: Sandbox) => {
  const { size_in_use = 0, blocks_in_use = 0 } = sandbox.statistics();
  return { bytes: size_in_use, objects: blocks_in_use };
};

it.each([
  [116, PAGE, [252, 255], [2039]],
  [283, PAGE, [251, 255], [2039]],
  [425, PAGE, [0, 3, 4], [0, 8]],
  [116, 4 * PAGE, [63], [509]],
  [283, 4 * PAGE, [62, 63], [509]],
  [425, 4 * PAGE, [0, 1], [0, 2]],
])("making a region of %i with pages of %i writes these pages", async (version, pageSize, tiny, small) => {
  const sandbox = await openChecked("libmalloc", { version, pageSize });
  for (const [bytes, region, pages] of [
    [16, TINY_REGION, tiny],
    [2048, SMALL_REGION, small],
  ] as const) {
    const pointer = sandbox.malloc(bytes);
    const base = pointer - (pointer % region);
    const written = sandbox
      .pages(base, region)
      .filter((run) => run.written)
      .flatMap((run) => Array.from({ length: run.pages }, (_, i) => (run.address - base) / pageSize + i));
    expect(written).toEqual(pages);
  }
});

describe.each(VERSIONS)("tiny blocks of %i", (version) => {
  const at = offsetsIn(TINY_REGION, heapOf(version, 16_512));
  const isOld = version === 166;

  /** The first two sequences; they leave what the third begins with. */
  function begin(sandbox: Sandbox): void {
    const blocks = [16, 32, 1008, 48].map((bytes) => sandbox.malloc(bytes));
    expect(blocks.map(at)).toEqual([0, 16, 48, 1056]);
    const [, second = 0, third = 0] = blocks;
    sandbox.free(second);
    expect(statistics(sandbox)).toEqual({ bytes: 1104, objects: 4 });
    expect(at(sandbox.malloc(48))).toBe(1104);
    sandbox.free(third);
    expect(statistics(sandbox).bytes).toBe(144);
    expect(at(sandbox.malloc(16))).toBe(48);
    expect(at(sandbox.malloc(32))).toBe(16);

    const grown = sandbox.malloc(64);
    expect(at(grown)).toBe(64);
    expect(sandbox.realloc(grown, 128)).toBe(grown);
    const [other = 0, last = 0, guard = 0] = [32, 64, 16].map((bytes) => sandbox.malloc(bytes));
    expect([other, last, guard].map(at)).toEqual([192, 224, 288]);
    sandbox.free(last);
    expect(sandbox.realloc(other, 64)).toBe(other);
    expect(statistics(sandbox).bytes).toBe(isOld ? 432 : 400);
    expect(at(sandbox.malloc(32))).toBe(256);
    expect(at(sandbox.malloc(64))).toBe(304);
    const shrunk = sandbox.malloc(240);
    expect(at(shrunk)).toBe(368);
    expect(sandbox.realloc(shrunk, 96)).toBe(shrunk);
    expect(statistics(sandbox).bytes).toBe(isOld ? 736 : 560);
    expect(at(sandbox.malloc(144))).toBe(464);
  }

  it("are taken from the block freed last, from lists, and from what was never handed out", async () => {
    begin(await open(version));
  });

  it("leave their regions to the depot, and get them back", async () => {
    const sandbox = await open(version);
    begin(sandbox);
    const blocks: number[] = [];
    const bases: number[] = [];
    const baseOf = (pointer: number) => pointer - (pointer % TINY_REGION);
    while (bases.length < 5) {
      const pointer = sandbox.malloc(1008);
      blocks.push(pointer);
      if (!bases.includes(baseOf(pointer))) bases.push(baseOf(pointer));
    }
    expect(blocks).toHaveLength(isOld ? 4095 : 4092);
    for (const pointer of blocks) sandbox.touch(pointer, 1008);
    const reusable = (region: number) =>
      sandbox
        .pages(bases[region] as number, TINY_REGION)
        .filter((run) => run.reusable)
        .map(({ address, pages }) => {
          const first = (address - (bases[region] as number)) / PAGE;
          return [first, first + pages - 1];
        });
    const calls = () => sandbox.counters().syscalls.madviseFreeReusable;
    const first = isOld ? 511 : 509;
    let freed = 0;
    const freeTo = (index: number) => {
      while (freed <= index) sandbox.free(blocks[freed++] as number);
    };
    freeTo(first - 1);
    expect(calls()).toBe(0);
    freeTo(first);
    expect(calls()).toBe(1);
    const start = version === 425 ? 5 : 1;
    const end = { 166: 125, 283: 124, 425: 128 }[version];
    expect(reusable(0)).toEqual([[start, end]]);
    // Each block freed in the depot completes a page at most.
    const ends = Array.from({ length: 12 }, () => {
      freeTo(freed);
      return reusable(0)[0]?.[1] as number;
    });
    expect([...new Set(ends)].filter((last) => last > end)).toEqual([end + 1, end + 2, end + 3]);
    const second = isOld ? 1534 : 1532;
    freeTo(second - 1);
    expect(reusable(1)).toEqual([]);
    freeTo(second);
    expect(reusable(1)).toEqual([[start, end]]);
    freeTo(second + 3);
    const maps = sandbox.counters().syscalls.mmap;
    let taken = 0;
    let latest = 0;
    while (reusable(1).length > 0 && baseOf(latest) !== bases[1]) {
      latest = sandbox.malloc(1008);
      taken++;
    }
    expect(taken).toBe(isOld ? 1024 : 1023);
    expect(latest).toBe((bases[1] as number) + heapOf(version, 16_512));
    expect(sandbox.counters().syscalls).toMatchObject({ mmap: maps, madviseFreeReuse: 0 });
  });

  it("of a list are grouped by region from 283 on", async () => {
    const sandbox = await open(version);
    const perRegion = Math.floor((isOld ? 64_520 : 64_504) / 32);
    const blocks = times(2 * perRegion + 10, () => sandbox.malloc(512));
    const [r0a, r0b, r1a, r1b, r2] = [10, 20, perRegion + 10, perRegion + 20, 2 * perRegion + 5].map(
      (index) => blocks[index] as number,
    ) as [number, number, number, number, number];
    for (const pointer of [r2, r0a, r1a, r0b, r1b]) sandbox.free(pointer);
    const again = times(5, () => sandbox.malloc(512));
    expect(again).toEqual(isOld ? [r1b, r0b, r1a, r0a, r2] : [r0b, r0a, r1b, r1a, r2]);
  });

  it("of the last list keep their place when they grow", async () => {
    const sandbox = await open(version);
    const run = () => [sandbox.malloc(256), sandbox.malloc(768), sandbox.malloc(768), sandbox.malloc(256)];
    const [before = 0, ...first] = run();
    const [, ...second] = run();
    for (const pointer of [first[0], first[1], second[0], second[1], before]) sandbox.free(pointer as number);
    expect(sandbox.malloc(1008)).toBe(second[0]);
  });
});

describe.each(VERSIONS)("small blocks of %i", (version) => {
  const heap = heapOf(version, 33_280);
  const at = offsetsIn(SMALL_REGION, heap);

  it("are taken from the block freed last, from lists, and from what was never handed out", async () => {
    const sandbox = await open(version);
    // 512 bytes are tiny, so two quanta of 1,024 stand for one.
    const [first = 0, second = 0, third = 0] = [1024, 8192, 1024].map((bytes) => sandbox.malloc(bytes));
    expect([first, second, third].map(at)).toEqual([0, 1024, 9216]);
    sandbox.free(second);
    const fourth = sandbox.malloc(1536);
    expect(at(fourth)).toBe(10_240);
    sandbox.free(third);
    expect(at(sandbox.malloc(1536))).toBe(1024);
    expect(sandbox.realloc(fourth, 4096)).toBe(fourth);
    const shrunk = sandbox.malloc(4096);
    expect(at(shrunk)).toBe(2560);
    expect(sandbox.realloc(shrunk, 1536)).toBe(shrunk);
    expect(at(sandbox.malloc(2560))).toBe(4096);
  });

  it("leave their regions to the depot", async () => {
    const sandbox = await open(version);
    const blocks: number[] = [];
    const bases: number[] = [];
    while (bases.length < 3) {
      const pointer = sandbox.malloc(16 * KIB);
      const base = pointer - (pointer % SMALL_REGION);
      blocks.push(pointer);
      if (!bases.includes(base)) bases.push(base);
    }
    expect(blocks).toHaveLength(1019);
    for (const pointer of blocks) sandbox.touch(pointer, 16 * KIB);
    const calls = () => sandbox.counters().syscalls.madviseFreeReusable;
    const reusable = (region: number) =>
      sandbox
        .pages(bases[region] as number, SMALL_REGION)
        .filter((run) => run.reusable)
        .map(({ address, pages }) => {
          const first = (address - (bases[region] as number)) / PAGE;
          return [first, first + pages - 1];
        });
    blocks.slice(0, 255).forEach((pointer) => {
      sandbox.free(pointer);
    });
    expect(calls()).toBe(0);
    sandbox.free(blocks[255] as number);
    expect(calls()).toBe(2);
    // What was never used of the tail has no page to give back.
    expect(reusable(0)).toEqual(version === 425 ? [[9, 1027]] : [[1, 1018]]);
    sandbox.free(blocks[256] as number);
    expect(reusable(0).at(-1)).toEqual(version === 425 ? [1033, 1035] : [1024, 1027]);
    sandbox.free(blocks[257] as number);
    expect(reusable(0).at(-1)).toEqual(version === 425 ? [1033, 1039] : [1024, 1031]);
  });
});

describe.each([283, 425] as const)("medium blocks of %i", (version) => {
  const REGION = 128 * MIB;
  const heap = heapOf(version, 32_768);
  const first = heap / PAGE;
  const options = { version, memory: 64 * 2 ** 30, cpus: 1 };

  /** Allocates and writes a block. Returns where it is after the region's first one. */
  const take = (sandbox: Sandbox, bytes: number): number => {
    const pointer = sandbox.malloc(bytes);
    sandbox.touch(pointer, bytes);
    return pointer;
  };
  const at = offsetsIn(REGION, heap);

  /** What the kernel was told of since `act` began: how often, and pages of the region that are reusable after it. */
  function told(sandbox: Sandbox, base: number, act: () => void): [calls: number, runs: number[][]] {
    const calls = () => sandbox.counters().syscalls.madviseFreeReusable;
    const before = calls();
    act();
    const runs = sandbox
      .pages(base, REGION)
      .filter((run) => run.reusable)
      .map(({ address, pages }) => [
        (address - base) / PAGE - first,
        (address - base) / PAGE - first + pages - 1,
      ]);
    return [calls() - before, runs];
  }

  it("are told of at once when they are large, and with their neighbours when enough of them is dirty", async () => {
    const sandbox = await openChecked("libmalloc", options);
    // 32 KiB are small, so two quanta stand for one.
    const [a, b, c, d] = [4 * MIB, 4 * MIB, MIB, 64 * KIB].map((bytes) => take(sandbox, bytes)) as [
      number,
      number,
      number,
      number,
    ];
    expect([a, b, c, d].map(at)).toEqual([0, 4 * MIB, 8 * MIB, 9 * MIB]);
    const base = a - heap;
    const free = (pointer: number) => told(sandbox, base, () => sandbox.free(pointer));
    expect(free(a)).toEqual([1, [[0, 1023]]]);
    expect(free(c)).toEqual([1, [[0, 1023]]]);
    expect(free(b)).toEqual([1, [[0, 2047]]]);
    expect(free(d)).toEqual([1, [[0, 2303]]]);
    const [large, middle] = [take(sandbox, 2 * MIB), take(sandbox, 512 * KIB)];
    expect([large, middle].map(at)).toEqual([0, 2 * MIB]);
    expect(free(middle)[0]).toBe(0);
    expect(free(large)).toEqual([
      1,
      [
        [0, 511],
        [640, 2303],
      ],
    ]);

    const blocks = times(100, () => take(sandbox, MIB));
    for (let i = 0; i < 100; i += 2) expect(free(blocks[i] as number)[0]).toBe(0);
    const odd = [1, 3, 5, 7, 9, 11].map((index) => free(blocks[index] as number));
    expect(odd.map(([calls]) => calls)).toEqual(version === 425 ? [0, 1, 0, 1, 0, 1] : [0, 1, 0, 0, 0, 0]);
    expect(odd[1]?.[1]).toEqual([[0, 1279]]);
    if (version === 425) {
      expect(odd[3]?.[1]).toEqual([[0, 2319]]);
      expect(odd[5]?.[1]).toEqual([[0, 3343]]);
    }
    sandbox.check();
  });
});
