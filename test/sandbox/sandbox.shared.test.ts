import { describe, expect, it } from "vitest";
import {
  AllocatorAbort,
  machineOptions,
  models,
  OptionError,
  OutOfMemory,
  openModel,
  openSandbox,
  readTrace,
  SandboxError,
  SegmentationFault,
  subtract,
} from "../../src/index.js";

const MIB = 2 ** 20;

describe("opening a sandbox", () => {
  it("names the models there are when it does not know one", async () => {
    await expect(openModel("dlmalloc")).rejects.toThrow(OptionError);
    await expect(openModel("dlmalloc")).rejects.toThrow(models.map(({ name }) => name).join(", "));
  });

  it("names the options there are when it does not know one", async () => {
    await expect(openModel("naive", { zeroing: "dirty" })).rejects.toThrow(OptionError);
    const ofMachine = machineOptions.filter(({ needs }) => !needs);
    await expect(openModel("libmalloc", { zeroed: 1 })).rejects.toThrow(
      `libmalloc has no option "zeroed"; it has zeroing, version, cpus, cache, tinyZeroing, nano, ${ofMachine.map(({ name }) => name).join(", ")}`,
    );
  });

  it.each([
    { zeroing: "never" },
    { zeroing: 1 },
    { pageSize: 8192 },
    { kernel: "plan9" },
    { memory: -1 },
    { memory: 1.5 },
    { memory: Number.NaN },
    { memory: "16GiB" },
  ])("refuses %j", async (options) => {
    await expect(openModel("libmalloc", options)).rejects.toThrow(OptionError);
  });

  it("that are undefined are as if not given", async () => {
    const { options } = await openSandbox("glibc", { addressSpace: undefined, memory: 2 ** 30 });
    expect(options).toEqual({ memory: 2 ** 30 });
  });

  it("out of range are refused with the range", async () => {
    await expect(openSandbox("libmalloc", { cpus: 65 })).rejects.toThrow(
      "refuses option cpus 65: CPUs, 1 to 64",
    );
    await expect(openSandbox("glibc", { cpus: 5000 })).rejects.toThrow("cpus 5000: online CPUs, 1 to 4096");
  });

  it("may have the real allocator's names, and -1", async () => {
    const sandbox = await openModel("glibc", { MALLOC_ARENA_MAX: 2, M_TRIM_THRESHOLD: -1 });
    expect(sandbox.options).toEqual({ arenaMax: 2, trimThreshold: -1 });
    const tunable = await openModel("glibc", { "glibc.malloc.tcache_count": 0 });
    expect(tunable.options).toEqual({ tcacheCount: 0 });
    await expect(openModel("glibc", { M_TOP_PAD: 0, topPad: 1 })).rejects.toThrow("topPad sets topPad twice");
    await expect(openSandbox("glibc", { tcacheCount: -1 })).rejects.toThrow(
      "option tcacheCount takes a whole number; got -1",
    );
    await expect(openSandbox("glibc", { topPad: -2 })).rejects.toThrow(
      "option topPad takes a whole number of bytes, or -1; got -2",
    );
  });

  it("takes a module compiled before, and refuses bytes that are none", async () => {
    await expect(openSandbox("naive", { module: new Uint8Array([1, 2, 3]) })).rejects.toThrow(SandboxError);
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    await expect(openSandbox("naive", { module: empty })).rejects.toThrow(SandboxError);
  });

  it("gives machines that know nothing of each other", async () => {
    const [one, other] = [await openSandbox("lazy"), await openSandbox("lazy")];
    one.store(one.malloc(8), 1);
    expect(other.counters().calls).toBe(0);
    expect(other.regions()).toEqual([]);
  });
});

describe("arguments", () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 47 + 1])(
    "of %d are refused by name",
    async (bad) => {
      const sandbox = await openSandbox("naive");
      const before = sandbox.counters();
      expect(() => sandbox.malloc(bad)).toThrow(
        new RangeError(`bytes must be a whole number from 0 to 2^47; got ${bad}`),
      );
      expect(() => sandbox.calloc(bad, 1)).toThrow(/^count must/);
      expect(() => sandbox.calloc(1, bad)).toThrow(/^size must/);
      expect(() => sandbox.realloc(bad, 1)).toThrow(/^pointer must/);
      expect(() => sandbox.free(bad)).toThrow(RangeError);
      expect(() => sandbox.load(bad)).toThrow(RangeError);
      expect(() => sandbox.store(bad, 0)).toThrow(RangeError);
      expect(() => sandbox.fill(0, 0, bad)).toThrow(RangeError);
      expect(() => sandbox.fillEnd(0, 0, bad)).toThrow(RangeError);
      expect(() => sandbox.read(0, bad)).toThrow(RangeError);
      expect(() => sandbox.write(bad, new Uint8Array(1))).toThrow(RangeError);
      expect(() => sandbox.isZero(0, bad)).toThrow(RangeError);
      expect(() => sandbox.touch(bad, 1)).toThrow(RangeError);
      expect(() => sandbox.pages(0, bad)).toThrow(RangeError);
      expect(() => sandbox.alignedAlloc(bad, 1)).toThrow(/^align must be a power of two/);
      expect(sandbox.counters()).toEqual(before);
    },
  );

  it("that do not fit a store are refused", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(8);
    expect(() => sandbox.store(pointer, 256)).toThrow(/value must be from 0 to 2\^8 - 1/);
    expect(() => sandbox.store(pointer, -1n, 8)).toThrow(RangeError);
    expect(() => sandbox.load(pointer, 3 as 4)).toThrow(/width must be one of 1, 2, 4, 8/);
  });
});

describe("accesses", () => {
  it("load what was stored, in all widths, also across pages", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(3 * 4096);
    const edge = pointer + 4096 - 3;
    sandbox.store(edge, 0x0123_4567_89ab_cdefn, 8);
    expect(sandbox.load(edge, 8)).toBe(0x0123_4567_89ab_cdefn);
    expect(sandbox.load(edge, 4)).toBe(0x89ab_cdef);
    expect(sandbox.load(edge + 3, 2)).toBe(0x6789);
    expect(sandbox.load(edge + 7)).toBe(0x01);
    sandbox.store(edge, 2n ** 64n - 1n, 8);
    expect(sandbox.load(edge, 8)).toBe(2n ** 64n - 1n);
  });

  it("find the first other byte of a range, and touch what loads up to it touch", async () => {
    const [sandbox, loading] = [await openSandbox("naive"), await openSandbox("naive")];
    const [pointer, same] = [sandbox, loading].map((one) => {
      const block = one.malloc(6 * 4096);
      one.fill(block + 100, 7, 2 * 4096);
      one.store(block + 100 + 4097, 8);
      return block;
    }) as [number, number];
    expect(sandbox.fillEnd(pointer + 100, 7, 6 * 4096 - 100)).toBe(4097);
    expect(sandbox.fillEnd(pointer + 100, 7, 4097)).toBe(4097);
    expect(sandbox.fillEnd(pointer + 100, 8, 10)).toBe(0);
    expect(sandbox.fillEnd(pointer + 100 + 2 * 4096, 0, 4 * 4096 - 100)).toBe(4 * 4096 - 100);
    expect(sandbox.fillEnd(pointer, 1, 0)).toBe(0);
    for (let at = 100; at < 6 * 4096; at++) loading.load(same + at);
    expect(sandbox.counters()).toEqual(loading.counters());
    expect(() => sandbox.fillEnd(pointer, 256, 1)).toThrow(/value must be from 0 to 2\^8 - 1/);
    expect(() => sandbox.fillEnd(pointer + 4096, 7, 6 * 4096)).toThrow(SegmentationFault);
    expect(sandbox.counters()).toEqual(loading.counters());
  });

  it.each([{ zeroPage: "shared" }, { zeroPage: "none" }, { pageSize: 16384 }] as const)(
    "look at zeroes of whole pages as loads of each page do, with %o",
    async (options) => {
      // Pages of every kind, from the middle of one to the middle of another, more than a directory's group holds.
      const open = async () => {
        const sandbox = await openSandbox("naive", { ...options, check: true });
        const { pageBytes } = sandbox;
        const bytes = 2100 * pageBytes;
        const pointer = sandbox.malloc(bytes);
        sandbox.fill(pointer + 3 * pageBytes, 0, 40 * pageBytes);
        sandbox.touch(pointer + 50 * pageBytes, 30 * pageBytes, "read");
        sandbox.touch(pointer + 600 * pageBytes, 1000 * pageBytes, "write");
        sandbox.store(pointer + 700 * pageBytes, 1);
        sandbox.store(pointer + 700 * pageBytes, 0);
        sandbox.store(pointer + bytes - 5, 9);
        return { sandbox, pointer, pageBytes, bytes };
      };
      const [whole, single] = [await open(), await open()];
      const forked = whole.sandbox.fork();
      const [first, end] = [whole.pageBytes / 2, whole.bytes - 5];
      single.sandbox.fork();
      expect(whole.sandbox.fillEnd(whole.pointer + first, 0, whole.bytes - first)).toBe(end - first);
      for (let at = first; at <= end; at += whole.pageBytes / 2) single.sandbox.load(single.pointer + at);
      expect(whole.sandbox.counters()).toEqual(single.sandbox.counters());
      expect(whole.sandbox.counters().faults).not.toEqual((await open()).sandbox.counters().faults);
      expect(forked.isZero(whole.pointer, whole.bytes - 5)).toBe(true);
      whole.sandbox.check();
    },
  );

  it("of many bytes load and store what single ones do, and count alike", async () => {
    const [sandbox, single] = [await openSandbox("naive", { check: true }), await openSandbox("naive")];
    const [pointer, same] = [sandbox.malloc(200_000), single.malloc(200_000)];
    // Longer than what crosses at once, with every byte its own, from the middle of a page on.
    const bytes = Uint8Array.from({ length: 150_001 }, (_, index) => index % 251);
    sandbox.write(pointer + 4097, bytes);
    for (const [index, byte] of bytes.entries()) single.store(same + 4097 + index, byte);
    expect(sandbox.counters()).toEqual(single.counters());
    expect(sandbox.read(pointer + 4097, bytes.length)).toEqual(bytes);
    expect(sandbox.load(pointer + 4097 + 250)).toBe(250);
    expect(sandbox.read(pointer, 4098)).toEqual(new Uint8Array(4098));
    expect([
      sandbox.isZero(pointer, 4098),
      sandbox.isZero(pointer, 4099),
      sandbox.isZero(pointer, 0),
    ]).toEqual([true, false, true]);
    for (let at = 0; at < 4097 + bytes.length; at++) single.load(same + at);
    expect(sandbox.counters()).toEqual(single.counters());
    sandbox.check();
  });

  it("of many bytes change nothing where a part of them is outside", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(8192);
    const before = sandbox.counters();
    const end = sandbox.regions().at(-1) as { address: number; bytes: number };
    const last = end.address + end.bytes - 4;
    expect(() => sandbox.write(last, new Uint8Array(5).fill(1))).toThrow(SegmentationFault);
    expect(() => sandbox.read(last, 5)).toThrow(SegmentationFault);
    expect(() => sandbox.read(pointer, 2 ** 46)).toThrow(SegmentationFault);
    expect(sandbox.counters()).toEqual(before);
    expect(() => sandbox.write(pointer, [1] as unknown as Uint8Array)).toThrow(/bytes must be a Uint8Array/);
  });

  it("outside every region fault with address, access and neighbours, and change nothing", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(2 * 4096);
    const before = sandbox.counters();
    let fault: unknown;
    try {
      sandbox.fill(pointer + 4096, 1, 8192);
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(SegmentationFault);
    expect(fault).toMatchObject({ address: pointer + 8192, access: "write" });
    expect((fault as Error).message).toContain(`mapped below up to 0x${(pointer + 8192).toString(16)}`);
    expect(() => sandbox.load(0)).toThrow(
      "read of unmapped address 0x0 (nothing mapped below; mapped above from",
    );
    expect(sandbox.counters()).toEqual(before);
    sandbox.store(pointer, 1);
    sandbox.check();
  });

  it("without data cost no host memory, and read as what was there", async () => {
    const sandbox = await openSandbox("naive", { memory: 0 });
    const pointer = sandbox.malloc(2 ** 40);
    sandbox.touch(pointer, 2 ** 40);
    expect(sandbox.counters().bytes.resident).toBe(2 ** 40);
    expect(sandbox.load(pointer + 2 ** 39)).toBe(0);
  });
});

describe("limits", () => {
  it("of memory refuse a single request that exceeds it, on Linux", async () => {
    const sandbox = await openSandbox("naive", { memory: 64 * MIB });
    expect(sandbox.malloc(65 * MIB)).toBe(0);
    expect(sandbox.lastError).toEqual({
      kind: "memory",
      requested: 65 * MIB,
      available: 64 * MIB,
      remedy: "ask for less, or raise the option memory",
    });
  });

  it("of memory stop the program that touches more, and leave the sandbox usable", async () => {
    const sandbox = await openSandbox("naive", { memory: 64 * MIB });
    const [one, other] = [sandbox.malloc(40 * MIB), sandbox.malloc(40 * MIB)];
    sandbox.touch(one, 40 * MIB);
    expect(() => sandbox.touch(other, 40 * MIB)).toThrow(OutOfMemory);
    sandbox.free(one);
    sandbox.touch(other, 40 * MIB);
    sandbox.check();
  });

  it("of memory take back what the kernel was told is reusable", async () => {
    const sandbox = await openSandbox("libmalloc", { memory: 64 * MIB });
    const freed = sandbox.malloc(40 * MIB);
    sandbox.touch(freed, 40 * MIB);
    sandbox.free(freed);
    expect(sandbox.counters().bytes.resident).toBeGreaterThan(40 * MIB);
    const large = sandbox.malloc(50 * MIB);
    sandbox.touch(large, 50 * MIB);
    expect(sandbox.counters().bytes.resident).toBeLessThan(51 * MIB);
    sandbox.check();
  });
});

describe("what is counted", () => {
  it("can be kept and subtracted", async () => {
    const sandbox = await openSandbox("naive");
    const before = sandbox.snapshot();
    const pointer = sandbox.calloc(1, 8192);
    sandbox.touch(pointer, 1);
    const between = subtract(sandbox.snapshot(), before);
    expect(between.calls).toBe(1);
    expect(between.faults).toEqual({ zeroMap: 0, zeroFill: 2, copyOnWrite: 0, needless: 1 });
    expect(between.zeroed).toEqual({ kernel: 8192, allocator: 8192, needless: 8192 });
    expect(between.bytes.resident).toBe(8192);
    expect(before.calls).toBe(0);
  });

  it("tells pages by what they are", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(6 * 4096);
    sandbox.touch(pointer + 4096, 1, "read");
    sandbox.touch(pointer + 2 * 4096, 1, "write");
    sandbox.store(pointer + 3 * 4096, 5);
    sandbox.fill(pointer + 4 * 4096, 0, 4096);
    const runs = sandbox.pages(pointer, 7 * 4096);
    expect(runs.map(({ state, pages }) => [state, pages])).toEqual([
      ["reserved", 1],
      ["zeroPage", 1],
      ["written", 2],
      ["clean", 1],
      ["reserved", 1],
      ["unmapped", 1],
    ]);
    expect(runs.map(({ address }) => (address - pointer) / 4096)).toEqual([0, 1, 2, 4, 5, 6]);
    expect(runs[1]).toMatchObject({ read: true, written: false });
    const cleared = sandbox.calloc(1, 4096);
    expect(sandbox.pages(cleared, 4096)).toMatchObject([{ state: "clean", needless: true }]);
  });

  it("knows a copy on write", async () => {
    const sandbox = await openSandbox("naive");
    const pointer = sandbox.malloc(4096);
    expect(sandbox.load(pointer)).toBe(0);
    sandbox.store(pointer, 1);
    expect(sandbox.counters().faults).toEqual({ zeroMap: 1, zeroFill: 0, copyOnWrite: 1, needless: 0 });
    const darwin = await openSandbox("naive", { kernel: "darwin" });
    const other = darwin.malloc(4096);
    expect(darwin.load(other)).toBe(0);
    darwin.store(other, 1);
    expect(darwin.counters().faults).toEqual({ zeroMap: 0, zeroFill: 1, copyOnWrite: 0, needless: 0 });
  });
});

describe("misuse", () => {
  it("that libmalloc notices is told in its words", async () => {
    const sandbox = await openSandbox("libmalloc");
    const pointer = sandbox.malloc(MIB);
    sandbox.free(pointer);
    expect(() => sandbox.free(pointer)).toThrow(AllocatorAbort);
    expect(() => sandbox.free(pointer)).toThrow("pointer being freed was not allocated");
    expect(() => sandbox.free(4096)).toThrow("pointer being freed was not allocated");
    const small = sandbox.malloc(100);
    sandbox.free(small);
    expect(() => sandbox.free(small)).toThrow(AllocatorAbort);
    sandbox.check();
  });

  it("of a closed sandbox is refused", async () => {
    const sandbox = await openSandbox("naive");
    sandbox.close();
    expect(() => sandbox.malloc(1)).toThrow(SandboxError);
    expect(() => sandbox.counters()).toThrow("the sandbox is closed");
  });
});

describe("checkpoints", () => {
  it.each(models.map(({ name }) => name))(
    "bring %s back to where it was, to every counter",
    async (model) => {
      const sandbox = await openModel(model);
      const pointers = [24, 5000, 200_000, 700_000].map((bytes) => sandbox.malloc(bytes));
      for (const pointer of pointers) sandbox.store(pointer, 7);
      const [checkpoint, counters, regions] = [sandbox.checkpoint(), sandbox.counters(), sandbox.regions()];
      const goOn = () => {
        for (const pointer of pointers) sandbox.free(pointer);
        const later = Array.from({ length: 300 }, (_, i) => sandbox.calloc(1, 1000 * i));
        for (const pointer of later) if (pointer) sandbox.store(pointer, 1);
        return { later, counters: sandbox.counters() };
      };
      const first = goOn();
      sandbox.restore(checkpoint);
      expect(sandbox.counters()).toEqual(counters);
      expect(sandbox.regions()).toEqual(regions);
      expect(pointers.map((pointer) => sandbox.load(pointer))).toEqual([7, 7, 7, 7]);
      sandbox.check();
      sandbox.restore(checkpoint); // the loads were reads
      expect(goOn()).toEqual(first);
      sandbox.check();
    },
  );

  it("are refused by another sandbox", async () => {
    const [one, other] = [await openSandbox("naive"), await openSandbox("naive")];
    expect(() => one.restore(other.checkpoint())).toThrow(SandboxError);
  });

  it("know the objects that replayed operations hold", async () => {
    const sandbox = await openSandbox("lazy");
    const text = "a 1 100\na 2 200\na 3 300\nf 2\n";
    await sandbox.replay(await readTrace(text));
    const [first, second, third] = sandbox.slots();
    expect(second).toBe(0);
    expect(sandbox.usableSize(first as number)).toBeGreaterThanOrEqual(100);
    expect(sandbox.usableSize(third as number)).toBeGreaterThanOrEqual(300);
  });
});
