import type { Sandbox } from "../../src/index.js";
import { Random } from "../random.js";

interface Block {
  pointer: number;
  bytes: number;
  /** The byte its ends are filled with. */
  mark: number;
}

/** Bytes at either end of a block that carry its mark. */
const ENDS = 16;
const CALLS_BETWEEN_CHECKS = 50;
const ALIGNMENTS = [16, 32, 256, 4096, 65536, 2 ** 20] as const;

/**
 * A program that believes nothing: it keeps its own record of every block it holds, marks their
 * ends, and looks after every call whether the allocator kept its promises.
 */
export class SuspiciousProgram {
  readonly #blocks: Block[] = [];
  readonly #random: Random;

  constructor(
    private readonly sandbox: Sandbox,
    seed: number,
  ) {
    this.#random = new Random(seed);
  }

  /**
   * Makes so many random calls, then frees everything. Throws at the first broken promise, naming the seed, and when
   * the sandbox's own check fails, which is asked every CALLS_BETWEEN_CHECKS calls.
   */
  run(calls: number): void {
    for (let call = 0; call < calls; call++) {
      this.#guard(call, () => {
        this.#step();
        if (call % CALLS_BETWEEN_CHECKS === 0) this.sandbox.check();
      });
    }
    while (this.#blocks.length) this.#guard(calls, () => this.#free());
  }

  #guard(call: number, step: () => void): void {
    try {
      step();
    } catch (error) {
      throw new Error(`seed=0x${this.#random.seed.toString(16)} call=${call}`, { cause: error });
    }
  }

  #step(): void {
    const choice = this.#random.below(10);
    if (choice < 3) this.#allocate((bytes) => this.sandbox.malloc(bytes));
    else if (choice < 5) this.#calloc();
    else if (choice < 6) this.#aligned();
    else if (choice < 8) this.#free();
    else this.#realloc();
  }

  /** Sizes of every order of magnitude up to 4 MiB, small ones most often. */
  #size(): number {
    return this.#random.below(2 ** this.#random.below(this.#random.below(12) === 0 ? 23 : 14)) + 1;
  }

  #keep(pointer: number, bytes: number): void {
    if (pointer === 0) throw new Error(`no memory for ${bytes} bytes: ${this.sandbox.lastError?.kind}`);
    // What does not hold an object of 16 bytes need not be aligned for one.
    const alignment = bytes < 16 ? 8 : 16;
    if (pointer % alignment) throw new Error(`${pointer} is not aligned to ${alignment}`);
    if (this.sandbox.usableSize(pointer) < bytes) throw new Error(`usable size below ${bytes}`);
    const overlap = this.#blocks.find(
      (other) => pointer < other.pointer + other.bytes && other.pointer < pointer + bytes,
    );
    if (overlap) throw new Error(`${pointer}+${bytes} overlaps ${overlap.pointer}+${overlap.bytes}`);
    const block = { pointer, bytes, mark: 1 + this.#random.below(255) };
    this.#mark(block);
    this.#blocks.push(block);
  }

  #mark({ pointer, bytes, mark }: Block): void {
    const end = Math.min(ENDS, bytes);
    this.sandbox.fill(pointer, mark, end);
    this.sandbox.fill(pointer + bytes - end, mark, end);
  }

  /** The bytes of [pointer + from, pointer + to) are all `value`. */
  #expect(pointer: number, from: number, to: number, value: number): void {
    const end = from + this.sandbox.fillEnd(pointer + from, value, to - from);
    if (end < to) throw new Error(`byte ${end} at ${pointer} is not ${value}`);
  }

  #allocate(allocate: (bytes: number) => number): void {
    const bytes = this.#size();
    this.#keep(allocate(bytes), bytes);
  }

  #calloc(): void {
    const bytes = this.#size();
    const count = this.#random.pick([1, bytes]);
    const pointer = this.sandbox.calloc(count, bytes / count);
    if (pointer) this.#expect(pointer, 0, bytes, 0);
    this.#keep(pointer, bytes);
  }

  #aligned(): void {
    const align = this.#random.pick(ALIGNMENTS);
    const bytes = this.#size();
    const pointer = this.sandbox.alignedAlloc(align, bytes);
    if (pointer % align) throw new Error(`${pointer} is not aligned to ${align}`);
    this.#keep(pointer, bytes);
  }

  #take(): Block | undefined {
    const index = this.#random.below(this.#blocks.length);
    const block = this.#blocks[index];
    const last = this.#blocks.pop();
    if (block && last && block !== last) this.#blocks[index] = last;
    return block;
  }

  #checkMarks({ pointer, bytes, mark }: Block, kept: number): void {
    this.#expect(pointer, 0, Math.min(ENDS, bytes, kept), mark);
    if (kept >= bytes) this.#expect(pointer, bytes - Math.min(ENDS, bytes), bytes, mark);
  }

  #free(): void {
    const block = this.#take();
    if (!block) return;
    this.#checkMarks(block, block.bytes);
    this.sandbox.free(block.pointer);
  }

  #realloc(): void {
    const block = this.#take();
    if (!block) return;
    const bytes = this.#size();
    const pointer = this.sandbox.realloc(block.pointer, bytes);
    if (pointer) this.#checkMarks({ ...block, pointer }, bytes);
    this.#keep(pointer, bytes);
  }
}
