/** Of a planted fault each fuzzer leaves a small case, which fails the same when it is read again. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { randomProgram } from "../../src/fuzz/generate.js";
import { Sandbox } from "../../src/index.js";
import { type Explored, explore, shown, summary } from "./explore.js";
import type { Case, Fuzzer } from "./fuzzer.js";
import { findFuzzer } from "./fuzzers.js";
import type { Change } from "./mutants.js";

/** Each costs some milliseconds, a module more. */
const TRIES = 300;

type AnyFuzzer = Fuzzer<unknown, unknown>;

afterEach(() => void vi.restoreAllMocks());

/** Explores until the fault is found, and runs what is left of it again, from text. */
async function found(fuzzer: AnyFuzzer, seed = 1): Promise<Case<unknown, never>> {
  const { finding } = await explore(fuzzer, seed, (at) => at < seed + 20, TRIES);
  const { case: one, parts } = finding as NonNullable<Explored["finding"]>;
  expect(one.parts.length).toBeLessThanOrEqual(parts);
  await expect(fuzzer.run(JSON.parse(JSON.stringify(one)))).rejects.toThrow();
  return one as Case<unknown, never>;
}

/** The fuzzer with something that fails a case that it runs. */
function planted<Part>(fuzzer: AnyFuzzer, isBad: (parts: readonly Part[]) => boolean): AnyFuzzer {
  const run = async (one: Case<unknown, unknown>) => {
    if (isBad(one.parts as Part[])) throw new Error("it is bad");
    return {};
  };
  return { ...fuzzer, run };
}

describe("a planted fault is shrunk", () => {
  it("in programs, to the least trace", async () => {
    const fuzzer = await findFuzzer("programs");
    const { replay } = Sandbox.prototype;
    vi.spyOn(Sandbox.prototype, "replay").mockImplementation(async function (this: Sandbox, ...given) {
      const result = await replay.apply(this, given);
      if (result.operations > 2) throw new Error("it counts no further");
      return result;
    });
    const setting = { model: "naive", options: { addressSpace: 2 ** 25 } };
    const cases = (seed: number) => [{ setting, parts: randomProgram(seed, { steps: 100 }) }];
    const one = await found({ ...fuzzer, cases });
    expect(fuzzer.show?.(one)).toMatch(/^\{"model":"naive",.*\}\na 0 1\n\w 1 1\n\w . 1\n$/);
  });

  it("in calls, to those that are needed", async () => {
    vi.spyOn(Sandbox.prototype, "usableSize").mockReturnValue(-1);
    expect((await found(await findFuzzer("calls"), 8)).parts).toMatchObject([{ do: "call" }, { do: "call" }]);
  });

  it("in modules of ours, to the least that is drawn", async () => {
    const fuzzer = await findFuzzer("own");
    const textOf = (parts: readonly unknown[]) => fuzzer.show?.({ setting: {}, parts }) ?? "";
    const whole = [...(fuzzer.cases(1) as Iterable<Case<unknown, unknown>>)][0]?.parts ?? [];
    const one = await found(planted(fuzzer, (parts) => textOf(parts).includes("memory.fill")));
    expect(textOf(one.parts)).toContain("memory.fill");
    expect(textOf(one.parts).length).toBeLessThan(textOf(whole).length / 4);
  });

  it("in traces, to lines, and those to words", async () => {
    const fuzzer = await findFuzzer("traces");
    const run = async (one: Case<unknown, unknown>) => {
      const counts = await fuzzer.run(one);
      if ((counts.operations ?? 0) > 1) throw new Error("it counts no further");
      return counts;
    };
    const { parts } = await found({ ...fuzzer, run });
    expect(parts.length).toBeLessThanOrEqual(3);
    expect(parts.join("").length).toBeLessThan(60);
  });

  it("in mutants, to changes", async () => {
    const bad = (parts: readonly Change[]) =>
      parts.some((part) => part.do === "put") && parts.some((part) => part.do === "cut");
    expect((await found(planted(await findFuzzer("mutants"), bad))).parts).toHaveLength(2);
  });

  it("in what Binaryen makes modules of, to bytes", async () => {
    const bad = (parts: readonly number[]) => parts.filter((byte) => byte === 7).length > 1;
    expect((await found(planted(await findFuzzer("binaryen"), bad))).parts).toEqual([7, 7]);
  });

  it.each(["frames", "host"])("in what comes before the end of memory: %s", async (name) => {
    vi.spyOn(Sandbox.prototype, "check").mockImplementation(() => {
      throw new Error("it is broken");
    });
    expect((await found(await findFuzzer(name))).parts).toHaveLength(1);
  });
});

it("what is found is told with its case and its counts", async () => {
  const fuzzer = planted(await findFuzzer("binaryen"), (parts) => parts.includes(7));
  const explored = await explore({ ...fuzzer, show: () => "a module" }, 3, () => true);
  const { parts } = explored.finding as NonNullable<Explored["finding"]>;
  expect(shown({ ...fuzzer, show: () => "a module" }, explored.finding as never)).toMatch(
    new RegExp(`^Error: it is bad[^]*\n\nShrunk from ${parts} parts to 1:\na module$`),
  );
  expect(summary("binaryen", explored)).toBe("binaryen: seeds 3..3: ; stopped at a finding of seed 3");
});
