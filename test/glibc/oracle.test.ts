/** The model against the real glibc: live where it is here, and against what was recorded of it everywhere. */
import { describe, expect, it, vi } from "vitest";
import { openModel } from "../../src/sandbox/open.js";
import { OpKind } from "../../src/trace/records.js";
import { whyNotToday } from "../machine/real-kernel.js";
import { whyNotLive } from "../oracle/live.js";
import { environmentOf, type GlibcOptions, observeModel } from "../oracle/model.js";
import { encodeRecords, findOracle, MallOpt, MODELLED_GLIBC, type Oracle } from "../oracle/oracle.js";
import { textTrace } from "../oracle/text-trace.js";
import {
  GOLDEN_SEEDS,
  parameterTraces,
  REAL_TRACES,
  realTrace,
  seededTrace,
  sequenceTraces,
  shortNamedTraces,
} from "../oracle/traces.js";
import { Random } from "../random.js";
import { many, some } from "../thorough.js";
import {
  comparison,
  differences as differencesFrom,
  goldenDifferences,
  type NamedComparison,
  sequenceDifferences,
} from "./compared.js";

vi.setConfig({ testTimeout: 600_000 });

const MIB = 2 ** 20;
const GIB = 2 ** 30;
/** Random traces compared live. */
const SEEDS = Number(process.env.ZEROPAGE_SEEDS ?? many(6, 16));

const found = await findOracle();
const reason = whyNotLive(found);

const differences = (comparisons: NamedComparison[]) =>
  differencesFrom((found as { oracle: Oracle }).oracle, comparisons);

/** Calls of the sequences that are compared live, each of them; of three it is recorded. */
const CALLS = Number(process.env.ZEROPAGE_CALLS ?? 2);

describe.each([false, true])("the model does what was recorded of glibc, check build %s", (check) => {
  const options = { version: MODELLED_GLIBC, check };

  it.each(REAL_TRACES)("on %s", async (name) => {
    expect(await goldenDifferences(name, [await realTrace(name)], options)).toEqual([]);
  });

  it("on random traces", async () => {
    expect(await goldenDifferences("random", GOLDEN_SEEDS.map(seededTrace), options)).toEqual([]);
  });

  it("on short traces", async () => {
    expect(await goldenDifferences("short", await shortNamedTraces(), options)).toEqual([]);
  });
});

it("the model does what was recorded of glibc on every sequence of three calls", async () => {
  expect(await sequenceDifferences(MODELLED_GLIBC)).toEqual([]);
});

/** Blocks whose mappings are some times 2 MiB, a page more, or less. Their alignment shows where they are. */
function hugeMappings(): string {
  const random = new Random(0x2aaa);
  const size = () => 2 * MIB * random.pick([1, 2, 3, 4, 8]) - random.pick([8, 16, 24, 4112, 100_000, -4096]);
  const live: number[] = [];
  const step = (id: number) => {
    const kind = live.length ? random.below(8) : 7;
    if (kind < 2) return `f ${live.splice(random.below(live.length), 1)}`;
    if (kind === 2) return `r ${random.pick(live)} ${size()}`;
    live.push(id);
    return kind < 5 ? `a ${id} ${size()}` : `m ${id} ${random.pick([4096, MIB, 2 * MIB, 4 * MIB])} ${size()}`;
  };
  return Array.from({ length: 300 }, (_, id) => step(id)).join("\n");
}

const PARAMETERS: GlibcOptions[] = [
  { mmapThreshold: 0 },
  { mmapThreshold: 65536 },
  { mmapThreshold: 4 * GIB },
  { mmapThreshold: -1 },
  { mmapThreshold: 4 * GIB, trimThreshold: 8 * GIB },
  { trimThreshold: 0 },
  { trimThreshold: 4 * MIB },
  { topPad: 0 },
  { topPad: MIB },
  { topPad: 2 ** 44 },
  { topPad: -1 },
  { trimThreshold: -1, arenaMax: -1, arenaTest: -1 },
  { mmapMax: 0 },
  { mmapMax: 2 },
  { mmapMax: 2 ** 31 - 1 },
  { perturb: 165 },
  { perturb: 255 },
  { tcacheCount: 0 },
  { tcacheCount: 1 },
  { tcacheCount: 40 },
  { tcacheCount: 65535 },
  { mxfast: 0 },
  { mxfast: 160, tcacheCount: 2 },
  { tcacheMax: 0 },
  { tcacheMax: 200 },
  { tcacheUnsortedLimit: 1, tcacheCount: 40 },
];

describe("the model keeps its heap sound", () => {
  it.each(some([...PARAMETERS.entries()], 6))("%d: with %o", async (set, options) => {
    for (const { name, records } of parameterTraces(set)) {
      const { failure } = await observeModel({ records, options, interval: 25, check: true });
      expect(failure, name).toBeUndefined();
    }
  });
});

describe.skipIf(reason)("the model does what the glibc of this machine does", () => {
  it.each(REAL_TRACES)("on %s", async (name) => {
    expect(await differences([comparison(await realTrace(name))])).toEqual([]);
  });

  it(`on every sequence of ${CALLS} calls`, async () => {
    const touches = ["none"] as const;
    const all = (await sequenceTraces(CALLS)).map((trace) => ({ ...trace, touches }));
    expect(await differences(all)).toEqual([]);
  });

  it(`on ${SEEDS} random traces`, async () => {
    const traces = Array.from({ length: SEEDS }, (_, seed) => seededTrace(seed));
    expect(await differences(traces.map((trace) => comparison(trace)))).toEqual([]);
  });

  it("with mappings of whole huge pages, which the kernel aligns", async ({ skip }) => {
    const other = whyNotToday();
    if (other) return skip(other);
    const records = await textTrace(hugeMappings());
    expect(await differences([{ name: "huge", records, touches: ["none"], interval: 1 }])).toEqual([]);
  });

  it.each(some([...PARAMETERS.entries()], 6))("%d: with %o", async (set, options) => {
    const traces = parameterTraces(set);
    expect(await differences(traces.map((trace) => comparison(trace, options)))).toEqual([]);
  });
});

const LARGEST_REQUEST = 2 ** 63;

describe("the ranges of glibc's parameters", () => {
  it.each<GlibcOptions>([
    { mmapMax: 2 ** 31 },
    { perturb: 256 },
    { tcacheCount: 65536 },
    { mxfast: 161 },
    { tcacheMax: 1033 },
  ])("end below %o, which the real one ignores and the model refuses", async (options) => {
    await expect(openModel("glibc", { ...options })).rejects.toThrow("glibc refuses option");
    if (reason) return;
    // As without it: the thresholds adapt, and the second block lies in the heap.
    const records = await textTrace(["a 0 10", ...Array(3).fill(`c 1 1 ${MIB}\nf 1`)].join("\n"));
    const { oracle } = found as { oracle: Oracle };
    const [one, other] = await oracle.run([
      { records, interval: 1 },
      { records, interval: 1, environment: environmentOf(options) },
    ]);
    expect(other?.checkpoints).toEqual(one?.checkpoints);
  });

  it.each([
    [{ mmapMax: -1 }, { mmapMax: 0 }],
    [{ perturb: -1 }, { perturb: 255 }],
  ])("make of %o what mallopt does", async (options, same) => {
    const records = await textTrace(["a 0 300000", "a 1 24", "f 1", "f 0"].join("\n"));
    const seen = (given: GlibcOptions) => observeModel({ records, options: given, interval: 1, check: true });
    expect(await seen(options)).toEqual(await seen(same));
    if (reason) return;
    const { oracle } = found as { oracle: Oracle };
    const [[name, value]] = Object.entries(options) as [["mmapMax" | "perturb", number]];
    const settings = (set: number): [number, number][] => [[MallOpt[name], set]];
    const all = [value, same[name as keyof typeof same] as number].map((set) => ({
      ...{ records, interval: 1, settings: settings(set), digests: true },
    }));
    const [one, other] = await oracle.run(all);
    expect({ ...one, nanoseconds: 0 }).toEqual({ ...other, nanoseconds: 0 });
  });
});

/** Calls that fail, and what they leave behind. */
const FAILING: [name: string, ...operations: Parameters<typeof encodeRecords>][] = [
  ["a remap, then the malloc instead", [OpKind.aligned, 0, 64, 200_000], [OpKind.realloc, 0, 0, 2 ** 44]],
  ["malloc, too large for any chunk", [OpKind.malloc, 0, LARGEST_REQUEST]],
  ["malloc, first and just not too large", [OpKind.malloc, 0, 2 ** 62]],
  ["calloc, too large for any chunk", [OpKind.calloc, 0, 1, LARGEST_REQUEST]],
  ["calloc, first and just not too large", [OpKind.calloc, 0, 1, 2 ** 62]],
  ["aligned allocation of nothing", [OpKind.aligned, 0, 2 ** 46, 0]],
  ["realloc of nothing, too large for any chunk", [OpKind.realloc, 0, 0, LARGEST_REQUEST]],
  ["realloc, too large", [OpKind.aligned, 0, 64, 10], [OpKind.realloc, 0, 0, LARGEST_REQUEST]],
  ["realloc, mapped", [OpKind.aligned, 0, 64, 200_000], [OpKind.realloc, 0, 0, LARGEST_REQUEST]],
];

describe.skipIf(reason)("the model fails as the glibc of this machine", () => {
  it.each(FAILING)("in %s", async (name, ...operations) => {
    const records = encodeRecords(...operations, [OpKind.malloc, 1, 24]);
    expect(await differences([{ name, records, touches: ["none"], interval: 1 }])).toEqual([]);
  });
});

/** The glibc rows of the experiment, with fewer iterations: what repeats is there from the third on. */
const CONFIGURATIONS: GlibcOptions[] = [
  {},
  { mmapThreshold: 4 * GIB },
  { mmapThreshold: 4 * GIB, trimThreshold: 8 * GIB },
];
const ROWS = some(
  CONFIGURATIONS.flatMap((options) => [
    { options, mebibytes: 100, touch: "none", iterations: 6 } as const,
    { options, mebibytes: 1000, touch: "none", iterations: 3 } as const,
    { options, mebibytes: 100, touch: "pages", iterations: 4 } as const,
    // To touch 1000 MiB differs in nothing but the time it takes, and the memory.
    { options, mebibytes: 300, touch: "pages", iterations: 3 } as const,
  ]),
  4,
);

describe.skipIf(reason)("the loop of calloc and free costs what it costs in the real one", () => {
  it.each(ROWS)("with $options, $mebibytes MiB, touch $touch", async (row) => {
    const { options, mebibytes, touch, iterations } = row;
    const records = await textTrace(`c 0 1 ${mebibytes * MIB}\nf 0\n`.repeat(iterations));
    const loop = { name: "loop", records, touches: [touch], options, interval: 1, skipsContents: true };
    expect(await differences([loop])).toEqual([]);
  });
});
