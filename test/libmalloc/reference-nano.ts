/**
 * Where the nano zone puts its slots, as naively as can be: every block is an array of what its slots hold. Shares
 * nothing with the model.
 */
const BASE = 0x6000_0000_0000;
const BLOCK = 16_384;
const UNITS = [2, 10, 11, 10, 5, 3, 3, 4, 3, 2, 2, 2, 2, 2, 1, 2];

interface Block {
  address: number;
  size: number;
  /** Slots handed out once, by number: live, or free with the one freed before it. */
  live: Set<number>;
  /** Freed slots, the last one at the end. */
  freed: number[];
  /** Slots from here on were never handed out. */
  unused: number;
}

const slotsOf = ({ size }: Block) => Math.floor(BLOCK / size);
const freeOf = (block: Block) => slotsOf(block) - block.live.size;

export class ReferenceNano {
  /** By class: in each arena of each region, its blocks. */
  readonly #arenas: Block[][][] = UNITS.map(() => []);
  readonly #current: (Block | undefined)[] = UNITS.map(() => undefined);
  readonly #blocks = new Map<number, Block>();
  regions = 0;
  /** How often the kernel was told of a block. */
  advised = 0;
  /** Blocks with slots that were handed out, live or not, since the kernel was told of them. */
  get used(): number {
    return this.#arenas.flat(2).filter(({ unused }) => unused > 0).length;
  }

  constructor() {
    this.#addRegion();
  }

  #addRegion(): void {
    for (let arena = 0; arena < 8; arena++) {
      const base = BASE + this.regions * 2 ** 29 + arena * 2 ** 26;
      let unit = 0;
      for (const [kind, units] of UNITS.entries()) {
        const numbers = Array.from({ length: 64 * units }, (_, i) => 64 * unit + i).filter((n) => n > 0);
        const blocks = numbers.map((number) => ({
          ...{ address: base + number * BLOCK, size: 16 * (kind + 1) },
          ...{ live: new Set<number>(), freed: [], unused: 0 },
        }));
        for (const block of blocks) this.#blocks.set(block.address, block);
        this.#arenas[kind]?.push(blocks);
        unit += units;
      }
    }
    this.regions++;
  }

  kindOf(bytes: number): number {
    return Math.max(0, Math.ceil(bytes / 16) - 1);
  }

  malloc(bytes: number): number {
    const kind = this.kindOf(bytes);
    let block = this.#current[kind];
    if (!block || freeOf(block) === 0) block = this.#choose(kind, block);
    this.#current[kind] = block;
    const slot = block.freed.pop() ?? block.unused++;
    block.live.add(slot);
    return block.address + slot * block.size;
  }

  #choose(kind: number, old: Block | undefined): Block {
    const arenas = this.#arenas[kind] ?? [];
    const at = old ? arenas.findIndex((blocks) => blocks.includes(old)) : 0;
    const near = old && this.#near(arenas[at] ?? [], old);
    if (near) return near;
    // The other arenas of its region in turn, it as the last one; then those behind.
    const region = 8 * Math.floor(at / 8);
    const turn = Array.from({ length: 8 }, (_, i) => region + ((at + i + (old ? 1 : 0)) % 8));
    const rest = arenas.map((_, i) => i).slice(region + 8);
    for (const index of [...turn, ...rest]) {
      const found = arenas[index]?.find((block) => freeOf(block) > 0);
      if (found) return found;
    }
    this.#addRegion();
    return arenas[arenas.length - 8]?.[0] as Block;
  }

  /** Before it, nearest first, and then behind it, the first ten that may do. */
  #near(blocks: Block[], old: Block): Block | undefined {
    const at = blocks.indexOf(old);
    const others = [...blocks.slice(0, at).reverse(), ...blocks.slice(at + 1)];
    const share = (block: Block) => Math.floor((100 * freeOf(block)) / slotsOf(block));
    const candidates = others.filter((block) => !block.unused || share(block) >= 20).slice(0, 10);
    return (
      candidates.find((block) => block.unused && share(block) <= 80) ??
      candidates.find((block) => block.unused) ??
      candidates[0]
    );
  }

  /** A block that has no live slot is as it was before, unless slots are taken from it. */
  free(pointer: number, bytes: number): void {
    const kind = this.kindOf(bytes);
    const block = this.#blocks.get(pointer - (pointer % BLOCK)) as Block;
    const slot = (pointer - block.address) / block.size;
    block.live.delete(slot);
    block.freed.push(slot);
    if (block.live.size || block === this.#current[kind]) return;
    block.freed = [];
    block.unused = 0;
    this.advised++;
  }
}
