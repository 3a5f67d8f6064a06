/** The free memory of a model: assembly/allocators/free-blocks.ts. */
import type { ModelExports } from "./exports.js";

/** Memory that an allocator keeps free, and can hand out without asking the kernel for more. */
export interface FreeBlock {
  address: number;
  /** The allocator's own words in it are among them. */
  bytes: number;
  /** Where the allocator keeps it, in the real one's words: `tcache`, `top`, `never handed out`. */
  list: string;
}

/** Words of a row. */
const ROW = 3;

/** The free blocks that reach into a range, in order of address. `words` reads linear memory. */
export function freeBlocksIn(
  exports: ModelExports,
  words: (at: number, count: number) => number[],
  lists: readonly string[],
  { address, bytes }: { address: number; bytes: number },
): FreeBlock[] {
  const count = exports.freeBlocks(address, bytes);
  const rows = words(exports.freeRows(), ROW * count);
  const blocks = Array.from({ length: count }, (_, i) => {
    const [at, size, list] = rows.slice(ROW * i, ROW * (i + 1)) as [number, number, number];
    return { address: at, bytes: size, list: lists[list] ?? "" };
  });
  return blocks.sort((one, other) => one.address - other.address);
}
