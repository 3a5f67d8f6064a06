/** Golden files of jemalloc: what Debian's library did, on which traces, with which parameters. */
import { readFileSync } from "node:fs";
import type { Options } from "../../src/allocator/choice.js";
import { formatCall, type SystemCall } from "./calls.js";
import { blocksOf, GOLDEN_TOUCHES, type GoldenTouch, hashNumbers, hashRecords, hashText } from "./golden.js";
import { type JemallocComparison, jemallocJobs, modelOptions } from "./jemalloc.js";
import { observeModel } from "./model.js";
import type { Observation } from "./observation.js";
import type { Oracle, OracleRun } from "./oracle.js";
import { randomJemalloc, slabWaves } from "./random-jemalloc.js";
import { textTrace } from "./text-trace.js";
import { REAL_TRACES, realTrace } from "./traces.js";

export const GOLDEN_JEMALLOC = new URL("../golden/jemalloc/", import.meta.url);

/** The parameters that all is compared with. */
export const SETTINGS: readonly Pick<JemallocComparison, "options" | "clock">[] = [
  {},
  { options: { dirty_decay_ms: -1 } },
  { options: { dirty_decay_ms: 0 } },
  { options: { tcache: "false" } },
  { clock: 1_000_000 },
  { clock: 10_000_000, options: { dirty_decay_ms: 1000 } },
];

const GIB = 2 ** 30;

/** Operations whose addresses share a hash. */
const BLOCK = 4096;

/** Seeds whose golden runs are kept: every profile with every setting. */
const GOLDEN_SEEDS = 48;

/** A comparison with a name. */
export interface NamedRun extends JemallocComparison {
  name: string;
  interval: number;
}

const settingText = ({ options = {}, clock }: (typeof SETTINGS)[number]): string =>
  [
    ...Object.entries(options).map(([name, value]) => `${name}:${value}`),
    ...(clock ? [`clock ${clock}`] : []),
  ].join();

/** A random trace; settings take turns, so that each meets each profile. */
export function seededRun(seed: number, interval = 16): NamedRun {
  const { profile, records } = randomJemalloc(seed);
  const setting = SETTINGS[Math.floor(seed / 8) % SETTINGS.length] as (typeof SETTINGS)[number];
  const name = `seed ${seed} (${profile}) ${settingText(setting)}`;
  return { name, records, touches: GOLDEN_TOUCHES, interval, ...setting };
}

/** Both real traces with each setting. */
export async function realRuns(): Promise<NamedRun[]> {
  const traces = await Promise.all(REAL_TRACES.map(realTrace));
  return traces.flatMap(({ name, records }) =>
    SETTINGS.map((setting) => {
      const touches = GOLDEN_TOUCHES;
      return { name: `${name} ${settingText(setting)}`, records, touches, interval: 65_536, ...setting };
    }),
  );
}

/** A random trace with a setting out of turn. */
function chosenRun(seed: number, setting: (typeof SETTINGS)[number]): NamedRun {
  const { profile, records } = randomJemalloc(seed);
  const name = `seed ${seed} (${profile}) ${settingText(setting)}`;
  return { name, records, touches: GOLDEN_TOUCHES, interval: 64, ...setting };
}

/** What the others reach seldom: the order of slabs in their heap, jitter, the largest classes; and settings that few use. */
async function chosenRuns(): Promise<NamedRun[]> {
  const waves = [77, 95, 97, 173].map(async (seed) => {
    const name = `waves ${seed} tcache:false`;
    const records = await slabWaves(seed);
    return { name, records, touches: GOLDEN_TOUCHES, interval: 512, options: { tcache: "false" } as const };
  });
  const largest = await textTrace(`a 0 ${GIB}\na 1 ${GIB - 1}\nf 0\nf 1\na 2 ${2 * GIB}`);
  return [
    ...(await Promise.all(waves)),
    { name: "blocks of a GiB", records: largest, touches: GOLDEN_TOUCHES, interval: 1 },
    chosenRun(13, { clock: 1_000_000 }),
    ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((seed) =>
      ([{}, { dirty_decay_ms: 0 }] as const).map((options) =>
        chosenRun(seed, { options: { retain: "false", ...options } }),
      ),
    ),
    ...[2, 3, 7].map((seed) => chosenRun(seed, { options: { thp: "never" } })),
  ];
}

export async function goldenRuns(): Promise<NamedRun[]> {
  const random = Array.from({ length: GOLDEN_SEEDS }, (_, seed) => seededRun(seed, 512));
  return [...(await realRuns()), ...random, ...(await chosenRuns())];
}

/** One trace with one setting. */
export interface GoldenRun {
  name: string;
  operations: number;
  /** Hash of the records: the trace is the one that was recorded. */
  records: string;
  /** Those of the model: the library's, and what seeded it. */
  options: Options;
  /** A hash for the addresses of every 4,096 operations. */
  places: string;
  /** How many system calls there were, and a hash of them, with arguments and results. */
  calls: [count: number, hash: string];
  /** A row a policy: minor faults so far and resident pages, by checkpoint. */
  faults: Record<GoldenTouch, number[]>;
  resident: Record<GoldenTouch, number[]>;
  /** Hash of the usable bytes of what is held at the end. */
  usable: string;
  /** allocated, active, mapped and retained of malloc_stats_print at the end. */
  statistics: number[];
}

export interface GoldenJemalloc {
  package: string | null;
  kernel: string;
  runs: GoldenRun[];
}

export function readGoldenJemalloc(): GoldenJemalloc {
  return JSON.parse(readFileSync(new URL("runs.json", GOLDEN_JEMALLOC), "utf8"));
}

type Seen = Observation & { calls?: SystemCall[]; statistics?: number[] };

function digest({ name, records }: NamedRun, options: Options, seen: Record<GoldenTouch, Seen>): GoldenRun {
  const { places, usable, space, calls = [], statistics = [] } = seen.none;
  const rows = (field: "faults" | "resident") =>
    Object.fromEntries(
      GOLDEN_TOUCHES.map((touch) => [touch, seen[touch].checkpoints.map((one) => one[field])]),
    ) as Record<GoldenTouch, number[]>;
  const [allocated = 0, active = 0, , , mapped = 0, retained = 0] = statistics;
  return {
    ...{ name, operations: places.length, records: hashRecords(records), options },
    places: blocksOf(places, BLOCK).map(hashNumbers).join(""),
    calls: [calls.length, hashText(calls.map((call) => formatCall(call, space, true)).join("\n"))],
    ...{ faults: rows("faults"), resident: rows("resident") },
    usable: hashNumbers(usable.slice(0, usable.findLastIndex((bytes) => bytes > 0) + 1)),
    statistics: [allocated, active, mapped, retained],
  };
}

export async function recordRun(oracle: Oracle, run: NamedRun): Promise<GoldenRun> {
  const [none, object] = (await oracle.run(jemallocJobs(run))) as [OracleRun, OracleRun];
  return digest(run, modelOptions(run, none), { none, object });
}

/** What of the model's run is other than what was recorded. */
export async function goldenRunDifferences(golden: GoldenRun, run: NamedRun): Promise<string[]> {
  const { records, interval } = run;
  const observe = (touch: GoldenTouch) =>
    observeModel({
      ...{ records, interval, touch, model: "jemalloc", options: golden.options },
      check: touch === "none",
    });
  const seen = { none: await observe("none"), object: await observe("object") };
  for (const { failure } of Object.values(seen)) if (failure) return [`${run.name}: ${failure}`];
  const model = digest(run, golden.options, seen);
  const fields = Object.keys(golden) as (keyof GoldenRun)[];
  return fields
    .filter((field) => JSON.stringify(golden[field]) !== JSON.stringify(model[field]))
    .map((field) => `${run.name}: ${field}`);
}
