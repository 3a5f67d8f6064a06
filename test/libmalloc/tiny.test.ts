/** Tiny blocks: what each operation writes, clears and refuses. */
import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";

const MIB = 2 ** 20;
const PAGE = 4096;
const PAYLOAD = 64_520 * 16;

const open = (options = {}) => openChecked("libmalloc", options);

const offset = (pointer: number) => pointer % MIB;

/** Which pages of the region that holds an address were written. */
function written(sandbox: Sandbox, pointer: number): number[] {
  const base = pointer - offset(pointer);
  const runs = sandbox.pages(base, MIB).filter((run) => run.written);
  return runs.flatMap(({ address, pages }) =>
    Array.from({ length: pages }, (_, i) => (address - base) / PAGE + i),
  );
}

describe("a tiny region", () => {
  it("is a mebibyte on a mebibyte; making it writes only its end", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(100);
    expect(offset(pointer)).toBe(0);
    expect(sandbox.regions()).toContainEqual({ address: pointer, bytes: MIB });
    // The trailer and the first bits share a page; the last bits are on the last.
    expect(written(sandbox, pointer)).toEqual([Math.floor(PAYLOAD / PAGE), 255]);
    expect(sandbox.counters().touched.written).toBe(2);
  });

  it("has 64,520 quanta, and the next is mapped for the one after", async () => {
    const sandbox = await open();
    const pointers = Array.from({ length: 64 }, () => sandbox.malloc(1008));
    for (let i = 64; i < 1024; i++) pointers.push(sandbox.malloc(1008));
    pointers.push(sandbox.malloc(8 * 16));
    expect(offset(pointers.at(-1) as number)).toBe(PAYLOAD - 8 * 16);
    const maps = sandbox.counters().syscalls.mmap;
    expect(offset(sandbox.malloc(16))).toBe(0);
    expect(sandbox.counters().syscalls.mmap).toBe(maps + 1);
  });

  it("gives what was left of it once another is the newest", async () => {
    const sandbox = await open();
    for (let i = 0; i < 1024; i++) sandbox.malloc(1008);
    const [second] = [sandbox.malloc(1008)];
    expect(offset(second)).toBe(0);
    expect(offset(sandbox.malloc(128))).toBe(PAYLOAD - 128);
    expect(offset(sandbox.malloc(128))).toBe(1008);
  });
});

it("the table of tiny regions is mapped anew for the 34th and the 66th, and the old one is lost", async () => {
  const sandbox = await open();
  const maps = () => sandbox.counters().syscalls.mmap;
  const before = maps();
  const seen: number[] = [];
  for (let regions = 1; regions <= 66; regions++) {
    const target = regions * 1024;
    for (let i = (regions - 1) * 1024; i < target; i++) sandbox.malloc(1008);
    seen.push(maps() - before - regions);
  }
  expect(seen.flatMap((extra, i) => (extra === (seen[i - 1] ?? 0) ? [] : [i + 1]))).toEqual([34, 66]);
  expect(seen.at(-1)).toBe(2);
  expect(sandbox.counters().syscalls.munmap).toBe(0);
  sandbox.check();
});

describe("tiny sizes", () => {
  it.each([
    [0, 16],
    [1, 16],
    [16, 16],
    [17, 32],
    [1008, 1008],
    [1009, 1024], // small: two quanta of 512
  ])("%i bytes take %i", async (bytes, usable) => {
    const sandbox = await open();
    expect(sandbox.usableSize(sandbox.malloc(bytes))).toBe(usable);
  });
});

describe("a freed tiny block", () => {
  it("of less than 16 quanta is the last freed: written nowhere, and reused for exactly its size", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(240);
    const { touched } = sandbox.counters();
    sandbox.free(pointer);
    expect(sandbox.counters().touched).toEqual(touched);
    expect(sandbox.malloc(224)).not.toBe(pointer);
    expect(sandbox.malloc(240)).toBe(pointer);
  });

  it("of 16 or more goes to its list at once, and says its size at both ends", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(256);
    sandbox.malloc(16);
    sandbox.free(pointer);
    expect(sandbox.load(pointer, 8)).toBe(0n);
    expect(sandbox.load(pointer + 8, 8)).toBe(0n);
    expect(sandbox.load(pointer + 16, 2)).toBe(16);
    expect(sandbox.load(pointer + 254, 2)).toBe(16);
  });

  it("is really freed by the next, last in first out", async () => {
    const sandbox = await open();
    const [one, , other, , third] = Array.from({ length: 6 }, () => sandbox.malloc(64));
    for (const pointer of [one, other, third]) sandbox.free(pointer as number);
    // The third is the last freed; the other two are on the list, linked through themselves.
    expect(sandbox.load((other as number) + 8, 8)).toBe(BigInt(one as number));
    expect(sandbox.load(one as number, 8)).toBe(BigInt(other as number));
    const again = Array.from({ length: 3 }, () => sandbox.malloc(64));
    expect(again).toEqual([third, other, one]);
  });

  it("is merged with both neighbours, but not with what was never used", async () => {
    const sandbox = await open();
    const blocks = Array.from({ length: 4 }, () => sandbox.malloc(256));
    const [first = 0, second = 0, third = 0, last = 0] = blocks;
    for (const pointer of [first, third, second]) sandbox.free(pointer);
    expect(sandbox.load(first + 16, 2)).toBe(48);
    expect(sandbox.malloc(768)).toBe(first);
    sandbox.free(last);
    expect(sandbox.load(last + 16, 2)).toBe(16);
  });

  it("does not look at what was never used behind it, which would fault", async () => {
    const sandbox = await open();
    const pointers = Array.from({ length: 16 }, () => sandbox.malloc(256));
    sandbox.free(pointers.at(-1) as number);
    expect(sandbox.pages((pointers[0] as number) + PAGE, PAGE)[0]?.state).toBe("reserved");
  });

  it("that is too large is split, and the rest put back", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(512);
    sandbox.malloc(16);
    sandbox.free(pointer);
    expect(sandbox.malloc(100)).toBe(pointer);
    expect(sandbox.load(pointer + 112 + 16, 2)).toBe(25);
    expect(sandbox.malloc(400)).toBe(pointer + 112);
  });
});

describe("calloc of a tiny block", () => {
  it("clears nothing only in the first block of a region, though the next ones are as fresh", async () => {
    const sandbox = await open();
    sandbox.calloc(1, 100);
    expect(sandbox.counters().zeroed.allocator).toBe(0);
    sandbox.calloc(1, 100);
    expect(sandbox.counters().zeroed).toMatchObject({ allocator: 112, needless: 112 });
  });

  it("clears the rounded size from the last freed and from the lists", async () => {
    const sandbox = await open();
    const pointers = Array.from({ length: 4 }, () => sandbox.malloc(90));
    for (const pointer of pointers) sandbox.fill(pointer, 0xff, 96);
    sandbox.free(pointers[0] as number);
    sandbox.free(pointers[2] as number);
    expect(sandbox.calloc(1, 90)).toBe(pointers[2]);
    expect(sandbox.calloc(1, 90)).toBe(pointers[0]);
    expect(sandbox.counters().zeroed.allocator).toBe(192);
  });

  it("of 425 clears nothing, for free did, and no link is left in it", async () => {
    const sandbox = await open({ version: "425", nano: "off" });
    const blocks = Array.from({ length: 4 }, () => sandbox.malloc(256));
    for (const pointer of blocks) sandbox.fill(pointer, 0xff, 256);
    for (const pointer of blocks) sandbox.free(pointer);
    const { allocator, needless } = sandbox.counters().zeroed;
    expect([allocator, needless]).toEqual([1024, 0]);
    const pointer = sandbox.calloc(1, 1000);
    expect(pointer).toBe(blocks[0]);
    for (let at = 0; at < 1008; at += 8) expect(sandbox.load(pointer + at, 8)).toBe(0n);
    expect(sandbox.counters().zeroed.allocator).toBe(1024);
  });
});

describe("a tiny block of 425 that is cleared when it is handed out", () => {
  const cleared = (sandbox: Sandbox) => sandbox.counters().zeroed.allocator;

  it("is so by malloc and calloc, but for the first of a region, and not by free", async () => {
    const sandbox = await open({ version: 425, tinyZeroing: "alloc", nano: "off" });
    const [first = 0, second = 0] = [sandbox.malloc(90), sandbox.malloc(90)];
    expect(cleared(sandbox)).toBe(96);
    sandbox.fill(second, 0xff, 96);
    sandbox.free(second);
    expect(sandbox.load(second)).toBe(0xff);
    expect(sandbox.malloc(90)).toBe(second);
    expect(sandbox.load(second)).toBe(0);
    sandbox.calloc(1, 90);
    sandbox.free(first);
    expect(cleared(sandbox)).toBe(3 * 96);
  });

  it("is so in what it grows by", async () => {
    const sandbox = await open({ version: 425, tinyZeroing: "alloc", nano: "off" });
    const [pointer = 0, next = 0] = [sandbox.malloc(256), sandbox.malloc(256), sandbox.malloc(16)];
    sandbox.fill(next, 0xff, 256);
    sandbox.free(next);
    const before = cleared(sandbox);
    expect(sandbox.realloc(pointer, 400)).toBe(pointer);
    expect(cleared(sandbox) - before).toBe(144);
    for (let at = 256; at < 400; at++) expect(sandbox.load(pointer + at)).toBe(0);
  });
});

describe("misuse of tiny blocks", () => {
  const words = "pointer being freed was not allocated";

  it("is noticed when a block is freed twice: the last freed, on a list, and merged", async () => {
    const sandbox = await open();
    const [first = 0, second = 0] = [sandbox.malloc(240), sandbox.malloc(256), sandbox.malloc(16)];
    sandbox.free(first);
    expect(() => sandbox.free(first)).toThrow(words);
    expect(() => sandbox.usableSize(first)).toThrow(words);
    sandbox.free(second);
    expect(() => sandbox.free(second)).toThrow(words);
    const third = sandbox.malloc(200);
    sandbox.free(third);
    for (const pointer of [first, second]) expect(() => sandbox.free(pointer)).toThrow(words);
  });

  it("is noticed inside a block, between quanta, in metadata and where nothing was handed out", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(64);
    for (const at of [1, 8, 16, 64, 4096, PAYLOAD, PAYLOAD + 128, MIB - 16]) {
      expect(() => sandbox.free(pointer + at)).toThrow(words);
    }
    sandbox.free(pointer);
  });

  it("is not noticed when the block has been handed out again", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(64);
    sandbox.free(pointer);
    expect(sandbox.malloc(64)).toBe(pointer);
    sandbox.free(pointer);
  });
});

describe("realloc and alignment of tiny blocks", () => {
  it("shrinks to half or less in place, and frees the tail past the last freed", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(512);
    sandbox.malloc(16);
    expect(sandbox.realloc(pointer, 257)).toBe(pointer);
    expect(sandbox.usableSize(pointer)).toBe(512);
    expect(sandbox.realloc(pointer, 256)).toBe(pointer);
    expect(sandbox.malloc(256)).toBe(pointer + 256);
  });

  it("grows into a free neighbour, and only there", async () => {
    const sandbox = await open();
    const [first = 0, second = 0] = [sandbox.malloc(256), sandbox.malloc(256), sandbox.malloc(16)];
    sandbox.free(second);
    expect(sandbox.realloc(first, 400)).toBe(first);
    expect(sandbox.malloc(112)).toBe(first + 400);
    expect(sandbox.realloc(first, 512)).not.toBe(first);
  });

  it("carves an aligned block and frees what is before and behind it", async () => {
    const sandbox = await open();
    sandbox.malloc(16);
    const pointer = sandbox.alignedAlloc(256, 32);
    expect(offset(pointer)).toBe(256);
    expect(sandbox.usableSize(pointer)).toBe(32);
    // 287 bytes are 18 quanta from 16 on: 15 before, and one behind.
    expect(offset(sandbox.malloc(240))).toBe(16);
    expect(offset(sandbox.malloc(16))).toBe(288);
  });
});
