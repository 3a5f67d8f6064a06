import { describe, expect, test } from "vitest";
import { calibrateHere } from "../../src/cli/calibrate.js";
import { type CalibrationHost, calibrate, type Evidence } from "../../src/costs/calibrate.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { parseCostProfile } from "../../src/costs/parse.js";

const MIB = 2 ** 20;
const PAGES = MIB / 4096;

/**
 * A host on which the steps of a round take so many milliseconds and faults, in the order
 * read, copy, warm, fill, shrink, write.
 */
function fakeHost(steps: readonly (readonly [ms: number, faults: number])[]): CalibrationHost {
  let [clock, faults, asked] = [0, 0, 0];
  // Each step asks for faults, now, now, faults.
  const advance = () => {
    const step = steps[Math.floor(asked / 4) % steps.length] as readonly [number, number];
    if (asked++ % 4 === 1) [clock, faults] = [clock + step[0], faults + step[1]];
  };
  const asking = <T>(read: () => T) => {
    const value = read();
    advance();
    return value;
  };
  return {
    description: "a made-up host",
    now: () => asking(() => clock),
    faults: () => asking(() => faults),
  };
}

const of = (evidence: readonly Evidence[], figure: string) => evidence.find((one) => one.figure === figure);

test("each figure is what its step took, without what the loop takes, with giving back, without zeroing", () => {
  // In milliseconds of 256 pages: 0.256 ms is 1,000 ns a page.
  const host = fakeHost([
    [0.256 * 2, PAGES],
    [0.256 * 7, PAGES],
    [0.256, 0],
    [0.256 * 0.5, 0],
    [0.256 * 1.5, 0],
    [0.256 * 5, PAGES + 2],
  ]);
  const { ns, evidence } = calibrate(host, { name: "x", rounds: 3, bytes: MIB });
  expect(ns.fault.zeroMap).toBeCloseTo(1000, 6);
  expect(ns.fault.copyOnWrite).toBeCloseTo(6000 + 1000 - 500, 6);
  expect(ns.fault.zeroFill).toBeCloseTo(4000 + 1000 - 500, 6);
  expect(ns.zeroedByte.allocator).toBeCloseTo(500 / 4096, 9);
  expect(ns.zeroedByte.kernel).toBe(ns.zeroedByte.allocator);
  expect(of(evidence, "fault.zeroFill")).toMatchObject({ how: "measured", rounds: 3 });
  expect(of(evidence, "zeroedByte.kernel")).toMatchObject({ how: "assumed" });
});

test("where touching does not fault as expected, a figure is assumed", () => {
  const host = fakeHost([
    [1, PAGES],
    [1, PAGES / 4],
    [0, 0],
    [1, 0],
    [1, 0],
    [1, 1],
  ]);
  const { ns, evidence } = calibrate(host, { name: "x", rounds: 3, bytes: MIB });
  expect(of(evidence, "fault.zeroMap")?.how).toBe("measured");
  expect(of(evidence, "fault.zeroFill")).toEqual({
    figure: "fault.zeroFill",
    how: "assumed",
    ns: linuxVm.ns.fault.zeroFill,
    why: "1 faults, though 256 pages were touched",
  });
  expect(ns.fault.copyOnWrite).toBe(linuxVm.ns.fault.copyOnWrite);
});

describe("this host", () => {
  test("gives a profile that can be saved and read, each figure with its evidence", () => {
    const calibration = calibrateHere({ name: "here", rounds: 3, bytes: 8 * MIB });
    const { evidence, ...profile } = calibration;
    expect(parseCostProfile(JSON.stringify(calibration))).toEqual(profile);
    for (const { ns } of evidence) expect(ns).toBeGreaterThanOrEqual(0);
    const figures = ["zeroMap", "zeroFill", "copyOnWrite"].map((kind) => `fault.${kind}`);
    expect(evidence.map(({ figure }) => figure)).toEqual([
      ...figures,
      ...["zeroedByte.allocator", "zeroedByte.kernel", "syscall.*", "walkedPage.*"],
    ]);
  });
});
