/**
 * git-cinnabar's program on the model comes to what was measured on the real libpython 3.9.18 over the real glibc 2.36.
 * KiB. What measured had one block of its own first, the 4096 bytes in which it printed.
 */
import { describe, expect, it } from "vitest";
import { liveBytes } from "../../../src/experiments/cinnabar/live.js";
import { cinnabarTrace } from "../../../src/experiments/cinnabar/trace.js";
import { cinnabarWorkload, workloadWithout } from "../../../src/experiments/cinnabar/workload.js";
import { openModel, openSandbox, type Sandbox } from "../../../src/index.js";
import type { CinnabarChange } from "../../../src/results/cinnabar.js";

const KIB = 1024;
const PRINTED = 4096;
const FIXED = { trimThreshold: 128 * KIB };

interface Figures {
  resident: number;
  heap: number;
  /** As malloc counts it. */
  inUse: number;
  arenas: number;
}

function figuresOf(sandbox: Sandbox): Figures {
  const {
    arena = 0,
    uordblks = 0,
    hblkhd = 0,
    "arenas allocated current": arenas = 0,
  } = sandbox.statistics();
  const [resident, heap, inUse] = [sandbox.counters().bytes.resident, arena, uordblks + hblkhd].map((bytes) =>
    Math.floor(bytes / KIB),
  ) as [number, number, number];
  return { resident, heap, inUse, arenas };
}

/** What there is after so many operations, the marks not counted, and after the trim. */
async function measure(
  options: Record<string, string | number>,
  without: CinnabarChange,
  after: readonly number[],
): Promise<{ moments: Figures[]; trimmed: Figures }> {
  const sandbox = await openSandbox("pymalloc/glibc", { python: "3.9", ...options });
  sandbox.touch(sandbox.malloc(PRINTED), PRINTED);
  const trace = cinnabarTrace(workloadWithout(cinnabarWorkload, without));
  const moments: Figures[] = [];
  await sandbox.replay(trace, {
    touch: "pages",
    onProgress: (done) => {
      if (after.includes(done)) moments.push(figuresOf(sandbox));
    },
  });
  sandbox.trim();
  return { moments, trimmed: figuresOf(sandbox) };
}

/** Resident pages of libpython and of what measured are not the model's: 1 KiB to 8 KiB. */
function expectClose(found: number, measured: number): void {
  expect(Math.abs(found - measured) / measured).toBeLessThan(0.01);
  expect(Math.abs(found - measured)).toBeLessThanOrEqual(8);
}

/** After phases 1, 2 and 3: resident, heap, in use; then resident and heap after the trim, where it was measured. */
const MEASURED: [Record<string, string | number>, number[][], number, number[] | null][] = [
  [
    { arenas: "mmap" },
    [
      [29488, 11220, 11159],
      [39388, 21136, 10989],
      [30872, 12524, 2519],
    ],
    72,
    [24432, 12388],
  ],
  [
    { arenas: "malloc" },
    [
      [29784, 29876, 29848],
      [40768, 40944, 29680],
      [36324, 36372, 21209],
    ],
    73,
    [24956],
  ],
  [
    { arenas: "none" },
    [
      [30172, 30228, 30168],
      [40324, 40452, 18865],
      [33564, 33564, 4877],
    ],
    0,
    [26612],
  ],
];

describe.each(MEASURED)("with %o", (options, phases, arenas, trim) => {
  it("heap, bytes in use and arenas are equal at the end of each phase, and resident bytes to two pages", async () => {
    const { moments, trimmed } = await measure(options, "nothing", [120_003, 316_090, 352_018]);
    expect(moments.map(({ heap, inUse }) => [heap, inUse])).toEqual(
      phases.map(([, heap, inUse]) => [heap, inUse]),
    );
    expect(moments.map((moment) => moment.arenas)).toEqual([arenas, arenas, arenas]);
    for (const [i, { resident }] of moments.entries()) expectClose(resident, phases[i]?.[0] as number);
    expectClose(trimmed.resident, trim?.[0] as number);
    if (trim?.[1] !== undefined) expect(trimmed.heap).toBe(trim[1]);
  });
});

/** With thresholds that do not adapt: resident and heap after phase 2, and resident after phase 3. */
const FIXED_MEASURED: [string, number, number, number][] = [
  ["mmap", 33028, 11596, 29944],
  ["malloc", 33320, 11596, 30236],
  ["none", 33692, 30608, 30600],
];

it.each(FIXED_MEASURED)(
  "with thresholds that do not adapt, arenas %s, too",
  async (arenas, peak, heap, end) => {
    const { moments } = await measure({ arenas, ...FIXED }, "nothing", [316_090, 352_018]);
    expect(moments[0]?.heap).toBe(heap);
    expectClose(moments[0]?.resident as number, peak);
    expectClose(moments[1]?.resident as number, end);
  },
);

/** Resident after phase 2, whose operations differ, with arenas by mmap, by malloc, and none. */
const ABLATIONS: [CinnabarChange, number, number, number[]][] = [
  ["middling objects", 303_334, 12_388, [37744, 38036, 37748]],
  ["growth of buffers", 316_509, 16_136, [37512, 37804, 38652]],
  ["warm-up", 316_088, 17_948, [38068, 38360, 39820]],
];

it.each(ABLATIONS)("without %s, too", async (without, after, live, resident) => {
  const workload = workloadWithout(cinnabarWorkload, without);
  const [bytes = 0] = await liveBytes(cinnabarTrace(workload), [after]);
  expect(Math.floor(bytes / KIB)).toBe(live);
  for (const [i, arenas] of ["mmap", "malloc", "none"].entries()) {
    const { moments } = await measure({ arenas }, without, [after]);
    expectClose(moments[0]?.resident as number, resident[i] as number);
  }
});

/** On Debian's jemalloc, KiB by thousands: resident after phases 1, 2 and 3. The clock goes on too little for decay. */
const ON_JEMALLOC: [string, Record<string, string | number>, number[]][] = [
  ["pymalloc/jemalloc", {}, [30.7, 45.0, 45.0]],
  ["jemalloc", {}, [31.2, 43.9, 43.9]],
  ["pymalloc/jemalloc", { dirty_decay_ms: 0 }, [30.7, 33.7, 27.8]],
  ["jemalloc", { dirty_decay_ms: 0 }, [31.2, 34.2, 26.6]],
];

it.each(ON_JEMALLOC)(
  "on %s with %o resident bytes come to what was measured",
  async (model, options, measured) => {
    const isLayered = model.includes("/");
    const sandbox = await openModel(model, { ...(isLayered && { python: "3.9" }), ...options });
    const resident: number[] = [];
    await sandbox.replay(cinnabarTrace(cinnabarWorkload), {
      touch: "pages",
      onProgress: (done) => {
        if ([120_003, 316_090, 352_018].includes(done)) resident.push(sandbox.counters().bytes.resident);
      },
    });
    for (const [i, bytes] of resident.entries()) {
      expect(Math.abs(bytes / KIB / 1000 / (measured[i] as number) - 1)).toBeLessThan(0.01);
    }
    expect(resident).toHaveLength(3);
  },
);

/** By operations of the published trace, which has comments for the marks: live, resident and heap with arenas by mmap. */
const CURVE = [
  [50_000, 11804, 12288, 4752],
  [120_002, 28361, 29488, 11220],
  [150_000, 27246, 32096, 13876],
  [200_000, 24973, 35616, 17288],
  [250_000, 22368, 36160, 17940],
  [300_000, 18929, 36752, 18532],
  [316_088, 17948, 39388, 21136],
  [325_000, 12373, 30872, 12524],
] as const;

it("the curve is that which was measured", async () => {
  const marks = (operation: number) => (operation < 120_003 ? 0 : operation < 316_089 ? 1 : 2);
  const after = CURVE.map(([operation]) => operation + marks(operation));
  const live = await liveBytes(cinnabarTrace(cinnabarWorkload), after);
  expect(live.map((bytes) => Math.floor(bytes / KIB))).toEqual(CURVE.map(([, bytes]) => bytes));
  const sandbox = await openSandbox("pymalloc/glibc", { python: "3.9" });
  sandbox.touch(sandbox.malloc(PRINTED), PRINTED);
  const { timeline } = await sandbox.replay(cinnabarTrace(cinnabarWorkload), {
    touch: "pages",
    timelineEvery: 1,
  });
  for (const [i, [, , resident]] of CURVE.entries()) {
    expectClose((timeline[(after[i] as number) - 1]?.resident as number) / KIB, resident);
  }
});
