/** What forks, copies and reuses cost. */
import { expect, test } from "vitest";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { sharingTime } from "../../src/costs/sharing.js";
import { fakeCounters, PAGE } from "../results/fakes.js";

const none = { forks: 0, forkedPages: 0, copies: 0, reuses: 0, copiedBytes: 0 };

test("a fork costs by pages, a copy more than a first write, and a reuse about as much as a first read", () => {
  const sharing = { forks: 2, forkedPages: 1000, copies: 10, reuses: 20, copiedBytes: 10 * PAGE };
  const { parts, seconds, costs } = sharingTime(
    fakeCounters({ faults: { copyOnWrite: 30 } }),
    sharing,
    linuxVm,
  );
  expect(costs).toBe("linux-vm");
  expect(parts.forks).toBeCloseTo((2 * 105_000 + 1000 * 107) / 1e9, 12);
  expect(parts.copies).toBeCloseTo((10 * 1.29 * 3500) / 1e9, 12);
  expect(parts.reuses).toBeCloseTo((20 * 1.06 * 1200) / 1e9, 12);
  expect(parts.others).toBe(0);
  expect(seconds).toBeCloseTo(parts.forks + parts.copies + parts.reuses, 12);
});

test("what else is written on the zero page costs what a profile says", () => {
  const counters = fakeCounters({ faults: { copyOnWrite: 5, zeroFill: 3 }, zeroed: { kernel: 8 * PAGE } });
  const { parts } = sharingTime(counters, { ...none, copies: 1, reuses: 1, copiedBytes: PAGE }, linuxVm);
  expect(parts.others).toBeCloseTo((6 * 3360 + 8 * 140) / 1e9, 12);
});

test("without any, it is what simulated time is", () => {
  const counters = fakeCounters({ faults: { zeroFill: 4, copyOnWrite: 2 }, syscalls: { mmap: 1 } });
  const { parts, seconds } = sharingTime(counters, none, linuxVm);
  expect(parts).toMatchObject({ forks: 0, copies: 0, reuses: 0 });
  expect(seconds).toBeCloseTo((6 * 3360 + 9750) / 1e9, 12);
});
