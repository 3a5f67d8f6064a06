/** What the model of jemalloc does that users of the real one see: its clock, its options, its silence. */
import { describe, expect, it } from "vitest";
import { totalFaults } from "../../src/allocator/counters.js";
import { AllocatorAbort, OptionError, openModel, openSandbox, runCallocLoop } from "../../src/index.js";
import { openChecked } from "../checked.js";

const MIB = 2 ** 20;
const SECOND = 1e9;

/**
 * Frees 100 blocks of 1 MiB, and then does so much that somebody looks at the clock. Returns which share of the pages that
 * stayed went: what makes up 8 MiB and more goes at once.
 */
async function decayed(options: Record<string, string | number>, seconds: number): Promise<number> {
  const sandbox = await openChecked("jemalloc", options);
  const { resident } = sandbox.counters().bytes;
  const blocks = Array.from({ length: 100 }, () => sandbox.malloc(MIB));
  for (const pointer of blocks) sandbox.touch(pointer, MIB);
  for (const pointer of blocks) sandbox.free(pointer);
  const before = sandbox.counters().bytes.resident;
  for (let second = 1; second <= seconds; second++) {
    sandbox.setClock(second * SECOND);
    for (let i = 0; i < 3000; i++) sandbox.free(sandbox.malloc(40_000));
  }
  sandbox.check();
  return (before - sandbox.counters().bytes.resident) / (before - resident);
}

describe("free pages of jemalloc", () => {
  it("stay while the clock stands still", async () => {
    expect(await decayed({}, 0)).toBe(0);
  });

  it("are given back over seconds, slowly first", async () => {
    const [two, five, twenty] = [await decayed({}, 2), await decayed({}, 5), await decayed({}, 20)];
    expect(two).toBeLessThan(0.2);
    expect(five).toBeGreaterThan(two);
    expect(five).toBeLessThan(0.6);
    expect(twenty).toBeGreaterThan(0.99);
  });

  it("go at once with dirty_decay_ms 0, and never with -1", async () => {
    expect(await decayed({ dirty_decay_ms: -1 }, 30)).toBe(0);
    const sandbox = await openChecked("jemalloc", { dirty_decay_ms: 0 });
    const pointer = sandbox.malloc(MIB);
    sandbox.touch(pointer, MIB);
    sandbox.free(pointer);
    expect(sandbox.counters().syscalls.madviseDontneed).toBe(1);
  });
});

describe("the clock", () => {
  it("goes on before each operation, if it is told to", async () => {
    const sandbox = await openSandbox("jemalloc", { clock: 1000 });
    expect(sandbox.clock).toBe(0);
    sandbox.free(sandbox.malloc(10));
    expect(sandbox.clock).toBe(2000);
    expect(sandbox.notes).toContain("the clock goes on 1,000 ns before each operation");
  });

  it("is set, and never goes back", async () => {
    const sandbox = await openSandbox("jemalloc");
    sandbox.setClock(5000);
    expect(sandbox.clock).toBe(5000);
    for (const time of [4999, 5000.5, -1]) expect(() => sandbox.setClock(time)).toThrow(RangeError);
    expect(sandbox.notes).toContain("the clock stands still, unless a trace sets it");
  });
});

it("large blocks begin where the seed says, in the first page of their extent", async () => {
  const offsets = async (seed: number) => {
    const sandbox = await openSandbox("jemalloc", { seed });
    return Array.from({ length: 8 }, () => sandbox.malloc(50_000) % 4096);
  };
  const [one, other] = [await offsets(0x7ffff7f91738), await offsets(0x7ffff7f91740)];
  expect(one).not.toEqual(other);
  for (const offset of [...one, ...other]) expect(offset % 64).toBe(0);
});

it("calloc gives zeroed large blocks without clearing: by madvise where pages were used", async () => {
  const sandbox = await openChecked("jemalloc");
  const first = sandbox.malloc(MIB);
  sandbox.fill(first, 0xa5, MIB);
  sandbox.free(first);
  const again = sandbox.calloc(1, MIB);
  expect(sandbox.fillEnd(again, 0, MIB)).toBe(MIB);
  expect(sandbox.counters()).toMatchObject({ zeroed: { allocator: 0 }, syscalls: { madviseDontneed: 1 } });
  sandbox.check();
});

// What the real one's figures have more is the program's own, before its loop. A block begins within a page, and so lies in
// one more than it has, which is written here, and was not there.
it.each([
  { mebibytes: 100, count: 10_000, written: 0, measured: 25 },
  { mebibytes: 1000, count: 10_000, written: 0, measured: 27 },
  { mebibytes: 100, count: 300, written: 1, measured: 25 + 300 * 25_601 },
  { mebibytes: 1000, count: 30, written: 1, measured: 27 + 30 * 256_001 },
])(
  "the loop of calloc and free, $mebibytes MiB, $count times, $written of it written, is as it was measured",
  async (one) => {
    const { mebibytes, count, written, measured } = one;
    const bytes = mebibytes * MIB;
    const { counters } = await runCallocLoop({ model: "jemalloc", options: {}, bytes, count, written });
    expect(Math.abs(measured - totalFaults(counters.faults))).toBeLessThanOrEqual(2);
    expect(counters.syscalls.madviseDontneed).toBe(count);
    expect(counters.zeroed.allocator).toBe(0);
  },
);

it("a huge block that shrank leaves the cache after the blocks of the other arena", async () => {
  const sandbox = await openChecked("jemalloc", { dirty_decay_ms: 0 });
  const shrunk = sandbox.realloc(sandbox.malloc(9 * MIB), 21_000);
  const others = Array.from({ length: 20 }, () => sandbox.malloc(21_000));
  for (const pointer of [others[0] as number, shrunk, ...others.slice(1, 19)]) sandbox.free(pointer);
  const before = sandbox.callsSince(0).length;
  sandbox.free(others[19] as number); // the cache is full: the ten oldest go, the second of which had been huge
  const given = sandbox.callsSince(before).map(({ arguments: [address = 0n] }) => Number(address));
  expect(given).toHaveLength(10);
  expect(given.at(-1)).toBe(shrunk - (shrunk % 4096));
  sandbox.check();
});

describe("misuse", () => {
  it("of a small block is silent: freed twice, it is handed out twice", async () => {
    const sandbox = await openChecked("jemalloc");
    const pointer = sandbox.malloc(64);
    sandbox.free(pointer);
    sandbox.free(pointer);
    expect([sandbox.malloc(64), sandbox.malloc(64)]).toEqual([pointer, pointer]);
  });

  it("of a large block that merged with another is a segmentation fault, else silent", async () => {
    const sandbox = await openChecked("jemalloc");
    const [one = 0, other = 0] = [sandbox.malloc(100_000), sandbox.malloc(100_000), sandbox.malloc(100_000)];
    sandbox.free(one);
    sandbox.free(one);
    sandbox.free(other);
    expect(() => sandbox.free(other)).toThrow(AllocatorAbort);
    sandbox.check();
  });

  it("of a pointer to nothing is a segmentation fault", async () => {
    const sandbox = await openChecked("jemalloc");
    for (const pointer of [0x123450, 0x7fffffff0000]) {
      expect(() => sandbox.free(pointer)).toThrow("Segmentation fault");
      expect(() => sandbox.realloc(pointer, 10)).toThrow("Segmentation fault");
    }
  });
});

it("it needs Linux and pages of 4 KiB, as its build does", async () => {
  for (const options of [{ kernel: "darwin" }, { pageSize: 16384 }, { narenas: 0 }, { dirty_decay_ms: -2 }]) {
    await expect(openModel("jemalloc", options)).rejects.toThrow(OptionError);
  }
});

it("on kernels that align nothing, metadata is aligned by mapping more and cutting off", async () => {
  const sandbox = await openChecked("jemalloc", { mapAlignment: "page" });
  const blocks = Array.from({ length: 40 }, (_, i) => sandbox.malloc(100_000 * (i + 1)));
  for (const pointer of blocks) sandbox.free(pointer);
  sandbox.check();
  expect(sandbox.regions().length).toBeGreaterThan(0);
});
