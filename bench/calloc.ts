/** What calloc(100 MiB) costs on each wasm allocator, with the host's page faults: CPU time of a calloc and its free. */

import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { HEADER, LOOPS, row } from "./calloc-chart.js";
import { cpuTime, lowerQuartile } from "./measure.js";
import { allModules, memoryOf, open } from "./peers.js";

const BYTES = 100 * 2 ** 20;
const PAGE = 4096;
const ROUNDS = 9;

/** The engine's threads unmap memory while nothing is measured. */
const PAUSE_MS = 50;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Prints the table that bench/README.md publishes, from which `npm run bench:charts` draws. */
export async function benchCalloc(): Promise<void> {
  const modules = await allModules();
  const figures = new Map([...modules.keys()].map((name) => [name, LOOPS.map((): number[] => [])]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, wasm] of modules) {
      const times = [...(await loop(wasm, false)), ...(await loop(wasm, true))];
      for (const [i, ms] of times.entries()) figures.get(name)?.[i]?.push(ms);
    }
  }
  console.log(`${row(HEADER)}\n|---|${"--:|".repeat(LOOPS.length)}`);
  for (const [name, times] of figures) {
    console.log(row([name, ...times.map((each) => lowerQuartile(each).toFixed(1))]));
  }
}

/** Milliseconds of three rounds of calloc, a write to each page where `writes`, and free, in a new instance. */
async function loop(wasm: Uint8Array, writes: boolean): Promise<number[]> {
  collectGarbage();
  await setTimeout(PAUSE_MS);
  const allocator = await open(wasm);
  allocator.free(allocator.malloc(1)); // so that the heap has begun
  const times: number[] = [];
  for (let time = 0; time < 3; time++) {
    const round = async () => {
      const block = allocator.calloc(1, BYTES);
      if (writes) writePages(memoryOf(allocator).buffer, block);
      allocator.free(block);
    };
    times.push(await cpuTime(round));
  }
  return times;
}

function writePages(buffer: ArrayBuffer, block: number): void {
  const bytes = new Uint8Array(buffer, block, BYTES);
  for (let at = 0; at < BYTES; at += PAGE) bytes[at] = 1;
}
