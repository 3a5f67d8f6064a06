import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frameOf, Steady } from "../../src/web/playback.js";

const FRAME_MS = 1000 / 60;

/** The positions of some seconds of playing, frame by frame. */
function played(speed: number, rounds: { length: number; period: number }, seconds = 3): number[] {
  const frames = Array.from({ length: seconds * 60 }, (_, frame) =>
    Math.floor((frame * FRAME_MS * speed) / 1000),
  );
  return frames.map((position) => frameOf(Math.min(position, rounds.length), speed, rounds));
}

/** How often a second something changes at most. */
function changesASecond(values: readonly unknown[]): number {
  const at = values.flatMap((value, frame) => (frame > 0 && value !== values[frame - 1] ? [frame] : []));
  return Math.max(0, ...at.map((first) => at.filter((frame) => frame >= first && frame < first + 60).length));
}

describe("playing", () => {
  it.each([2, 3, 4])(
    "shows the same phase of every round of %i operations, at any speed that would flash",
    (period) => {
      for (const speed of [1, 10, 100, 1000, 12_345, 1_000_000]) {
        const phases = played(speed, { length: 1e9, period }).map((position) => position % period);
        expect(changesASecond(phases), `${speed} a second`).toBeLessThanOrEqual(3);
      }
    },
  );

  it("shows every operation that a person can follow, all of a trace, and the end", () => {
    expect(played(1, { length: 1000, period: 2 })).toContain(2);
    expect(frameOf(501, 1_000_000, { length: 1000, period: 1000 })).toBe(501);
    expect(frameOf(1000, 1_000_000, { length: 1000, period: 2 })).toBe(1000);
    expect(frameOf(0, 100, { length: 1000, period: 2 })).toBe(0);
  });
});

describe("a cell of a map", () => {
  it("changes at most twice a second, whatever comes, and shows what is there half a second later", () => {
    const cells = fc.array(fc.array(fc.nat(3), { minLength: 6, maxLength: 6 }), {
      minLength: 60,
      maxLength: 200,
    });
    fc.assert(
      fc.property(cells, (frames) => {
        const steady = new Steady(500, 2);
        const seen = frames.map((frame, i) => [...steady.show(Float64Array.from(frame), i * FRAME_MS).shown]);
        for (const cell of [0, 1, 2]) {
          const looks = seen.map((figures) => figures.slice(2 * cell, 2 * cell + 2).join());
          expect(changesASecond(looks)).toBeLessThanOrEqual(2);
        }
        const last = Float64Array.from(frames.at(-1) as number[]);
        const end = frames.length * FRAME_MS;
        steady.show(last, end);
        expect(steady.show(last, end + 500)).toEqual({ shown: last });
      }),
    );
  });

  it("shows at once what it stands for when the map is moved", () => {
    const steady = new Steady(500, 1);
    steady.show(Float64Array.of(1), 0);
    expect(steady.show(Float64Array.of(2), 10)).toEqual({ shown: Float64Array.of(1), due: 500 });
    steady.reset();
    expect(steady.show(Float64Array.of(2), 20).shown).toEqual(Float64Array.of(2));
  });
});
