/** The nano zone: where slots are, what is cleared, what the kernel is told, and what leaves and enters it. */
import { describe, expect, it } from "vitest";
import { OptionError, openSandbox, type Sandbox } from "../../src/index.js";
import { openChecked } from "../checked.js";
import { Random } from "../random.js";
import { ReferenceNano } from "./reference-nano.js";

const BASE = 0x6000_0000_0000;
const BLOCK = 16_384;
const NOT_ALLOCATED = "pointer being freed was not allocated";

const open = (options = {}) => openChecked("libmalloc", { version: 425, ...options });
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));
const cleared = (sandbox: Sandbox) => sandbox.counters().zeroed.allocator;

describe("the nano zone", () => {
  it.each([
    [116, {}, false],
    [283, {}, false],
    [283, { nano: "on" }, true],
    [425, {}, true],
    [792, {}, true],
    [792, { nano: "off" }, false],
  ])("of %i with %o has small requests: %s", async (version, options, isOn) => {
    const sandbox = await open({ version, ...options });
    expect(sandbox.malloc(256) >= BASE).toBe(isOn);
    expect(sandbox.malloc(257) >= BASE).toBe(false);
    expect(sandbox.regions().some(({ address }) => address === BASE)).toBe(isOn);
  });

  it("of 116 is not modelled", async () => {
    await expect(openSandbox("libmalloc", { nano: "on" })).rejects.toThrow(OptionError);
  });

  it("is not there where its region does not fit", async () => {
    const sandbox = await open({ addressSpace: 256 * 2 ** 20 });
    expect(sandbox.malloc(16)).toBeLessThan(BASE);
  });

  it("has blocks of 16 KiB for sixteen sizes, of which the first has the words of all", async () => {
    const sandbox = await open();
    const firsts = [1, 2, 12, 23, 33, 38, 41, 44, 48, 51, 53, 55, 57, 59, 61, 62];
    const blocks = firsts.map((unit, kind) => (kind ? 64 * unit : 1));
    expect(firsts.map((_, kind) => sandbox.malloc(16 * (kind + 1)))).toEqual(
      blocks.map((number) => BASE + number * BLOCK),
    );
    expect(firsts.map((_, kind) => sandbox.usableSize(sandbox.malloc(16 * kind + 1)))).toEqual(
      firsts.map((_, kind) => 16 * (kind + 1)),
    );
    expect(sandbox.usableSize(sandbox.malloc(0))).toBe(16);
  });

  it("hands out the slot freed last, and else slots in order", async () => {
    const sandbox = await open();
    const [first = 0, second = 0, third = 0] = times(3, () => sandbox.malloc(100));
    expect([second - first, third - second]).toEqual([112, 112]);
    sandbox.free(first);
    sandbox.free(second);
    expect(times(3, () => sandbox.malloc(112))).toEqual([second, first, third + 112]);
  });

  it("goes on to the next block of the class, and keeps to one that is half empty", async () => {
    const sandbox = await open();
    const slots = BLOCK / 256;
    const pointers = times(3 * slots + 1, () => sandbox.malloc(256));
    const base = pointers[0] as number;
    expect([1, 2, 3].map((block) => pointers[block * slots])).toEqual(
      [1, 2, 3].map((block) => base + block * BLOCK),
    );
    for (const pointer of pointers.slice(0, slots / 2)) sandbox.free(pointer);
    for (const pointer of pointers.slice(slots, slots + 8)) sandbox.free(pointer);
    times(slots - 1, () => sandbox.malloc(256));
    // The second has 12 % free, which are too few.
    expect(sandbox.malloc(256)).toBe(pointers[slots / 2 - 1]);
  });

  it("tells the kernel of a block that becomes empty, unless slots are taken from it", async () => {
    const sandbox = await open();
    const slots = BLOCK / 256;
    const pointers = times(2 * slots, () => sandbox.malloc(256));
    const calls = () => sandbox.counters().syscalls.madviseFreeReusable;
    for (const pointer of pointers) sandbox.touch(pointer, 256);
    pointers.slice(1, slots).forEach((pointer) => void sandbox.free(pointer));
    expect(calls()).toBe(0);
    sandbox.free(pointers[0] as number);
    expect(calls()).toBe(1);
    const runs = sandbox.pages(pointers[0] as number, BLOCK);
    expect(runs.map(({ reusable, pages }) => [reusable, pages])).toEqual([[true, 4]]);
    pointers.slice(slots).forEach((pointer) => void sandbox.free(pointer));
    expect(calls()).toBe(1);
    sandbox.check();
  });

  it("goes on in other arenas, and in a region behind", async () => {
    const sandbox = await open();
    const perArena = 64 * (BLOCK / 240 - ((BLOCK / 240) % 1));
    const pointers = times(8 * perArena + 1, () => sandbox.malloc(240));
    const arenas = times(9, (i) => Math.floor(((pointers[i * perArena] as number) - BASE) / 2 ** 26));
    expect(arenas).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(sandbox.regions()).toContainEqual({ address: BASE + 2 ** 29, bytes: 2 ** 29 });
    sandbox.check();
  });

  it("leaves a class to the other zone when there is no room, until a block is three quarters free", async () => {
    const sandbox = await open({ addressSpace: 600 * 2 ** 20 });
    const slots = Math.floor(BLOCK / 240);
    const pointers = times(8 * 64 * slots, () => sandbox.malloc(240));
    expect(pointers.every((pointer) => pointer >= BASE)).toBe(true);
    expect(sandbox.malloc(240)).toBeLessThan(BASE);
    const most = Math.ceil((3 * slots) / 4);
    pointers.slice(0, most - 1).forEach((pointer) => void sandbox.free(pointer));
    expect(sandbox.malloc(240)).toBeLessThan(BASE);
    sandbox.free(pointers[most - 1] as number);
    expect(sandbox.malloc(240)).toBe(pointers[most - 1]);
    expect(sandbox.malloc(256)).toBeGreaterThan(BASE);
    sandbox.check();
  });
});

describe("clearing in the nano zone", () => {
  it("is done by free from 425 on, but for the first 16 bytes, which allocation clears", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(96);
    sandbox.fill(pointer, 0xff, 96);
    sandbox.free(pointer);
    expect(cleared(sandbox)).toBe(80);
    expect(sandbox.malloc(90)).toBe(pointer);
    for (let at = 0; at < 96; at += 8) expect(sandbox.load(pointer + at, 8)).toBe(0n);
    sandbox.calloc(1, 90);
    expect(cleared(sandbox)).toBe(80);
  });

  it.each([
    [283, { nano: "on" }, 96, 192],
    [425, { tinyZeroing: "alloc" }, 192, 288],
  ])("of %i with %o is done on allocation", async (version, options, after, again) => {
    const sandbox = await open({ version, ...options });
    const pointer = sandbox.calloc(1, 90);
    sandbox.free(pointer);
    expect(sandbox.malloc(90)).toBe(pointer);
    expect(sandbox.load(pointer, 8)).toBe(0n);
    expect(cleared(sandbox)).toBe(after);
    sandbox.calloc(1, 90);
    expect(cleared(sandbox)).toBe(again);
  });
});

describe("realloc and the nano zone", () => {
  it("keeps a slot for more than half of it, else moves within it, or out of it", async () => {
    const sandbox = await open();
    const pointer = sandbox.malloc(256);
    sandbox.fill(pointer, 7, 256);
    expect(sandbox.realloc(pointer, 130)).toBe(pointer);
    const smaller = sandbox.realloc(pointer, 128);
    expect(smaller).not.toBe(pointer);
    expect(smaller).toBeGreaterThan(BASE);
    const larger = sandbox.realloc(smaller, 300);
    expect(larger).toBeLessThan(BASE);
    expect(sandbox.load(larger + 127)).toBe(7);
    // What is not a slot does not become one.
    expect(sandbox.realloc(larger, 20)).toBe(larger);
    expect(sandbox.realloc(larger, 0)).toBeGreaterThan(BASE);
  });

  it("leaves aligned blocks to the other zone", async () => {
    const sandbox = await open();
    for (const align of [16, 64, 4096]) expect(sandbox.alignedAlloc(align, 100)).toBeLessThan(BASE);
  });
});

it.each([283, 425, 792])("%i knows slots that are free, and what is no slot", async (version) => {
  const sandbox = await open({ version, nano: "on" });
  const pointer = sandbox.malloc(48);
  sandbox.malloc(48);
  for (const at of [8, 16, 2 * 48, BLOCK, -BLOCK]) {
    expect(() => sandbox.free(pointer + at)).toThrow(NOT_ALLOCATED);
  }
  expect(() => sandbox.free(BASE)).toThrow(NOT_ALLOCATED);
  sandbox.free(pointer);
  expect(() => sandbox.free(pointer)).toThrow(NOT_ALLOCATED);
  expect(() => sandbox.usableSize(pointer)).toThrow(NOT_ALLOCATED);
  sandbox.check();
});

it.each([1, 2, 3])("puts slots where the reference does, seed %i", async (seed) => {
  const sandbox = await open();
  const random = new Random(seed);
  const reference = new ReferenceNano();
  const held: { pointer: number; bytes: number }[] = [];
  for (let i = 0; i < 16_000; i++) {
    const grows = Math.floor(i / 3200) % 2 === 0;
    if (random.below(10) < (grows ? 7 : 3)) {
      const bytes = random.pick([random.below(257), 240, 250, 256]);
      const pointer = random.below(2) ? sandbox.malloc(bytes) : sandbox.calloc(1, bytes);
      expect(pointer).toBe(reference.malloc(bytes));
      held.push({ pointer, bytes });
    } else {
      // Runs of the same age are freed together, so that blocks become empty.
      const from = random.below(Math.max(1, held.length));
      for (const { pointer, bytes } of held.splice(from, random.pick([1, 1, 1, grows ? 1 : 80]))) {
        sandbox.free(pointer);
        reference.free(pointer, bytes);
      }
    }
    if (i % 2000 === 0) sandbox.check();
  }
  expect(sandbox.counters().syscalls.madviseFreeReusable).toBe(reference.advised);
  expect(reference.advised).toBeGreaterThan(20);
  expect(sandbox.statistics()).toMatchObject({
    blocks_in_use: held.length,
    size_allocated: reference.used * BLOCK,
  });
});
