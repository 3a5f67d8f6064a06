/**
 * Pages that no block needs any more. A page begins to be resident when it is written, or when a calloc covers it;
 * nothing gives it back, as WebAssembly's memory.discard (a proposal) could once no live block has a byte of it.
 *
 *      // resident, and no live block: idle
 */
const PAGE_SHIFT = 12;
export const PAGE_BYTES = 1 << PAGE_SHIFT;

/** What could be given back, in bytes: now, and when it was most, after how many calls of the allocator. */
export interface Idle {
  bytes: number;
  peak: { bytes: number; calls: number };
}

export class IdlePages {
  /** Live blocks by page. */
  #blocks = new Uint16Array(1024);
  #resident = new Uint8Array(1024);
  #pages = 0;
  #peak = 0;
  #peakAt = 0;

  /** A block becomes live. */
  take(address: number, bytes: number): void {
    this.#each(address, bytes, (page) => {
      if (this.#blocks[page] === 0 && this.#resident[page]) this.#pages--;
      this.#blocks[page] = (this.#blocks[page] as number) + 1;
    });
  }

  /** A block is no longer live, after so many calls. */
  give(address: number, bytes: number, calls: number): void {
    this.#each(address, bytes, (page) => {
      this.#blocks[page] = (this.#blocks[page] as number) - 1;
      if (this.#blocks[page] === 0 && this.#resident[page]) this.#pages++;
    });
    if (this.#pages <= this.#peak) return;
    this.#peak = this.#pages;
    this.#peakAt = calls;
  }

  /** A range of a live block is written. */
  write(address: number, bytes: number): void {
    this.#each(address, bytes, (page) => {
      this.#resident[page] = 1;
    });
  }

  get idle(): Idle {
    return {
      bytes: this.#pages * PAGE_BYTES,
      peak: { bytes: this.#peak * PAGE_BYTES, calls: this.#peakAt },
    };
  }

  #each(address: number, bytes: number, visit: (page: number) => void): void {
    if (bytes === 0) return;
    const last = Math.floor((address + bytes - 1) / PAGE_BYTES);
    if (last >= this.#blocks.length) this.#grow(last);
    for (let page = Math.floor(address / PAGE_BYTES); page <= last; page++) visit(page);
  }

  #grow(page: number): void {
    const length = 2 ** Math.ceil(Math.log2(page + 1));
    const [blocks, resident] = [new Uint16Array(length), new Uint8Array(length)];
    blocks.set(this.#blocks);
    resident.set(this.#resident);
    [this.#blocks, this.#resident] = [blocks, resident];
  }
}
