/** Random programs make sense, and ask for all that allocators tell apart. */
import { describe, expect, it } from "vitest";
import { type ProgramOptions, randomProgram } from "../../src/fuzz/generate.js";
import {
  bytesTaken,
  isTaking,
  type Program,
  programText,
  programTrace,
  type Step,
  whole,
} from "../../src/fuzz/program.js";
import { readTrace } from "../../src/index.js";
import { collectTrace } from "../../src/trace/collect.js";

const MIB = 2 ** 20;
const SEEDS = Array.from({ length: 150 }, (_, seed) => seed);
const stepsOf = (options?: ProgramOptions): Step[] =>
  SEEDS.flatMap((seed) => randomProgram(seed, options) as Step[]);

/** Objects that are never freed. */
const leaks = (program: Program): number =>
  program.filter(isTaking).length - program.filter((step) => step.do === "free").length;

describe("a random program", () => {
  it("is whole, frees all that it takes, and is the same again", () => {
    for (const seed of SEEDS) {
      const program = randomProgram(seed);
      expect(whole(program)).toEqual(program);
      expect(leaks(program), `seed ${seed}`).toBe(0);
      if (seed < 20) expect(randomProgram(seed)).toEqual(program);
    }
  });

  it("is read from its text as the same records", async () => {
    for (const seed of SEEDS.slice(0, 30)) {
      const program = randomProgram(seed, { steps: 300 });
      const read = await readTrace(new TextEncoder().encode(programText(program)), { format: "text" });
      const [one, other] = [await collectTrace(read), await collectTrace(programTrace(program))];
      expect(Buffer.compare(one.records, other.records), `seed ${seed}`).toBe(0);
    }
  });

  it.each([32, 64] as const)(
    "of %i bits asks for what is empty, huge, and too much, and for counts above 1",
    (addressBits) => {
      const steps = stepsOf({ addressBits });
      const asks = (what: (step: Step) => boolean) => steps.filter(what).length;
      expect(asks((step) => isTaking(step) && bytesTaken(step) === 0)).toBeGreaterThan(20);
      expect(asks((step) => step.do === "realloc" && step.bytes === 0)).toBeGreaterThan(3);
      expect(asks((step) => step.do === "calloc" && step.count > 1 && step.bytes > 1)).toBeGreaterThan(1000);
      expect(
        asks((step) => step.do === "calloc" && step.count * step.bytes >= 2 ** addressBits),
      ).toBeGreaterThan(20);
      const huge = addressBits === 32 ? 2 ** 31 : 2 ** 40;
      for (const kind of ["malloc", "calloc", "realloc", "aligned"])
        expect(
          asks((step) => step.do === kind && "bytes" in step && step.bytes >= huge - MIB),
          kind,
        ).toBeGreaterThan(3);
      for (const kind of ["read", "write"]) expect(asks((step) => step.do === kind)).toBeGreaterThan(100);
    },
  );

  it("comes to the end of memory, and many have very many objects", () => {
    const programs = SEEDS.map((seed) => randomProgram(seed));
    const most = programs.map((program) => mostHeld(program));
    expect(most.filter(({ bytes }) => bytes > 32 * MIB).length).toBeGreaterThan(5);
    expect(most.filter(({ objects }) => objects > 5000).length).toBeGreaterThan(0);
    expect(most.filter(({ objects }) => objects < 20).length).toBeGreaterThan(20);
  });

  it("asks for no more than half of the memory in all, nor for aligned objects, if it is told so", () => {
    for (const seed of SEEDS) {
      const program = randomProgram(seed, { endsMemory: false, aligned: false });
      const asked = program.reduce((sum, step) => sum + ("bytes" in step ? bytesOf(step) : 0), 0);
      expect(asked, `seed ${seed}`).toBeLessThan(24 * MIB);
      expect(program.some((step) => step.do === "aligned")).toBe(false);
    }
  });
});

const bytesOf = (step: Extract<Step, { bytes: number }>): number =>
  isTaking(step) ? bytesTaken(step) : step.do === "realloc" ? step.bytes : 0;

/** The most that a program holds at once of what may be had. */
function mostHeld(program: Program): { bytes: number; objects: number } {
  const held = new Map<number, number>();
  let [sum, bytes, objects] = [0, 0, 0];
  for (const step of program) {
    if (step.do === "grow") continue;
    const before = held.get(step.object) ?? 0;
    if (step.do === "free") held.delete(step.object);
    else if (isTaking(step) || step.do === "realloc") {
      const size = bytesOf(step);
      held.set(step.object, size <= 32 * MIB ? size : before);
    }
    sum += (held.get(step.object) ?? 0) - before;
    [bytes, objects] = [Math.max(bytes, sum), Math.max(objects, held.size)];
  }
  return { bytes, objects };
}
