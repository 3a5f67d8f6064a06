/**
 * Faults that are injected, as SQLite's tests do it: a program runs again and again, and each time memory ends a little later.
 * Frames end where the machine has one more each time; the host's memory, where the module may grow to one page more. After each
 * fault the validator finds nothing wrong, or the sandbox has ended and comes back to its checkpoint.
 */
import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import {
  AllocatorAbort,
  type ModelInfo,
  models,
  type Options,
  OutOfMemory,
  openModel,
  type Sandbox,
  SandboxError,
} from "../../src/index.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";
import { Random } from "../random.js";
import type { Case, Fuzzer } from "./fuzzer.js";
import { Shadow } from "./shadow.js";

/** What came of the faults. */
export type FaultCounts = {
  /** Runs of the program. */
  runs: number;
  /** Those in which memory ended, and the sandbox stayed as it was, */
  kept: number;
  /** or had ended. */
  ended: number;
};

/** Which model, and how much there is for it: `count` frames, or pages of the host's memory. */
export interface Fault {
  model: string;
  options: Options;
  count: number;
}

/** A step of the program: the seed of what it does. */
type StepSeed = number;

const WASM_PAGE = 65536;
const STEPS = 320;
/** Frames, or pages of the host's, with which nothing ends: the program has to be right by itself. */
const ENOUGH = 2 ** 15;
/** Runs of a seed, about. Another seed has others in between. */
const MOST_RUNS = 24;

/** Makes one frame after another the last one that there is. */
export const frameFaults: Fuzzer<StepSeed, Fault> = {
  async *cases(seed) {
    const { model, options, parts } = programOf(seed);
    yield { setting: { model, options, count: ENOUGH }, parts };
    const whole = await openModel(model, { ...options, check: true });
    run(whole, parts);
    const frames = whole.counters().bytes.peakResident / whole.pageBytes;
    whole.close();
    yield* casesOf({ model, options }, parts, 1, frames, seed);
  },
  run: ({ setting: { model, options, count }, parts }) =>
    fault(async () => {
      const { pageBytes } = await openModel(model);
      return openModel(model, { ...options, check: true, memory: count * pageBytes });
    }, parts),
};

/** Makes one growth of the host's memory after another the last one. */
export const hostFaults: Fuzzer<StepSeed, Fault> = {
  async *cases(seed) {
    const { model, parts } = programOf(seed);
    yield { setting: { model, options: {}, count: ENOUGH }, parts };
    const whole = await openModel(model, { check: true });
    const least = whole.hostBytes / WASM_PAGE;
    run(whole, parts);
    const most = whole.hostBytes / WASM_PAGE;
    whole.close();
    yield* casesOf({ model, options: {} }, parts, least, most, seed);
  },
  run: ({ setting: { model, count }, parts }) =>
    fault(async () => {
      const file = new URL(`../../build/${model.replace("/", "-over-")}.check.wasm`, import.meta.url);
      const module = limitMemory(new Uint8Array(await readFile(file)), count);
      return openModel(model, { check: true, module: module as BufferSource });
    }, parts),
};

/** The model of a seed, and a program for it. */
function programOf(seed: number) {
  const { name, hasPlacement } = models[seed % models.length] as ModelInfo;
  const random = new Random(seed);
  const parts = Array.from({ length: STEPS }, () => random.below(2 ** 32));
  // Else what is mapped must fit into memory, and some map more at first than the program touches.
  return { model: name, options: hasPlacement ? { overcommit: "always" } : {}, parts };
}

function* casesOf(
  setting: Omit<Fault, "count">,
  parts: StepSeed[],
  least: number,
  most: number,
  seed: number,
): Generator<Case<StepSeed, Fault>> {
  const stride = Math.max(1, Math.floor((most - least) / MOST_RUNS));
  for (let count = least + (seed % stride); count < most; count += stride)
    yield { setting: { ...setting, count }, parts };
}

/** Runs the program where memory ends. */
async function fault(open: () => Promise<Sandbox>, parts: readonly StepSeed[]): Promise<FaultCounts> {
  const counts: FaultCounts = { runs: 0, kept: 0, ended: 0 };
  const sandbox = await opened(open);
  if (!sandbox) return counts;
  const before = sandbox.checkpoint();
  counts.runs++;
  try {
    run(sandbox, parts);
  } catch (error) {
    if (!(error instanceof OutOfMemory)) throw error;
    if (hasEnded(sandbox)) counts.ended++;
    else {
      sandbox.check();
      counts.kept++;
    }
  }
  sandbox.restore(before);
  sandbox.check();
  sandbox.close();
  return counts;
}

/** Nothing if there is too little for a process to begin with. */
async function opened(open: () => Promise<Sandbox>): Promise<Sandbox | undefined> {
  try {
    return await open();
  } catch (error) {
    assert.ok(error instanceof OutOfMemory || error instanceof AllocatorAbort, `memory ended, not ${error}`);
    return undefined;
  }
}

function hasEnded(sandbox: Sandbox): boolean {
  try {
    sandbox.counters();
    return false;
  } catch (error) {
    assert.ok(error instanceof SandboxError && error.message.startsWith("the machine has ended"), `${error}`);
    assert.throws(() => sandbox.malloc(8), SandboxError);
    return true;
  }
}

/** Takes, writes, resizes and frees blocks of all kinds, and forks where there are forks, held against a shadow. */
function run(sandbox: Sandbox, parts: readonly StepSeed[]): void {
  const shadow = new Shadow(sandbox);
  for (const seed of parts) step(sandbox, shadow, new Random(seed));
  if (sandbox.machine.kernel === "linux") fork(sandbox, shadow);
  shadow.verifyAll();
}

function step(sandbox: Sandbox, shadow: Shadow, random: Random): void {
  const bytes = random.below(2 ** (4 + random.below(18)));
  const kind = random.below(6);
  if (kind < 3 || shadow.blocks.length === 0) {
    const pointer = kind === 0 ? sandbox.calloc(1, bytes) : sandbox.malloc(bytes);
    if (pointer) shadow.take(pointer, bytes, { isZeroed: kind === 0 });
    return;
  }
  const block = random.pick(shadow.blocks);
  if (kind === 3) {
    const moved = sandbox.realloc(block.pointer, bytes);
    if (!moved && bytes) return;
    shadow.forget(block);
    if (moved) shadow.take(moved, bytes, { kept: block });
  } else {
    shadow.drop(block);
    sandbox.free(block.pointer);
  }
}

/** A child writes all that it shares, and ends. */
function fork(sandbox: Sandbox, shadow: Shadow): void {
  const child = sandbox.fork();
  for (const { pointer, bytes } of shadow.blocks) child.fill(pointer, 7, bytes);
  child.close();
}
