/**
 * A random program on the heap, and its shadow: what each block must hold. Blocks are filled with a byte of their own;
 * what a block holds is looked at when it is resized or freed, so that a block that another overlaps is found.
 */
import { Random } from "../random.js";
import type { Heap } from "./heap.js";

interface Block {
  pointer: number;
  bytes: number;
  value: number;
}

/** Every size up to the limit is possible; doublings are equally likely. */
const sizeFrom = (random: Random, doublings: number) => random.below(2 ** (1 + random.below(doublings)));

/** The heap and what it must hold. */
export class Program {
  readonly #random: Random;
  readonly #live: Block[] = [];
  #most = 2000;
  #done = 0;

  constructor(
    private readonly heap: Heap,
    readonly seed: number,
    /** Largest size, as a power of two. */
    private readonly doublings = 17,
    private readonly checkEvery = 1009,
  ) {
    this.#random = new Random(seed);
  }

  /** @throws Error with the seed and the operation, if a promise is broken. */
  run(operations: number): void {
    try {
      for (const end = this.#done + operations; this.#done < end; this.#done++) {
        this.#step();
        if (this.#done % this.checkEvery === 0) this.heap.check();
      }
      this.#freeAll();
    } catch (cause) {
      const { message } = cause as Error;
      const words = [`seed=${this.seed} operation=${this.#done}: ${message}`, this.heap.words].filter(
        Boolean,
      );
      throw new Error(words.join(": "), { cause });
    }
  }

  #step(): void {
    const random = this.#random;
    const choice = random.below(100);
    if (choice === 0 && random.below(50) === 0) this.#most = 1 + random.below(4000);
    if (choice === 1 && random.below(200) === 0) this.heap.exports.trim();
    if (choice === 2 && random.below(2000) === 0) this.heap.exports.scrub();
    if (this.#live.length > this.#most || choice < 42) this.#free();
    else if (choice < 50) this.#resize();
    else this.#allocate();
  }

  #allocate(): void {
    const random = this.#random;
    const bytes = sizeFrom(random, this.doublings);
    const kind = random.below(10);
    let pointer: number;
    if (kind < 6) pointer = this.heap.malloc(bytes);
    else if (kind < 9) pointer = this.#clear(bytes);
    else pointer = this.#aligned(2 ** random.below(14), bytes);
    this.#hold({ pointer, bytes, value: 0 });
  }

  #clear(bytes: number): number {
    const pointer = this.heap.calloc(1, bytes);
    const at = this.heap.unlike(pointer, bytes, 0);
    if (at < bytes) throw new Error(`calloc(${bytes}) is not zero at ${at}`);
    return pointer;
  }

  #aligned(align: number, bytes: number): number {
    const pointer = this.heap.memalign(align, bytes);
    if (pointer % align) throw new Error(`${pointer} is not aligned to ${align}`);
    return pointer;
  }

  #hold(block: Block): void {
    const { pointer, bytes } = block;
    if (!pointer || pointer + bytes > this.heap.memoryBytes)
      throw new Error(`${bytes} bytes are at ${pointer}`);
    if (bytes >= 16 && pointer % 16) throw new Error(`${pointer} is not aligned for ${bytes} bytes`);
    block.value = 1 + this.#random.below(255);
    this.heap.fill(pointer, bytes, block.value);
    this.#live.push(block);
  }

  #take(): Block | undefined {
    const at = this.#random.below(this.#live.length + 1) - 1;
    const block = this.#live[at];
    const last = this.#live.pop();
    if (at >= 0 && last && block !== last) this.#live[at] = last;
    return at >= 0 ? block : last;
  }

  #verify({ pointer, bytes, value }: Block, length = bytes): void {
    const at = this.heap.unlike(pointer, length, value);
    if (at < length) throw new Error(`${bytes} bytes at ${pointer} were overwritten at ${at}`);
  }

  #free(): void {
    const block = this.#take();
    if (!block) return;
    this.#verify(block);
    this.heap.free(block.pointer);
  }

  #resize(): void {
    const block = this.#take();
    if (!block) return;
    this.#verify(block);
    const bytes = sizeFrom(this.#random, this.doublings);
    block.pointer = this.heap.realloc(block.pointer, bytes);
    this.#verify({ ...block, bytes }, Math.min(bytes, block.bytes));
    block.bytes = bytes;
    this.#hold(block);
  }

  /** Nothing is in use then, and the heap says so. */
  #freeAll(): void {
    while (this.#live.length) this.#free();
    this.heap.check();
    const { slots, runs } = this.heap.statistics();
    if (slots + runs) throw new Error(`${slots + runs} bytes are in use after all was freed`);
  }
}
