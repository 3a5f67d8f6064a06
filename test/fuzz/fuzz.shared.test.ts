/** A seed gives the same programs on every host, and finds the same. */
import { describe, expect, it } from "vitest";
import { fuzz, programText, randomProgram } from "../../src/conformance.js";
import { fuzzModule } from "../../src/foreign.js";
import { openModel } from "../../src/index.js";
import { fixtureBytes, openFixture } from "../foreign/replays.js";
import { inLine } from "./programs.js";

/** FNV-1a over texts. */
function digest(texts: readonly string[]): number {
  let sum = 0x811c9dc5;
  for (const text of texts) {
    for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  }
  return sum >>> 0;
}

describe("on every host", () => {
  it("a seed gives the same programs", () => {
    const texts = Array.from({ length: 40 }, (_, seed) => programText(randomProgram(seed)));
    expect(digest(texts)).toBe(159515350);
  });

  it("a planted bug is found by the same program, and shrunk to the same", async () => {
    const open = (memoryBytes: number) => openFixture("planted-clearing", { memoryBytes });
    const { failure, ...counts } = await fuzz(open, { seed: 7 });
    expect(counts).toEqual({
      ...{ seed: 7, programs: 1, operations: 19, failedAllocations: 0, memoryBytes: 2 ** 25 },
    });
    expect(failure && { ...failure, program: [], trace: inLine(failure.trace) }).toEqual({
      seed: 7,
      seen: "operation 3: calloc returned 0x430, which is not zero at offset 4",
      program: [],
      trace: "a 0 37; r 0 1; c 1 1 5",
      ...{ steps: 19, tries: 78, minimal: true },
    });
  });

  it("a module that nobody trusts is run in a jail, with the same result", async () => {
    const { failure, module } = await fuzzModule(await fixtureBytes("planted-clearing"), {
      ...{ seed: 7, growsMemory: false },
    });
    expect(module.convention).toBe("c");
    expect(failure && inLine(failure.trace)).toBe("a 0 37; r 0 1; c 1 1 5");
  });

  it("a model is verified, too", async () => {
    const report = await fuzz((addressSpace) => openModel("glibc", { addressSpace }), {
      addressBits: 64,
      runs: 10,
    });
    expect(report).toEqual({
      ...{ seed: 1, programs: 10, operations: 1321, failedAllocations: 13, memoryBytes: 2 ** 25 },
    });
  });
});
