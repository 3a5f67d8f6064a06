/** Golden files of libraries that are preloaded: what a library did, on which traces, with which parameters. */
import { readFileSync } from "node:fs";
import type { Options } from "../../src/allocator/choice.js";
import { some } from "../thorough.js";
import { formatCall, isCounted, type SystemCall } from "./calls.js";
import { blocksOf, GOLDEN_TOUCHES, type GoldenTouch, hashNumbers, hashRecords, hashText } from "./golden.js";
import { observeModel } from "./model.js";
import type { Observation } from "./observation.js";
import type { Oracle, OracleRun } from "./oracle.js";
import {
  type Library,
  type LibraryComparison,
  libraryJobs,
  modelOptions,
  type Setting,
} from "./preloaded.js";
import { REAL_TRACES, realTrace } from "./traces.js";

/** The folder of a library's golden file. */
export const goldenFolderOf = ({ name }: Library): URL => new URL(`../golden/${name}/`, import.meta.url);

/** Operations whose addresses share a hash. */
const BLOCK = 4096;

/** How many profiles random traces have. */
const PROFILES = 8;

/** A comparison with a name. */
export interface NamedRun extends LibraryComparison {
  name: string;
  interval: number;
}

const settingText = ({ options = {}, clock }: Setting): string =>
  [
    ...Object.entries(options).map(([name, value]) => `${name}:${value}`),
    ...(clock ? [`clock ${clock}`] : []),
  ].join();

/** A random trace; settings take turns, so that each meets each profile. */
export function seededRun(library: Library, seed: number, interval = 16): NamedRun {
  const { settings } = library;
  const { profile, records } = library.random(seed);
  const setting = settings[Math.floor(seed / PROFILES) % settings.length] as Setting;
  const name = `seed ${seed} (${profile}) ${settingText(setting)}`;
  return { library, name, records, touches: GOLDEN_TOUCHES, interval, ...setting };
}

/** Both real traces with the settings for them. */
export async function realRuns(library: Library): Promise<NamedRun[]> {
  const traces = await Promise.all(REAL_TRACES.map(realTrace));
  return traces.flatMap(({ name, records }) =>
    library.settings.slice(0, library.settingsOfReal).map((setting) => {
      const touches = GOLDEN_TOUCHES;
      const named = { library, name: `${name} ${settingText(setting)}` };
      return { ...named, records, touches, interval: 65_536, ...setting };
    }),
  );
}

/** The real traces; random ones, every profile with every setting; and those that the library has chosen. */
export async function goldenRuns(library: Library): Promise<NamedRun[]> {
  const seeds = PROFILES * library.settings.length;
  const random = Array.from({ length: seeds }, (_, seed) => seededRun(library, seed, 512));
  const chosen = ((await library.chosen?.()) ?? []).map((run) => {
    const name = [run.name, settingText(run)].filter(Boolean).join(" ");
    return { ...run, library, name, touches: GOLDEN_TOUCHES };
  });
  return [...(await realRuns(library)), ...random, ...chosen];
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
  /** What the library tells at the end that does not depend on who asks. */
  statistics: number[];
}

export interface GoldenRuns {
  package: string | null;
  kernel: string;
  runs: GoldenRun[];
}

function readGoldenRuns(library: Library): GoldenRuns {
  return JSON.parse(readFileSync(new URL("runs.json", goldenFolderOf(library)), "utf8"));
}

type Seen = Observation & { calls?: SystemCall[]; statistics?: number[] };

function digest(
  { library, name, records }: NamedRun,
  options: Options,
  seen: Record<GoldenTouch, Seen>,
): GoldenRun {
  const { places, usable, space, calls: all = [], statistics = [] } = seen.none;
  const calls = all.filter(isCounted);
  const rows = (field: "faults" | "resident") =>
    Object.fromEntries(
      GOLDEN_TOUCHES.map((touch) => [touch, seen[touch].checkpoints.map((one) => one[field])]),
    ) as Record<GoldenTouch, number[]>;
  return {
    ...{ name, operations: places.length, records: hashRecords(records), options },
    places: blocksOf(places, BLOCK).map(hashNumbers).join(""),
    calls: [calls.length, hashText(calls.map((call) => formatCall(call, space, true)).join("\n"))],
    ...{ faults: rows("faults"), resident: rows("resident") },
    usable: hashNumbers(usable.slice(0, usable.findLastIndex((bytes) => bytes > 0) + 1)),
    statistics: library.steady(statistics),
  };
}

export async function recordRun(oracle: Oracle, run: NamedRun): Promise<GoldenRun> {
  const [none, object] = (await oracle.run(libraryJobs(run))) as [OracleRun, OracleRun];
  return digest(run, modelOptions(run, none), { none, object });
}

/** What of the model's run is other than what was recorded. */
async function goldenRunDifferences(golden: GoldenRun, run: NamedRun): Promise<string[]> {
  const { library, records, interval } = run;
  const observe = (touch: GoldenTouch) =>
    observeModel({
      ...{ records, interval, touch, model: library.name, options: golden.options },
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

/** What the model of a library does other than was recorded, of a package of that version. */
export async function goldenDifferencesOf(library: Library, version: RegExp): Promise<string[]> {
  const [golden, runs] = [readGoldenRuns(library), await goldenRuns(library)];
  if (!version.test(golden.package ?? "")) return [`recorded of ${library.package} ${golden.package}`];
  const differences = golden.runs.length === runs.length ? [] : ["other traces were recorded"];
  for (const [i, run] of some([...runs.entries()], 12)) {
    const recorded = golden.runs[i];
    if (recorded?.name !== run.name) differences.push(`${run.name}: not recorded`);
    else differences.push(...(await goldenRunDifferences(recorded, run)));
  }
  return differences;
}
