/** The model beside what was recorded of a release of glibc, and beside the release itself. */
import { openModel } from "../../src/sandbox/open.js";
import { type Comparison, compareAll } from "../oracle/compare.js";
import {
  digest,
  GOLDEN_TOUCHES,
  type GoldenTrace,
  goldenDifference,
  hashTrace,
  readGolden,
  readGoldenSequences,
} from "../oracle/golden.js";
import { type GlibcOptions, observeModel } from "../oracle/model.js";
import { MODELLED_GLIBC, type Oracle } from "../oracle/oracle.js";
import { type NamedTrace, sequenceTraces } from "../oracle/traces.js";
import { some } from "../thorough.js";
import { type Heap, RealHeap, SandboxHeap } from "./puppet.js";

const PAGE = 4096;

export type NamedComparison = Comparison & { name: string };

/** A trace under each touch policy of golden files. */
export function comparison(
  { name, records, interval, options: own }: NamedTrace,
  options: GlibcOptions = {},
): NamedComparison {
  return { name, records, interval, options: { ...own, ...options }, touches: GOLDEN_TOUCHES };
}

/** Differences of some comparisons, each with what it was of; stops at no first one. */
export async function differences(oracle: Oracle, comparisons: NamedComparison[]): Promise<string[]> {
  const all = await compareAll(oracle, comparisons);
  return all.flatMap((one, i) => (one ? [`${comparisons[i]?.name}: ${one.text}`] : []));
}

async function goldenOf(
  { name, records, goldenInterval: interval, options: own }: NamedTrace,
  options: GlibcOptions,
  check: boolean,
): Promise<GoldenTrace> {
  const run = { records, interval, options: { ...own, ...options }, check };
  const [none, object] = [
    await observeModel({ ...run, touch: "none", tells: true }),
    await observeModel({ ...run, touch: "object" }),
  ];
  for (const { failure } of [none, object]) if (failure) throw new Error(`${name}: ${failure}`);
  return digest(name, records, interval, { none, object });
}

/**
 * Where the model parts from what was recorded of a release. `recorded`: the release that the golden file is of, if it
 * is another one than the model's.
 */
export async function goldenDifferences(
  file: string,
  traces: NamedTrace[],
  { version, recorded = version, check }: { version: string; recorded?: string; check: boolean },
): Promise<string[]> {
  const golden = readGolden(file, recorded);
  if (golden.glibc !== recorded) return [`the golden file is of glibc ${golden.glibc}`];
  if (golden.traces.length !== traces.length) return [`the golden file has ${golden.traces.length} traces`];
  const found: string[] = [];
  const entries = [...traces.entries()];
  for (const [i, trace] of file === "random" ? some(entries, 8) : entries) {
    const one = goldenDifference(golden.traces[i] as GoldenTrace, await goldenOf(trace, { version }, check));
    if (one !== null) found.push(`${trace.name}: ${one}`);
  }
  return found;
}

/** How many sequences of calls a run compares that is not thorough. */
const SEQUENCES = 120;

/** Of every sequence of three calls, those on which the model does not do what was recorded of its release. */
export async function sequenceDifferences(version: string): Promise<string[]> {
  const { calls, hashes } = readGoldenSequences(version);
  const traces = await sequenceTraces(calls);
  const differing: string[] = [];
  for (const [i, trace] of some([...traces.entries()], SEQUENCES)) {
    const found = await goldenOf(trace, { version }, true);
    if (hashTrace(found) !== hashes.slice(8 * i, 8 * i + 8)) differing.push(trace.name);
  }
  return differing;
}

/** A burst of blocks with little room for the heap to grow. Returns what differs. */
export async function stoppedBreak(room: number, version = MODELLED_GLIBC): Promise<string[]> {
  const lines: string[][] = [];
  const real = new RealHeap({}, version);
  for (const heap of [real, new SandboxHeap(await openModel("glibc", { memory: 0, version }))] as Heap[]) {
    const log: string[] = [];
    await heap.malloc(100);
    await heap.stopBreak(room);
    const held: number[] = [];
    for (let i = 0; i < 120; i++) {
      held.push(await heap.malloc((i * 7919) % 90_000));
      if (i % 3 === 2) await heap.free(held.splice((i * 31) % held.length, 1)[0] as number);
      log.push(`${i}: ${held.map((block) => block % PAGE)} ${await heap.mallinfo()}`);
    }
    lines.push(log);
  }
  await real.close();
  return (lines[0] as string[]).filter((line, i) => line !== lines[1]?.[i]).slice(0, 1);
}
