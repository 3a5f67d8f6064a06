import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSandbox } from "../../src/index.js";
import { BY_STATE, KIND_OF, KINDS, pagesByKind } from "../../src/web/kinds.js";
import { coveredRanges, decode, readPageRuns } from "../../src/web/page-runs.js";

const PAGE = 4096;

const objects = (list: readonly (readonly [address: number, bytes: number])[]) => ({
  addresses: Float64Array.from(list, ([address]) => address),
  bytes: Float64Array.from(list, ([, bytes]) => bytes),
});

describe("covered ranges", () => {
  it("are the union of all pages that objects lie on", () => {
    const list = fc.array(fc.tuple(fc.nat(40 * PAGE), fc.nat(5 * PAGE)), { maxLength: 20 });
    fc.assert(
      fc.property(list, (some) => {
        const pages = new Set<number>();
        for (const [address, bytes] of some) {
          for (let page = Math.floor(address / PAGE); page * PAGE < address + Math.max(1, bytes); page++)
            pages.add(page);
        }
        const ranges = coveredRanges(objects(some), PAGE);
        const found: number[] = [];
        for (let at = 0; at < ranges.length; at += 2) {
          for (let page = ranges[at] as number; page < (ranges[at + 1] as number); page += PAGE)
            found.push(page / PAGE);
        }
        expect(found).toEqual([...pages].sort((one, other) => one - other));
      }),
    );
  });
});

describe("page runs", () => {
  it("tell every state apart, and what objects lie on", async () => {
    const sandbox = await openSandbox("lazy");
    const pointer = sandbox.malloc(400 * PAGE);
    sandbox.touch(pointer, 100 * PAGE, "read");
    sandbox.touch(pointer + 100 * PAGE, 50 * PAGE);
    sandbox.fill(pointer + 150 * PAGE, 0, 25 * PAGE);
    const half = 200 * PAGE;
    const runs = readPageRuns(sandbox, sandbox.regions(), objects([[pointer, half]]));
    const seen = [...runs.details].map((detail, i) => {
      const { state, held } = decode(detail);
      return [state, held, runs.pages[i]];
    });
    expect(seen).toEqual([
      ["zeroPage", true, 100],
      ["written", true, 50],
      ["clean", true, 25],
      ["reserved", true, 25],
      ["reserved", false, 200],
    ]);
    expect(runs.addresses[0]).toBe(pointer);
  });

  it("count libmalloc's needless pages, and those it keeps", async () => {
    const sandbox = await openSandbox("libmalloc");
    const names = (counts: number[]) =>
      Object.fromEntries(counts.flatMap((pages, kind) => (pages ? [[KINDS[kind]?.id, pages]] : [])));
    const first = sandbox.calloc(1, 100 * PAGE);
    const countsWith = (...list: Parameters<typeof objects>[0]) => {
      const runs = readPageRuns(sandbox, sandbox.regions(), objects(list));
      return names(pagesByKind({ colouring: BY_STATE, runs }));
    };
    expect(countsWith([first, 100 * PAGE])).toMatchObject({ reserved: 100 });
    sandbox.free(first);
    const second = sandbox.calloc(1, 100 * PAGE);
    expect(countsWith([second, 100 * PAGE])).toMatchObject({ needless: 100 });
    sandbox.touch(second, 40 * PAGE);
    sandbox.free(second);
    expect(countsWith().cached).toBeGreaterThanOrEqual(40);
  });

  it("are of some kind, each", () => {
    expect(Math.max(...KIND_OF)).toBe(KINDS.length - 1);
    expect(new Set(KIND_OF).size).toBe(KINDS.length);
  });
});
