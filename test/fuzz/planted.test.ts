/** Bugs that are planted in a real allocator are found, and shrunk to what one can read; without one nothing is found. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { type Fuzzed, fuzz, type Program, programs, programText, runProgram } from "../../src/conformance.js";
import { prepareWasmAllocator } from "../../src/foreign/open.js";
import { fuzzModule } from "../../src/foreign.js";
import { kindOfFault } from "../../src/fuzz/run.js";
import { models, openModel, replayTrace } from "../../src/index.js";
import { readTrace } from "../../src/trace/read.js";
import type { Trace } from "../../src/trace/trace.js";
import { fixtureBytes } from "../foreign/replays.js";
import { FLAWS } from "./planted.js";
import { inLine, smaller } from "./programs.js";

// On a machine that runs other tests beside.
vi.setConfig({ testTimeout: 120_000 });

const MEMORY = 4 * 2 ** 20;
const prepared = await prepareWasmAllocator(await fixtureBytes("planted"), { memoryBytes: MEMORY });

/** Opens the allocator with the flaw of this number; 0 is none. */
const withFlaw = (flaw: number) => async (): Promise<Fuzzed> => {
  const allocator = prepared();
  (allocator.instance.exports.plant as (number: number) => void)(flaw);
  return allocator;
};

/** Replays a trace on what is opened, and looks at every block. */
const verified = (open: () => Promise<Fuzzed>, trace: Trace) =>
  replayTrace({
    model: "planted",
    trace,
    touch: "none",
    verify: true,
    open: async () => (await open()) as never,
  });

/** Of each flaw what is left of the program that finds it. That of every 500th block takes long. */
const SHRUNK: Partial<Record<(typeof FLAWS)[number], string>> = {
  "calloc clears count bytes": "a 0 5; f 0; c 0 1 5",
  "calloc does not clear what lies above all blocks": "a 0 5; f 0; c 0 1 5",
  "calloc does not clear 1,009 to 1,024 bytes": "a 0 5; f 0; c 0 1 1009",
  "a rest of 16 bytes is a block":
    "a 0 1; a 1 1; a 2 1; a 3 1; a 4 1; a 5 1; f 1; f 0; f 4; a 4 17; r 2 1; r 3 1",
  "blocks are joined though a block of 48 bytes lies between":
    "a 0 1; a 1 1; a 2 17; a 3 1; f 1; f 3; r 0 33; f 2",
  "realloc leaves out the last 8 bytes": "a 0 9; r 0 17",
  "realloc writes into a block though it has no other": "a 0 1; r 0 4193233; f 0",
  "rounding wraps around": "a 0 4294967265",
  "the product of calloc wraps around": "c 0 900791 4768",
  "a block on a page of its own is 8 bytes behind": "m 0 4096 1",
  "a block is given though memory does not grow": "a 0 4193265",
};

/** The flaw that only programs which grow the memory for themselves find. */
const OF_GROWTH = FLAWS.indexOf("what the program grew is taken for the allocator's") + 1;

describe("a planted bug", () => {
  it.each(Object.entries(SHRUNK))("is found: %s", async (name, trace) => {
    const open = withFlaw(1 + (FLAWS as readonly string[]).indexOf(name));
    const { failure } = await fuzz(open, { seed: 1, runs: 200, memoryBytes: MEMORY });
    expect(failure?.minimal).toBe(true);
    expect(failure && inLine(failure.trace)).toBe(trace);
    const kind = kindOfFault(failure?.seen);
    const { program = [] } = failure ?? {};
    expect((await runProgram(open, program, MEMORY)).fault).toBe(failure?.seen);
    for (const less of smaller(program).filter(({ length }) => length > 0)) {
      const { fault } = await runProgram(open, less, MEMORY);
      expect(kindOfFault(fault), programText(less)).not.toBe(kind);
    }
  });

  it("is there again in a verified replay of the trace, whose words are the same", async () => {
    const open = withFlaw(5);
    const { failure } = await fuzz(open, { seed: 1, memoryBytes: MEMORY });
    const trace = await readTrace(new TextEncoder().encode(failure?.trace), { format: "text" });
    await expect(verified(open, trace)).rejects.toThrow(failure?.seen);
  });

  it("that is none is not found", async () => {
    const report = await fuzz(withFlaw(0), { seed: 1, runs: 60, memoryBytes: MEMORY, growsMemory: true });
    expect(report).toMatchObject({ programs: 60, seed: 1 });
    expect(report.failure).toBeUndefined();
  });

  it("in what a program grew for itself is found by programs that do so, and by no others", async () => {
    const options = { seed: 1, runs: 60, memoryBytes: MEMORY };
    expect((await fuzz(withFlaw(OF_GROWTH), options)).failure).toBeUndefined();
    const { failure } = await fuzz(withFlaw(OF_GROWTH), { ...options, growsMemory: true });
    expect(failure?.minimal).toBe(true);
    expect(failure && inLine(failure.trace)).toBe("p memory.grow 1 #1; a 0 1");
    expect(failure?.seen).toMatch(
      /^the memory at 0x\w+ that the program grew for itself has been written to/,
    );
  });

  it("in such memory is there again in a verified replay of the trace, in a jail too", async () => {
    const open = withFlaw(OF_GROWTH);
    const trace = await readTrace(new TextEncoder().encode("a 0 8\np memory.grow 2 #1\na 1 100000\n"), {
      format: "text",
    });
    await expect(verified(open, trace)).rejects.toThrow(
      "that the program grew for itself has been written to, at offset",
    );
    const { failure } = await fuzzModule(await fixtureBytes("planted-growing"), { runs: 60, seed: 1 });
    expect(failure?.seen).toContain("that the program grew for itself");
  });

  it("that never ends is ended, in a jail, and may be shrunk for as long as one likes", async () => {
    const patience = new AbortController();
    const { failure, programs: ran } = await fuzzModule(await fixtureBytes("late"), {
      ...{ seed: 302, endsMemory: false, growsMemory: false, seconds: 4, signal: patience.signal },
      onProgress: ({ steps }) => steps !== undefined && patience.abort(),
    });
    expect(failure).toMatchObject({
      seen: expect.stringMatching(/^it hangs: the module made no progress for 2 seconds/),
      minimal: false,
    });
    expect(ran).toBe(1);
  });
});

describe("fuzzing", () => {
  it("ends at a signal, after so many programs, or when it is told not to go on", async () => {
    const open = withFlaw(0);
    expect(await fuzz(open, { runs: 3 })).toMatchObject({ programs: 3 });
    expect(await fuzz(open, { signal: AbortSignal.abort() })).toMatchObject({ programs: 0 });
    let asked = 0;
    expect(await fuzz(open, { goesOn: () => asked++ < 2 })).toMatchObject({ programs: 2 });
    await expect(fuzz(open, { seed: -1 })).rejects.toThrow(
      "seed must be a whole number from 0 to 4294967295; got -1",
    );
    await expect(fuzz(open, { runs: 0 })).rejects.toThrow(RangeError);
  });

  it("asks an allocator that traps where memory ends for no more than there is", async () => {
    const bytes = await fixtureBytes("managed");
    const { failure, failedAllocations } = await fuzzModule(bytes, { runs: 20, seed: 5, growsMemory: false });
    expect({ failure, failedAllocations }).toEqual({ failure: undefined, failedAllocations: 0 });
  });

  it.each(models.map(({ name }) => name))("finds nothing in %s", async (name) => {
    const open = (addressSpace: number) => openModel(name, { addressSpace });
    const { failure } = await fuzz(open, { seed: 2026, runs: 12, addressBits: 64 });
    expect(failure).toBeUndefined();
  });
});

describe("with fast-check", () => {
  const passes = (flaw: number) =>
    fc.asyncProperty(programs<fc.Arbitrary<Program>>(fc), async (program) => {
      expect((await runProgram(withFlaw(flaw), program, MEMORY)).fault).toBeUndefined();
    });

  it("a bug is found, and shrunk to a handful of steps", async () => {
    const { counterexample } = await fc.check(passes(6), { seed: 42 });
    expect(inLine(programText(counterexample?.[0] ?? []))).toBe("c 0 9 1; r 0 17; f 0");
  });

  it("an allocator without one passes", async () => {
    await fc.assert(passes(0), { seed: 42, numRuns: 100 });
  });
});
