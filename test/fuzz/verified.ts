/**
 * Verified random programs (src/fuzz) on every model: many of them, one after another, in one sandbox of each, so that a program
 * finds what others left behind. That also makes them cheap: to open a sandbox costs more than a program does, and what is
 * encoded once runs on all models.
 */
import { strict as assert } from "node:assert";
import { randomProgram } from "../../src/fuzz/generate.js";
import {
  bytesTaken,
  isTaking,
  type Program,
  programText,
  programTrace,
  type Step,
} from "../../src/fuzz/program.js";
import { shrink } from "../../src/fuzz/shrink.js";
import { type ModelInfo, models, type Options, openModel, type Trace } from "../../src/index.js";
import { collectTrace, traceOf } from "../../src/trace/collect.js";
import { Random } from "../random.js";
import type { Case, Counts, Fuzzer } from "./fuzzer.js";
import { alignedBytes } from "./known.js";

export interface Setting {
  model: string;
  options: Options;
}

const MIB = 2 ** 20;
/** A segment of mimalloc has as much. */
const ADDRESS_SPACE = 32 * MIB;
/** Programs of a seed, and most steps of each. */
const PROGRAMS = 128;
const STEPS = 2 ** 18;
/** Of programs that ask for more bytes all in all, which take as long as a thousand others, one in sixteen is run. */
const MUCH = MIB;

const MACHINES: readonly Options[] = [{}, { pageSize: 16_384 }, {}, { kernel: "darwin" }, { maxMaps: 40 }];

/** The machine of a seed that a model runs on. */
function machineOf(seed: number, { only = {} }: ModelInfo): Options {
  const machines = MACHINES.filter((machine) => Object.keys(machine).every((name) => !(name in only)));
  return { addressSpace: ADDRESS_SPACE, ...(machines[seed % machines.length] as Options) };
}

export const verifiedPrograms: Fuzzer<Step, Setting> = {
  cases(seed) {
    const parts = programsOf(seed);
    return models.map((model) => ({
      setting: { model: model.name, options: machineOf(seed, model) },
      parts,
    }));
  },

  async run({ setting: { model, options }, parts }: Case<Step, Setting>): Promise<Counts> {
    const trace = await encoded(asked(model, parts));
    const sandbox = await openModel(model, options);
    try {
      const { operations } = await sandbox.replay(trace, { verify: true });
      sandbox.check();
      if (!parts.some(isToNothing))
        assert.equal(sandbox.counters().bytes.inUse, 0, "in use when all was freed");
      return { operations };
    } finally {
      sandbox.close();
    }
  },

  shrink: async (parts, fails, limits) => [...(await shrink(parts, fails, limits)).program],
  show: ({ setting, parts }) => `${JSON.stringify(setting)}\n${programText(parts)}`,
};

/** A realloc to nothing that gives nothing has freed the object, or has failed and left it: the program does not know. */
const isToNothing = (step: Step): boolean => step.do === "realloc" && step.bytes === 0;

/** The programs of a seed, as one. Those of odd seeds have no realloc to nothing, and leave nothing in use. */
function programsOf(seed: number): Step[] {
  const random = new Random(seed);
  const steps: Step[] = [];
  let objects = 0;
  for (let programs = 0; programs < PROGRAMS; ) {
    const options = { addressBits: 64, memoryBytes: ADDRESS_SPACE, steps: STEPS } as const;
    const program = randomProgram(random.below(2 ** 32), options);
    if (bytesOf(program) > MUCH && random.below(16) > 0) continue;
    const first = objects;
    for (const step of program) {
      if (!("object" in step) || (seed % 2 === 1 && isToNothing(step))) continue;
      const object = first + step.object;
      objects = Math.max(objects, object + 1);
      steps.push({ ...step, object });
    }
    programs++;
  }
  return steps;
}

/** Bytes that a program fills. */
function bytesOf(program: Program): number {
  const asked = program.map((step) =>
    isTaking(step) ? bytesTaken(step) : step.do === "realloc" ? step.bytes : 0,
  );
  return asked.reduce((sum, bytes) => sum + (bytes <= ADDRESS_SPACE ? bytes : 0), 0);
}

/** The program, with what a model is known not to align left alone. */
function asked(model: string, program: Program): Program {
  const isKnown = (step: Step) => step.do === "aligned" && alignedBytes(model, step.bytes) !== step.bytes;
  if (!program.some(isKnown)) return program;
  return program.map((step) =>
    step.do === "aligned" ? { ...step, bytes: alignedBytes(model, step.bytes) } : step,
  );
}

const traces = new WeakMap<Program, Trace>();

/** Encodes a program once, however many models run it. */
async function encoded(program: Program): Promise<Trace> {
  const known = traces.get(program);
  if (known) return known;
  const trace = traceOf([await collectTrace(programTrace(program))]);
  traces.set(program, trace);
  return trace;
}
