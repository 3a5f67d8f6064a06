/** The walk of check builds finds what is broken, and names it. */
import { expect, it } from "vitest";
import { openSandbox, type Sandbox } from "../../src/index.js";

const KIB = 1024;
const POOL = 16 * KIB;
/** Offsets in a pool's header: assembly/allocators/pymalloc/pool.ts. */
const [COUNT, FREE, NEXT, ARENA, CLASS, VIRGIN, LAST] = [0, 8, 16, 32, 36, 40, 44];

interface Made {
  sandbox: Sandbox;
  /** The pool of the blocks, of which some are freed, and one that is wholly free. */
  pool: number;
  free: number;
  /** The object of the arena, in the array. */
  arena: number;
}

/** Three blocks in one pool, of which two were freed; a pool of another class that was emptied. */
async function make(): Promise<Made> {
  const sandbox = await openSandbox("pymalloc/glibc", { check: true });
  const blocks = [1, 2, 3].map(() => sandbox.malloc(64));
  const other = sandbox.malloc(500);
  sandbox.free(other);
  for (const block of blocks.slice(1)) sandbox.free(block);
  const pool = (blocks[0] as number) - 48;
  const array = sandbox.callsSince(0).find(({ name }) => name === "realloc below");
  return { sandbox, pool, free: other - 48, arena: Number(array?.result) };
}

const BROKEN: [what: string, breaks: (made: Made) => void, told: string][] = [
  [
    "a count",
    ({ sandbox, pool }) => sandbox.store(pool + COUNT, 2, 4),
    "every block that was cut is handed out or free",
  ],
  [
    "a link",
    ({ sandbox, pool }) => sandbox.store(pool + FREE, pool + 49, 8),
    "a free list leads to blocks of its pool",
  ],
  ["a loop", ({ sandbox, pool }) => sandbox.store(pool + 48 + 64, pool + 48 + 2 * 64, 8), "a free list ends"],
  ["a pool's arena", ({ sandbox, pool }) => sandbox.store(pool + ARENA, 1, 4), "a pool knows its arena"],
  [
    "a pool's class",
    ({ sandbox, pool }) => sandbox.store(pool + CLASS, 99, 4),
    "a pool that was cut has a class",
  ],
  [
    "what is cut",
    ({ sandbox, pool }) => sandbox.store(pool + VIRGIN, 49, 4),
    "blocks are cut one after the other",
  ],
  [
    "where cutting ends",
    ({ sandbox, pool }) => sandbox.store(pool + LAST, POOL, 4),
    "the last block ends with the pool",
  ],
  [
    "a list of pools",
    ({ sandbox, pool, free }) => sandbox.store(pool + NEXT, free, 8),
    "a pool is in the list of its class",
  ],
  [
    "a free pool with a block",
    ({ sandbox, free }) => sandbox.store(free + COUNT, 1, 4),
    "a free pool was cut, and has no block",
  ],
  [
    "free pools",
    ({ sandbox, arena }) => sandbox.store(arena + 16, 7, 4),
    "free pools are stacked or not cut yet",
  ],
  [
    "where pools are cut",
    ({ sandbox, arena }) => sandbox.store(arena + 8, 12345, 8),
    "pools are cut one after the other",
  ],
  [
    "an arena's place",
    ({ sandbox, arena }) => sandbox.store(arena + 40, arena, 8),
    "usable arenas are linked both ways",
  ],
  [
    "an unused object",
    ({ sandbox, arena }) => sandbox.store(arena + 48 + 32, arena, 8),
    "an object in the stack has no arena",
  ],
  ["an arena that is nowhere", ({ sandbox, arena }) => sandbox.store(arena, 0, 8), "every arena is counted"],
];

it("finds nothing where nothing is broken", async () => {
  const { sandbox } = await make();
  expect(() => sandbox.check()).not.toThrow();
});

it.each(BROKEN)("finds %s", async (_, breaks, told) => {
  const made = await make();
  breaks(made);
  expect(() => made.sandbox.check()).toThrow(told);
});
