/** What lies in a page, against a look at every byte, and against the library. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locateModule } from "../../src/allocator/built-in.js";
import { openSandbox, openWasmAllocator, readTrace } from "../../src/index.js";
import {
  type Block,
  bytesByKind,
  freeByList,
  freeRuns,
  objectsNear,
  reaches,
  spansOf,
} from "../../src/web/inside.js";
import { playModule, prepareModule } from "../../src/web/module.js";
import { type Playable, playModel } from "../../src/web/playable.js";
import { Player } from "../../src/web/player.js";
import { traceTape } from "../../src/web/tape.js";
import { fixtureBytes, readBytes } from "../foreign/replays.js";
import { assemble } from "../wasm/assemble.js";

const PAGE = { address: 4096, bytes: 4096 };
const noProgress = () => {};

/** Blocks with gaps between them, which begin with what is free and hold their headers, some before the page and some after it. */
const blocksWith = (headerBytes: number) =>
  fc
    .array(
      fc.tuple(
        fc.integer({ min: headerBytes, max: 900 }),
        fc.nat(2000),
        fc.option(fc.nat(700), { nil: undefined }),
        fc.nat(900),
      ),
      { maxLength: 16 },
    )
    .map((list) => {
      let at = 0;
      return list.map(([gap, bytes, more, room], slot) => {
        const address = at + gap;
        const free = { address: at, bytes: Math.min(room, gap - headerBytes), list: "a list" };
        at = address + Math.max(1, bytes + (more ?? 0));
        const usable = more === undefined ? {} : { usable: bytes + more };
        return { slot, address, bytes, ...usable, operation: slot + 1, code: "", free };
      });
    });

describe("the bytes of a page", () => {
  it.each([0, 8])(
    "are each of one kind, which the blocks there say, with headers of %i bytes",
    (headerBytes) => {
      const page = { ...PAGE, headerBytes };
      fc.assert(
        fc.property(blocksWith(headerBytes), (list) => {
          const near = objectsNear(page, {
            slots: Uint32Array.from(list, ({ slot }) => slot),
            addresses: Float64Array.from(list, ({ address }) => address),
            bytes: Float64Array.from(list, ({ bytes }) => bytes),
          }).map(({ slot }) => list[slot] as Block);
          const blocks = near.filter((block) => reaches(block, page));
          const free = list.map((block) => block.free).filter((block) => block.bytes > 0);
          const spans = spansOf({ ...page, blocks, free });
          const told = spans.flatMap(({ kind, from, to }) => new Array<string>(to - from).fill(kind));
          const expected = Array.from({ length: PAGE.bytes }, (_, offset) => {
            const byte = PAGE.address + offset;
            if (list.some(({ address }) => byte >= address - headerBytes && byte < address)) return "header";
            if (free.some(({ address, bytes }) => byte >= address && byte < address + bytes)) return "free";
            const its = list.findLast(({ address }) => address <= byte);
            if (!its) return "between";
            if (byte < its.address + its.bytes) return "asked";
            return byte < its.address + ((its as Block).usable ?? 0) ? "rounded" : "between";
          });
          expect(told).toEqual(expected);
          expect(bytesByKind(spans).asked).toBe(told.filter((kind) => kind === "asked").length);
        }),
        { numRuns: 60 },
      );
    },
  );
});

const LINES = ["s main;parse", "a 1 24", "a 2 100", "s main;draw", "c 3 5 20", "f 2", "r 1 30"];

async function momentOf(playable: Playable, allocator: string, page?: number | null) {
  const tape = await traceTape(await readTrace(`${LINES.join("\n")}\n`), noProgress);
  const choice = { allocator, options: {} };
  const { player } = await Player.open(tape, choice, playable, "object", noProgress);
  return { player, moment: await player.moment(tape.count, page) };
}

/** A module that gives 128 bytes each time, and answers by some code how many of them may be used. */
const telling = (usable: string) =>
  assemble(`(module (memory (export "memory") 1) (global $top (mut i32) (i32.const 64))
    (func (export "malloc") (param i32) (result i32)
      (global.set $top (i32.add (global.get $top) (i32.const 128))) (global.get $top))
    (func (export "memalign") (param i32 i32) (result i32) (i32.const 0))
    (func (export "malloc_usable_size") (param i32) (result i32) (${usable}))
    (func (export "free") (param i32)))`);

it("free blocks of a list side by side are one run, and are counted where they are in the page", () => {
  const block = (address: number, bytes: number, list: string) => ({ address, bytes, list });
  const free = [block(4000, 200, "bin"), block(4200, 100, "tcache"), block(4300, 100, "tcache")];
  const more = [block(4500, 100, "tcache"), block(8000, 5000, "top")];
  expect(freeRuns([...free, ...more]).map(({ address, bytes, count }) => [address, bytes, count])).toEqual([
    [4000, 200, 1],
    [4200, 200, 2],
    [4500, 100, 1],
    [8000, 5000, 1],
  ]);
  expect(freeByList({ ...PAGE, blocks: [], free: [...free, ...more] })).toEqual(
    new Map([
      ["bin", 104],
      ["tcache", 300],
      ["top", 192],
    ]),
  );
});

describe("what lies in a page", () => {
  it("is told with sizes, operations and sites, and asking leaves no trace", async () => {
    const playable = await playModel({ allocator: "glibc", options: {} });
    const { player, moment } = await momentOf(playable, "glibc", null);
    const sandbox = await openSandbox("glibc");
    await sandbox.replay(await readTrace(`${LINES.join("\n")}\n`), { touch: "object" });
    expect(moment.counters).toEqual(sandbox.counters());
    expect((await player.callPaths(noProgress)).root).toEqual(sandbox.profile());
    const slots = sandbox.slots();
    const told = moment.inside?.blocks.map(({ address, bytes, usable, operation, site }) => ({
      ...{ address, bytes, usable, operation, site },
    }));
    const block = (slot: number, bytes: number, operation: number, site?: string) => {
      const address = slots[slot] as number;
      return { address, bytes, usable: sandbox.usableSize(address), operation, site };
    };
    // A site is an operation too, and so is that there is none from here on, before `a 2` and `f 2`.
    const [one, three] = [block(0, 30, 9), block(2, 100, 6, "main;draw")];
    expect(told).toEqual([one, three].sort((left, right) => left.address - right.address));
    expect((await player.moment(9)).counters).toEqual(moment.counters);
    // Its header is the size of its chunk, whose three lowest bits are flags.
    const { address = 0, bytes = 0 } = moment.inside ?? {};
    expect(moment.inside?.free).toEqual(sandbox.freeBlocks(address, bytes));
    for (const { address, usable } of told ?? [])
      expect(Number(sandbox.load(address - (moment.inside?.headerBytes ?? 0), 8)) & ~7).toBe(
        (usable ?? 0) + 8,
      );
    expect((await player.moment(9)).inside).toBeUndefined();
  });

  it("is asked of a module, and the meter does not notice", async () => {
    const open = await prepareModule("far.wasm", telling("i32.load offset=40000 (i32.const 0)"));
    const { moment } = await momentOf(playModule(open), "far.wasm", null);
    const quiet = await momentOf(playModule(open), "far.wasm");
    expect(moment.inside?.blocks.map(({ usable }) => usable)).toEqual([0, 0]);
    expect(moment.inside?.free).toBeUndefined();
    expect(moment.counters).toEqual(quiet.moment.counters);
    expect((await quiet.player.moment(10, null)).runs).toEqual(quiet.moment.runs);
    expect(await quiet.player.moment(10)).toEqual(quiet.moment);
  });

  it("is told of a module, with what it rounds up if it tells that", async () => {
    const open = await prepareModule("heap", await readBytes(locateModule("heap")));
    const { moment } = await momentOf(playModule(open), "heap", null);
    const bare = await openWasmAllocator(await readBytes(locateModule("heap")), { name: "heap" });
    await bare.replay(await readTrace(`${LINES.join("\n")}\n`), { touch: "object" });
    const usableSize = bare.instance.exports.malloc_usable_size as (pointer: number) => number;
    const expected = Array.from(bare.slots().filter(Boolean), (address) => [address, usableSize(address)]);
    expect(moment.inside?.blocks.map(({ address, usable }) => [address, usable])).toEqual(
      expected.sort(([one = 0], [other = 0]) => one - other),
    );
    expect(moment.inside?.blocks.some(({ bytes, usable = 0 }) => usable > bytes)).toBe(true);
  });

  it.each(["as-tlsf", "telling"])("is told of %s, but for what it rounds up", async (name) => {
    const open = await prepareModule(name, await fixtureBytes(name));
    const { moment } = await momentOf(playModule(open), name, null);
    expect(moment.inside?.blocks.map(({ bytes, usable }) => [bytes, usable])).toEqual(
      expect.arrayContaining([
        [30, undefined],
        [100, undefined],
      ]),
    );
  });

  it("is told without that of a module that traps when it is asked, which goes on", async () => {
    const open = await prepareModule("trapping.wasm", telling("unreachable"));
    const { player, moment } = await momentOf(playModule(open), "trapping.wasm", null);
    expect(moment.inside?.blocks.map(({ bytes, usable }) => [bytes, usable])).toEqual([
      [100, undefined],
      [30, undefined],
    ]);
    const again = await player.moment(moment.position, null);
    expect(again).toEqual(moment);
    expect((await player.moment(2)).position).toBe(2);
  });
});
