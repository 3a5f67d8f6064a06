/** The program grows the memory too, as it may: it is not the allocator's alone. */
import { Blocks } from "./blocks.js";
import type { Case } from "./case.js";
import { KIB, MIB, WASM_PAGE } from "./sizes.js";
import type { Tester } from "./tester.js";

const ROUNDS = 8;
/** Sizes of blocks: for most allocators the last have to come from the system. */
const SIZES = [24, 500, 5000, 70 * KIB, 300 * KIB, 2 * MIB];

/** The program's own memory, filled. */
interface Own {
  at: number;
  bytes: number;
}

function expectOwn(tester: Tester, own: readonly Own[]): void {
  for (const { at, bytes } of own) {
    const kept = tester.keeps(at, 0x99, bytes);
    tester.expect(
      kept,
      `the allocator wrote to memory at 0x${at.toString(16)} that the program grew for itself by memory.grow`,
    );
  }
}

export const growth: readonly Case[] = [
  {
    name: "foreign-growth",
    promise: "memory that the program grows for itself is not the allocator's, and does not confuse it",
    of: "malloc",
    run(tester) {
      if (tester.alignment === 8) return "Emscripten's sbrk takes all memory for its own, whoever grew it";
      const blocks = new Blocks(tester);
      const own: Own[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        for (const bytes of SIZES) blocks.add(tester.malloc(bytes), bytes);
        const bytes = (1 + (round % 3)) * WASM_PAGE;
        const at = tester.growMemory(bytes);
        if (at === undefined) return "its memory is not the program's to grow";
        tester.fill(at, 0x99, bytes);
        own.push({ at, bytes });
        for (const size of SIZES) blocks.add(tester.calloc(size), size);
        expectOwn(tester, own);
        for (let i = 0; i < SIZES.length; i++) blocks.free((3 * i) % blocks.count);
        blocks.resize(0, round * 100 * KIB + 1);
      }
      blocks.freeAll();
      expectOwn(tester, own);
      return undefined;
    },
  },
];
