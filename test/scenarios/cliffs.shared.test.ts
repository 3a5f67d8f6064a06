/** Where the untouched loop's cost changes kind, to the byte. */
import { describe, expect, it } from "vitest";
import { findCliffs } from "../../src/index.js";

const GIB = 2 ** 30;

async function cliffsOf(model: string, options = {}) {
  const { cliffs, points } = await findCliffs({ model, options });
  return { cliffs, kinds: [...new Set(points.map(({ cost }) => cost))] };
}

describe("the cliffs between 1 KiB and 1 GiB", () => {
  it("naive has none: it is linear throughout", async () => {
    expect(await cliffsOf("naive")).toEqual({ cliffs: [], kinds: ["linear"] });
  });

  it("lazy has one where blocks become large: it clears small ones that were used before", async () => {
    expect((await cliffsOf("lazy")).cliffs).toEqual([{ bytes: 130_048, below: "linear", above: "constant" }]);
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

  it("glibc that neither maps nor trims has none", async () => {
    const options = { mmapThreshold: 4 * GIB, trimThreshold: 8 * GIB };
    expect(await cliffsOf("glibc", options)).toEqual({ cliffs: [], kinds: ["linear"] });
  });
});
