/** How pages differ between the sides, against a comparison byte by byte. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { colourPages, differencesOf } from "../../src/web/differences.js";
import { BY_DIFFERENCE, BY_STATE, type Coloured, DIFFERENCES, pagesByKind } from "../../src/web/kinds.js";
import { coveredRanges, type PageRuns } from "../../src/web/page-runs.js";
import { playModel } from "../../src/web/playable.js";
import { Player } from "../../src/web/player.js";
import { loopTape } from "../../src/web/tape.js";

/** Small, so that all bytes can be looked at. */
const PAGE = 16;
const PAGES = 12;
const MIB = 2 ** 20;

type State = "reserved" | "zeroPage" | "written";
const DETAIL_OF: Record<State, number> = { reserved: 1, zeroPage: 2, written: 4 };
const HELD = 128;
const LEVELS: State[] = ["reserved", "zeroPage", "written"];

interface Given {
  objects: { slot: number; address: number; bytes: number }[];
  states: State[];
}

/** A side with a run for each page. */
function sideOf({ objects, states }: Given) {
  const places = {
    slots: Uint32Array.from(objects, ({ slot }) => slot),
    addresses: Float64Array.from(objects, ({ address }) => address),
    bytes: Float64Array.from(objects, ({ bytes }) => bytes),
  };
  const covered = coveredRanges(places, PAGE);
  const isHeld = (page: number) =>
    covered.some((start, at) => at % 2 === 0 && page >= start && page < (covered[at + 1] as number));
  const runs: PageRuns = {
    pageBytes: PAGE,
    addresses: Float64Array.from(states, (_, page) => page * PAGE),
    pages: Float64Array.from(states, () => 1),
    details: Uint8Array.from(states, (state, page) => DETAIL_OF[state] | (isHeld(page * PAGE) ? HELD : 0)),
  };
  return { position: 0, objects: places, runs };
}

/** The difference of each page, by looking at every byte of every object. */
function expected(here: Given, there: Given, [mine, its]: readonly [string, string]): string[] {
  return here.states.map((state, page) => {
    const level = LEVELS.indexOf(state);
    const others = here.objects.flatMap(({ slot, address, bytes }) => {
      const other = there.objects.find((one) => one.slot === slot);
      const inPage = Array.from({ length: Math.max(1, bytes) }, (_, offset) => offset).filter(
        (offset) => Math.floor((address + offset) / PAGE) === page,
      );
      return inPage.map((offset) =>
        other ? LEVELS.indexOf(there.states[Math.floor((other.address + offset) / PAGE)] as State) : 0,
      );
    });
    if (others.length === 0) return level === 2 ? "cached" : "reserved";
    const other = Math.max(...others);
    if (level === other) return level === 0 ? "reserved" : "alike";
    const more = level > other ? mine : its;
    return Math.max(level, other) === 2 ? more : `touched-${more}`;
  });
}

function told(runs: PageRuns): string[] {
  return [...runs.details].flatMap((kind, run) =>
    new Array(runs.pages[run] as number).fill(DIFFERENCES[kind]?.id),
  );
}

const states = fc.array(fc.constantFrom(...LEVELS), { minLength: PAGES, maxLength: PAGES });
const place = fc.nat((PAGES / 2) * PAGE);
/** Of each slot its bytes, which both sides have alike, and where it lies on each; nowhere if there is no room. */
const slots = fc.array(fc.tuple(fc.nat((PAGES / 3) * PAGE), fc.option(place), fc.option(place)), {
  maxLength: 5,
});

describe("the pages of two sides", () => {
  it("are compared by the objects that they hold, wherever these lie", () => {
    const property = fc.property(slots, states, states, (some, one, other) => {
      const given = ([1, 2] as const).map((at) => ({
        objects: some.flatMap(([bytes, ...places], slot) => {
          const address = places[at - 1] as number | null;
          return address === null ? [] : [{ slot, address, bytes }];
        }),
        states: at === 1 ? one : other,
      }));
      const [left, right] = given as [Given, Given];
      const both = [sideOf(left), sideOf(right)] as const;
      expect(told(differencesOf(both[0], both[1], "left"))).toEqual(expected(left, right, ["left", "right"]));
      expect(told(differencesOf(both[1], both[0], "right"))).toEqual(
        expected(right, left, ["right", "left"]),
      );
    });
    fc.assert(property, { numRuns: 100 });
  });

  it("tell what libmalloc has frames for and glibc has not, at one place of the program only", async () => {
    const tape = loopTape(64 * MIB, 0, 3);
    const [left, right] = await Promise.all(
      ["libmalloc", "glibc"].map(async (allocator) => {
        const choice = { allocator, options: {} };
        const { player } = await Player.open(tape, choice, await playModel(choice), "none", () => {});
        return player;
      }),
    );
    const momentsAt = async (...places: [number, number]) => [
      await left?.moment(places[0]),
      await right?.moment(places[1]),
    ];
    const counts = (await momentsAt(3, 3).then((moments) => colourPages(moments, true))).map((side) =>
      Object.fromEntries(
        pagesByKind(side as Coloured).flatMap((pages, kind) =>
          pages ? [[DIFFERENCES[kind]?.id, pages]] : [],
        ),
      ),
    );
    // With its header glibc writes the page in which the block begins.
    expect(counts[0]).toMatchObject({ left: 16383, alike: 1 });
    expect(counts[1]).toMatchObject({ left: 16384, alike: 1 });
    const colouringsAt = async (...places: [number, number]) =>
      colourPages(await momentsAt(...places), true).map((side) => side?.colouring);
    expect(await colouringsAt(3, 4)).toEqual([BY_STATE, BY_STATE]);
    expect(await colouringsAt(3, 3)).toEqual([BY_DIFFERENCE, BY_DIFFERENCE]);
  });
});
