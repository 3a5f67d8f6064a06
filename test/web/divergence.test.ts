import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSandbox, readTrace } from "../../src/index.js";
import {
  type Courses,
  type Difference,
  largestDifference,
  nextDifference,
} from "../../src/web/divergence.js";
import { COUNTS } from "../../src/web/measure.js";
import { playModel } from "../../src/web/playable.js";
import { Player } from "../../src/web/player.js";
import { traceTape } from "../../src/web/tape.js";

/** Two courses of counts, of which a part is asked for at a time. */
const coursesOf = (left: number[], right: number[]): Courses => ({
  length: left.length - 1,
  course: async (from, to) =>
    [left, right].map((all) => Float64Array.from(all.slice(from, to + 1))) as [Float64Array, Float64Array],
});

/** All differences, one by one. */
function slowly(left: number[], right: number[]): Difference[] {
  const change = (all: number[], at: number) => (all[at] as number) - (all[at - 1] as number);
  return left.flatMap((_, position) => {
    const changes: [number, number] = [change(left, position), change(right, position)];
    return position > 0 && changes[0] !== changes[1] ? [{ position, changes }] : [];
  });
}

describe("where two sides differ", () => {
  it("is found as by going through all, the next and the largest", async () => {
    // Mostly alike, and longer than a stretch.
    const course = fc.array(fc.tuple(fc.nat(3), fc.constantFrom(0, 0, 0, 0, 1, 5)), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(course, fc.constantFrom(1, 1000), fc.nat(40), async (steps, stretched, start) => {
        const [left, right] = [[0], [0]];
        for (const [both, more] of steps)
          for (let i = 0; i < stretched; i++) {
            left.push((left.at(-1) as number) + both);
            right.push((right.at(-1) as number) + both + (i === 0 ? more : 0));
          }
        const after = Math.min(left.length - 1, start * stretched);
        const [all, courses] = [slowly(left, right), coursesOf(left, right)];
        expect(await nextDifference(courses, after)).toEqual(all.find(({ position }) => position > after));
        const size = ({ changes }: Difference) => Math.abs(changes[0] - changes[1]);
        const most = Math.max(...all.map(size));
        expect(await largestDifference(courses)).toEqual(all.find((one) => size(one) === most));
      }),
      { numRuns: 60 },
    );
  });

  it("ends where a side stopped, and leaves out what one side does not count", async () => {
    const short: Courses = {
      length: 100,
      course: async () => [Float64Array.of(0, 1, 2), Float64Array.of(0, 1)],
    };
    expect(await largestDifference(short)).toBeUndefined();
    const none = coursesOf([0, 1, 2], [Number.NaN, Number.NaN, Number.NaN]);
    expect(await nextDifference(none, 0)).toBeUndefined();
  });
});

describe("the course of a count", () => {
  it.each(["needless", "faults", "syscalls", "resident"] as const)(
    "is what the library counts: %s",
    async (count) => {
      const lines = [
        "c 1 1 300000",
        "f 1",
        "c 2 1 300000",
        "w 2 0 9000",
        "r 2 700000",
        "a 3 50",
        "f 2",
        "f 3",
      ];
      const tape = await traceTape(await readTrace(`${lines.join("\n")}\n`), () => {});
      const choice = { allocator: "glibc", options: {} };
      const { player } = await Player.open(tape, choice, await playModel(choice), "none", () => {});
      const expected = await Promise.all(
        [2, 3, 4, 5, 6, 7].map(async (operations) => {
          const sandbox = await openSandbox("glibc");
          await sandbox.replay(await readTrace(lines.slice(0, operations).join("\n")));
          const counters = sandbox.counters();
          const { costs, seconds, parts } = { costs: "", seconds: 0, parts: {} as never };
          return COUNTS[count].of({
            counters,
            library: { cleared: 0, needless: 0 },
            simulated: { costs, seconds, parts },
          });
        }),
      );
      expect([...(await player.course(COUNTS[count].of, 2, 7))]).toEqual(expected);
      expect(await player.course(COUNTS[count].of, 7, 50)).toHaveLength(2);
    },
  );
});
