/** Allocators opened with a meter: what they and the program touch and zero, the same on both hosts. */
import { describe, expect, it, vi } from "vitest";
import { ModuleError, openWasmAllocator, readTrace, SegmentationFault, subtract } from "../../src/index.js";
import { whyAbsent } from "./absent.js";
import { replayable } from "./fixtures.js";
import { fixtureBytes, openFixture, openTrace } from "./replays.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const PAGE = 4096;
const METER_PAGES = 65;
const open = (name: string) => openFixture(name, { meter: true });

describe("what a metered allocator counts", () => {
  it("is the program's stores, fills and touches, page by page", async () => {
    const allocator = await open("as-bump");
    const block = Math.ceil(allocator.malloc(40 * PAGE) / PAGE) * PAGE;
    const before = allocator.snapshot();
    allocator.store(block + PAGE - 1, 1, 2);
    allocator.load(block + 3 * PAGE);
    allocator.fill(block + 5 * PAGE, 0, PAGE + 1);
    allocator.touch(block + 10 * PAGE + 1, 2 * PAGE, "read");
    allocator.touch(block + 20 * PAGE, 2 * PAGE);
    const { touched, zeroed, bytes } = subtract(allocator.counters(), before);
    expect(touched).toEqual({ read: 4, written: 6 });
    expect(zeroed).toEqual({ kernel: 6 * PAGE, allocator: 0, needless: 0 });
    expect(bytes).toMatchObject({ resident: 6 * PAGE, peakResident: 6 * PAGE });
    const runs = allocator.pages(block, 22 * PAGE).map(({ pages, state }) => `${pages} ${state}`);
    expect(runs).toEqual([
      ...["2 written", "1 reserved", "1 zeroPage", "1 reserved", "2 written", "3 reserved", "3 zeroPage"],
      ...["7 reserved", "2 written"],
    ]);
    const [beyond] = allocator.pages(allocator.hostBytes, 3 * PAGE);
    expect(beyond).toMatchObject({ pages: 3, state: "unmapped" });
  });

  it("is a search for another byte, up to where it ends", async () => {
    const allocator = await open("as-bump");
    const block = Math.ceil(allocator.malloc(40 * PAGE) / PAGE) * PAGE;
    allocator.store(block + 2 * PAGE + 77, 9);
    const before = allocator.snapshot();
    expect(allocator.fillEnd(block, 0, 8 * PAGE)).toBe(2 * PAGE + 77);
    expect(allocator.fillEnd(block + 5 * PAGE, 0, PAGE)).toBe(PAGE);
    expect(subtract(allocator.counters(), before).touched).toEqual({ read: 4, written: 0 });
    expect(() => allocator.fillEnd(block, 0, allocator.hostBytes)).toThrow(SegmentationFault);
    expect(() => allocator.fillEnd(block, -1, 1)).toThrow(RangeError);
  });

  it("is what a composed calloc clears, and what of it was zero", async () => {
    const allocator = await open("as-bump");
    const before = allocator.snapshot();
    const block = allocator.calloc(10, PAGE);
    const fresh = subtract(allocator.counters(), before);
    expect(fresh.zeroed).toMatchObject({ allocator: 10 * PAGE, needless: 10 * PAGE });
    expect(fresh.faults).toMatchObject({ needless: fresh.touched.written });
    const inner = Math.ceil(block / PAGE) * PAGE;
    expect(allocator.pages(inner, PAGE)).toEqual([
      {
        address: inner,
        pages: 1,
        state: "clean",
        read: false,
        written: true,
        reusable: false,
        needless: true,
      },
    ]);
    // The program's use ends what was needless about the fault.
    allocator.store(inner, 1);
    expect(subtract(allocator.counters(), before).faults.needless).toBe(fresh.faults.needless - 1);
  });

  it("takes what the program only touched as written with something", async () => {
    const allocator = await open("as-tlsf");
    const block = allocator.malloc(8 * PAGE);
    allocator.touch(block, 8 * PAGE);
    allocator.free(block);
    const before = allocator.snapshot();
    allocator.free(allocator.calloc(8, PAGE));
    const once = subtract(allocator.counters(), before);
    expect(once.zeroed).toMatchObject({ allocator: 8 * PAGE, needless: 0 });
    // Pages are known again once they were cleared as a whole.
    allocator.free(allocator.calloc(8, PAGE));
    expect(subtract(allocator.counters(), before).zeroed.needless).toBeGreaterThan(6 * PAGE);
  });

  it.for(replayable)("on %s is the same after the same trace, and addresses stay", async (name, { skip }) => {
    skip(whyAbsent(name) !== undefined, whyAbsent(name));
    const addresses = async (meter: boolean) => {
      const allocator = await openFixture(name, { meter });
      const { resident: started } = allocator.counters().bytes;
      let sum = 0x811c9dc5;
      const onResults = (results: number[]) => {
        for (const address of results) sum = Math.imul(sum ^ address, 0x01000193);
      };
      await allocator.replay(await openTrace("git-log"), { onResults, touch: "pages" }).catch(() => {});
      return { sum, allocator, started };
    };
    const [metered, plain] = [await addresses(true), await addresses(false)];
    expect(metered.sum).toBe(plain.sum);
    if (metered.allocator.hostBytes !== plain.allocator.hostBytes) throw new Error("memory differs");
    const { touched, zeroed, bytes } = metered.allocator.counters();
    expect({ ...touched, zeroed: zeroed.allocator, needless: zeroed.needless }).toEqual(GIT_LOG[name]);
    expect(bytes.resident).toBe(metered.started + touched.written * PAGE);
    expect(plain.allocator.counters().touched.read).toBeNaN();
  });
});

/** Recorded; the same on every host. */
const GIT_LOG: Record<string, unknown> = {
  "as-tlsf": { read: 3683, written: 5293, zeroed: 25515492, needless: 2435762 },
  "as-heap": { read: 3683, written: 5293, zeroed: 25515492, needless: 2435762 },
  "as-stub": { read: 21761, written: 50731, zeroed: 25515492, needless: 14750404 },
  "as-incremental": { read: 7937, written: 10311, zeroed: 334614219, needless: 48919303 },
  "as-minimal": { read: 30087, written: 76004, zeroed: 27430196, needless: 19084991 },
  "as-bump": { read: 4537, written: 75570, zeroed: 25515492, needless: 18837641 },
  "web-tree-sitter": { read: 3984, written: 5274, zeroed: 25787732, needless: 2097764 },
  harfbuzz: { read: 3996, written: 5275, zeroed: 25515492, needless: 2094689 },
  "harfbuzz-subset": { read: 4003, written: 5273, zeroed: 25515492, needless: 2108345 },
  brotli: { read: 4011, written: 5277, zeroed: 25515492, needless: 2102852 },
  oxipng: { read: 4007, written: 5275, zeroed: 25515492, needless: 2094120 },
  llhttp: { read: 3976, written: 5276, zeroed: 25515492, needless: 2140968 },
  "emscripten-dlmalloc": { read: 3984, written: 5273, zeroed: 25787740, needless: 2148566 },
  "emscripten-emmalloc": { read: 4098, written: 5277, zeroed: 25762780, needless: 2148859 },
  "emscripten-page": { read: 3984, written: 5273, zeroed: 25787740, needless: 2148097 },
  "wasi-libc": { read: 3972, written: 5277, zeroed: 25787580, needless: 2151644 },
};

describe("the end of memory", () => {
  const MIB = 2 ** 20;
  const run = async (name: string, meter: boolean, text: string) => {
    const allocator = await openFixture(name, { meter, memoryBytes: 64 * MIB });
    const trace = await readTrace(new TextEncoder().encode(text));
    const message = await allocator.replay(trace).then(
      () => "",
      (error: Error) => error.message,
    );
    return { message, exhaustion: allocator.exhaustion };
  };
  const tenTimes = (line: (id: number) => string) => Array.from({ length: 10 }, (_, id) => line(id)).join("");
  // 64 MiB hold six of them, and have held the small one.
  const large = `a 10 5\nf 10\n${tenTimes((id) => `a ${id} 10000000\n`)}`;

  it("is told of an allocator that returns 0, with a meter and without", async () => {
    for (const meter of [true, false]) {
      const { message, exhaustion } = await run("as-bump", meter, large);
      expect(message).toBe("");
      expect(exhaustion).toMatchObject({ operations: 8, failedAllocations: 4, trapped: false });
    }
  });

  it("is told from any other trap with a meter", async () => {
    const { message, exhaustion } = await run("as-tlsf", true, large);
    expect(message).toMatch(/^operation 9: .*unreachable, after its memory was refused to grow$/);
    expect(exhaustion).toMatchObject({ operations: 8, failedAllocations: 1, trapped: true });
    expect(exhaustion?.memoryBytes).toBeLessThanOrEqual(64 * MIB);
    const blind = await run("as-tlsf", false, large);
    expect(blind.message).toMatch(/unreachable$/);
    expect(blind.exhaustion).toBeNull();
    const other = await run("trapping", true, `${tenTimes((id) => `a ${id} 5\n`)}a 10 5\n`);
    expect(other.message).toMatch(/^operation 11: .*unreachable$/);
    expect(other.exhaustion).toBeNull();
  });

  it("is not what a growth is that was refused and then done without", async () => {
    // as-bump first asks for twice the memory.
    expect(await run("as-bump", true, "a 0 30000000\na 1 10000000\n")).toEqual({
      message: "",
      exhaustion: null,
    });
  });
});

describe("opening with a meter", () => {
  it("wants a memory that is given to have room for it", async () => {
    const bytes = await fixtureBytes("web-tree-sitter");
    const given = (pages: number) => {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: 32768 + METER_PAGES });
      return openWasmAllocator(bytes, { meter: true, unknownImports: "trap", imports: { env: { memory } } });
    };
    await expect(given(512)).rejects.toThrow(ModuleError);
    const allocator = await given(512 + METER_PAGES);
    expect(allocator.malloc(100)).toBeGreaterThan(0);
    expect(allocator.hostBytes).toBe(512 * 65536);
  });

  it("finds the module's address 0 where the meter put it", async () => {
    const base = METER_PAGES * 65536;
    const allocator = await openFixture("as-bump", { meter: true });
    const pointer = allocator.malloc(100);
    expect(pointer).toBeGreaterThan(0);
    expect(pointer).toBeLessThan(base);
    const { memory } = allocator.instance.exports as { memory: WebAssembly.Memory };
    expect(allocator.hostBytes).toBe(memory.buffer.byteLength - base);
    allocator.store(pointer, 0x12345678, 4);
    allocator.fill(pointer + 4, 9, 3);
    expect(new Uint8Array(memory.buffer).slice(base + pointer, base + pointer + 8)).toEqual(
      new Uint8Array([0x78, 0x56, 0x34, 0x12, 9, 9, 9, 0]),
    );
    expect(allocator.load(pointer, 4)).toBe(0x12345678);
    expect(allocator.load(allocator.realloc(pointer, 200), 4)).toBe(0x12345678);
    expect(() => allocator.load(allocator.hostBytes)).toThrow(SegmentationFault);
  });

  it("refuses a compiled module", async () => {
    const bytes = await fixtureBytes("as-tlsf");
    const compiled = openWasmAllocator(await WebAssembly.compile(bytes), { meter: true });
    await expect(compiled).rejects.toThrow("give its bytes");
  });

  it("keeps the limit on memory for the module", async () => {
    const allocator = await openFixture("growing", { meter: true, memoryBytes: 64 * 2 ** 20 });
    for (let i = 0; i < 30; i++) allocator.malloc(4 * 2 ** 20);
    expect(allocator.hostBytes).toBeLessThanOrEqual(64 * 2 ** 20);
    expect(allocator.lastError?.available).toBe(64 * 2 ** 20 - allocator.hostBytes);
  });
});
