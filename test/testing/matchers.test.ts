/** What each matcher takes, and what it says when it fails, word for word. */
import { beforeEach, describe, expect, it } from "vitest";
import { openSandbox, openWasmAllocator, type Sandbox, subtract } from "../../src/index.js";
import { countersSerializer, matchers } from "../../src/vitest.js";

const MIB = 2 ** 20;

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await openSandbox("libmalloc");
});

/** What an expectation that fails says. */
function said(expectation: () => void): string {
  try {
    expectation();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it did not fail");
}

describe("toBeZeroed", () => {
  it("looks at every byte of a range", () => {
    const pointer = sandbox.calloc(1, 1000);
    expect(sandbox).toBeZeroed(pointer, 1000);
    sandbox.store(pointer + 999, 171);
    expect(sandbox).toBeZeroed(pointer, 999);
    const where = `0x${pointer.toString(16)}`;
    expect(said(() => expect(sandbox).toBeZeroed(pointer, 1000))).toBe(
      `byte 999 of the 1,000 at ${where} is 171, not zero`,
    );
    expect(said(() => expect(sandbox).not.toBeZeroed(pointer, 999))).toBe(
      `every byte of the 999 at ${where} is zero`,
    );
  });

  it("takes bytes that were read", () => {
    const pointer = sandbox.calloc(1, 10);
    expect(sandbox.read(pointer, 10)).toBeZeroed();
    sandbox.store(pointer, 1);
    expect(said(() => expect(sandbox.read(pointer, 1)).toBeZeroed())).toBe("byte 0 of the 1 is 1, not zero");
  });

  it("says what it needs", () => {
    expect(said(() => expect(sandbox).toBeZeroed())).toBe(
      "say which bytes: expect(allocator).toBeZeroed(pointer, bytes)",
    );
    expect(said(() => expect(7).not.toBeZeroed(0, 1))).toBe(
      "this matcher is about an allocator: expect(await openSandbox(…))",
    );
  });
});

describe("toHaveFaulted", () => {
  it("counts faults of all kinds, exactly or within bounds", async () => {
    expect(sandbox).not.toHaveFaulted();
    sandbox.touch(sandbox.malloc(5 * MIB), 5 * MIB);
    expect(sandbox).toHaveFaulted();
    expect(sandbox).toHaveFaulted(1280);
    expect(sandbox).toHaveFaulted({ atLeast: 1280, atMost: 1280 });
    expect(said(() => expect(sandbox).toHaveFaulted(1))).toBe("1,280 faults (1,280 zeroFill), expected 1");
    expect(said(() => expect(sandbox).toHaveFaulted({ atMost: 3 }))).toBe(
      "1,280 faults (1,280 zeroFill), expected at most 3",
    );
    expect(said(() => expect(sandbox).toHaveFaulted({ atLeast: 2000, atMost: 3000 }))).toBe(
      "1,280 faults (1,280 zeroFill), expected 2,000 to 3,000",
    );
    expect(said(() => expect(sandbox).not.toHaveFaulted())).toBe(
      "1,280 faults (1,280 zeroFill), expected at least 1",
    );
    const fresh = await openSandbox("libmalloc");
    expect(said(() => expect(fresh).toHaveFaulted())).toBe("0 faults, expected at least 1");
  });

  it("counts each kind, between two snapshots too", () => {
    const before = sandbox.snapshot();
    const pointer = sandbox.malloc(MIB);
    sandbox.store(pointer, 1);
    const between = subtract(sandbox.snapshot(), before);
    expect(between).toHaveFaulted({ zeroFill: 1, needless: 0 });
    expect(
      said(() => expect(between).toHaveFaulted({ zeroFill: 2, copyOnWrite: { atLeast: 1 }, zeroMap: 0 })),
    ).toBe("faults.zeroFill is 1, expected 2\nfaults.copyOnWrite is 0, expected at least 1");
    expect(said(() => expect(between).not.toHaveFaulted({ zeroFill: 1 }))).toBe(
      "faults.zeroFill is 1, expected 1",
    );
    // @ts-expect-error: there is no such kind.
    expect(said(() => expect(between).toHaveFaulted({ zerofill: 1 }))).toBe(
      'faults has no "zerofill"; it has zeroMap, zeroFill, copyOnWrite and needless',
    );
  });

  it("fails, whether or not, for what was not measured", async () => {
    const module = await openWasmAllocator("as-tlsf");
    const says =
      "faults is not measured: of a module opened with { meter: true } touched, zeroed and faults.needless are known";
    expect(said(() => expect(module).toHaveFaulted(0))).toBe(says);
    expect(said(() => expect(module).not.toHaveFaulted(0))).toBe(says);
    const metered = await openWasmAllocator("as-tlsf", { meter: true });
    expect(metered).toHaveFaulted({ needless: 0 });
    expect(said(() => expect(metered).toHaveFaulted({ zeroFill: 0 }))).toMatch(
      /^faults.zeroFill is not measured: /,
    );
  });
});

describe("toHaveZeroed", () => {
  it("counts bytes by who zeroed them", () => {
    sandbox.free(sandbox.calloc(1, MIB));
    expect(sandbox).toHaveZeroed({ needless: 0 });
    sandbox.free(sandbox.calloc(1, MIB));
    expect(sandbox).toHaveZeroed({ kernel: MIB, allocator: { atLeast: MIB } });
    expect(said(() => expect(sandbox).toHaveZeroed({ needless: 0 }))).toBe(
      "zeroed.needless is 1,048,576, expected 0",
    );
    // @ts-expect-error: whose zeroing is meant has to be said.
    expect(said(() => expect(sandbox).toHaveZeroed(0))).toBe("say by whom: toHaveZeroed({ needless: 0 })");
  });
});

describe("toHaveConstantCost", () => {
  it("repeats a call, and gives it sizes", async () => {
    const glibc = await openSandbox("glibc");
    const untouched = (bytes: number) => glibc.free(glibc.calloc(1, bytes));
    expect(glibc).toHaveConstantCost(() => untouched(MIB));
    expect(glibc).toHaveConstantCost(untouched, { sizes: [64 * MIB, 256 * MIB] });
    expect(
      said(() => expect(glibc).not.toHaveConstantCost(untouched, { sizes: [64 * MIB, 256 * MIB] })),
    ).toBe("no call cost more than 8 KiB of zeroing and faults, or much less");
  });

  it("names the dearest call and the cheapest", async () => {
    const untouched = (bytes: number) => sandbox.free(sandbox.calloc(1, bytes));
    expect(
      said(() => expect(sandbox).toHaveConstantCost(untouched, { sizes: [MIB, 16 * MIB], times: 2 })),
    ).toBe(
      "call 17 with 16 MiB cost 16 MiB of zeroing and faults, and call 17 with 1 MiB cost 1 MiB of zeroing and faults",
    );
    let pages = 0;
    const grows = () => sandbox.touch(sandbox.malloc(MIB), 4096 * ++pages);
    expect(said(() => expect(sandbox).toHaveConstantCost(grows))).toMatch(
      /^call 32 cost \d+ KiB of zeroing and faults, and call 17 cost \d+ KiB of zeroing and faults$/,
    );
  });

  it("says what it needs", async () => {
    // @ts-expect-error: there is nothing to call.
    expect(said(() => expect(sandbox).toHaveConstantCost())).toBe(
      "say what to call: toHaveConstantCost((bytes) => …)",
    );
    expect(said(() => expect(sandbox).toHaveConstantCost(() => {}, { sizes: [] }))).toBe(
      "toHaveConstantCost needs sizes, and times of at least 1",
    );
    const module = await openWasmAllocator("as-tlsf");
    expect(said(() => expect(module).toHaveConstantCost(() => {}))).toMatch(
      /^the cost of a call is not measured: /,
    );
  });
});

describe("toHaveNoLeaks", () => {
  it("asks that all was freed, of allocators of both kinds", async () => {
    for (const allocator of [sandbox, await openWasmAllocator("as-tlsf")]) {
      const pointer = allocator.malloc(5000);
      expect(said(() => expect(allocator).toHaveNoLeaks())).toMatch(/^5,\d\d\d bytes not freed$/);
      allocator.free(pointer);
      expect(allocator).toHaveNoLeaks();
      expect(said(() => expect(allocator).not.toHaveNoLeaks())).toBe("all that was allocated was freed");
    }
    expect(said(() => expect({}).toHaveNoLeaks())).toBe(
      "this matcher is about an allocator, or its counters: expect(sandbox), expect(subtract(later, earlier))",
    );
  });
});

it("counters are in snapshots without what is zero", () => {
  sandbox.store(sandbox.malloc(100), 1);
  expect({ counters: sandbox.counters() }).toMatchInlineSnapshot(`
    {
      "counters": {
        "bytes": {
          "cached": 1032208,
          "inUse": 112,
          "peakResident": 16384,
          "resident": 16384,
          "system": 1052672,
          "virtual": 1052672,
        },
        "calls": 1,
        "faults": {
          "zeroFill": 3,
        },
        "syscalls": {
          "mmap": 1,
        },
        "touched": {
          "read": 1,
          "written": 3,
        },
        "zeroed": {
          "kernel": 12288,
        },
      },
    }
  `);
  expect(countersSerializer.test({ calls: 1 })).toBe(false);
});

it("matchers and serializer are there for any expect to take", () => {
  expect.extend(matchers);
  expect.addSnapshotSerializer(countersSerializer);
  expect(Object.keys(matchers)).toEqual([
    "toBeZeroed",
    "toHaveFaulted",
    "toHaveZeroed",
    "toHaveConstantCost",
    "toHaveNoLeaks",
  ]);
});
