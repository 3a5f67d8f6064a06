/** Loops by whether the kernel zeroes in faults or in idle time, by hand. */
import { describe, expect, test } from "vitest";
import { linuxVm } from "../../../src/costs/linux-vm.js";
import { macos2016 } from "../../../src/costs/macos-2016.js";
import { idleZeroing, OutOfMemory, runCallocLoop, runIdleZeroing } from "../../../src/index.js";
import { MIB, PAGE } from "../../results/fakes.js";

const run = (model: string, shares: number[], options = {}, costs = macos2016) =>
  runIdleZeroing({ model, options: { check: true, ...options }, bytes: MIB, count: 10, shares, costs });

const saved = ({ onFault, idle }: { onFault: { seconds: number }; idle: { seconds: number } }) =>
  onFault.seconds - idle.seconds;

test("a profile differs in what the kernel's zeroing costs, and in nothing else", () => {
  const { name, ns } = idleZeroing(linuxVm);
  expect(name).toBe("linux-vm, zeroing in idle time");
  const { kernel, ...zeroedByte } = ns.zeroedByte;
  expect(kernel).toBe(0);
  expect({ ...ns, zeroedByte: { ...zeroedByte, kernel: linuxVm.ns.zeroedByte.kernel } }).toEqual(linuxVm.ns);
});

describe("zeroing in idle time", () => {
  test("saves a block with a cache once, whatever is written and however often", async () => {
    const big = { model: "libmalloc", bytes: 100 * MIB, count: 10, costs: macos2016 };
    const { points } = await runIdleZeroing({ ...big, shares: [0, 1] });
    for (const { faults, zeroed, ...times } of points) {
      expect(faults).toBe(25_600);
      expect(zeroed).toMatchObject({ kernel: 100 * MIB, allocator: 9 * 100 * MIB });
      expect(saved(times)).toBeCloseTo((100 * MIB * macos2016.ns.zeroedByte.kernel) / 1e9, 9);
    }
  });

  test("saves who maps afresh every page that is written, and none that is not", async () => {
    const { points } = await run("lazy", [0, 0.5, 1]);
    const pages = [0, 128, 256].map((written) => 10 * written);
    expect(points.map(({ faults }) => faults)).toEqual(pages);
    expect(points.map(({ zeroed }) => zeroed.kernel)).toEqual(pages.map((count) => count * PAGE));
    for (const [index, point] of points.entries()) {
      const zeroing = ((pages[index] as number) * PAGE * macos2016.ns.zeroedByte.kernel) / 1e9;
      expect(saved(point)).toBeCloseTo(zeroing, 12);
      expect(point.idle.parts).toEqual({ ...point.onFault.parts, zeroedByKernel: 0 });
    }
  });

  test("leaves a calloc that clears fresh memory its own half", async () => {
    const { points } = await run("naive", [0]);
    expect(points[0]?.zeroed).toMatchObject({ kernel: 10 * MIB, allocator: 10 * MIB });
    expect(points[0]?.idle.parts.zeroedByAllocator).toBeCloseTo(
      points[0]?.onFault.parts.zeroedByKernel as number,
      9,
    );
  });
});

test("the loop is Benfield's", async () => {
  const options = { zeroing: "dirty" };
  const { counters, simulated } = await runCallocLoop({
    ...{ model: "libmalloc", options, bytes: MIB, count: 10, written: 0.25 },
  });
  const { points } = await run("libmalloc", [0.25], options);
  expect(points[0]).toMatchObject({ zeroed: counters.zeroed, onFault: simulated });
});

test("says what cannot be", async () => {
  await expect(run("lazy", [1.5])).rejects.toThrow("shares must be from 0 to 1; got 1.5");
  const huge = { model: "lazy", bytes: 2 ** 47, count: 1, shares: [0], costs: linuxVm };
  await expect(runIdleZeroing(huge)).rejects.toThrow(OutOfMemory);
});
