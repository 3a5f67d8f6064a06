/**
 * V8 optimizes a function once it has passed a number of bytes of its code, its budget. One of a megabyte, as applications
 * start with, has passed as many when it has run once. To optimize it takes minutes, nobody uses it, and the process
 * cannot end before: its threads are waited for, also at process.exit.
 */
import { setFlagsFromString } from "node:v8";
import { addJailFlag } from "../jail/process.node.js";
import { readFunctions } from "../wasm/functions.js";
import { Sections } from "../wasm/sections.js";

/** Bytes of a function from which on it counts. Smaller ones are optimized within seconds. */
const LARGE = 1 << 18;
/**
 * Bytes of budget for each of the largest function. One byte becomes up to a hundred of V8's first code, where it is
 * metered. With 221 times its 905,164 bytes duckdb-eh.wasm was as good as not optimized, and a loop of calloc took as long.
 */
const BUDGET = 256;
const MOST = 2 ** 31 - 1;

/** The budget with which no function of a module is optimized for running once; undefined if the default is so. */
export function tierUpBudget(wasm: Uint8Array): number | undefined {
  const { bodies } = readFunctions(new Sections(wasm));
  const largest = bodies.reduce((most, { offset, end }) => Math.max(most, end - offset), 0);
  return largest < LARGE ? undefined : Math.min(MOST, BUDGET * largest);
}

let budget = 0;

/** Has V8 optimize what it compiles from now on later, all of it alike, if the module has a function that is large. */
export function delayTierUp(wasm: Uint8Array): void {
  const wanted = tierUpBudget(wasm) ?? 0;
  if (wanted <= budget) return;
  budget = wanted;
  try {
    const flag = `--wasm-tiering-budget=${budget}`;
    setFlagsFromString(flag);
    addJailFlag(flag);
  } catch {
    // Another engine than V8 has no such flag.
  }
}
