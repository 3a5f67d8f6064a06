/** Where the untouched loop's cost changes kind, to the byte. */
import { describe, expect, it } from "vitest";
import { findCliffs, OptionError, OutOfMemory } from "../../../src/index.js";
import { some } from "../../thorough.js";

const GIB = 2 ** 30;

async function cliffsOf(model: string, options = {}) {
  const { cliffs, bands, points } = await findCliffs({ model, options });
  expect(bands).toEqual([]);
  return { cliffs, kinds: [...new Set(points.map(({ cost }) => cost))] };
}

describe("the cliffs between 1 KiB and 1 GiB", () => {
  it("naive has none: it is linear throughout", async () => {
    expect(await cliffsOf("naive")).toEqual({ cliffs: [], kinds: ["linear"] });
  });

  it("lazy has none, and is constant throughout", async () => {
    const { cliffs, kinds } = await cliffsOf("lazy");
    expect(cliffs).toEqual([]);
    expect(new Set(kinds)).toEqual(new Set(["constant"]));
  });

  it("libmalloc's is the last size whose pages its cache takes", async () => {
    const at = (bytes: number) => [{ bytes, below: "linear", above: "constant" }];
    expect((await cliffsOf("libmalloc")).cliffs).toEqual(at(134_217_728 - 4096));
    expect((await cliffsOf("libmalloc", { pageSize: 16384 })).cliffs).toEqual(at(134_217_728 - 16384));
  });

  it("glibc's is the largest mapping its threshold follows", async () => {
    expect((await cliffsOf("glibc")).cliffs).toEqual([
      { bytes: 33_550_312, below: "linear", above: "constant" },
    ]);
  });

  it("glibc 2.43's is higher, and below every multiple of a page is a band of 16 sizes that are mapped for ever", async () => {
    const { cliffs, bands } = await findCliffs({ model: "glibc", options: { version: "2.43" } });
    expect(cliffs).toEqual([{ bytes: 33_554_392, below: "linear", above: "constant" }]);
    expect(bands).toEqual([
      {
        ...{ cost: "constant", period: 4096, count: 8159 },
        ...{ first: { from: 135_129, to: 135_144 }, last: { from: 33_550_297, to: 33_550_312 } },
      },
    ]);
  });

  it("glibc that neither maps nor trims has none", async () => {
    const options = { mmapThreshold: 4 * GIB, trimThreshold: 8 * GIB };
    expect(await cliffsOf("glibc", options)).toEqual({ cliffs: [], kinds: ["linear"] });
  });
});

describe("what is found", () => {
  it("is the record the command line prints", async () => {
    const seen: number[] = [];
    const options = { pageSize: 16384, memory: 2 ** 34 };
    const found = await findCliffs({
      ...{ model: "libmalloc", options, from: 4096, to: 2 ** 28 },
      onProgress: (done) => seen.push(done),
    });
    expect(Object.keys(found)).toEqual([
      "allocator",
      "options",
      "costs",
      "notes",
      "cliffs",
      "bands",
      "points",
    ]);
    expect(found).toMatchObject({ allocator: "libmalloc", options });
    expect(Object.keys(found.points[0] ?? {}).sort()).toEqual(
      ["bytes", "cost", "zeroed", "faults", "syscalls", "simulatedSeconds", "settledAfter", "first"].sort(),
    );
    const sizes = found.points.map(({ bytes }) => bytes);
    expect(sizes).toEqual([...new Set(sizes)].sort((one, other) => one - other));
    expect([sizes[0], sizes.at(-1)]).toEqual([4096, 2 ** 28]);
    for (const { bytes } of found.cliffs) expect(sizes).toEqual(expect.arrayContaining([bytes, bytes + 1]));
    expect(seen.length).toBeGreaterThan(100);
  });

  it("tells the first iteration from the settled ones", async () => {
    const bytes = 20 * 2 ** 20;
    const [point] = (await findCliffs({ model: "glibc", from: bytes, to: bytes })).points;
    // The first is mapped, the second grows the heap, the third clears all of it, and so faults it in: now it is kept.
    expect(point).toMatchObject({ bytes, cost: "linear", faults: 0, syscalls: {}, settledAfter: 3 });
    expect(point?.first).toMatchObject({ syscalls: { mmap: 1, munmap: 1 } });
    expect(point?.first.zeroed.allocator).toBeLessThan(4096);
    expect((point?.zeroed.allocator ?? 0) - bytes).toBeLessThan(16);
    expect(point?.zeroed.needless).toBe(point?.zeroed.allocator);
  });

  it("ends where memory does", async () => {
    const { points } = await findCliffs({ model: "naive", options: { memory: 2 ** 26 } });
    expect(points.at(-1)?.bytes).toBe(2 ** 26);
    await expect(findCliffs({ model: "naive", options: { memory: 2 ** 20 }, from: 2 ** 21 })).rejects.toThrow(
      OutOfMemory,
    );
  });

  it("is the same on the check build", async () => {
    const plain = await findCliffs({ model: "glibc", from: 2 ** 24, to: 2 ** 26 });
    expect(
      await findCliffs({ model: "glibc", options: { check: true }, from: 2 ** 24, to: 2 ** 26 }),
    ).toEqual(plain);
  });
});

it("bad arguments are refused by name", async () => {
  await expect(findCliffs({ model: "nonesuch" })).rejects.toThrow(OptionError);
  await expect(findCliffs({ model: "naive", from: 0 })).rejects.toThrow(/^from must be/);
  await expect(findCliffs({ model: "naive", from: 2, to: 1 })).rejects.toThrow(/^from must be/);
  await expect(findCliffs({ model: "naive", to: 1.5 })).rejects.toThrow(/^to must be/);
});

describe("glibc's other cliffs", () => {
  const others: [string, Record<string, number>, number][] = [
    // What fits into the heap as it first is, 132 KiB less the tcache; beyond, the top is trimmed to its pad.
    ["one that does not map", { mmapThreshold: 4 * GIB }, 134_472],
    ["one whose threshold stays", { mmapThreshold: 131_072 }, 134_472],
    ["one without top pad", { topPad: 0 }, 134_472 - 4096],
    ["one on pages of 16 KiB", { pageSize: 16_384 }, 33_550_312 + 4096 - 16_384],
  ];
  it.each(some(others, 2))("%s", async (_, options, bytes) => {
    expect((await cliffsOf("glibc", options)).cliffs).toEqual([
      { bytes, below: "linear", above: "constant" },
    ]);
  });
});
