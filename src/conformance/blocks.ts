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

  /** Bytes of all of them. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Where the one is that was added last; 0 if there is none. */
  get last(): number {
    return this.#blocks.at(-1)?.pointer ?? 0;
  }

  /** Adds a new block and fills it. */
  add(pointer: number, bytes: number): void {
    const mark = 1 + (this.#made++ % 251);
    this.tester.fill(pointer, mark, bytes);
    this.#blocks.push({ pointer, bytes, mark });
  }

  /** Adds a new block at an index, before others, and fills it. */
  insert(index: number, pointer: number, bytes: number): void {
    this.add(pointer, bytes);
    this.#blocks.splice(index, 0, this.#blocks.pop() as Block);
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
