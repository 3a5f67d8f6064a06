/** What the tests of random programs share. */
import { type Program, type Step, whole } from "../../src/fuzz/program.js";

/** Each program that has a step or an object less. */
export function smaller(program: Program): Step[][] {
  const withoutStep = program.map((left) => whole(program.filter((step) => step !== left)));
  const objects = new Set(program.map(objectOf).filter((object) => object !== undefined));
  const withoutObject = [...objects].map((left) => program.filter((step) => objectOf(step) !== left));
  return [...withoutStep, ...withoutObject];
}

const objectOf = (step: Step): number | undefined => ("object" in step ? step.object : undefined);

/** The lines of a trace, with semicolons between them. */
export const inLine = (trace: string): string => trace.trim().replaceAll("\n", "; ");
