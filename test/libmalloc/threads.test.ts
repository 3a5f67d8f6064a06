/** Threads of one CPU share a magazine; what is freed goes back to where it came from, whoever frees it. */
import { describe, expect, it } from "vitest";
import { AllocatorAbort, type Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";

const MIB = 2 ** 20;
const SEED = 0x5eed;
const VERSIONS = [116, 166, 283, 425, 792];

const open = (options = {}) => openChecked("libmalloc", { cpus: 2, nano: "off", ...options });
const regionOf = (pointer: number) => Math.floor(pointer / MIB);

function as<T>(sandbox: Sandbox, thread: number, what: () => T): T {
  sandbox.switchThread(thread);
  return what();
}

describe("a magazine", () => {
  it("is that of a CPU: the first and the third thread of two share a region", async () => {
    const sandbox = await open();
    const [one, two, three, four] = [1, 2, 3, 4].map((thread) =>
      as(sandbox, thread, () => sandbox.malloc(64)),
    );
    expect([one, two, three, four].map((pointer) => (pointer as number) % MIB)).toEqual([0, 0, 64, 64]);
    expect(regionOf(three as number)).toBe(regionOf(one as number));
    expect(regionOf(four as number)).toBe(regionOf(two as number));
    expect(regionOf(two as number)).not.toBe(regionOf(one as number));
  });

  it("gets back what another's thread frees", async () => {
    const sandbox = await open();
    const [block] = [sandbox.malloc(64), sandbox.malloc(64)];
    const other = as(sandbox, 2, () => {
      sandbox.free(block);
      return sandbox.malloc(64);
    });
    expect(regionOf(other)).not.toBe(regionOf(block));
    expect(as(sandbox, 1, () => sandbox.malloc(64))).toBe(block);
  });

  it("keeps a block freed last of its own", async () => {
    const sandbox = await open();
    const one = sandbox.malloc(64);
    const two = as(sandbox, 2, () => sandbox.malloc(64));
    sandbox.free(two);
    sandbox.free(one);
    expect(sandbox.malloc(64)).toBe(two);
    expect(as(sandbox, 3, () => sandbox.malloc(64))).toBe(one);
  });

  it("is asked whether a block was freed, by whatever thread", async () => {
    const sandbox = await open();
    const block = sandbox.malloc(64);
    as(sandbox, 2, () => sandbox.free(block));
    for (const thread of [1, 2, 4]) {
      expect(() => as(sandbox, thread, () => sandbox.free(block))).toThrow(AllocatorAbort);
    }
  });

  it("resizes its blocks in place for every thread", async () => {
    const sandbox = await open();
    const block = sandbox.malloc(640);
    const after = sandbox.malloc(320);
    sandbox.malloc(64);
    sandbox.malloc(64);
    as(sandbox, 2, () => {
      sandbox.free(after);
      expect(sandbox.realloc(block, 900)).toBe(block);
    });
    expect(sandbox.usableSize(block)).toBe(912);
  });

  it("takes a region from the depot that was another's", async () => {
    const sandbox = await open();
    const pointers = Array.from({ length: 1000 }, () => sandbox.malloc(1008));
    for (const pointer of pointers.slice(1)) sandbox.free(pointer);
    expect(sandbox.trim()).toBe(true);
    const maps = sandbox.counters().syscalls.mmap;
    expect(regionOf(as(sandbox, 2, () => sandbox.malloc(1008)))).toBe(regionOf(pointers[0] as number));
    expect(sandbox.counters().syscalls.mmap).toBe(maps);
  });

  it("stays when a thread ends", async () => {
    const sandbox = await open();
    const block = as(sandbox, 2, () => sandbox.malloc(64));
    const before = sandbox.counters();
    sandbox.endThread(2);
    expect(sandbox.counters()).toEqual(before);
    expect(as(sandbox, 4, () => sandbox.malloc(64))).toBe(block + 64);
  });
});

describe("the nano zone", () => {
  it("takes the slots of each CPU from other blocks, and gives them back to the block", async () => {
    const sandbox = await open({ version: 792, nano: "on", cpus: 3 });
    const blockOf = (pointer: number) => Math.floor(pointer / 16384);
    const slots = [1, 2, 3, 4].map((thread) => as(sandbox, thread, () => sandbox.malloc(48)));
    expect(new Set(slots.slice(0, 3).map(blockOf)).size).toBe(3);
    expect(slots[3]).toBe((slots[0] as number) + 48);
    as(sandbox, 2, () => sandbox.free(slots[0] as number));
    expect(as(sandbox, 1, () => sandbox.malloc(48))).toBe(slots[0]);
  });
});

/** What a program of many threads gets: the addresses, of which no two that live overlap. */
async function run(options: object, threads: number, operations: number): Promise<number[]> {
  const sandbox = await openChecked("libmalloc", options);
  const random = new Random(SEED);
  const live: { pointer: number; bytes: number }[] = [];
  const addresses: number[] = [];
  const free = (index: number) => {
    const [block] = live.splice(index, 1);
    sandbox.free(block?.pointer as number);
  };
  for (let i = 0; i < operations; i++) {
    const thread = 1 + random.below(10);
    if (thread <= threads) sandbox.switchThread(thread);
    const choice = random.below(100);
    // Now more blocks live, now fewer, so that regions become sparse.
    const grows = i % 2000 < 1000 ? 65 : 35;
    if (choice === 99) sandbox.trim();
    else if (choice >= grows && live.length > 0) free(random.below(live.length));
    else {
      const bytes = random.below(2 ** random.pick([6, 10, 13, 16]));
      const grown = choice < 8 ? live[random.below(live.length)] : undefined;
      const pointer = grown ? sandbox.realloc(grown.pointer, bytes) : sandbox.calloc(1, bytes);
      addresses.push(pointer);
      if (grown) Object.assign(grown, { pointer, bytes });
      else live.push({ pointer, bytes });
      sandbox.touch(pointer, bytes);
    }
    if (i % 500 === 0) sandbox.check();
  }
  live.sort((one, other) => one.pointer - other.pointer);
  live.forEach(({ pointer, bytes }, i) => {
    expect(pointer + bytes).toBeLessThanOrEqual(live[i + 1]?.pointer ?? Number.POSITIVE_INFINITY);
  });
  while (live.length > 0) free(live.length - 1);
  expect(sandbox.counters().bytes.inUse).toBe(0);
  return addresses;
}

describe.each(VERSIONS)(`a program of many threads on version %i, seed 0x${SEED.toString(16)}`, (version) => {
  it.each([2, 5, 64])("keeps all that must hold, on %i CPUs", async (cpus) => {
    await run({ version, cpus }, 10, 6000);
  });

  it("has the addresses of one thread on one CPU, and others on two", async () => {
    const alone = await run({ version, cpus: 1 }, 0, 3000);
    expect(await run({ version, cpus: 1 }, 10, 3000)).toEqual(alone);
    expect(await run({ version, cpus: 2 }, 10, 3000)).not.toEqual(await run({ version, cpus: 2 }, 0, 3000));
  });
});

it("a magazine's number that the program has overwritten is no magazine's: the running thread's own keeps the block", async () => {
  const sandbox = await open();
  const first = MIB * regionOf(sandbox.malloc(100));
  sandbox.switchThread(2);
  const block = sandbox.malloc(100);
  sandbox.malloc(500);
  const second = MIB * regionOf(block);
  // Behind the blocks, where only the number differs.
  const words = Array.from({ length: 4060 }, (_, i) => MIB - 4 * (i + 1));
  const places = words.filter(
    (at) => sandbox.load(first + at, 4) === 0 && sandbox.load(second + at, 4) === 1,
  );
  expect(places).toHaveLength(1);
  const number = second + (places[0] as number);
  sandbox.store(number, 0x7000_0000, 4);
  sandbox.free(block);
  expect(sandbox.malloc(100)).toBe(block); // it was kept by the thread's own
  sandbox.store(number, 1, 4);
  sandbox.check();
});
