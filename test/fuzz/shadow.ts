/**
 * What a program may believe of its blocks, held against what an allocator gives: an oracle that knows no model. A block is
 * aligned, apart from all others, zero where calloc made it, and keeps what was written to it.
 */
import { strict as assert } from "node:assert";
import type { Allocator } from "../../src/allocator/allocator.js";

export interface Block {
  readonly pointer: number;
  readonly bytes: number;
  /** The byte that its two ends are filled with. */
  readonly tag: number;
}

/** Bytes at each end that are filled: all of a small block. */
const END = 512;
/** Blocks up to so many bytes are touched all over. */
const TOUCHED = 2 ** 20;
const PLAIN_ALIGN = 16;

export class Shadow {
  /** In order of address. */
  #blocks: Block[] = [];
  #tags = 0;

  constructor(private readonly allocator: Allocator) {}

  /** Blocks that have bytes, or are none: each is freed once. */
  get blocks(): readonly Block[] {
    return this.#blocks;
  }

  copy(): Shadow {
    const copy = new Shadow(this.allocator);
    copy.#blocks = [...this.#blocks];
    copy.#tags = this.#tags;
    return copy;
  }

  /** A new block: what it has to be is looked at, and it is filled. */
  take(
    pointer: number,
    bytes: number,
    { align = 1, isZeroed = false, kept = undefined as Block | undefined },
  ) {
    const plain = Math.min(PLAIN_ALIGN, bytes < 8 ? 1 : bytes < 16 ? 8 : 16);
    assert.equal(
      pointer % Math.max(align, plain),
      0,
      `0x${pointer.toString(16)} is aligned for ${bytes} bytes`,
    );
    const place = this.#placeOf(pointer);
    const [before, after] = [this.#blocks[place - 1], this.#blocks[place]];
    if (before) assert.ok(before.pointer + Math.max(1, before.bytes) <= pointer, "blocks lie apart");
    if (after) assert.ok(pointer + Math.max(1, bytes) <= after.pointer, "blocks lie apart");
    if (isZeroed) assert.ok(this.allocator.isZero(pointer, bytes), `calloc gave ${bytes} zeroes`);
    if (kept) this.#verifyStart({ ...kept, pointer, bytes: Math.min(kept.bytes, bytes) }, kept.bytes);
    const block = { pointer, bytes, tag: (this.#tags++ % 255) + 1 };
    this.#fill(block);
    this.#blocks.splice(place, 0, block);
  }

  /** A block that is about to go, which must hold what it was filled with. */
  drop(block: Block): void {
    this.verify(block);
    this.forget(block);
  }

  /** Takes a block out. */
  forget(block: Block): void {
    this.#blocks.splice(this.#blocks.indexOf(block), 1);
  }

  verify(block: Block): void {
    this.#verifyStart(block, block.bytes);
    const tail = Math.min(block.bytes, END);
    const at = block.pointer + block.bytes - tail;
    assert.equal(this.allocator.fillEnd(at, block.tag, tail), tail, `the end of ${describe(block)} is kept`);
  }

  verifyAll(): void {
    for (const block of this.#blocks) this.verify(block);
  }

  /** Bytes asked for that are held. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Its first bytes, as it was filled when it had `before` bytes. */
  #verifyStart(block: Block, before: number): void {
    const head = Math.min(block.bytes, Math.min(before, END));
    assert.equal(
      this.allocator.fillEnd(block.pointer, block.tag, head),
      head,
      `the start of ${describe(block)} is kept`,
    );
  }

  /** Touches all of it, and fills its ends. */
  #fill({ pointer, bytes, tag }: Block): void {
    const part = Math.min(bytes, END);
    if (bytes <= TOUCHED) this.allocator.touch(pointer, bytes);
    this.allocator.fill(pointer, tag, part);
    if (bytes > END) this.allocator.fill(pointer + bytes - part, tag, part);
  }

  #placeOf(pointer: number): number {
    let [low, high] = [0, this.#blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#blocks[middle] as Block).pointer < pointer) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const describe = ({ pointer, bytes }: Block): string => `0x${pointer.toString(16)} of ${bytes} bytes`;
