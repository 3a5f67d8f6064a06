/** What the real pymalloc over the real glibc did, kept for hosts that have no libpython. */
import {
  digest,
  digestBelow,
  GOLDEN_TOUCHES,
  type GoldenFile,
  type GoldenTouch,
  type GoldenTrace,
  goldenDifference,
  readGolden,
} from "../oracle/golden.js";
import { environmentOf, type ModelObservation, observeModel } from "../oracle/model.js";
import type { Observation } from "../oracle/observation.js";
import type { Oracle, OracleRun } from "../oracle/oracle.js";
import type { NamedTrace } from "../oracle/traces.js";

export const MODEL = "pymalloc/glibc";

/** The golden files, and what each has: the traces of layer-traces.ts. */
export const GOLDEN_FILES = ["real", "random", "short"] as const;

export const readLayerGolden = (name: (typeof GOLDEN_FILES)[number]): GoldenFile =>
  readGolden(name, "pymalloc");

type Observed = Observation & Pick<ModelObservation, "calls">;

function digestOf(
  { name, records, goldenInterval }: NamedTrace,
  none: Observed,
  object: Observed,
): GoldenTrace {
  const below = digestBelow(none.calls ?? [], none.space);
  return { ...digest(name, records, goldenInterval, { none, object }), below };
}

export async function realDigest(oracle: Oracle, trace: NamedTrace): Promise<GoldenTrace> {
  const { records, goldenInterval: interval, options = {} } = trace;
  const job = { records, interval, environment: environmentOf(options) };
  const looks = { trace: true, stats: true, info: true };
  const jobs = GOLDEN_TOUCHES.map((touch) => ({ ...job, touch, ...(touch === "none" && looks) }));
  const [none, object] = (await oracle.run(jobs)) as [OracleRun, OracleRun];
  return digestOf(trace, none, object);
}

/** Of the check build, as only that logs the calls below. */
export async function modelDigest(trace: NamedTrace): Promise<GoldenTrace> {
  const { name, records, goldenInterval: interval, options = {} } = trace;
  const run = { records, interval, options, model: MODEL };
  const observe = (touch: GoldenTouch) =>
    observeModel({ ...run, touch, check: touch === "none", tells: touch === "none" });
  const [none, object] = [await observe("none"), await observe("object")];
  for (const { failure } of [none, object]) if (failure) throw new Error(`${name}: ${failure}`);
  return digestOf(trace, none, object);
}

/** Where the model parts from what was recorded. */
export async function goldenDifferences(
  file: (typeof GOLDEN_FILES)[number],
  traces: NamedTrace[],
): Promise<string[]> {
  const golden = readLayerGolden(file);
  if (golden.traces.length !== traces.length) return [`the golden file has ${golden.traces.length} traces`];
  const found: string[] = [];
  for (const [i, trace] of traces.entries()) {
    const one = goldenDifference(golden.traces[i] as GoldenTrace, await modelDigest(trace));
    if (one !== null) found.push(`${trace.name}: ${one}`);
  }
  return found;
}
