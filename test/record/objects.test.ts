import { expect, it } from "vitest";
import { LiveBlocks } from "../../src/record/module/objects.js";
import { Random } from "../random.js";

const BYTES = 1 << 15;

it("live blocks are found by any address in them, as by looking at all", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const live = new LiveBlocks();
    const all = new Map<number, number>();
    const within = (start: number, end: number) =>
      [...all]
        .filter(([address, bytes]) => address < end && address + bytes > start)
        .map(([address]) => address)
        .sort((a, b) => a - b);
    for (let step = 0; step < 600; step++) {
      const address = random.below(BYTES / 8) * 8;
      const bytes = random.below(8) ? random.below(100) : random.below(9000);
      if (all.has(address)) {
        expect(live.remove(address), `seed ${seed}`).toBe(all.get(address));
        all.delete(address);
      } else if (within(address, address + Math.max(bytes, 1)).length === 0) {
        live.add(address, bytes);
        all.set(address, bytes);
      }
      const start = random.below(BYTES);
      const end = start + 1 + random.below(random.below(4) ? 40 : 9000);
      expect(live.within(start, end), `seed ${seed}, step ${step}`).toEqual(within(start, end));
    }
  }
});
