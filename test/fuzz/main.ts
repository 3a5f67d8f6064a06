/**
 * `npm run fuzz -- NAME [--seed 1] [--for 60s] [--runs N]`: looks for disagreements, seed after seed, until the time is up or
 * one is found. It ends with what was counted, and exit code 1 if anything was found.
 *
 *   calls      random calls of sandboxes, right and wrong, small machines, checkpoints; all models in turn
 *   programs   verified random programs on all models (src/fuzz); one that fails is shrunk
 *   own        modules of ours, against an exact oracle of touched pages
 *   binaryen   modules of Binaryen's generator, metered against unmetered
 *   mutants    damaged modules: refused by a typed error exactly where the engine refuses them
 *   traces     hostile traces of each format
 *   frames     each frame the last that there is; and `host`, each growth of the host's memory
 */
import { parseArgs } from "node:util";
import { fuzzModel } from "../../src/fuzz/models.js";
import { models } from "../../src/index.js";
import { machineOf, randomCalls } from "./calls.js";
import { frameFaults, hostFaults } from "./faults.js";
import { hostileTrace } from "./traces.js";

/** Loaded only where it is asked for: Binaryen takes long to load. */
const modules = () => import("./modules.js");

/** Does what a seed says, and gives what it counted. */
type Fuzzer = (seed: number) => Promise<object>;

const modelOf = (seed: number) => models[seed % models.length] as (typeof models)[number];
const OPERATIONS = 5000;

const FUZZERS: Record<string, Fuzzer> = {
  calls: (seed) => {
    const model = modelOf(seed);
    const options = machineOf(Math.floor(seed / models.length), model);
    return randomCalls({ model: model.name, options, seed, operations: OPERATIONS });
  },
  programs: async (seed) => {
    const { programs, operations, failure } = await fuzzModel(modelOf(seed).name, {}, { seed, runs: 20 });
    if (failure) throw new Error(`${failure.seen}\n${failure.trace}`);
    return { programs, operations };
  },
  own: async (seed) => (await modules()).ownModule(seed),
  binaryen: async (seed) => (await modules()).binaryenModule(seed),
  mutants: async (seed) => (await modules()).mutant(seed),
  traces: hostileTrace,
  frames: (seed) => frameFaults(modelOf(seed).name, seed),
  host: (seed) => hostFaults(modelOf(seed).name, seed),
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: "string", default: "1" },
    for: { type: "string", default: "60s" },
    runs: { type: "string", default: "Infinity" },
  },
});
const [name = ""] = positionals;
const fuzzer = FUZZERS[name];
if (!fuzzer) throw new Error(`there is no fuzzer "${name}"; there are ${Object.keys(FUZZERS).join(", ")}`);

const first = Number(values.seed);
const end = performance.now() + 1000 * Number(values.for.replace(/s$/, ""));
const sums: Record<string, number> = {};
let seed = first;
for (; performance.now() < end && seed - first < Number(values.runs); seed++) {
  try {
    for (const [what, count] of Object.entries(await fuzzer(seed))) sums[what] = (sums[what] ?? 0) + count;
  } catch (error) {
    console.error(`${name}: seed ${seed}: ${error instanceof Error ? error.stack : error}`);
    process.exitCode = 1;
    break;
  }
}
const counted = Object.entries(sums).map(([what, count]) => `${count.toLocaleString("en")} ${what}`);
console.log(
  `${name}: seeds ${first}..${seed - 1}: ${counted.join(", ")}; ${process.exitCode ? "stopped at a finding" : "nothing found"}`,
);
