/** Guided stories: that each step is a view, and that what is said of it is so. */
import { describe, expect, it } from "vitest";
import { findBuiltIn } from "../../src/allocator/built-in.js";
import {
  cinnabarTrace,
  cinnabarWorkload,
  openModel,
  openWasmAllocator,
  readTrace,
  replayTrace,
  runCallocLoop,
} from "../../src/index.js";
import { figuresOf, GUIDES, type Step } from "../../src/web/guides.js";
import type { Counted } from "../../src/web/measure.js";
import type { Choice } from "../../src/web/protocol.js";
import { formatState, parseState, type ViewState } from "../../src/web/state.js";
import { guided } from "../../src/web/stories.js";
import { marksOf, traceTape } from "../../src/web/tape.js";

const STEPS = Object.entries(GUIDES).flatMap(([story, { steps }]) =>
  steps.map((step, index): [string, Step, { story: string; step: number }] => [
    `${story}.${index + 1}`,
    step,
    { story, step: index + 1 },
  ]),
);

const library = { cleared: 0, needless: 0 };

/** What one side of a step counts in the end, where it is a model. */
async function runOf(state: ViewState, { allocator, options }: Choice): Promise<Counted | undefined> {
  const { input, touch } = state;
  if (findBuiltIn(allocator)) return undefined;
  if (input.kind === "loop") {
    const { bytes, count, written } = input;
    return { ...(await runCallocLoop({ model: allocator, options, bytes, count, written })), library };
  }
  const isText = input.kind === "text";
  if (!isText && !(input.kind === "trace" && input.name === "cinnabar")) return undefined;
  const trace = isText ? await readTrace(input.text) : cinnabarTrace(cinnabarWorkload);
  const { result } = await replayTrace({ model: allocator, options, trace, touch });
  return { ...result, library };
}

const known = new Map<string, Promise<Counted | undefined>>();

/** The runs of a step, where both sides are models, and what is run is no recorded trace. */
async function runsOf({ link }: Pick<Step, "link">): Promise<[Counted, Counted] | undefined> {
  const state = parseState(link);
  const runs = state.sides.map((side) => {
    const name = JSON.stringify([state.input, state.touch, side]);
    const run = known.get(name) ?? runOf(state, side);
    known.set(name, run);
    return run;
  });
  const [left, right] = await Promise.all(runs);
  return left && right && [left, right];
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
  /** What an answer says of what is resident: of the left by the right. */
  const MORE_BY: Record<string, number> = {
    ...{
      "cinnabar.1": 1.02,
      "cinnabar.5": 1.05,
      "arenas.3": 1.7,
      "arenas.5": 1.5,
      "fork.2": 1.2,
      "fork.3": 2,
    },
  };
  const LESS_BY: Record<string, number> = { "cinnabar.4": 1.3 };

  it.each(STEPS)("say what the runs give: %s", async (name, step) => {
    const runs = await runsOf(step);
    if (!runs) return;
    const [left, right] = runs;
    const ratio = (left.simulated?.seconds ?? 0) / (right.simulated?.seconds ?? 0);
    expect(ratio).toBeGreaterThan(SLOWER_BY[name] ?? 0);
    expect(1 / ratio).toBeGreaterThan(FASTER_BY[name] ?? 0);
    const resident = left.counters.bytes.resident / right.counters.bytes.resident;
    if (MORE_BY[name]) expect(resident).toBeGreaterThan(MORE_BY[name]);
    if (LESS_BY[name]) expect(1 / resident).toBeGreaterThan(LESS_BY[name]);
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

  it("know where the phases of git-cinnabar end", async () => {
    const tape = await traceTape(cinnabarTrace(cinnabarWorkload), () => {});
    const places = marksOf(tape).map(({ position }) => position);
    const told = GUIDES.cinnabar?.steps.flatMap(({ link }) => parseState(link).at ?? []);
    expect(told).toEqual(places);
  });

  it("know what a thread's arena takes, keeps and gives back", async () => {
    const [first, freed, whole, trimmed, eight] =
      GUIDES.arenas?.steps.map(({ link }) => parseState(link)) ?? [];
    const upTo = async (state: ViewState | undefined) => {
      const { input, sides, at } = state as ViewState & { input: { text: string } };
      const sandbox = await openModel("glibc", sides[0].options);
      const lines = input.text.split("\n");
      const notes = await sandbox.replay(await readTrace(lines.slice(0, at ?? lines.length).join("\n")), {
        touch: "object",
      });
      expect(notes.operations).toBe(at ?? lines.length - 1);
      return sandbox;
    };
    const begun = await upTo(first);
    const arena = begun.regions().at(-1);
    expect(arena?.bytes).toBe(64 * 2 ** 20);
    expect(Number(begun.slots().find(Boolean)) - (arena?.address ?? 0)).toBeLessThan(8192);
    const kept = (await upTo(freed)).counters().bytes;
    expect(kept.resident).toBeGreaterThan(20 * kept.inUse);
    expect((await upTo(trimmed)).counters().bytes.resident).toBeLessThan(
      0.6 * (await upTo(whole)).counters().bytes.resident,
    );
    expect((await upTo(eight)).counters().bytes.virtual).toBe(8 * 64 * 2 ** 20);
  });

  it("know that a fork copies what is written, and that free may write", async () => {
    const [idle, freeing, onOthers, , left] = await Promise.all(
      (GUIDES.fork?.steps ?? []).map(async (step) => (await runsOf(step)) as [Counted, Counted]),
    );
    const resident = (runs?: Counted[]) => runs?.map(({ counters }) => counters.bytes.resident);
    expect(resident(left)).toEqual(resident(idle));
    const copies = (runs?: Counted[]) => runs?.map(({ counters }) => counters.faults.copyOnWrite);
    expect(copies(freeing)?.[0]).toBeGreaterThanOrEqual(100);
    expect(copies(freeing)?.[1]).toBeLessThan(10);
    expect(Math.min(...(copies(onOthers) ?? []))).toBeGreaterThanOrEqual(100);
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
