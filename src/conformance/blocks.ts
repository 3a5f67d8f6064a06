import type { Bench } from "./bench.js";

interface Block {
  pointer: number;
  bytes: number;
  /** The byte it is filled with. */
  mark: number;
}

/** Live blocks, each filled with a byte of its own: two that overlap do not both keep theirs. */
export class Blocks {
  readonly #blocks: Block[] = [];
  #made = 0;

  constructor(private readonly bench: Bench) {}

  get count(): number {
    return this.#blocks.length;
  }

  /** Takes over a new block of so many bytes. */
  add(pointer: number, bytes: number): void {
    const mark = 1 + (this.#made++ % 251);
    this.bench.fill(pointer, mark, bytes);
    this.#blocks.push({ pointer, bytes, mark });
  }

  /** Frees the block at a place, which must have kept its contents. */
  free(index: number): void {
    const [block] = this.#blocks.splice(index, 1);
    if (!block) return;
    this.bench.expectFilled(block.pointer, block.mark, block.bytes);
    this.bench.free(block.pointer);
  }

  /** Resizes the block at a place, which must keep what fits. */
  resize(index: number, bytes: number): void {
    const [block] = this.#blocks.splice(index, 1);
    if (!block) return;
    const moved = this.bench.realloc(block.pointer, bytes);
    this.bench.expectFilled(moved, block.mark, Math.min(bytes, block.bytes));
    this.add(moved, bytes);
  }

  /** All have to hold what they were filled with. */
  expectKept(): void {
    for (const { pointer, bytes, mark } of this.#blocks) this.bench.expectFilled(pointer, mark, bytes);
  }

  freeAll(): void {
    this.expectKept();
    for (const { pointer } of this.#blocks.splice(0)) this.bench.free(pointer);
  }
}
