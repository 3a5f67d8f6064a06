/**
 * Faults that are injected, as SQLite's tests do it: a program runs again and again, and each time memory ends a little later.
 * Frames end where the machine has one more each time; the host's memory, where the module may grow to one page more. After each
 * fault the validator finds nothing wrong, or the sandbox has ended and comes back to its checkpoint.
 */
import { strict as assert } from "node:assert";
import { readFile } from "node:fs/promises";
import { type Options, OutOfMemory, openModel, type Sandbox, SandboxError } from "../../src/index.js";
import { limitMemory } from "../../src/wasm/limit-memory.js";
import { Random } from "../random.js";
import { Shadow } from "./shadow.js";

/** What came of the faults. */
export interface FaultCounts {
  /** Runs of the program. */
  runs: number;
  /** Those in which memory ended, and the sandbox stayed as it was, */
  kept: number;
  /** or had ended. */
  ended: number;
}

const WASM_PAGE = 65536;
const STEPS = 80;
/** Runs of a seed, about. Another seed has others in between. */
const MOST_RUNS = 24;

/** Makes one frame after another the last one that there is: all of them, or so many of them for each seed. */
export async function frameFaults(model: string, seed: number, options: Options = {}): Promise<FaultCounts> {
  const whole = await openModel(model, { ...options, check: true });
  program(whole, seed);
  const page = whole.pageBytes;
  const frames = whole.counters().bytes.peakResident / page;
  whole.close();
  return faults(
    1,
    frames,
    (count) => openModel(model, { ...options, check: true, memory: count * page }),
    seed,
  );
}

/** Makes one growth of the host's memory after another the last one. */
export async function hostFaults(model: string, seed: number, options: Options = {}): Promise<FaultCounts> {
  const file = new URL(`../../build/${model.replace("/", "-over-")}.check.wasm`, import.meta.url);
  const wasm = new Uint8Array(await readFile(file));
  const open = (pages?: number) => {
    const module = pages === undefined ? wasm : limitMemory(wasm, pages);
    return openModel(model, { ...options, check: true, module: module as BufferSource });
  };
  const whole = await open();
  const least = whole.hostBytes / WASM_PAGE;
  program(whole, seed);
  const most = whole.hostBytes / WASM_PAGE;
  whole.close();
  return faults(least, most, open, seed);
}

async function faults(
  least: number,
  most: number,
  open: (count: number) => Promise<Sandbox>,
  seed: number,
): Promise<FaultCounts> {
  const counts: FaultCounts = { runs: 0, kept: 0, ended: 0 };
  const stride = Math.max(1, Math.floor((most - least) / MOST_RUNS));
  for (let count = least + (seed % stride); count < most; count += stride) {
    const sandbox = await opened(open, count);
    if (!sandbox) continue;
    const before = sandbox.checkpoint();
    counts.runs++;
    try {
      program(sandbox, seed);
    } catch (error) {
      assert.ok(error instanceof OutOfMemory, `seed ${seed}, ${count}: memory ended, not ${error}`);
      if (hasEnded(sandbox)) counts.ended++;
      else {
        sandbox.check();
        counts.kept++;
      }
    }
    sandbox.restore(before);
    sandbox.check();
    sandbox.close();
  }
  return counts;
}

/** Nothing if there is too little for a process to begin with. */
async function opened(
  open: (count: number) => Promise<Sandbox>,
  count: number,
): Promise<Sandbox | undefined> {
  try {
    return await open(count);
  } catch {
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
function program(sandbox: Sandbox, seed: number): void {
  const random = new Random(seed);
  const shadow = new Shadow(sandbox);
  for (let i = 0; i < STEPS; i++) {
    const bytes = random.below(2 ** (4 + random.below(18)));
    const kind = random.below(6);
    if (kind < 3 || shadow.blocks.length === 0) {
      const pointer = kind === 0 ? sandbox.calloc(1, bytes) : sandbox.malloc(bytes);
      if (pointer) shadow.take(pointer, bytes, { isZeroed: kind === 0 });
      continue;
    }
    const block = random.pick(shadow.blocks);
    if (kind === 3) {
      const moved = sandbox.realloc(block.pointer, bytes);
      if (!moved && bytes) continue;
      shadow.forget(block);
      if (moved) shadow.take(moved, bytes, { kept: block });
    } else {
      shadow.drop(block);
      sandbox.free(block.pointer);
    }
  }
  if (sandbox.machine.kernel === "linux") fork(sandbox, shadow);
  shadow.verifyAll();
}

/** A child writes all that it shares, and ends. */
function fork(sandbox: Sandbox, shadow: Shadow): void {
  const child = sandbox.fork();
  for (const { pointer, bytes } of shadow.blocks) child.fill(pointer, 7, bytes);
  child.close();
}
