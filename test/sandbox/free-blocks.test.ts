/**
 * What models tell of their free memory, against what they do: it lies in no live block, what is freed becomes free, and what is
 * allocated without asking the kernel was free.
 */
import { describe, expect, it } from "vitest";
import { type FreeBlock, models, type Options, openModel, type Sandbox, SYSCALLS } from "../../src/index.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";

const SEED = 0xf4ee;
const STEPS = 600;
const EVERYTHING = 2 ** 47;

type Range = { address: number; bytes: number };

const all = (sandbox: Sandbox) => sandbox.freeBlocks(0, EVERYTHING);

/** Neighbours as one. */
function joined(ranges: readonly Range[]): Range[] {
  const joint: Range[] = [];
  for (const { address, bytes } of ranges) {
    const last = joint.at(-1);
    if (last && last.address + last.bytes === address) last.bytes += bytes;
    else joint.push({ address, bytes });
  }
  return joint;
}

const holds = (ranges: readonly Range[], address: number, bytes: number) =>
  ranges.some((range) => range.address <= address && address + bytes <= range.address + range.bytes);

const calls = (sandbox: Sandbox) => {
  const { syscalls } = sandbox.counters();
  return SYSCALLS.reduce((sum, call) => sum + syscalls[call], 0);
};

/** Sizes of all kinds of blocks, mostly small ones. */
const sizeIn = (random: Random) =>
  random.below([16, 64, 256, 1024, 8192, 40_000, 300_000, 1_500_000][random.below(8)] as number);

function expectSound(sandbox: Sandbox, live: ReadonlyMap<number, number>): void {
  const free = all(sandbox);
  const ranges = [...free, ...[...live].map(([address, bytes]) => ({ address, bytes, list: "live" }))];
  ranges.sort((one, other) => one.address - other.address);
  for (const [i, { address, bytes, list }] of ranges.entries()) {
    const next = ranges[i + 1];
    if (next && address + bytes > next.address)
      expect.fail(`${list} at ${address} of ${bytes} bytes reaches into ${next.list} at ${next.address}`);
  }
  const regions = joined(sandbox.regions());
  for (const { address, bytes, list } of free)
    if (!holds(regions, address, bytes)) expect.fail(`${list} at ${address} is not mapped`);
}

/** What is done in a step, and what came of it. */
type Watch = (step: () => Range & { isFreed: boolean }, live: ReadonlyMap<number, number>) => void;

/** Runs a random program, which `watch` does step by step. */
function play(sandbox: Sandbox, random: Random, threads: number, watch?: Watch): Map<number, number> {
  const live = new Map<number, number>();
  const step = () => {
    if (random.below(2) && live.size > 0) {
      const [address, bytes] = [...live][random.below(live.size)] as [number, number];
      live.delete(address);
      sandbox.free(address);
      return { address, bytes, isFreed: true };
    }
    const address = random.below(3) ? sandbox.malloc(sizeIn(random)) : sandbox.calloc(1, sizeIn(random));
    const bytes = sandbox.usableSize(address);
    live.set(address, bytes);
    return { address, bytes, isFreed: false };
  };
  for (let done = 0; done < STEPS; done++) {
    if (threads > 1) sandbox.switchThread(1 + random.below(threads));
    if (watch) watch(step, live);
    else step();
  }
  return live;
}

/** Holds each step against what was told before and after. Returns how many were. */
function run(sandbox: Sandbox, random: Random, threads: number): number {
  let held = 0;
  const live = play(sandbox, random, threads, (step, live) => {
    const [free, made] = [joined(all(sandbox)), calls(sandbox)];
    const { address, bytes, isFreed } = step();
    if (calls(sandbox) !== made) return;
    if (!holds(isFreed ? joined(all(sandbox)) : free, address, bytes))
      expect.fail(`${bytes} bytes at ${address} are not free ${isFreed ? "after" : "before"}`);
    if (held++ % 50 === 0) expectSound(sandbox, live);
  });
  expectSound(sandbox, live);
  return held;
}

const CASES: readonly (readonly [model: string, options: Options, threads: number])[] = [
  ...models.map(({ name }) => [name, {}, 1] as const),
  ["glibc", { version: "2.43" }, 1],
  ["glibc", { perturb: 77, mxfast: 160, tcacheCount: 2 }, 3],
  ["libmalloc", { version: "425" }, 1],
  ["libmalloc", { version: "425", cpus: 3 }, 3],
  ["libmalloc", { cpus: 2 }, 2],
  ["jemalloc", { dirty_decay_ms: 0 }, 1],
  ["jemalloc", { tcache: "false" }, 1],
  ["mimalloc", { decommit_delay: 0 }, 1],
];

describe("free blocks", () => {
  it.each(CASES)(
    `of %s with %o and threads 1 to %i, seed 0x${SEED.toString(16)}`,
    async (model, options, threads) => {
      const sandbox = await openChecked(model, options);
      const held = run(sandbox, new Random(SEED), threads);
      // Large blocks of lazy are mappings, and so are all of naive's, which keeps nothing.
      if (model === "naive") expect([held, all(sandbox)]).toEqual([0, []]);
      else expect(held).toBeGreaterThan(STEPS / 6);
      // To ask leaves no trace.
      const other = await openChecked(model, options);
      play(other, new Random(SEED), threads);
      expect(sandbox.counters()).toEqual(other.counters());
      expect(sandbox.profile()).toEqual(other.profile());
    },
  );

  it("are those that reach into the range, by their lists", async () => {
    const sandbox = await openChecked("glibc", { tcacheCount: 1 });
    const blocks = Array.from({ length: 6 }, () => sandbox.malloc(2000));
    const small = [sandbox.malloc(40), sandbox.malloc(40), sandbox.malloc(40)];
    for (const block of [blocks[1], blocks[3]]) sandbox.free(block as number);
    sandbox.malloc(3000);
    for (const block of small) sandbox.free(block);
    const pageOf = (address: number) => sandbox.freeBlocks(address - (address % 4096), 4096);
    const near = pageOf(blocks[1] as number);
    expect(near).toContainEqual({ address: (blocks[1] as number) - 8, bytes: 2016, list: "large bin" });
    expect(near.every((block, i) => i === 0 || block.address > (near[i - 1] as FreeBlock).address)).toBe(
      true,
    );
    expect(new Set(all(sandbox).map(({ list }) => list))).toEqual(
      new Set(["tcache", "fastbin", "large bin", "top"]),
    );
    const { address, bytes } = near[0] as FreeBlock;
    expect(sandbox.freeBlocks(address + bytes - 1, 1)).toEqual([near[0]]);
    expect(sandbox.freeBlocks(address + bytes, 16)).toEqual([]);
    expect(sandbox.freeBlocks(address - 16, 16)).toEqual([]);
    expect(() => sandbox.freeBlocks(-1, 10)).toThrow(RangeError);
  });

  it.each(["jemalloc", "tcmalloc", "mimalloc", "libmalloc", "lazy"])(
    "of %s are all that was freed of blocks of one size",
    async (model) => {
      const sandbox = await openChecked(model, model === "jemalloc" ? { tcache: "false" } : {});
      const blocks = Array.from({ length: 1000 }, () => sandbox.malloc(1000));
      const freed = blocks.filter((_, i) => i % 3 !== 0);
      for (const block of freed) sandbox.free(block);
      const free = joined(all(sandbox));
      expect(freed.filter((block) => !holds(free, block, 1000))).toEqual([]);
    },
  );

  it("of a block of nano slots are all that were freed, and those that were never handed out", async () => {
    const sandbox = await openChecked("libmalloc", { version: "425" });
    const blocks = Array.from({ length: 40 }, () => sandbox.malloc(64));
    for (const block of blocks.slice(0, 30)) sandbox.free(block);
    const free = all(sandbox).filter(({ list }) => list === "nano free list");
    expect(free.map(({ address, bytes }) => [address, bytes])).toEqual(
      blocks
        .slice(0, 30)
        .map((address) => [address, 64])
        .sort(([one = 0], [other = 0]) => one - other),
    );
  });

  it("of a region of nano slots are all but those handed out, and the block of words of each arena", async () => {
    const sandbox = await openChecked("libmalloc", { version: "425" });
    const first = sandbox.malloc(64);
    const fresh = sandbox.freeBlocks(first - (first % 2 ** 29), 2 ** 29);
    expect(new Set(fresh.map(({ list }) => list))).toEqual(new Set(["never handed out"]));
    expect(fresh.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(2 ** 29 - 8 * 2 ** 14 - 64);
  });

  it("of a pool are all its blocks but those that the program has, and a segment's header is none", async () => {
    const python = await openChecked("pymalloc/naive");
    python.malloc(512);
    const inPool = all(python).filter(
      ({ list }) => list === "never handed out" || list.endsWith("of a pool"),
    );
    // A pool of 16 KiB begins with 48 bytes of its own.
    expect(inPool.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(
      512 * (Math.floor((16_384 - 48) / 512) - 1),
    );
    const mimalloc = await openChecked("mimalloc");
    for (const block of Array.from({ length: 20 }, () => mimalloc.malloc(8 * 2 ** 20))) mimalloc.free(block);
    const segments = all(mimalloc).filter(({ list }) => list === "cached segment");
    expect(segments.length).toBeGreaterThan(0);
    expect(segments.filter(({ address }) => address % 2 ** 25 !== 2 ** 16)).toEqual([]);
  });

  it("of a thread's heap go on beyond a top that was trimmed, as far as it may still be written", async () => {
    const sandbox = await openChecked("glibc");
    sandbox.malloc(10);
    sandbox.switchThread(2);
    const blocks = Array.from({ length: 20 }, () => sandbox.malloc(100_000));
    const grown = sandbox.counters().bytes.system;
    for (const block of blocks) sandbox.free(block);
    const [top, beyond] = all(sandbox).slice(-2) as [FreeBlock, FreeBlock];
    expect([top.list, beyond.list]).toEqual(["top", "heap beyond the top"]);
    expect(beyond.address).toBe(top.address + top.bytes);
    expect(beyond.bytes).toBe(grown - sandbox.counters().bytes.system);
  });

  it("of a layer are its own and those of the model below, by the lists of each", async () => {
    const sandbox = await openChecked("pymalloc/glibc");
    for (const block of [sandbox.malloc(100), sandbox.malloc(2000)]) sandbox.free(block);
    const lists = new Set(all(sandbox).map(({ list }) => list));
    expect([...lists].sort()).toEqual(["arena, never cut", "free pool", "top"]);
  });

  it("of jemalloc are told however long a chain its heap of slabs is", async () => {
    const sandbox = await openModel("jemalloc", { tcache: "false" });
    const blocks = Array.from({ length: 120_000 }, () => sandbox.malloc(2048));
    // One of the two in each slab: of what was mapped last first, and there from the end down, so that each is older than those before.
    const windowOf = (address: number) => Math.floor(address / 2 ** 25);
    const freed = blocks.filter((address) => address % 4096 === 0);
    freed.sort((one, other) => windowOf(one) - windowOf(other) || other - one);
    for (const block of freed) sandbox.free(block);
    expect(all(sandbox).filter(({ list }) => list === "slab").length).toBe(freed.length);
  });

  it.each(models.map(({ name }) => name))(
    "of %s are told also where a program has led their links astray",
    async (name) => {
      const links = (address: number) => [BigInt(address), 0x7777_7777_7777_7777n, 0x1000n];
      for (const [i] of links(0).entries()) {
        const sandbox = await openModel(name);
        const blocks = Array.from({ length: 20 }, () => sandbox.malloc(100));
        const freed = blocks.filter((_, at) => at % 2 === 0);
        const live = blocks.filter((_, at) => at % 2 === 1);
        for (const block of freed) sandbox.free(block);
        for (const block of name === "naive" ? [] : freed)
          sandbox.write(block, new Uint8Array(new BigUint64Array([links(block)[i] as bigint]).buffer));
        const free = all(sandbox);
        const reachesInto = (block: number) =>
          free.some(({ address, bytes }) => address < block + 100 && block < address + bytes);
        expect(live.filter(reachesInto)).toEqual([]);
      }
    },
  );

  it("of a heap that a program has broken are told as far as they can be", async () => {
    const sandbox = await openModel("glibc");
    const blocks = Array.from({ length: 4 }, () => sandbox.malloc(2000));
    for (const block of [blocks[0], blocks[2]]) sandbox.free(block as number);
    const ring = new Uint8Array(new BigUint64Array([BigInt(blocks[0] as number) - 16n]).buffer);
    sandbox.write(blocks[0] as number, ring);
    expect(all(sandbox).length).toBeGreaterThan(2);
    sandbox.write(blocks[0] as number, new Uint8Array(8).fill(0x77));
    expect(all(sandbox).length).toBeGreaterThan(1);
  });
});
