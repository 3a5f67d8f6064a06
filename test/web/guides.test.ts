/** Guided stories: that each step is a view, and that what is said of it is so. */
import { describe, expect, it } from "vitest";
import { openWasmAllocator, readTrace, runCallocLoop } from "../../src/index.js";
import { figuresOf, GUIDES, type Step } from "../../src/web/guides.js";
import type { Counted } from "../../src/web/measure.js";
import { formatState, parseState } from "../../src/web/state.js";
import { guided } from "../../src/web/stories.js";

const STEPS = Object.entries(GUIDES).flatMap(([story, { steps }]) =>
  steps.map((step, index): [string, Step, { story: string; step: number }] => [
    `${story}.${index + 1}`,
    step,
    { story, step: index + 1 },
  ]),
);

/** The runs of a step, where both sides are models in a loop. */
async function runsOf({ link }: Step): Promise<[Counted, Counted] | undefined> {
  const { input, sides } = parseState(link);
  const models = ["naive", "lazy", "glibc", "libmalloc", "jemalloc", "tcmalloc", "mimalloc"];
  if (input.kind !== "loop" || sides.some(({ allocator }) => !models.includes(allocator))) return undefined;
  const { bytes, count, written } = input;
  const [left, right] = await Promise.all(
    sides.map(({ allocator, options }) =>
      runCallocLoop({ model: allocator, options, bytes, count, written }),
    ),
  );
  const library = { cleared: 0, needless: 0 };
  return [{ ...left, library } as Counted, { ...right, library } as Counted];
}

describe("guided stories", () => {
  it("have five to seven steps", () => {
    for (const { steps } of Object.values(GUIDES)) {
      expect(steps.length).toBeGreaterThanOrEqual(5);
      expect(steps.length).toBeLessThanOrEqual(7);
    }
  });

  it.each(STEPS)("are steps that a link holds: %s", (_, step, place) => {
    const state = guided(place);
    expect(parseState(formatState(state))).toEqual(state);
    expect(formatState({ ...state, guide: null })).toBe(formatState(parseState(step.link)));
    expect(step.asks).toMatch(/\?$/);
  });

  /** What an answer says of the two times. */
  const SLOWER_BY: Record<string, number> = {
    "benfield.2": 1000,
    "benfield.6": 1000,
    "cliff.5": 10,
    "choices.1": 1000,
    "choices.5": 2,
  };
  const FASTER_BY: Record<string, number> = { "benfield.7": 1.5, "choices.2": 1000 };

  it.each(STEPS)("say what the runs give: %s", async (name, step) => {
    const runs = await runsOf(step);
    if (!runs) return;
    const [left, right] = runs;
    const ratio = (left.simulated?.seconds ?? 0) / (right.simulated?.seconds ?? 0);
    expect(ratio).toBeGreaterThan(SLOWER_BY[name] ?? 0);
    expect(1 / ratio).toBeGreaterThan(FASTER_BY[name] ?? 0);
    const answer = step.answers(figuresOf(left), figuresOf(right));
    expect(answer).not.toMatch(/NaN|undefined/);
    expect(answer).toMatch(/[.]$/);
  });

  it("know that blocks below the cliff are cleared, and those above it are not", async () => {
    const needless = async (link: string) =>
      (await runsOf({ link } as Step))?.[0].counters.zeroed.needless ?? 0;
    const [above, below] = GUIDES.cliff?.steps ?? [];
    expect(await needless(above?.link ?? "")).toBeLessThan(4096);
    expect(await needless(below?.link ?? "")).toBeGreaterThan(2 ** 38);
  });

  it("know what the heap clears, and that it looks at a block that comes again", async () => {
    const MIB = 2 ** 20;
    const counted = async (name: string, rounds: number) => {
      const allocator = await openWasmAllocator(name, { meter: true });
      await allocator.replay(await readTrace(`c 1 1 ${MIB}\nf 1\n`.repeat(rounds)));
      return allocator.counters();
    };
    const [first, second, tenth] = [
      await counted("heap", 1),
      await counted("heap", 2),
      await counted("heap", 10),
    ];
    // Neither any block, nor anything in any further round.
    expect(first.zeroed.allocator).toBeLessThan(MIB / 10);
    expect(tenth.zeroed).toEqual(first.zeroed);
    expect(first.touched.read + first.touched.written).toBeLessThan(30);
    expect(second.touched.read - first.touched.read).toBeGreaterThan(MIB / 4096 - 10);
    expect(second.touched.written).toBe(first.touched.written);
    expect((await counted("as-tlsf", 10)).zeroed.allocator).toBeGreaterThan(10 * MIB - 1);
  });

  it("know that a mapping that is freed puts the next block of its size on glibc's heap", async () => {
    const calls = async (rounds: number) => {
      const { counters } = await runCallocLoop({
        model: "glibc",
        bytes: 30 * 2 ** 20,
        count: rounds,
        written: 0,
      });
      return counters.syscalls;
    };
    const [first, third] = [await calls(1), await calls(3)];
    expect(first.mmap).toBe(1);
    expect(third.mmap).toBe(first.mmap);
    expect(third.brk).toBeGreaterThan(first.brk);
  });
});
