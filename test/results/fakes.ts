import { type Counters, SYSCALLS } from "../../src/allocator/counters.js";
import { linuxVm } from "../../src/costs/linux-vm.js";
import { macos2016 } from "../../src/costs/macos-2016.js";
import { simulatedTime } from "../../src/costs/simulate.js";
import type { ReplayTimeline } from "../../src/experiments/replay/timeline.js";
import type { CallocFix } from "../../src/results/calloc-fixes.js";
import type { CliffsReport, CliffsResult, CurvePoint } from "../../src/results/cliffs.js";
import type { IterContentResult } from "../../src/results/iter-content.js";
import type { CostKind, IterationCost } from "../../src/results/loop.js";
import type { OptionValues, Report, Result } from "../../src/results/run.js";

export const MIB = 2 ** 20;
export const PAGE = 4096;

type Parts = { [Key in keyof Counters]?: Counters[Key] extends number ? number : Partial<Counters[Key]> };

/** Counters that are 0 but where said. */
export function fakeCounters(parts: Parts = {}): Counters {
  return {
    calls: parts.calls ?? 0,
    faults: { zeroMap: 0, zeroFill: 0, copyOnWrite: 0, needless: 0, ...parts.faults },
    zeroed: { kernel: 0, allocator: 0, needless: 0, ...parts.zeroed },
    syscalls: {
      ...(Object.fromEntries(SYSCALLS.map((name) => [name, 0])) as Counters["syscalls"]),
      ...parts.syscalls,
    },
    walked: {
      ...(Object.fromEntries(SYSCALLS.map((name) => [name, 0])) as Counters["walked"]),
      ...parts.walked,
    },
    touched: { read: 0, written: 0, ...parts.touched },
    bytes: { virtual: 0, resident: 0, peakResident: 0, inUse: 0, system: 0, cached: 0, ...parts.bytes },
  };
}

export interface FakeRun {
  allocator: string;
  options?: OptionValues;
  mib?: number;
  cost?: CostKind;
  counters?: Parts;
  hostSeconds?: number;
}

export function fakeResult({
  allocator,
  options = {},
  mib,
  cost,
  counters,
  hostSeconds = 0,
}: FakeRun): Result {
  const all = fakeCounters(counters);
  return {
    allocator,
    options,
    parameters: mib === undefined ? {} : { bytes: mib * MIB, count: 10_000, written: 0 },
    counters: all,
    simulated: simulatedTime(all, allocator === "libmalloc" ? macos2016 : linuxVm),
    hostSeconds,
    ...(cost === undefined ? {} : { cost }),
  };
}

const COUNT = 10_000;

const naive = (mib: number, hostSeconds: number): FakeRun => ({
  allocator: "naive",
  mib,
  cost: "linear",
  hostSeconds,
  counters: {
    calls: 2 * COUNT,
    faults: { zeroFill: mib * 256 * COUNT, needless: mib * 256 * COUNT },
    zeroed: { kernel: mib * MIB * COUNT, allocator: mib * MIB * COUNT, needless: mib * MIB * COUNT },
    syscalls: { mmap: COUNT, munmap: COUNT },
    touched: { written: mib * 256 * COUNT },
    bytes: { peakResident: mib * MIB },
  },
});

const mapsOnly = (allocator: string, mib: number, hostSeconds: number): FakeRun => ({
  allocator,
  mib,
  cost: "constant",
  hostSeconds,
  counters: { calls: 2 * COUNT, syscalls: { mmap: COUNT, munmap: COUNT } },
});

const cached: FakeRun = {
  allocator: "libmalloc",
  mib: 100,
  cost: "linear",
  hostSeconds: 0.0142,
  counters: {
    calls: 2 * COUNT,
    faults: { zeroFill: 25_600, needless: 25_600 },
    zeroed: { kernel: 100 * MIB, allocator: 9_999 * 100 * MIB, needless: 9_999 * 100 * MIB },
    syscalls: { mmap: 1, madviseCanReuse: COUNT, madviseFreeReusable: COUNT, madviseFreeReuse: COUNT - 1 },
    touched: { written: 25_600 },
    bytes: {
      virtual: 100 * MIB,
      resident: 100 * MIB,
      peakResident: 100 * MIB,
      system: 100 * MIB,
      cached: 100 * MIB,
    },
  },
};

/** Benfield's experiment as section "What must hold" of its issue states it, under a fake clock. */
export const benfield: Report = {
  scenario: "calloc-loop",
  parameters: { count: COUNT, written: 0 },
  results: [
    naive(100, 0.0213),
    mapsOnly("lazy", 100, 0.00451),
    cached,
    naive(1000, 0.105),
    mapsOnly("lazy", 1000, 0.00462),
    mapsOnly("libmalloc", 1000, 0.00503),
  ].map(fakeResult),
};

/** A report of the given runs, and nothing else. */
export function reportOf(...runs: FakeRun[]): Report {
  return { scenario: "calloc-loop", parameters: { count: COUNT, written: 0 }, results: runs.map(fakeResult) };
}

/** A replay that grows to 8 MiB and falls to nothing, over 100 operations. */
export function fakeTimeline(allocator: string, resident = 0.5): ReplayTimeline {
  const points = Array.from({ length: 11 }, (_, index) => {
    const inUse = (5 - Math.abs(index - 5)) * 1.6 * MIB;
    return { operation: index * 10, inUse, system: index === 0 ? 0 : 12 * MIB, resident: inUse * resident };
  });
  return { allocator, options: {}, points, peakResident: 9 * MIB * resident };
}

/** An iteration that clears `allocator` bytes, all of them for nothing, and makes these system calls. */
export function fakeCost(allocator: number, syscalls: IterationCost["syscalls"] = {}): IterationCost {
  const zeroed = { kernel: 0, allocator, needless: allocator };
  const faults = { zeroMap: 0, zeroFill: 0, copyOnWrite: 0 };
  const { seconds } = simulatedTime({ zeroed, faults, syscalls }, linuxVm);
  return { zeroed, faults: 0, syscalls, simulatedSeconds: seconds };
}

/** A point where every byte is cleared, or none. */
export function fakePoint(bytes: number, cost: CostKind, settledAfter = 0): CurvePoint {
  const settled = cost === "linear" ? fakeCost(bytes) : fakeCost(0, { mmap: 1, munmap: 1 });
  return { bytes, cost, ...settled, settledAfter, first: fakeCost(0, { mmap: 1 }) };
}

/** An allocator that is linear up to `cliff` and constant above, between 1 KiB and 1 MiB. */
export function fakeCliffs(allocator: string, cliff?: number, settledAfter = 2): CliffsResult {
  const sizes = [1024, 32_768, MIB, ...(cliff === undefined ? [] : [cliff, cliff + 1])];
  const kind = (bytes: number) => (bytes <= (cliff ?? MIB) ? "linear" : "constant");
  return {
    allocator,
    options: {},
    costs: linuxVm.name,
    cliffs: cliff === undefined ? [] : [{ bytes: cliff, below: "linear", above: "constant" }],
    bands: [],
    points: sizes
      .sort((one, other) => one - other)
      .map((bytes) => fakePoint(bytes, kind(bytes), settledAfter)),
  };
}

export function cliffsOf(...results: CliffsResult[]): CliffsReport {
  return { scenario: "cliffs", parameters: { from: 1024, to: MIB }, results };
}

/** A body of 1 MiB in 64 reads, each of which costs as many seconds. */
export function fakeReading(
  reading: Partial<IterContentResult> & { seconds?: number; counted?: Parts } = {},
): IterContentResult {
  const { seconds = 0.001, counted, ...rest } = reading;
  const parts = { faults: 0, zeroedByKernel: 0, zeroedByAllocator: 64 * seconds, syscalls: 0 };
  return {
    allocator: "glibc",
    options: {},
    way: "calloc",
    chunk: 10 * MIB,
    body: MIB,
    counters: fakeCounters(counted),
    library: { reads: 64, cleared: 0, needless: 0 },
    simulated: { costs: linuxVm.name, seconds: 64 * seconds, parts },
    bytesPerSecond: seconds === 0 ? null : MIB / (64 * seconds),
    ...rest,
  };
}

/** A fix that clears what is written, and 1 MiB besides. */
export function fakeFix(
  allocator: string,
  shares: readonly number[],
  bytes = 100 * MIB,
  besides = MIB,
): CallocFix {
  const points = shares.map((share) => ({
    ...fakeCost(share * bytes + besides, { mmap: 1 }),
    ...{ share, pages: (share * bytes) / PAGE },
  }));
  return { allocator, options: {}, costs: linuxVm.name, bytes, points };
}
