/**
 * Programs that break the rules in ways that releases of glibc take differently: what became of each is recorded, release
 * by release. The cases of aborts.ts are among them, with what newer releases make of them.
 */
import { AllocatorAbort, SegmentationFault } from "../../src/base/errors.js";
import { abortCases } from "./aborts.js";
import { Died, type Heap } from "./puppet.js";

type Log = (...values: number[]) => void;
type Program = (heap: Heap, log: Log) => Promise<void>;

async function blocks(heap: Heap, count: number, bytes: number): Promise<number[]> {
  const made: number[] = [];
  for (let i = 0; i < count; i++) made.push(await heap.malloc(bytes));
  return made;
}

/** Frees a block twice, with another size in its head the second time. */
const freedAs =
  (head: bigint): Program =>
  async (heap) => {
    const block = await heap.malloc(40);
    await heap.malloc(3000);
    await heap.free(block);
    await heap.store(block - 8, head);
    await heap.free(block);
  };

/** Frees a block with another size in its head, and asks for blocks of the sizes about it. */
const freedWith =
  (head: bigint): Program =>
  async (heap, log) => {
    const block = await heap.malloc(4000);
    await heap.calloc(1, 4000);
    await heap.store(block - 8, head);
    await heap.free(block);
    for (const bytes of [24, 40, 56, 1032]) log((await heap.malloc(bytes)) - block);
  };

/** Gives a block the key of a cached one, and frees it. */
const withKey =
  (bytes: number, spoil: (heap: Heap, cached: number) => Promise<unknown> = async () => {}): Program =>
  async (heap, log) => {
    const [cached, other] = (await blocks(heap, 2, 40)) as [number, number];
    const block = await heap.malloc(bytes);
    await heap.malloc(40);
    await heap.free(other);
    await heap.free(cached);
    await spoil(heap, cached);
    await heap.store(block + 8, await heap.load(cached + 8));
    await heap.free(block);
    log((await heap.malloc(bytes)) - block);
  };

/** Frees every second of some blocks past the tcache, breaks their links, and goes on. */
const brokenSmallBin =
  (goesOn: (heap: Heap, others: number[]) => Promise<unknown>): Program =>
  async (heap) => {
    const made = await blocks(heap, 80, 600);
    const freed = made.filter((_, i) => i % 2 === 0 && i < 60);
    for (const block of freed) await heap.free(block);
    await heap.malloc(3000);
    for (const block of freed) await heap.store(block + 8, BigInt(made[1] as number));
    await goesOn(
      heap,
      made.filter((_, i) => i % 2 === 0 && i >= 60),
    );
  };

/** Takes a cached block by a link that leads where no memory can be. */
const linkedTo =
  (address: bigint): Program =>
  async (heap) => {
    const [first, second] = (await blocks(heap, 2, 24)) as [number, number];
    await heap.free(first);
    await heap.free(second);
    await heap.store(second, address ^ (BigInt(second) >> 12n));
    await blocks(heap, 2, 24);
  };

const PROGRAMS: Record<string, Program> = {
  "a link to the end of the address space": linkedTo(2n ** 47n),
  "a link beyond the address space": linkedTo(2n ** 50n),
  "a link far beyond the address space": linkedTo(2n ** 60n),
  "a cached block freed as one of another size": freedAs(0x61n),
  "a cached block freed as a large one": freedAs(0x801n),
  "a cached block freed as one of 0 bytes": freedAs(0n),
  "a size of 0x48": freedWith(0x49n),
  "a size of 0x28": freedWith(0x29n),
  "a size of 0x18": freedWith(0x19n),
  "a size of 8": freedWith(9n),
  "a size of 0x418": freedWith(0x419n),
  "a size of 0x998": freedWith(0x999n),
  "a size that wraps, mapped": freedWith(BigInt.asUintN(64, -14n)),
  "the key in a block that is not cached": withKey(40),
  "the key in a block of another size": withKey(100),
  "the key in a large block": withKey(2000),
  "the key, beside a bin that is not aligned": withKey(100, async (heap, cached) =>
    heap.store(cached, (await heap.load(cached)) ^ 8n),
  ),
  "the key, beside a bin that is a ring": withKey(100, async (heap, cached) =>
    heap.store(cached, (BigInt(cached) >> 12n) ^ BigInt(cached)),
  ),
  "a small bin that is broken where a chunk is put in": brokenSmallBin(async (heap, others) => {
    for (const block of others) await heap.free(block);
  }),
  "a small bin that is broken where chunks are taken": brokenSmallBin((heap) => blocks(heap, 30, 600)),
  "a realloc of a chunk of 16 bytes": async (heap) => {
    const block = await heap.malloc(2000);
    await heap.store(block - 8, 0x10n);
    await heap.realloc(block, 100);
  },
  "a realloc of a freed block to what it has": async (heap, log) => {
    const block = await heap.malloc(2000);
    await heap.malloc(24);
    await heap.free(block);
    log((await heap.realloc(block, 2008)) - block);
  },
};

const CASES: [string, Program][] = [
  ...Object.entries(PROGRAMS),
  ...abortCases.map(({ name, run }): [string, Program] => [name, run]),
];

/** What became of each program: what was said, or the numbers that it came to. */
export type Outcomes = Record<string, string>;

/** Runs every program on a heap of its own. */
export async function outcomesOn<H extends Heap>(
  make: () => Promise<H>,
  close: (heap: H) => unknown,
): Promise<Outcomes> {
  const outcomes: Outcomes = {};
  for (const [name, run] of CASES) {
    const heap = await make();
    const numbers: number[] = [];
    outcomes[name] = await run(heap, (...values) => numbers.push(...values)).then(
      () => `goes on: ${numbers.join(" ")}`,
      said,
    );
    await close(heap);
  }
  return outcomes;
}

const FAULT = "segmentation fault";

function said(thrown: unknown): string {
  if (thrown instanceof Died) return thrown.signal === "SIGSEGV" ? FAULT : `aborts: ${thrown.text}`;
  if (thrown instanceof SegmentationFault) return FAULT;
  if (thrown instanceof AllocatorAbort) return `aborts: ${thrown.message.replace(/: 0x[0-9a-f]+$/, "")}`;
  throw thrown;
}
