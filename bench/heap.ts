/** Our own heap beside the allocators of others: speed, memory, and where its bytes go. */
import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { type ClosedTrace, closeTrace } from "../src/compare/closed-trace.js";
import { readTrace } from "../src/index.js";
import { type CollectedTrace, collectTrace, traceOf } from "../src/trace/collect.js";
import { generateTrace } from "../src/trace/generate.js";
import { sliceRecords } from "../src/trace/records.js";
import { parseWorkload } from "../src/trace/workload.js";
import { cpuTime, lowerQuartile } from "./measure.js";
import { allModules, BASELINE, built, type Modules, memoryOf, open, STUB } from "./peers.js";

const ROUNDS = 4;
const PASSES = 5;
/** A steady figure is of so many operations at least. */
const LEAST_OPERATIONS = 20_000;
const TRACES = ["cc1", "git-log"];
const WORKLOADS = ["zipf", "bursts", "fifo", "lifo", "reallocs", "large"];

async function traceNamed(name: string): Promise<CollectedTrace> {
  if (!TRACES.includes(name)) return collectTrace(generateTrace(parseWorkload(name)));
  const path = fileURLToPath(new URL(`traces/${name}.txt.gz`, import.meta.url));
  return collectTrace(await readTrace(createReadStream(path)));
}

function replayable({ records, count }: Pick<ClosedTrace, "records" | "count">) {
  return traceOf([{ records: records.slice(), count }], { format: "text", losses: [] });
}

/**
 * Nanoseconds an operation, of CPU time: the lower quartile of later passes, and the quickest first one. What frees nothing has
 * no later passes: each would be another first one, in ever more memory.
 */
interface Speed {
  steady: number;
  first: number;
}

async function speeds(modules: Modules, closed: ClosedTrace): Promise<Map<string, Speed>> {
  const trace = replayable(closed);
  const times = Math.ceil(LEAST_OPERATIONS / closed.count);
  const figures = new Map(
    [...modules.keys()].map((name) => [name, { steady: [] as number[], first: [] as number[] }]),
  );
  // The first round warms the engine up for all.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, wasm] of modules) {
      const allocator = await open(wasm);
      if (name === EMPTY) memoryOf(allocator).grow(1024);
      const first = await cpuTime(() => allocator.replay(trace));
      const steady = [];
      for (let pass = 0; pass < PASSES && name !== STUB; pass++) {
        steady.push(await cpuTime(() => repeat(times, () => allocator.replay(trace))));
      }
      if (!round) continue;
      figures.get(name)?.first.push(first);
      figures.get(name)?.steady.push(...steady.slice(1).map((ms) => ms / times));
    }
  }
  const ns = (ms: number) => (ms * 1e6) / closed.count;
  return new Map(
    [...figures].map(([name, { steady, first }]) => [
      name,
      { steady: ns(lowerQuartile(steady)), first: ns(Math.min(...first)) },
    ]),
  );
}

async function repeat(times: number, run: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < times; i++) await run();
}

/** What a first pass leaves: memory beyond what was there before it, and pages touched. */
async function memoryUse(wasm: Uint8Array, trace: CollectedTrace): Promise<{ bytes: number; pages: number }> {
  const plain = await open(wasm);
  const image = (await open(wasm)).malloc(1) & ~0xffff;
  await plain.replay(replayable(trace));
  const metered = await open(wasm, true);
  await metered.replay(replayable(trace));
  const touched = metered.pages(0, metered.hostBytes).filter(({ read, written }) => read || written);
  return {
    bytes: memoryOf(plain).buffer.byteLength - image,
    pages: touched.reduce((sum, { pages }) => sum + pages, 0),
  };
}

const EMPTY = "an empty allocator";
const mean = (values: number[]) =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

const cell = (figure: number, digits = 2) => (Number.isNaN(figure) ? "-" : figure.toFixed(digits));

interface Score {
  steady: number[];
  net: number[];
  first: number[];
  utilisation: number[];
  resident: number[];
}

export async function benchHeap(): Promise<void> {
  const modules = await allModules();
  const timed: Modules = new Map([[EMPTY, await built("bench-empty")], ...modules]);
  const baseline = modules.has(BASELINE) ? BASELINE : "TLSF (AssemblyScript)";
  const scores = new Map<string, Score>(
    [...modules.keys()].map((name) => [
      name,
      { steady: [], net: [], first: [], utilisation: [], resident: [] },
    ]),
  );
  for (const name of [...TRACES, ...WORKLOADS]) {
    const trace = await traceNamed(name);
    const closed = closeTrace(trace);
    const speed = await speeds(timed, closed);
    const floor = speed.get(EMPTY)?.steady ?? 0;
    console.log(`\n${name}: the driver alone takes ${floor.toFixed(1)} ns an operation\n`);
    console.log("| allocator | ns | to the baseline | net | first pass | utilisation | resident | pages |");
    console.log("|---|--:|--:|--:|--:|--:|--:|--:|");
    const base = speed.get(baseline) as Speed;
    for (const [allocator, wasm] of modules) {
      const { steady, first } = speed.get(allocator) as Speed;
      const { bytes, pages } = await memoryUse(wasm, trace);
      const score = scores.get(allocator) as Score;
      score.steady.push(base.steady / steady);
      score.net.push((base.steady - floor) / (steady - floor));
      score.first.push(base.first / first);
      score.utilisation.push(closed.peakLiveBytes / bytes);
      score.resident.push(closed.peakLiveBytes / (pages * 4096));
      const last = Object.values(score).map((values) => cell(values.at(-1) as number));
      console.log(`| ${allocator} | ${cell(steady, 1)} | ${last.join(" | ")} | ${pages} |`);
    }
  }
  console.log("\n| geometric mean | steady | least | net | first pass | utilisation | resident | bytes |");
  console.log("|---|--:|--:|--:|--:|--:|--:|--:|");
  for (const [name, { steady, ...rest }] of scores) {
    const cells = [mean(steady), Math.min(...steady), ...Object.values(rest).map(mean)];
    console.log(`| ${name} | ${cells.map((x) => cell(x)).join(" | ")} | ${modules.get(name)?.length} |`);
  }
  await whereBytesGo();
}

/** In the order of assembly/heap/statistics.ts. */
const PARTS = ["slots", "runs", "free slots", "rests", "cached", "free runs", "never used", "own"];

/** What the memory of the heap is when most bytes are alive, in KiB. */
async function whereBytesGo(): Promise<void> {
  console.log(
    `\n| KiB at the peak | asked for | rounding | ${PARTS.join(" | ")} |\n|---|--:|--:|${"--:|".repeat(PARTS.length)}`,
  );
  for (const name of [...TRACES, ...WORKLOADS]) {
    const trace = await traceNamed(name);
    const { peakOperations: count, peakLiveBytes: live } = closeTrace(trace);
    const allocator = await open(await built("heap"));
    await allocator.replay(replayable({ records: sliceRecords(trace.records, 0, count), count }));
    const statistics = allocator.instance.exports.statistics as () => number;
    const [, ...figures] = new Uint32Array(memoryOf(allocator).buffer, statistics(), 1 + PARTS.length);
    const [slots = 0, runs = 0] = figures;
    const cells = [live, slots + runs - live, ...figures].map((bytes) => (bytes / 1024).toFixed(0));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}
