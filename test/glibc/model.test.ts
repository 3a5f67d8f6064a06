/** What the model of glibc does, mechanism by mechanism, on the release and the check build. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { AllocatorAbort, SegmentationFault } from "../../src/base/errors.js";
import { mallocInfo } from "../../src/sandbox/malloc-info.js";
import { mallocStats } from "../../src/sandbox/malloc-stats.js";
import { type AnyOptions, openModel, openSandbox } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { whyNotLive } from "../oracle/live.js";
import { environmentOf, type GlibcOptions } from "../oracle/model.js";
import { findOracle } from "../oracle/oracle.js";
import { abortCases } from "./aborts.js";
import { stoppedBreak } from "./compared.js";
import { Died, type Heap, RealHeap, SandboxHeap } from "./puppet.js";

vi.setConfig({ testTimeout: 120_000 });

const HEAP = 0x555555560000;
const FIRST = HEAP + 0x2a0;
const PAGE = 4096;
const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
/** The largest request that adapting the thresholds moves to the heap. */
const CLIFF = 33_550_312;

const reason = whyNotLive(await findOracle());

/** What glibc 2.36 does when the kernel keeps no more areas. A failing munmap goes unnoticed. */
const FULL_OF_AREAS = [
  "free in the middle, whose memory holds 1: 6 of 1204224",
  "free at the end: 5 of 1003520",
  "malloc mapped: 6 of 1204224",
  "realloc to more mapped: 6 of 1404928",
  "realloc to less stays: 6 of 1404928",
  "malloc of less heap: 6 of 1404928",
  "another, which moves the break heap: 6 of 1404928",
];

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function faults(sandbox: Sandbox): number {
  const { zeroMap, zeroFill, copyOnWrite } = sandbox.counters().faults;
  return zeroMap + zeroFill + copyOnWrite;
}

const resident = (sandbox: Sandbox) => sandbox.counters().bytes.resident / PAGE;
const calls = (sandbox: Sandbox) => sandbox.counters().syscalls;
const field = (sandbox: Sandbox, name: string) => sandbox.statistics()[name] as number;
const isMapped = (pointer: number) => pointer > 0x600000000000;

/** What calloc clears, in bytes, of a request. */
function cleared(sandbox: Sandbox, bytes: number): number {
  const before = sandbox.counters().zeroed.allocator;
  sandbox.calloc(1, bytes);
  return sandbox.counters().zeroed.allocator - before;
}

describe.each([false, true])("glibc, check build %s", (check) => {
  /** For programs that overwrite what is the allocator's. */
  const openForMisuse = () => openSandbox("glibc", { check });

  const opened: Sandbox[] = [];
  async function open(options: AnyOptions = {}): Promise<Sandbox> {
    const sandbox = await openSandbox("glibc", { ...options, check });
    opened.push(sandbox);
    return sandbox;
  }

  afterEach(() => {
    for (const sandbox of opened.splice(0)) sandbox.check();
  });

  describe("the tcache", () => {
    it("is the first chunk of the heap, unless aligned blocks come first", async () => {
      expect((await open()).malloc(1)).toBe(FIRST);
      const sandbox = await open();
      expect(sandbox.alignedAlloc(64, 10)).toBe(HEAP + 0x40);
      expect(field(sandbox, "smblks")).toBe(2);
    });

    it("gives back last in first out", async () => {
      const sandbox = await open();
      const blocks = times(3, () => sandbox.malloc(100));
      for (const block of blocks) sandbox.free(block);
      expect(times(3, () => sandbox.malloc(100))).toEqual(blocks.reverse());
    });

    it("holds 7 chunks of a size, which count as in use", async () => {
      const sandbox = await open();
      const blocks = times(9, () => sandbox.malloc(100));
      const inUse = field(sandbox, "uordblks");
      for (const block of blocks.slice(0, 7)) sandbox.free(block);
      expect(field(sandbox, "uordblks")).toBe(inUse);
      for (const block of blocks.slice(7)) sandbox.free(block);
      expect(field(sandbox, "fsmblks")).toBe(2 * 112);
    });

    it("takes chunks of up to 1,040 bytes", async () => {
      const sandbox = await open();
      const [small, large] = [sandbox.malloc(1032), sandbox.malloc(1033)];
      sandbox.malloc(1);
      const before = field(sandbox, "fordblks");
      sandbox.free(small);
      expect(field(sandbox, "fordblks")).toBe(before);
      sandbox.free(large);
      expect(field(sandbox, "fordblks")).toBe(before + 1056);
    });

    it("serves malloc only: calloc, realloc and aligned allocation pass it by", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(100);
      sandbox.free(block);
      expect(sandbox.calloc(1, 100)).not.toBe(block);
      expect(sandbox.alignedAlloc(32, 100)).not.toBe(block);
      const moved = sandbox.malloc(20);
      sandbox.malloc(1);
      expect(sandbox.realloc(moved, 100)).not.toBe(block);
      expect(sandbox.malloc(100)).toBe(block);
    });

    it("writes the mangled link and a key into the freed block, and clears the key on the way out", async () => {
      const sandbox = await open();
      const [one, other] = [sandbox.malloc(24), sandbox.malloc(24)];
      sandbox.free(one);
      sandbox.free(other);
      expect(sandbox.load(other, 8)).toBe(BigInt(one) ^ (BigInt(other) >> 12n));
      expect(sandbox.load(other + 8, 8)).not.toBe(0n);
      sandbox.malloc(24);
      expect(sandbox.load(other + 8, 8)).toBe(0n);
    });

    it("works where its table runs over into a second page", async () => {
      const sandbox = await open();
      const big = sandbox.alignedAlloc(64, 200_000);
      for (let i = 0; i < 8; i++) sandbox.store(big + i * PAGE, 1, 8); // frames for the heap to reuse, last first
      sandbox.free(big);
      sandbox.alignedAlloc(64, 3900);
      const blocks = times(130, () => 0).map((_, i) => sandbox.malloc(8 * i));
      for (const block of blocks) sandbox.free(block);
      expect(sandbox.malloc(8 * 129)).toBe(blocks[129]);
      expect(sandbox.malloc(40)).toBe(blocks[5]);
    });
  });

  describe("the fast bins", () => {
    it("refill the tcache, so that the order turns around", async () => {
      const sandbox = await open();
      const blocks = times(11, () => sandbox.malloc(40));
      for (const block of blocks) sandbox.free(block);
      for (let i = 0; i < 7; i++) sandbox.malloc(40);
      expect(times(4, () => sandbox.malloc(40))).toEqual([10, 7, 8, 9].map((i) => blocks[i]));
    });

    it("keep their chunks apart until a large request consolidates them", async () => {
      const sandbox = await open();
      const blocks = times(12, () => sandbox.malloc(120));
      sandbox.malloc(1);
      for (const block of blocks) sandbox.free(block);
      expect(field(sandbox, "smblks")).toBe(5);
      sandbox.malloc(1100);
      expect(field(sandbox, "smblks")).toBe(0);
      expect(sandbox.malloc(5 * 128 - 8)).toBe(blocks[7]);
    });

    it("are consolidated by a free that comes to 64 KiB", async () => {
      const sandbox = await open();
      const blocks = times(8, () => sandbox.malloc(24));
      const large = sandbox.malloc(70_000);
      sandbox.malloc(1);
      for (const block of blocks) sandbox.free(block);
      expect(field(sandbox, "smblks")).toBe(1);
      sandbox.free(large);
      expect(field(sandbox, "smblks")).toBe(0);
    });
  });

  describe("the bins", () => {
    it("split the last remainder again for small requests", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(2000);
      sandbox.malloc(1);
      sandbox.free(block);
      expect(sandbox.calloc(1, 100)).toBe(block);
      expect(sandbox.calloc(1, 200)).toBe(block + 112);
      expect(sandbox.calloc(1, 300)).toBe(block + 112 + 208);
    });

    it("keep a rest of less than 32 bytes with its chunk", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(1064);
      sandbox.malloc(1);
      sandbox.free(block);
      expect(sandbox.malloc(1048)).toBe(block);
      expect(sandbox.usableSize(block)).toBe(1064);
    });

    it("serve small sizes first in first out", async () => {
      const sandbox = await open({ tcacheCount: 0 });
      const blocks = times(3, () => {
        const block = sandbox.malloc(600);
        sandbox.malloc(1);
        return block;
      });
      for (const block of blocks) sandbox.free(block);
      sandbox.malloc(5000);
      expect(times(3, () => sandbox.malloc(600))).toEqual(blocks);
    });

    it("give the best fit of a large bin, and of equal chunks the second", async () => {
      const sandbox = await open();
      const [a, b, c, d] = [5040, 5000, 5000, 5000].map((bytes) => {
        const block = sandbox.malloc(bytes);
        sandbox.malloc(1);
        return block;
      });
      for (const block of [a, b, c, d]) sandbox.free(block as number);
      sandbox.malloc(10_000); // sorts them
      expect(times(4, () => sandbox.malloc(5000))).toEqual([d, c, b, a]);
    });

    it("sort no more than 10,000 chunks in one call", async () => {
      const sandbox = await open();
      const blocks = times(10_002, () => {
        const block = sandbox.malloc(1100);
        sandbox.malloc(1040);
        return block;
      });
      for (const block of blocks) sandbox.free(block);
      // Too large for any of them: what is left unsorted is found by the next call, which fits exactly.
      sandbox.malloc(5000);
      expect(sandbox.malloc(1100)).toBe(blocks[10_000]);
    });
  });

  describe("the top", () => {
    it("starts with 132 KiB and grows by what is lacking, rounded to pages", async () => {
      const sandbox = await open();
      sandbox.malloc(1);
      expect(field(sandbox, "arena")).toBe(132 * KIB);
      sandbox.malloc(130_000);
      sandbox.malloc(100_000);
      const wanted = 100_016 + 128 * KIB + 32 - (132 * KIB - 0x290 - 32 - 130_016);
      expect(field(sandbox, "arena")).toBe(132 * KIB + Math.ceil(wanted / PAGE) * PAGE);
      expect(calls(sandbox).brk).toBe(calls(await open()).brk + 2);
    });

    it("is trimmed to the padding when a free brings it to 128 KiB", async () => {
      const sandbox = await open();
      const blocks = times(3, () => sandbox.malloc(100_000));
      sandbox.free(blocks[0] as number);
      sandbox.free(blocks[1] as number);
      const before = field(sandbox, "arena");
      sandbox.free(blocks[2] as number);
      expect(field(sandbox, "keepcost")).toBeGreaterThanOrEqual(128 * KIB);
      expect(field(sandbox, "keepcost")).toBeLessThan(132 * KIB + 33);
      expect(field(sandbox, "arena")).toBeLessThan(before);
    });

    it("grows when it is 32 bytes and malloc_trim is called", async () => {
      const sandbox = await open();
      sandbox.malloc(1);
      sandbox.malloc(field(sandbox, "keepcost") - 32 - 8);
      expect(field(sandbox, "keepcost")).toBe(32);
      expect(sandbox.trim(0)).toBe(true);
      expect(field(sandbox, "keepcost")).toBe(32 + PAGE);
    });
  });

  describe("malloc_trim", () => {
    it("discards the whole pages inside free chunks and shortens the top", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(20 * PAGE);
      sandbox.malloc(1);
      sandbox.touch(block, 20 * PAGE);
      sandbox.free(block);
      const before = resident(sandbox);
      expect(sandbox.trim(0)).toBe(true);
      expect(before - resident(sandbox)).toBe(19);
      expect(calls(sandbox)).toMatchObject({ madviseDontneed: 1 });
      expect(field(sandbox, "keepcost")).toBeLessThan(PAGE + 33);
    });

    it("does nothing before the heap exists", async () => {
      const sandbox = await open();
      expect(sandbox.trim(0)).toBe(false);
      expect(field(sandbox, "arena")).toBe(0);
    });
  });

  describe("mapped blocks", () => {
    it("begin with requests of 131,049 bytes that no free chunk serves", async () => {
      expect(isMapped((await open()).malloc(131_048))).toBe(false);
      const sandbox = await open();
      sandbox.malloc(50_000);
      expect(isMapped(sandbox.malloc(131_049))).toBe(true);
      expect(isMapped(sandbox.malloc(131_048))).toBe(false);
      // Whatever the size, what is there wins.
      expect(isMapped((await open()).malloc(134_440))).toBe(false);
    });

    it("start 16 bytes into a page, of which only the first is touched", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(10 * MIB);
      expect(block % PAGE).toBe(16);
      expect(resident(sandbox)).toBe(2);
      expect(sandbox.usableSize(block)).toBe(10 * MIB + PAGE - 16);
    });

    it("move the threshold when they are freed", async () => {
      const sandbox = await open();
      sandbox.free(sandbox.malloc(MIB));
      expect(isMapped(sandbox.malloc(MIB - PAGE))).toBe(false);
      expect(isMapped(sandbox.malloc(MIB + PAGE))).toBe(true);
    });

    it(`move the threshold up to a request of ${CLIFF}, and not from the next on`, async () => {
      const below = await open();
      below.free(below.malloc(CLIFF));
      expect(isMapped(below.malloc(CLIFF))).toBe(false);
      const above = await open();
      above.free(above.malloc(CLIFF + 1));
      expect(isMapped(above.malloc(CLIFF + 1))).toBe(true);
    });

    it.each<GlibcOptions>([
      { mmapThreshold: 131072 },
      { trimThreshold: 131072 },
      { topPad: 131072 },
      { mmapMax: 65536 },
    ])("do not move the threshold once %o is set, be it to the default", async (options) => {
      const sandbox = await open({ ...options });
      sandbox.free(sandbox.malloc(MIB));
      expect(isMapped(sandbox.malloc(MIB))).toBe(true);
    });

    it("are no more than mmapMax", async () => {
      const sandbox = await open({ mmapMax: 1 });
      expect(isMapped(sandbox.malloc(MIB))).toBe(true);
      expect(isMapped(sandbox.malloc(MIB))).toBe(false);
    });

    it("are remapped by realloc, and stay mapped however small they become", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(200_000);
      const grown = sandbox.realloc(block, MIB);
      expect(calls(sandbox).mremap).toBe(1);
      expect(sandbox.realloc(grown, MIB + 100)).toBe(grown);
      expect(calls(sandbox).mremap).toBe(1);
      expect(isMapped(sandbox.realloc(grown, 1))).toBe(true);
      expect(field(sandbox, "hblkhd")).toBe(PAGE);
    });

    it("keep their pages when they are aligned", async () => {
      const sandbox = await open();
      const block = sandbox.alignedAlloc(64 * KIB, 300_000);
      expect(block % (64 * KIB)).toBe(0);
      const pages = field(sandbox, "hblkhd");
      expect(pages).toBeGreaterThan(360_000);
      sandbox.free(block);
      expect(field(sandbox, "hblkhd")).toBe(0);
      expect(calls(sandbox).munmap).toBe(1);
    });
  });

  describe("calloc", () => {
    it("clears the chunk but for its header", async () => {
      const sandbox = await open();
      sandbox.free(sandbox.malloc(2000));
      expect(cleared(sandbox, 100)).toBe(104);
      expect(cleared(sandbox, 1000)).toBe(1000);
      expect(cleared(sandbox, 1001)).toBe(1016);
    });

    it("clears nothing of a mapped block", async () => {
      const sandbox = await open();
      sandbox.malloc(1);
      expect(cleared(sandbox, 10 * MIB)).toBe(0);
    });

    it("clears what was the top before it grew, and 8 bytes of what is fresh", async () => {
      const sandbox = await open({ mmapThreshold: GIB });
      sandbox.malloc(1);
      const top = field(sandbox, "keepcost");
      const before = faults(sandbox);
      expect(cleared(sandbox, 10 * MIB)).toBe(top - 8);
      // All of the old top's pages but the first, the page it spills onto, and that of the new top.
      expect(faults(sandbox) - before).toBe(32 + 1 + 1);
    });

    it("clears all of what was kept from before", async () => {
      const sandbox = await open();
      for (let i = 0; i < 2; i++) sandbox.free(sandbox.calloc(1, 20 * MIB));
      expect(cleared(sandbox, 20 * MIB)).toBe(20 * MIB + 8);
    });
  });

  describe("realloc", () => {
    it("frees for 0 bytes and returns 0", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(100);
      expect(sandbox.realloc(block, 0)).toBe(0);
      expect(sandbox.malloc(100)).toBe(block);
    });

    it("grows into the top", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(1000);
      expect(sandbox.realloc(block, 50_000)).toBe(block);
    });

    it("grows into a free chunk behind it and frees what it does not need", async () => {
      const sandbox = await open();
      const [block, behind] = [sandbox.malloc(1000), sandbox.malloc(4000)];
      sandbox.malloc(1);
      sandbox.free(behind);
      expect(sandbox.realloc(block, 2000)).toBe(block);
      expect(sandbox.malloc(2900)).toBe(block + 2016);
    });

    it("shrinks in place, and frees the tail into the tcache", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(200);
      sandbox.malloc(1);
      expect(sandbox.realloc(block, 100)).toBe(block);
      expect(sandbox.malloc(88)).toBe(block + 112);
    });

    it("moves otherwise, copies what was usable and frees the old block", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(1000);
      sandbox.malloc(1);
      sandbox.store(block, 0x1122334455667788n, 8);
      sandbox.store(block + 992, 42, 8);
      const moved = sandbox.realloc(block, 2000);
      expect(moved).not.toBe(block);
      expect(sandbox.load(moved, 8)).toBe(0x1122334455667788n);
      expect(sandbox.load(moved + 992, 8)).toBe(42n);
      expect(sandbox.malloc(1000)).toBe(block);
    });
  });

  describe("aligned allocation", () => {
    it("is malloc up to 16", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(100);
      sandbox.free(block);
      expect(sandbox.alignedAlloc(16, 100)).toBe(block);
    });

    it("frees what it cuts off on both sides", async () => {
      const sandbox = await open();
      sandbox.malloc(1);
      const block = sandbox.alignedAlloc(1024, 100);
      expect(block % 1024).toBe(0);
      expect(sandbox.usableSize(block)).toBe(104);
      // 1,184 bytes were taken; the tail is small enough for the tcache.
      const lead = block - 16 - (FIRST - 16 + 32);
      expect(sandbox.malloc(1184 - lead - 112 - 8)).toBe(block + 112);
      expect(sandbox.malloc(lead - 8)).toBe(block - lead);
    });
  });

  describe("when the break cannot move", () => {
    it("maps whole MiB in its place, then only what is needed", async () => {
      const sandbox = await open({ memory: 0, mmapMax: 65536 });
      const heap = new SandboxHeap(sandbox);
      heap.malloc(100);
      heap.stopBreak(0);
      const growth: number[] = [];
      for (let i = 0, before = 132 * KIB; i < 25; i++) {
        heap.malloc(100_000);
        const arena = field(sandbox, "arena");
        if (arena !== before) growth.push(arena - before);
        before = arena;
      }
      expect(growth.slice(0, 3)).toEqual([MIB, 233_472, 233_472]);
    });

    it("frees the old top, less the fence at its end", async () => {
      const sandbox = await open({ memory: 0 });
      const heap = new SandboxHeap(sandbox);
      heap.malloc(100);
      heap.stopBreak(0);
      const top = field(sandbox, "keepcost");
      heap.malloc(100_000);
      heap.malloc(100_000);
      expect(field(sandbox, "fordblks") - field(sandbox, "keepcost")).toBe(top - 100_016 - 32);
    });

    it("returns 0, says why and stays usable when there is nothing to map either", async () => {
      const sandbox = await open({ addressSpace: 132 * KIB });
      sandbox.malloc(100);
      expect(sandbox.malloc(MIB)).toBe(0);
      expect(sandbox.lastError).toMatchObject({ kind: "address-space" });
      expect(sandbox.malloc(100)).not.toBe(0);
    });
  });

  describe("when the kernel keeps no more areas", () => {
    it("does not notice that munmap fails", async () => {
      // The heap is one, all mappings are another.
      const sandbox = await open({ maxMaps: 2, mmapThreshold: 131_072 });
      expect(await fullOfAreas(new SandboxHeap(sandbox))).toEqual(FULL_OF_AREAS);
    });
  });

  describe("perturb", () => {
    it("fills new blocks, as far as was asked for, with the complement", async () => {
      const sandbox = await open({ perturb: 165 });
      const block = sandbox.malloc(30);
      expect([0, 29, 30].map((at) => sandbox.load(block + at))).toEqual([0x5a, 0x5a, 0]);
    });

    it("fills freed blocks, but not what enters the tcache, nor the last 8 bytes", async () => {
      const sandbox = await open({ perturb: 165 });
      const blocks = times(8, () => sandbox.malloc(40));
      for (const block of blocks) sandbox.fill(block, 0x11, 40);
      for (const block of blocks) sandbox.free(block);
      const [cached, fast] = [blocks[6] as number, blocks[7] as number];
      expect([16, 39].map((at) => sandbox.load(cached + at))).toEqual([0x11, 0x11]);
      expect([8, 31, 32].map((at) => sandbox.load(fast + at))).toEqual([0xa5, 0xa5, 0x11]);
    });

    it("leaves calloc's blocks zero", async () => {
      const sandbox = await open({ perturb: 165 });
      const block = sandbox.calloc(1, 100);
      expect([0, 50, 103].map((at) => sandbox.load(block + at))).toEqual([0, 0, 0]);
    });
  });

  describe("mallinfo2", () => {
    it("is all 0, but for the top, before the first call", async () => {
      const fields = new SandboxHeap(await open()).mallinfo();
      expect(fields).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    });

    it("counts the tcache's chunk as in use", async () => {
      const heap = new SandboxHeap(await open());
      heap.malloc(10);
      expect(heap.mallinfo()).toEqual([135168, 1, 0, 0, 0, 0, 0, 688, 134480, 134480]);
    });

    it("adds up", async () => {
      const sandbox = await open();
      const blocks = times(40, () => 0).map((_, i) => sandbox.malloc(i * 100));
      blocks.forEach((block, i) => {
        if (i % 3) sandbox.free(block);
      });
      const { arena = 0, uordblks = 0, fordblks = 0, fsmblks = 0, keepcost = 0 } = sandbox.statistics();
      expect(uordblks + fordblks).toBe(arena);
      expect(fordblks).toBeGreaterThan(fsmblks + keepcost);
    });
  });

  describe("malloc_usable_size", () => {
    it("is the chunk less 8 bytes, or 0 for what looks free", async () => {
      const sandbox = await open();
      const [block, small] = [sandbox.malloc(2000), sandbox.malloc(1)];
      expect([sandbox.usableSize(block), sandbox.usableSize(small)]).toEqual([2008, 24]);
      sandbox.free(block);
      expect(sandbox.usableSize(block)).toBe(0);
    });
  });

  describe("stops as glibc does at", () => {
    it.each(abortCases)("$name", async ({ run, says }) => {
      const sandbox = await openForMisuse();
      const error = await run(new SandboxHeap(sandbox)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(AllocatorAbort);
      expect((error as AllocatorAbort).message.replace(/: 0x[0-9a-f]+$/, "")).toBe(says);
    });

    it("nothing else: memory that is gone is a segmentation fault", async () => {
      const sandbox = await open();
      const block = sandbox.malloc(200_000);
      sandbox.free(block);
      expect(() => sandbox.free(block)).toThrow(SegmentationFault);
      expect(() => sandbox.free(16)).toThrow(SegmentationFault);
      expect(sandbox.malloc(10)).not.toBe(0);
    });
  });
});

/** What the real one writes at the end of the program that the test runs. */
const INFO_OF_TWO_THREADS = `<malloc version="1">
<heap nr="0">
<sizes>
</sizes>
<total type="fast" count="0" size="0"/>
<total type="rest" count="1" size="134480"/>
<system type="current" size="135168"/>
<system type="max" size="135168"/>
<aspace type="total" size="135168"/>
<aspace type="mprotect" size="135168"/>
</heap>
<heap nr="1">
<sizes>
  <size from="3009" to="3009" total="3009" count="1"/>
</sizes>
<total type="fast" count="0" size="0"/>
<total type="rest" count="2" size="132193"/>
<system type="current" size="135168"/>
<system type="max" size="135168"/>
<aspace type="total" size="135168"/>
<aspace type="mprotect" size="135168"/>
<aspace type="subheaps" size="1"/>
</heap>
<total type="fast" count="0" size="0"/>
<total type="rest" count="3" size="266673"/>
<total type="mmap" count="1" size="503808"/>
<system type="current" size="270336"/>
<system type="max" size="270336"/>
<aspace type="total" size="270336"/>
<aspace type="mprotect" size="270336"/>
</malloc>
`;

describe("malloc_info", () => {
  it("writes the real one's XML, arena by arena", async () => {
    const sandbox = await openSandbox("glibc");
    sandbox.malloc(24);
    sandbox.switchThread(2);
    sandbox.malloc(24);
    const freed = sandbox.malloc(3000);
    sandbox.malloc(10);
    sandbox.free(freed);
    sandbox.malloc(500_000);
    expect(mallocInfo(sandbox)).toBe(INFO_OF_TWO_THREADS);
  });

  it("is refused for another allocator", async () => {
    const sandbox = await openSandbox("naive");
    expect(() => mallocInfo(sandbox)).toThrow("only the model glibc has malloc_info; this is naive");
  });
});

describe("malloc_stats", () => {
  it("prints each arena", async () => {
    const sandbox = await openSandbox("glibc");
    sandbox.switchThread(2);
    sandbox.malloc(24);
    expect(mallocStats(sandbox)).toContain(
      "Arena 0:\nsystem bytes     =          0\nin use bytes     =          0\n" +
        "Arena 1:\nsystem bytes     =     135168\nin use bytes     =       2944\nTotal (incl. mmap):\n",
    );
  });

  it("prints the real one's text", async () => {
    const sandbox = await openSandbox("glibc");
    sandbox.malloc(10);
    sandbox.free(sandbox.malloc(300_000));
    expect(mallocStats(sandbox)).toBe(
      "Arena 0:\nsystem bytes     =     135168\nin use bytes     =        688\n" +
        "Total (incl. mmap):\nsystem bytes     =     135168\nin use bytes     =        688\n" +
        "max mmap regions =          1\nmax mmap bytes   =     303104\n",
    );
  });

  it("is refused for another allocator", async () => {
    const sandbox = await openSandbox("naive");
    expect(() => mallocStats(sandbox)).toThrow(
      "only the models glibc, mimalloc and tcmalloc have malloc_stats; this is naive",
    );
  });
});

/** Runs the same on both and returns what each logged, pointers as their place in the heap or the page. */
async function onBoth(
  run: (heap: Heap, log: (...values: number[]) => void) => Promise<void>,
  options: GlibcOptions = {},
): Promise<[real: string[], model: string[], texts: [string, string]]> {
  const real = new RealHeap(environmentOf(options));
  const sandbox = await openModel("glibc", { ...options });
  const logs: string[][] = [];
  for (const heap of [real, new SandboxHeap(sandbox)]) {
    const lines: string[] = [];
    let start = 0;
    await run(heap, (...values) => {
      for (const value of values) {
        const isPointer = value > 2 ** 40;
        if (isPointer && !start) start = value - (value % PAGE);
        const place = value - start < 2 ** 32 ? value - start : value % PAGE;
        lines.push(isPointer ? `@${place.toString(16)}` : `${value}`);
      }
    });
    logs.push(lines);
  }
  return [logs[0] as string[], logs[1] as string[], [await real.stats(), mallocStats(sandbox)]];
}

describe.skipIf(reason)("the glibc of this machine", () => {
  it.each(abortCases)("says what is expected at $name", async ({ run, says }) => {
    const heap = new RealHeap();
    const error = await run(heap).catch((thrown: unknown) => thrown);
    await heap.close();
    expect(error).toBeInstanceOf(Died);
    expect(error).toMatchObject({ signal: "SIGABRT", text: says });
  });

  const programs: Record<string, Parameters<typeof onBoth>[0]> = {
    "an aligned block that is reallocated first": async (heap, log) => {
      const block = await heap.aligned(64, 100);
      log(block, await heap.realloc(block, 104), ...(await heap.mallinfo()), await heap.malloc(10));
    },
    "malloc_trim first": async (heap, log) => {
      log(await heap.trim(0), ...(await heap.mallinfo()), await heap.aligned(64, 10), await heap.malloc(10));
    },
    "malloc_trim of a top of 32 bytes": async (heap, log) => {
      await heap.malloc(10);
      await heap.malloc(((await heap.mallinfo())[9] as number) - 40);
      log(await heap.trim(100_000), ...(await heap.mallinfo()), await heap.malloc(10));
    },
    "the usable size of freed blocks": async (heap, log) => {
      const blocks = [await heap.malloc(100), await heap.malloc(2000), await heap.malloc(2000)];
      for (const block of blocks) {
        await heap.free(block);
        log(await heap.usable(block));
      }
    },
    "large mapped blocks and heaps": async (heap, log) => {
      await heap.malloc(5 * GIB);
      const block = await heap.malloc(3 * GIB);
      await heap.free(block);
      const mapped = await heap.realloc(await heap.malloc(200_000), 900_000);
      log(mapped % PAGE, ...(await heap.mallinfo()));
    },
  };

  it.each(Object.keys(programs))("does what the model does: %s", async (name) => {
    for (const options of [{}, { mmapThreshold: 64 * GIB }]) {
      const [real, model, [text, ours]] = await onBoth(programs[name] as never, options);
      expect(model).toEqual(real);
      expect(ours).toBe(text);
    }
  });

  it("does what the model does when the break cannot move", async () => {
    for (const room of [0, PAGE, 8 * PAGE, 32 * PAGE]) expect(await stoppedBreak(room)).toEqual([]);
  });

  it("does what the model does when the kernel keeps no more areas", async () => {
    const real = new RealHeap({ GLIBC_TUNABLES: "glibc.malloc.mmap_threshold=131072" });
    const log = await fullOfAreas(real);
    await real.close();
    expect(log).toEqual(FULL_OF_AREAS);
  });
});

/**
 * Blocks of a mapping each, when the kernel cuts no more areas in two. What each step gave, in words, and the number of
 * mappings and their bytes that mallinfo2 then tells.
 */
async function fullOfAreas(heap: Heap): Promise<string[]> {
  const log: string[] = [];
  const tell = async (what: string, address?: number, old?: number) => {
    const { 3: hblks, 4: hblkhd } = await heap.mallinfo();
    const where =
      address === undefined ? "" : address === old ? " stays" : isMapped(address) ? " mapped" : " heap";
    log.push(`${what}${address === 0 ? " fails" : where}: ${hblks} of ${hblkhd}`);
  };
  const blocks: number[] = [];
  for (let i = 0; i < 7; i++) blocks.push(await heap.malloc(200_000));
  for (const block of blocks) await heap.store(block, 1n);
  await heap.fillAreas();
  const [, low = 0, kept = 0, middle = 0, , , last = 0] = blocks;
  await heap.free(middle);
  await tell(`free in the middle, whose memory holds ${await heap.load(middle)}`);
  await heap.free(last);
  await tell("free at the end");
  await tell("malloc", await heap.malloc(200_000));
  await tell("realloc to more", await heap.realloc(kept, 400_000), kept);
  await tell("realloc to less", await heap.realloc(low, 150_000), low);
  await tell("malloc of less", await heap.malloc(100_000));
  await tell("another, which moves the break", await heap.malloc(100_000));
  return log;
}
