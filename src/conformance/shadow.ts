import type { Tester } from "./tester.js";

interface Block {
  pointer: number;
  bytes: number;
  /** The byte that fills the block. */
  mark: number;
}

/** How a block is asked for. */
export type Asking = "malloc" | "calloc" | { align: number };

/**
 * What an allocator should have done: where each live block is, and what is in it. Each new block has to lie apart from
 * all others, and each has to keep its contents until it is resized or freed.
 */
export class Shadow {
  readonly #blocks = new Map<number, Block>();
  /** Addresses of live blocks, in ascending order. */
  readonly #order: Block[] = [];
  #made = 0;

  /** `ends`: of a block of more than twice so many bytes only these at each end are filled and looked at. */
  constructor(
    private readonly tester: Tester,
    private readonly ends = Number.POSITIVE_INFINITY,
  ) {}

  get bytes(): number {
    return this.#order.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Takes a block that the program calls `key`. */
  take(key: number, how: Asking, bytes: number): void {
    const { tester } = this;
    if (how === "malloc") this.#keep(key, tester.malloc(bytes), bytes);
    else if (how === "calloc") this.#keep(key, tester.calloc(bytes), bytes);
    else {
      const pointer = tester.aligned(how.align, bytes);
      tester.expect(pointer % how.align === 0, `a block is not aligned to ${how.align}`);
      this.#keep(key, pointer, bytes);
    }
  }

  resize(key: number, bytes: number): void {
    const block = this.#forget(key);
    const moved = this.tester.realloc(block.pointer, bytes);
    // Of a block that was cut the end is not there any more.
    if (bytes >= block.bytes) this.#expectKept({ ...block, pointer: moved });
    else this.tester.expectFilled(moved, block.mark, Math.min(bytes, this.ends));
    this.#keep(key, moved, bytes);
  }

  free(key: number): void {
    const block = this.#forget(key);
    this.#expectKept(block);
    this.tester.free(block.pointer);
  }

  freeAll(): void {
    for (const key of [...this.#blocks.keys()]) this.free(key);
  }

  #keep(key: number, pointer: number, bytes: number): void {
    const place = this.#placeOf(pointer);
    const [before, after] = [this.#order[place - 1], this.#order[place]];
    if (before && before.pointer + before.bytes > pointer) this.#overlap(pointer, bytes, before);
    if (after && pointer + bytes > after.pointer) this.#overlap(pointer, bytes, after);
    const block = { pointer, bytes, mark: 1 + (this.#made++ % 251) };
    for (const [from, length] of this.#watched(bytes)) this.tester.fill(pointer + from, block.mark, length);
    this.#order.splice(place, 0, block);
    this.#blocks.set(key, block);
  }

  #expectKept({ pointer, mark, bytes }: Block): void {
    for (const [from, length] of this.#watched(bytes)) this.tester.expectFilled(pointer + from, mark, length);
  }

  /** The parts of a block that are looked at. */
  #watched(bytes: number): readonly (readonly [from: number, bytes: number])[] {
    const { ends } = this;
    return bytes <= 2 * ends
      ? [[0, bytes]]
      : [
          [0, ends],
          [bytes - ends, ends],
        ];
  }

  #overlap(pointer: number, bytes: number, other: Block): never {
    const range = (from: number, length: number) => `[0x${from.toString(16)}, ${length} bytes]`;
    return this.tester.fail(
      `the new block ${range(pointer, bytes)} overlaps the live one ${range(other.pointer, other.bytes)}`,
    );
  }

  #forget(key: number): Block {
    const block = this.#blocks.get(key);
    if (!block) throw new Error(`internal: there is no block ${key}`);
    this.#blocks.delete(key);
    this.#order.splice(this.#placeOf(block.pointer), 1);
    return block;
  }

  /** Where in the order the first block is that is not below an address. */
  #placeOf(address: number): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#order[middle] as Block).pointer < address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
