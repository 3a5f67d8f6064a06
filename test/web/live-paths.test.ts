/** What is live at the peak by call path: against the library's profile by site, and against its blocks. */
import { describe, expect, it } from "vitest";
import { openSandbox, profileSites, readTrace } from "../../src/index.js";
import { playModel } from "../../src/web/playable.js";
import { Player } from "../../src/web/player.js";
import { peakOf, tapeTrace, traceTape } from "../../src/web/tape.js";
import { Random } from "../random.js";

const SEED = 0x11fe;

/** A program that grows and shrinks at sites of its own, and at none, with all ways to allocate. */
function randomProgram(): string[] {
  const random = new Random(SEED);
  const lines: string[] = [];
  const live: number[] = [];
  for (let id = 0; id < 400; id++) {
    if (random.below(3)) lines.push(`s main;${["parse", "draw", "draw;text"][random.below(3)]}`);
    const bytes = 1 + random.below(3000);
    lines.push([`a ${id} ${bytes}`, `c ${id} 3 ${bytes}`, `m ${id} 64 ${bytes}`][random.below(3)] as string);
    live.push(id);
    if (random.below(4) === 0) lines.push(`r ${live[random.below(live.length)]} ${random.below(5000)}`);
    if (random.below(2)) lines.push(`f ${live.splice(random.below(live.length), 1)[0]}`);
  }
  return [...lines, ...live.map((id) => `f ${id}`)];
}

describe("what is live at the peak", () => {
  it("is what the profile by site counts, with the function that allocated it, and what it is rounded up to", async () => {
    const tape = await traceTape(await readTrace(`${randomProgram().join("\n")}\n`), () => {});
    const choice = { allocator: "jemalloc", options: {} };
    const { player } = await Player.open(tape, choice, await playModel(choice), "none", () => {});
    const stacks = await player.livePaths(() => {});

    const { sites } = await profileSites({ model: "jemalloc", trace: tapeTrace(tape), touch: "none" });
    for (const { frames, peak } of sites) {
      const path = ["program", ...frames.filter((frame) => frame !== "unknown")];
      const its = stacks.filter((stack) => stack.frames.slice(0, -1).join() === path.join());
      expect(
        its.reduce((sum, { values }) => sum + (values[0] ?? 0), 0),
        path.join(),
      ).toBe(peak.bytes);
    }
    const functions = new Set(stacks.map(({ frames }) => frames.at(-1)));
    expect(functions).toEqual(new Set(["malloc", "calloc", "aligned_alloc", "realloc"]));

    const sandbox = await openSandbox("jemalloc");
    sandbox.repeat({ records: tape.records, count: peakOf(tape) }, 1);
    const usable = [...sandbox.slots()].map((address) => sandbox.usableSize(address));
    const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
    expect(sum(stacks.flatMap(({ values }) => values))).toBe(sum(usable));
    // The player goes on from anywhere.
    expect((await player.moment(tape.count)).counters.bytes.inUse).toBe(0);
  });
});
