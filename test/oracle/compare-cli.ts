/**
 * Compares the models of glibc and of the libraries that are preloaded with the real ones from the command line; README.md says how.
 */
import { readFile } from "node:fs/promises";
import { release } from "node:os";
import { parseArgs } from "node:util";
import { TOUCH_POLICIES, type TouchPolicy } from "../../src/allocator/access.js";
import type { Options } from "../../src/allocator/choice.js";
import { collectTrace } from "../../src/trace/collect.js";
import { readTrace } from "../../src/trace/read.js";
import { RECORD_BYTES } from "../../src/trace/records.js";
import { type Evidence, recordEvidence } from "../evidence/records.js";
import { seedsOf } from "../random.js";
import { compareClears } from "./clears.js";
import { type Comparison, compareEach } from "./compare.js";
import { randomLayerTrace } from "./layer-traces.js";
import { libraryOf } from "./libraries.js";
import type { GlibcOptions } from "./model.js";
import type { Difference } from "./observation.js";
import { findOracle, findPreloaded, type Layer, MODELLED_GLIBC, type Oracle } from "./oracle.js";
import { compareLibrary, type Library } from "./preloaded.js";
import { randomThreads } from "./random-threads.js";
import { randomTrace } from "./random-trace.js";
import { formatTrace, shrinkTrace } from "./shrink.js";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    threads: { type: "boolean", default: false },
    layer: { type: "string", default: "none" },
    library: { type: "string" },
    clock: { type: "string", default: "0" },
    trace: { type: "string" },
    touch: { type: "string" },
    interval: { type: "string" },
    option: { type: "string", multiple: true, default: [] },
    model: { type: "string" },
    version: { type: "string", default: MODELLED_GLIBC },
    clears: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    print: { type: "boolean", default: false },
    all: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
  },
});

const isLayer = values.layer !== "none";
/** The library that is preloaded, if that is what is compared. */
const library = values.library === undefined ? null : libraryOf(values.library);

/** Operations of the longest traces of which the faults of each are compared. */
const MOST_COUNTED = 10_000;

interface Named extends Comparison {
  name: string;
}

function settings(): Omit<Comparison, "records" | "touches" | "options"> {
  return {
    ...(isLayer && { model: `${values.layer}/glibc` }),
    ...(values.model !== undefined && { model: values.model }),
    ...(values.interval !== undefined && { interval: Number(values.interval) }),
  };
}

/** Those of `--option`, as numbers where they are. */
function optionsGiven(): GlibcOptions {
  const options = Object.fromEntries(values.option.map((one) => one.split("="))) as Record<string, string>;
  const numbers = Object.entries(options).map(([name, value]) => [
    name,
    /^-?\d+$/.test(value) ? Number(value) : value,
  ]);
  return { ...Object.fromEntries(numbers), ...(!library && { version: values.version }) };
}

interface Trace {
  name: string;
  records: Uint8Array;
  /** Those that it is made for. */
  options?: GlibcOptions;
  touches?: readonly TouchPolicy[];
}

async function seededTrace(seed: number): Promise<Trace> {
  if (isLayer) return randomLayerTrace(seed);
  const random = library ? library.random : randomTrace;
  const trace = values.threads ? await randomThreads(seed) : random(seed);
  return { ...trace, name: `seed ${seed} (${trace.profile})` };
}

async function traces(): Promise<Trace[]> {
  if (values.trace !== undefined) {
    const { records } = await collectTrace(await readTrace(await readFile(values.trace)));
    return [{ name: values.trace, records }];
  }
  return Promise.all(seedsOf(values.seed ?? "0").map(seededTrace));
}

/** As `--option` takes them. */
const formatOptions = (options: GlibcOptions) =>
  Object.entries(options)
    .map(([name, value]) => `--option ${name}=${value}`)
    .join(" ");

async function comparisons(): Promise<Named[]> {
  const only = values.touch as TouchPolicy | undefined;
  if (only && !TOUCH_POLICIES.includes(only)) throw new Error(`no touch policy ${only}`);
  return (await traces()).map(({ name, records, options, touches: all = ["none", "object"] }) => {
    const touches = only ? [only] : all;
    // Few enough checkpoints to be quick, enough of them to find the place.
    const interval = records.length / RECORD_BYTES > 10_000 ? 1024 : values.threads ? 8 : 16;
    return { interval, ...settings(), options: { ...options, ...optionsGiven() }, touches, records, name };
  });
}

async function shrink(oracle: Oracle, comparison: Comparison): Promise<void> {
  const fine = { ...comparison, interval: 1 };
  const judge = async (candidates: Uint8Array[]) => {
    const all = candidates.map((records) => ({ ...fine, records }));
    const found: number[] = [];
    for await (const one of differencesOf(oracle, all)) found.push(one?.operation ?? -1);
    return found;
  };
  const records = await shrinkTrace(comparison.records, judge);
  const { value: difference } = await differencesOf(oracle, [{ ...fine, records }]).next();
  console.log(`# ${formatOptions(comparison.options ?? {})}\n${formatTrace(records)}\n${difference?.text}`);
}

/** Of each comparison: where the model parts from the real one, or null. */
function differencesOf(oracle: Oracle, all: Comparison[]): AsyncGenerator<Difference | null> {
  if (library) return libraryOfEach(oracle, library, all);
  return values.clears ? clearsOfEach(oracle, all) : compareEach(oracle, all);
}

async function* clearsOfEach(oracle: Oracle, all: Comparison[]): AsyncGenerator<Difference | null> {
  for (const comparison of all) yield compareClears(oracle, comparison);
}

async function* libraryOfEach(
  oracle: Oracle,
  library: Library,
  all: Comparison[],
): AsyncGenerator<Difference | null> {
  for (const { records, touches, interval = 16, options } of all) {
    yield compareLibrary(oracle, {
      ...{ library, records, touches, interval, clock: Number(values.clock) },
      options: options as Options,
      countsFaults: records.length / RECORD_BYTES <= MOST_COUNTED,
    });
  }
}

function evidenceOf({ glibc, packageVersion }: Oracle, all: Named[], differing: number): Evidence {
  const what = values.clears ? ", what is cleared" : "";
  const inputs =
    values.trace ?? `random traces${values.threads ? " of threads" : ""}, seeds ${values.seed ?? "0"}`;
  const clock = values.clock === "0" ? [] : [`the clock goes on ${values.clock} ns an operation`];
  const real = library ? `${library.package} ${packageVersion}` : `glibc ${glibc} (${packageVersion})`;
  return {
    subject: library?.subject ?? (isLayer ? "pymalloc 3.11" : `glibc ${values.version}`),
    against: `${isLayer ? "libpython 3.11 over " : ""}${real} on Linux ${release().split("-")[0]}`,
    inputs: [`${inputs}${what}`, ...values.option, ...clock].join(", "),
    count: all.length,
    operations: all.reduce((sum, { records }) => sum + records.length / RECORD_BYTES, 0),
    differing,
  };
}

async function main(): Promise<number> {
  if (values.print) {
    for (const { records, options = {} } of await traces()) {
      console.log(`# ${formatOptions(options)}\n${formatTrace(records)}`);
    }
    return 0;
  }
  const found = await (library ? findPreloaded(library) : findOracle(values.version, values.layer as Layer));
  if (found.state === "absent") throw new Error(found.reason);
  const { oracle } = found;
  if (oracle.glibc !== values.version && !library)
    console.log(`this is glibc ${oracle.glibc}, the model is of ${values.version}`);
  let differing = 0;
  const all = await comparisons();
  let at = 0;
  for await (const difference of differencesOf(oracle, all)) {
    const comparison = all[at++] as Named;
    if (!difference) continue;
    differing++;
    console.log(`${comparison.name}\n${difference.text}`);
    if (values.shrink) await shrink(oracle, comparison);
    if (!values.all) return 1;
  }
  if (values.record) recordEvidence(evidenceOf(oracle, all, differing));
  console.log(differing ? `${differing} of ${all.length} differ` : `equal (${all.length} traces)`);
  return differing ? 1 : 0;
}

process.exitCode = await main();
