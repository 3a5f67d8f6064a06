import type { Tester } from "./tester.js";

interface Block {
  pointer: number;
  bytes: number;
  /** The byte that fills the block. */
  mark: number;
}

/** Live blocks, each filled with a byte of its own, so that if two overlap, one loses its contents. */
export class Blocks {
  readonly #blocks: Block[] = [];
  #made = 0;

  constructor(private readonly tester: Tester) {}

  get count(): number {
    return this.#blocks.length;
  }

  /** Adds a new block and fills it. */
  add(pointer: number, bytes: number): void {
    const mark = 1 + (this.#made++ % 251);
    this.tester.fill(pointer, mark, bytes);
    this.#blocks.push({ pointer, bytes, mark });
  }

  /** Frees the block at an index. It must have kept its contents. */
  free(index: number): void {
    const [block] = this.#blocks.splice(index, 1);
    if (!block) return;
    this.tester.expectFilled(block.pointer, block.mark, block.bytes);
    this.tester.free(block.pointer);
  }

  /** Resizes the block at an index. It must keep the contents that fit. */
  resize(index: number, bytes: number): void {
    const [block] = this.#blocks.splice(index, 1);
    if (!block) return;
    const moved = this.tester.realloc(block.pointer, bytes);
    this.tester.expectFilled(moved, block.mark, Math.min(bytes, block.bytes));
    this.add(moved, bytes);
  }

  /** Every block must have kept its contents. */
  expectKept(): void {
    for (const { pointer, bytes, mark } of this.#blocks) this.tester.expectFilled(pointer, mark, bytes);
  }

  freeAll(): void {
    this.expectKept();
    for (const { pointer } of this.#blocks.splice(0)) this.tester.free(pointer);
  }
}
