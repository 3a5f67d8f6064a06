/**
 * The blocks that are live, found by any address in them.
 *
 *      page 0              page 1              page 2
 *      ├───────────────────┼───────────────────┼──────────────
 *         ├─┤  ├──────────────────────────────────┤  ├──┤
 *         a    b                               c     d
 *
 *      begin in page 0: a, b        in page 2: d        cover the beginning of page 1: b, of page 2: b
 */
const PAGE_SHIFT = 12;

export class LiveBlocks {
  /** Bytes by address. */
  readonly #sizes = new Map<number, number>();
  /** By page the addresses of those that begin in it, lowest first. */
  readonly #starts = new Map<number, number[]>();
  /** By page the one that covers its first byte and begins before. */
  readonly #covers = new Map<number, number>();

  has(address: number): boolean {
    return this.#sizes.has(address);
  }

  sizeOf(address: number): number | undefined {
    return this.#sizes.get(address);
  }

  /** Adds a block, which overlaps none that is there. */
  add(address: number, bytes: number): void {
    this.#sizes.set(address, bytes);
    const [first, last] = pagesOf(address, bytes);
    const starts = this.#starts.get(first);
    if (starts) starts.splice(placeIn(starts, address), 0, address);
    else this.#starts.set(first, [address]);
    for (let page = first + 1; page <= last; page++) this.#covers.set(page, address);
  }

  /** Takes out one that is there. Returns its bytes. */
  remove(address: number): number {
    const bytes = this.#sizes.get(address) as number;
    const [first, last] = pagesOf(address, bytes);
    this.#sizes.delete(address);
    const starts = this.#starts.get(first) as number[];
    if (starts.length === 1) this.#starts.delete(first);
    else starts.splice(placeIn(starts, address), 1);
    for (let page = first + 1; page <= last; page++) this.#covers.delete(page);
    return bytes;
  }

  /** The addresses of those that have bytes from `start` to below `end`, lowest first. */
  within(start: number, end: number): number[] {
    const found: number[] = [];
    const [first, last] = pagesOf(start, end - start);
    for (let page = first; page <= last; page++) {
      const cover = this.#covers.get(page);
      if (cover !== undefined && found.at(-1) !== cover && this.#ends(cover) > start) found.push(cover);
      const starts = this.#starts.get(page) ?? [];
      // Blocks do not overlap: of those that begin before, only the last can have a byte of it.
      for (let i = Math.max(placeIn(starts, start) - 1, 0); i < starts.length; i++) {
        const address = starts[i] as number;
        if (address >= end) break;
        if (this.#ends(address) > start) found.push(address);
      }
    }
    return found;
  }

  #ends(address: number): number {
    return address + (this.#sizes.get(address) as number);
  }
}

/** The first page of a range, and the last; an empty range has one. */
function pagesOf(address: number, bytes: number): [number, number] {
  return [
    Math.floor(address / 2 ** PAGE_SHIFT),
    Math.floor((address + Math.max(bytes, 1) - 1) / 2 ** PAGE_SHIFT),
  ];
}

/** Where an address is in a list, or would be. */
function placeIn(list: readonly number[], address: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < address) low = middle + 1;
    else high = middle;
  }
  return low;
}
