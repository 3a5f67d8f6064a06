import { describe, expect, it } from "vitest";
import { countMetered } from "../../src/compare/metered.js";
import { ModuleTrap, readTrace, type WasmAllocator } from "../../src/index.js";
import { fixtureBytes } from "../foreign/replays.js";

const replay = (text: string) => async (allocator: WasmAllocator) => {
  await allocator.replay(await readTrace(new TextEncoder().encode(text)));
  if (allocator.exhaustion) throw new Error("it has no memory");
};
const limits = { memoryBytes: 2 ** 20 };

describe("what is metered of a run", () => {
  it("is what counters have, and pages read or written", async () => {
    const counts = await countMetered(await fixtureBytes("as-bump"), limits, replay("c 0 2 5000\n"));
    // 10,000 bytes from where the heap begins, in the first page
    expect(counts).toEqual({
      touched: { read: 0, written: 3, either: 3 },
      zeroed: { bytes: 10_000, needless: 10_000 },
    });
  });

  it("is nothing where memory ends", async () => {
    for (const name of ["as-bump", "as-tlsf"]) {
      expect(await countMetered(await fixtureBytes(name), limits, replay("a 0 2000000\n"))).toBeNull();
    }
  });

  it("is nothing of what cannot be metered; what goes wrong otherwise is told", async () => {
    const damaged = (await fixtureBytes("as-bump")).subarray(0, 100);
    expect(await countMetered(damaged, limits, replay(""))).toBeNull();
    const eleven = Array.from({ length: 11 }, (_, id) => `a ${id} 5\n`).join("");
    const run = countMetered(await fixtureBytes("trapping"), limits, replay(eleven));
    await expect(run).rejects.toBeInstanceOf(ModuleTrap);
  });
});
