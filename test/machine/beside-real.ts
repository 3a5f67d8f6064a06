/** Tests that hold scripts of processes on the simulated Linux kernel beside what the real one answers. */
import { accessSync, constants } from "node:fs";
import { expect, it } from "vitest";
import type { HugePagesKind, ZeroPageKind } from "../../src/allocator/machine.js";
import { askReal, SimulatedProcesses, type Step } from "./processes.js";
import { askKernel, settled, zeroPageHere } from "./real-kernel.js";

/** Each step with what Linux 6.18 answered. */
export type Answered = [Step, string][];

export interface Beside {
  cases: Record<string, Answered>;
  /** Makes a script, and what the simulated kernel answers. */
  random(seed: number, zeroPage: ZeroPageKind): Promise<{ script: Step[]; lines: string[] }>;
  seeds: readonly number[];
  /** Why the kernel here does not answer as the one that was asked; null if it does. */
  whyOther?(program: string): string | null;
  hugePages?: HugePagesKind;
  /** Whether scripts are of a kernel with a page of zeroes. As the one here if nobody says so. */
  zeroPage?: ZeroPageKind;
}

const stepsOf = (steps: Answered) => steps.map(([step]) => step);
const answersOf = (steps: Answered) => steps.map(([, line]) => line);

async function simulated(
  script: readonly Step[],
  zeroPage: ZeroPageKind,
  hugePages?: HugePagesKind,
): Promise<string[]> {
  const kernel = await SimulatedProcesses.open(zeroPage, hugePages);
  const lines = script.map((step) => kernel.answer(step));
  kernel.machine.check();
  return lines;
}

const settledLines = (expected: readonly string[], ask: () => string[]): string[] =>
  settled(ask, (lines) => lines.join("\n") === expected.join("\n"));

/** Defines the tests. Those of the real kernel are skipped, with the reason, where it cannot be asked. */
export function testBesideReal({
  cases,
  random,
  seeds,
  whyOther = () => null,
  hugePages,
  zeroPage = zeroPageHere(),
}: Beside): void {
  function ask<T>(what: (program: string) => T): T | string {
    try {
      accessSync("/proc/kpageflags", constants.R_OK);
    } catch {
      return "only root may ask which frames there are";
    }
    return askKernel("processes", what);
  }

  it.each(Object.entries(cases))("are as they were when the real one was asked: %s", async (_, steps) => {
    expect(await simulated(stepsOf(steps), "shared", hugePages)).toEqual(answersOf(steps));
  });

  it.for(Object.entries(cases))("are as the real one's are here: %s", async ([, steps], { skip }) => {
    const script = stepsOf(steps);
    const lines = await simulated(script, zeroPage, hugePages);
    const answers = ask(
      (program) => whyOther(program) ?? settledLines(lines, () => askReal(program, script, hugePages)),
    );
    if (typeof answers === "string") return skip(answers);
    expect(answers).toEqual(lines);
  });

  it("are as the real one's are here in random scripts", async ({ skip }) => {
    const scripts = await Promise.all(seeds.map((seed) => random(seed, zeroPage)));
    const answers = ask(
      (program) =>
        whyOther(program) ??
        scripts.map(({ script, lines }) => settledLines(lines, () => askReal(program, script, hugePages))),
    );
    if (typeof answers === "string") return skip(answers);
    for (const [i, { lines }] of scripts.entries()) expect(answers[i], `seed ${seeds[i]}`).toEqual(lines);
  });
}
