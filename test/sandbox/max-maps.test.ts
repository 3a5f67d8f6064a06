/** What models do where Linux keeps no more areas of memory: vm.max_map_count. */
import { describe, expect, it } from "vitest";
import { models } from "../../src/index.js";
import { openChecked } from "../checked.js";

const MIB = 2 ** 20;

describe.each(models.map(({ name }) => name))("%s with few areas", (name) => {
  it("loses what munmap leaves mapped, and stays sound", async () => {
    const sandbox = await openChecked(name, { kernel: "linux", maxMaps: 4 });
    const blocks = Array.from({ length: 24 }, () => sandbox.malloc(40 * MIB)).filter((block) => block !== 0);
    for (const block of blocks) sandbox.store(block, 1n);
    for (let i = 1; i < blocks.length; i += 2) sandbox.free(blocks[i] as number);
    sandbox.check();
    const { virtual } = sandbox.counters().bytes;
    // Mappings that do not touch are an area each: so there are few blocks, and all that are freed are unmapped.
    const kept = blocks.length === 24 ? 16 : Math.floor(blocks.length / 2);
    expect(virtual).toBeGreaterThan(kept * 40 * MIB);
  });
});

describe("a request beyond the limit", () => {
  it("fails, and says which option to raise", async () => {
    const sandbox = await openChecked("naive", { maxMaps: 1 });
    sandbox.malloc(MIB);
    // At the limit the kernel still adds one: here an area that touches no other.
    expect(sandbox.alignedAlloc(64 * MIB, MIB)).not.toBe(0);
    expect(sandbox.malloc(MIB)).toBe(0);
    expect(sandbox.lastError).toMatchObject({ kind: "maps", requested: MIB, available: 0 });
    expect(sandbox.lastError?.remedy).toContain("maxMaps");
  });

  it("does not fail on darwin, or without a limit", async () => {
    for (const options of [{ kernel: "darwin", maxMaps: 1 }, { maxMaps: 0 }] as const) {
      const sandbox = await openChecked("naive", options);
      const blocks = Array.from({ length: 5 }, () => sandbox.alignedAlloc(64 * MIB, MIB));
      expect(blocks).not.toContain(0);
    }
  });
});
