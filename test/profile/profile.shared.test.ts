/** Profiles of real runs, in Node and in Chromium. */
import { describe, expect, test } from "vitest";
import { addCounters } from "../../src/allocator/counters.js";
import {
  type Counters,
  openSandbox,
  type ProfileNode,
  profileCallocLoop,
  profileTrace,
  readTrace,
  runCallocLoop,
  simulatedTime,
} from "../../src/index.js";

const MIB = 2 ** 20;

const total = (node: ProfileNode): Counters => node.children.map(total).reduce(addCounters, node.counters);

const child = (node: ProfileNode, name: string) => node.children.find((one) => one.name === name);

describe("a profile of the loop", () => {
  const loop = { model: "libmalloc", bytes: 100 * MIB, count: 50, written: 0.01 };

  test("adds up to what the loop counts", async () => {
    const { root, costs } = await profileCallocLoop(loop);
    const { counters, simulated } = await runCallocLoop(loop);
    const { bytes: _, ...counted } = counters;
    expect(total(root)).toMatchObject(counted);
    expect(simulatedTime(total(root), costs)).toEqual(simulated);
  });

  test("puts clearing under calloc, and the program's writes in the program", async () => {
    const { root } = await profileCallocLoop(loop);
    expect(root.name).toBe("program");
    expect(root.counters.touched.written).toBe(256);
    const calloc = child(root, "calloc");
    expect(calloc?.calls).toBe(50);
    expect(calloc && total(calloc).zeroed.allocator).toBe(49 * 100 * MIB);
    expect(child(root, "free")?.calls).toBe(50);
    const large = calloc && child(calloc, "large_malloc");
    expect(large?.children.map(({ name, calls }) => [name, calls])).toEqual([
      ["mach_vm_map", 1],
      ["madvise", 49],
      ["bzero", 49],
    ]);
  });

  test("refuses a size, or a share, that is none", async () => {
    await expect(profileCallocLoop({ ...loop, bytes: -1 })).rejects.toThrow(RangeError);
    await expect(profileCallocLoop({ ...loop, written: 2 })).rejects.toThrow("from 0 to 1; got 2");
  });
});

test("a profile of a trace adds up to its replay, however many calls are in a row", async () => {
  const row = Array.from({ length: 3000 }, (_, i) => `a ${i + 3} 5000\n`).join("");
  const text = `a 0 4096\nc 1 10 100000\nw 1 0 50000\nr 0 800000\nm 2 64 100\nf 1\nf 0\n${row}`;
  const read = () => readTrace(new TextEncoder().encode(text), { format: "text" });
  const { root } = await profileTrace({ model: "glibc", trace: await read(), touch: "pages" });
  expect(root.children.map(({ name, calls }) => [name, calls])).toEqual([
    ["malloc", 3001],
    ["calloc", 1],
    ["realloc", 1],
    ["free", 2],
    ["aligned_alloc", 1],
  ]);
  const sandbox = await openSandbox("glibc");
  await sandbox.replay(await read(), { touch: "pages" });
  const { bytes: _, ...counted } = sandbox.counters();
  expect(total(root)).toMatchObject(counted);
});
