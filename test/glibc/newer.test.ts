/** Figures of glibc 2.39, 2.41 and 2.43 that need no library: each was seen on the real release, or read of 2.39. */
import { afterEach, describe, expect, it } from "vitest";
import { openSandbox } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import type { GlibcOptions } from "../oracle/model.js";
import { SandboxHeap } from "./puppet.js";

const HEAP = 0x555555560000;
const PAGE = 4096;
const ALL = ["2.36", "2.39", "2.41", "2.43"] as const;
type Version = (typeof ALL)[number];

const opened: Sandbox[] = [];

async function open(version: Version, options: GlibcOptions & { memory?: number } = {}): Promise<Sandbox> {
  const sandbox = await openSandbox("glibc", { ...options, version, check: true });
  opened.push(sandbox);
  return sandbox;
}

afterEach(() => {
  for (const sandbox of opened.splice(0)) sandbox.check();
});

const field = (sandbox: Sandbox, name: string) => sandbox.statistics()[name] as number;

/** What something is in each release. */
async function inAll<T>(ask: (sandbox: Sandbox) => T, options: GlibcOptions = {}): Promise<T[]> {
  const found: T[] = [];
  for (const version of ALL) found.push(ask(await open(version, options)));
  return found;
}

describe("glibc by release: the tcache", () => {
  it("is the first chunk of the heap, but in 2.43, where the first free of a small chunk makes it", async () => {
    const places = await inAll((sandbox) => {
      const first = sandbox.malloc(24);
      sandbox.free(first);
      return [first, sandbox.malloc(24), sandbox.malloc(24)].map((block) => block - HEAP);
    });
    expect(places.slice(0, 3)).toEqual(Array(3).fill([0x2a0, 0x2a0, 0x2c0]));
    expect(places[3]).toEqual([0x10, 0x10, 0x330]);
  });

  it("of 2.43 is made by a search that finds what it may cache, and is 16 bytes larger then", async () => {
    const sandbox = await open("2.43");
    const [large, small] = [sandbox.malloc(2000), sandbox.malloc(24)];
    sandbox.free(large);
    const blocks = [large, small, sandbox.malloc(2000), sandbox.malloc(40)];
    expect(blocks.map((block) => block - HEAP)).toEqual([0x10, 0x7f0, 0x10, 0xb20]);
  });

  it("of 2.43 is made, too, by a search that finds a chunk in a small bin", async () => {
    const sandbox = await open("2.43");
    const [large] = [sandbox.malloc(2000), sandbox.malloc(24)];
    sandbox.free(large);
    sandbox.malloc(1500);
    sandbox.malloc(5000); // sorts the rest into its small bin
    const before = field(sandbox, "keepcost");
    expect(sandbox.malloc(480) - HEAP).toBe(0x10 + 1520);
    expect(before - field(sandbox, "keepcost")).toBe(0x310);
  });

  it("has no struct in 2.43 where it is to keep nothing", async () => {
    const used = await inAll(
      (sandbox) => {
        sandbox.free(sandbox.malloc(24));
        return field(sandbox, "uordblks");
      },
      { tcacheCount: 0 },
    );
    expect(used).toEqual([0x290, 0x290, 0x290, 0]);
  });

  it("gives calloc what is zero", async () => {
    const sandbox = await open("2.43");
    for (const bytes of [24, 40, 72, 100, 1032]) {
      const block = sandbox.malloc(bytes);
      sandbox.fill(block, 0xff, sandbox.usableSize(block));
      sandbox.free(block);
      expect(sandbox.calloc(1, bytes)).toBe(block);
      const held = Array.from({ length: sandbox.usableSize(block) }, (_, i) => sandbox.load(block + i));
      expect(held.every((byte) => byte === 0)).toBe(true);
    }
  });

  it("keeps 7 chunks of a size, 16 in 2.43, or as many as it is told", async () => {
    const kept = (sandbox: Sandbox) => {
      const blocks = Array.from({ length: 60 }, () => sandbox.malloc(600));
      sandbox.malloc(24);
      for (const block of blocks) sandbox.free(block);
      const [{ fordblks = 0, keepcost = 0 }, chunk] = [sandbox.statistics(), 608];
      return 60 - (fordblks - keepcost) / chunk;
    };
    expect(await inAll(kept)).toEqual([7, 7, 7, 16]);
    expect(await inAll(kept, { tcacheCount: 3 })).toEqual([3, 3, 3, 3]);
    expect(await inAll(kept, { tcacheCount: 0 })).toEqual([0, 0, 0, 0]);
  });

  it("serves calloc from 2.41 on, and aligned allocation from 2.39 on", async () => {
    const served = await inAll((sandbox) => {
      const blocks = [sandbox.malloc(100), sandbox.malloc(100)]; // one of them is a multiple of 32
      for (const block of blocks) sandbox.free(block);
      const zeroed = sandbox.calloc(1, 100);
      sandbox.free(zeroed);
      return [blocks.includes(zeroed), [...blocks, zeroed].includes(sandbox.alignedAlloc(32, 100))];
    });
    expect(served).toEqual([
      [false, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  it("gives aligned allocation the newest block that is aligned, out of the middle of its list", async () => {
    const sandbox = await open("2.41");
    const blocks = Array.from({ length: 6 }, () => sandbox.malloc(40)); // 48 bytes apart
    for (const block of blocks) sandbox.free(block);
    const aligned = blocks.filter((block) => block % 64 === 0).at(-1) as number;
    expect(aligned).not.toBe(blocks.at(-1));
    expect(sandbox.alignedAlloc(64, 40)).toBe(aligned);
    sandbox.check();
    const rest = blocks.filter((block) => block !== aligned).reverse();
    expect(rest.map(() => sandbox.malloc(40))).toEqual(rest);
  });

  it("does not hold what realloc gives up in 2.43", async () => {
    const cached = await inAll((sandbox) => {
      const [block] = [sandbox.malloc(600), sandbox.malloc(24)];
      sandbox.free(sandbox.malloc(40)); // 2.43 has a tcache from here on
      sandbox.malloc(40);
      const free = field(sandbox, "fordblks") - field(sandbox, "keepcost");
      sandbox.realloc(block, 2000);
      return field(sandbox, "fordblks") - field(sandbox, "keepcost") === free;
    });
    expect(cached).toEqual([true, true, true, false]);
  });
});

describe("glibc by release: free chunks", () => {
  it("that are small go to their bin at once from 2.41 on, so that a last remainder is taken before they are", async () => {
    const taken = await inAll(
      (sandbox) => {
        const [large, , small] = [2000, 24, 600, 24].map((bytes) => sandbox.malloc(bytes)) as number[];
        sandbox.free(large as number);
        sandbox.malloc(100);
        sandbox.free(small as number);
        return sandbox.malloc(580) === small;
      },
      { tcacheCount: 0 },
    );
    expect(taken).toEqual([true, true, false, false]);
  });

  it("that aligned allocation cuts off are merged at once from 2.39 on, the smallest tail too", async () => {
    const merged = await inAll((sandbox) => {
      sandbox.free(sandbox.malloc(40));
      sandbox.malloc(40);
      sandbox.alignedAlloc(1024, 600);
      return field(sandbox, "fordblks") - field(sandbox, "keepcost") > 0;
    });
    expect(merged).toEqual([false, true, true, true]);
  });

  it("of up to 128 bytes merge at once in 2.43", async () => {
    const fast = await inAll(
      (sandbox) => {
        const blocks = Array.from({ length: 4 }, () => sandbox.malloc(40));
        for (const block of blocks.slice(0, 3)) sandbox.free(block);
        return [field(sandbox, "smblks"), field(sandbox, "ordblks")];
      },
      { tcacheCount: 0 },
    );
    expect(fast).toEqual([
      [3, 1],
      [3, 1],
      [3, 1],
      [0, 2],
    ]);
  });
});

describe("glibc by release: mappings", () => {
  it("end 16 bytes behind their chunk in 2.43", async () => {
    const heads = await inAll((sandbox) => {
      const block = sandbox.malloc(300_000);
      return [Number(sandbox.load(block - 8, 8)), sandbox.usableSize(block)];
    });
    expect(heads.slice(0, 3)).toEqual(Array(3).fill([0x4a002, 303_088]));
    expect(heads[3]).toEqual([0x49ff2, 303_080]);
  });

  it("are counted 16 bytes too many for each mremap in 2.43", async () => {
    const counted = await inAll((sandbox) => {
      const block = sandbox.realloc(sandbox.realloc(sandbox.malloc(300_000), 600_000), 300_000);
      sandbox.free(block);
      return [field(sandbox, "hblks"), field(sandbox, "hblkhd")];
    });
    expect(counted).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 32],
    ]);
  });

  it("do not grow for what they have room for, from 2.39 on", async () => {
    const grown = await inAll((sandbox) => {
      const block = sandbox.malloc(300_000);
      sandbox.realloc(block, sandbox.usableSize(block));
      return field(sandbox, "hblkhd") - 74 * PAGE;
    });
    expect(grown).toEqual([PAGE, 0, 0, 0]);
  });

  it("may begin 32 bytes before an aligned block in 2.43", async () => {
    expect(await inAll((sandbox) => sandbox.alignedAlloc(32, 200_000) % PAGE)).toEqual([64, 64, 64, 32]);
    expect(await inAll((sandbox) => sandbox.alignedAlloc(64, 200_000) % PAGE)).toEqual([64, 64, 64, 64]);
  });
});

describe("glibc by release: realloc", () => {
  it("gives a block room for one byte more than it has, from the heap and mapped", async () => {
    for (const bytes of [24, 2000, 300_000]) {
      const room = await inAll((sandbox) => {
        const [block] = [sandbox.malloc(bytes), sandbox.malloc(24)] as [number, number];
        const wanted = sandbox.usableSize(block) + 1;
        return sandbox.usableSize(sandbox.realloc(block, wanted)) >= wanted;
      });
      expect(room, `${bytes}`).toEqual([true, true, true, true]);
    }
  });
});

describe("glibc by release: when the break cannot move", () => {
  const arena = async (version: Version, count: number, bytes: number, options: GlibcOptions = {}) => {
    const sandbox = await open(version, { ...options, memory: 0 });
    const heap = new SandboxHeap(sandbox);
    heap.malloc(1000);
    heap.stopBreak(0);
    for (let i = 0; i < count; i++) heap.malloc(bytes);
    return field(sandbox, "arena");
  };

  it("pieces are larger from 2.39 on", async () => {
    const small = await Promise.all(ALL.map((version) => arena(version, 30, 60_000)));
    expect(small).toEqual([1_953_792, 2_232_320, 2_232_320, 2_232_320]);
  });

  it("a large piece makes up for the old top, but in 2.43", async () => {
    const options = { mmapThreshold: 2 ** 40 };
    const large = await Promise.all(ALL.map((version) => arena(version, 1, 5_000_000, options)));
    expect(large).toEqual([5_378_048, 5_271_552, 5_271_552, 5_267_456]);
  });
});

describe("glibc by release: calloc in a loop", () => {
  const faultsOf = (bytes: number) => (sandbox: Sandbox) =>
    Array.from({ length: 4 }, () => {
      const before = sandbox.counters();
      sandbox.free(sandbox.calloc(1, bytes));
      const { zeroFill, zeroMap, copyOnWrite } = sandbox.counters().faults;
      const { faults } = before;
      return zeroFill + zeroMap + copyOnWrite - faults.zeroFill - faults.zeroMap - faults.copyOnWrite;
    });
  const linear = (pages: number) => [1, pages, 0, 0];
  const constant = [1, 1, 1, 1];

  it.each([
    [135_128, linear(33)],
    [135_129, constant],
    [135_144, constant],
    [135_145, linear(34)],
    [1_048_537, constant],
    [1_048_552, constant],
    [1_048_553, linear(257)],
    [33_546_200, linear(8190)],
    [33_546_201, constant],
    [33_546_217, linear(8191)],
    [33_550_297, constant],
    [33_550_313, linear(8192)],
    [33_554_392, linear(8192)],
    [33_554_393, constant],
  ])("costs %d bytes in 2.43, %j faults", async (bytes, faults) => {
    expect(faultsOf(bytes)(await open("2.43"))).toEqual(faults);
  });

  it.each(ALL.slice(0, 3))("has its cliff at 33,550,312 bytes in %s", async (version) => {
    expect(faultsOf(33_550_312)(await open(version)).at(-1)).toBe(0);
    expect(faultsOf(33_550_313)(await open(version)).at(-1)).toBe(1);
  });
});
