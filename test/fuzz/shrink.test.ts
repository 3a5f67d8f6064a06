/** What shrinking leaves fails, and nothing less does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { programs } from "../../src/fuzz/arbitrary.js";
import { randomProgram } from "../../src/fuzz/generate.js";
import { isTaking, type Program, programText, type Step, whole } from "../../src/fuzz/program.js";
import { shrink } from "../../src/fuzz/shrink.js";
import { inLine, smaller } from "./programs.js";

/** Whether something of at least so many bytes is freed, and calloc takes as many later. */
function reuses(program: Program, bytes: number): boolean {
  const sizes = new Map<number, number>();
  let freed = 0;
  for (const step of program) {
    if (step.do === "free") freed = Math.max(freed, sizes.get(step.object) ?? 0);
    else if (isTaking(step)) sizes.set(step.object, step.bytes);
    if (step.do === "calloc" && step.bytes >= bytes && freed >= step.bytes) return true;
  }
  return false;
}

/** Whether the steps of these kinds come in this order, among others. */
function has(program: Program, kinds: readonly Step["do"][]): boolean {
  let at = 0;
  for (const step of program) if (step.do === kinds[at]) at++;
  return at === kinds.length;
}

describe("shrinking", () => {
  it("finds the least sizes, also those that have to be equal, and the least program", async () => {
    const fails = (program: Program) => reuses(program, 1000);
    const seed = Array.from({ length: 100 }, (_, i) => i).find((one) => fails(randomProgram(one))) as number;
    const whole = randomProgram(seed);
    const { program, minimal } = await shrink(whole, fails);
    expect(inLine(programText(program))).toBe("a 0 1000; f 0; c 0 1 1000");
    expect(minimal).toBe(true);
    expect(await shrink(whole, fails)).toMatchObject({ program });
  });

  it("leaves nothing of which a step or an object may be left out", async () => {
    const kinds = fc.array(
      fc.constantFrom<Step["do"]>("malloc", "calloc", "aligned", "realloc", "free", "read"),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(programs<fc.Arbitrary<Program>>(fc, { steps: 30 }), kinds, async (program, wanted) => {
        const fails = (one: Program) => has(one, wanted);
        fc.pre(fails(program));
        const shrunk = await shrink(program, fails);
        expect(shrunk.minimal).toBe(true);
        expect(fails(shrunk.program)).toBe(true);
        expect(whole(shrunk.program)).toEqual(shrunk.program);
        for (const less of smaller(shrunk.program)) expect(fails(less), programText(less)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("ends after so many tries, so many steps tried, or a signal, with the least so far", async () => {
    const program = randomProgram(3);
    const fails = (one: Program) => one.length > 10;
    const all = await shrink(program, fails);
    expect(all).toMatchObject({ minimal: true, program: { length: 11 } });
    const some = await shrink(program, fails, { tries: 3 });
    expect(some).toMatchObject({ minimal: false, tries: 3 });
    expect(some.program.length).toBeLessThan(program.length);
    expect((await shrink(program, fails, { work: program.length })).minimal).toBe(false);
    expect((await shrink(program, fails, { signal: AbortSignal.abort() })).program).toEqual(program);
  });

  it("refuses a program that does not fail", async () => {
    await expect(shrink(randomProgram(3), () => false)).rejects.toThrow(RangeError);
  });
});
