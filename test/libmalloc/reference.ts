/**
 * Where libmalloc puts tiny, small and medium blocks, as naively as can be: regions are arrays of
 * blocks, a magazine's free blocks one array in the order they came. Shares nothing with the model.
 */

export interface Block {
  region: Region;
  /** Quanta from the region's start. */
  at: number;
  quanta: number;
  state: "live" | "last" | "free";
}

export interface Region {
  /** In the order of their making. */
  id: number;
  /** By place; up to the bump, if it is the newest. */
  blocks: Block[];
  inDepot: boolean;
}

export interface Shape {
  quantum: number;
  regionBytes: number;
  quanta: number;
  lists: number;
  lastFreeLimit: number;
}

export const TINY: Shape = { quantum: 16, regionBytes: 2 ** 20, quanta: 64520, lists: 64, lastFreeLimit: 16 };
export const SMALL: Shape = {
  ...{ quantum: 512, regionBytes: 2 ** 23, quanta: 16319 },
  ...{ lists: 256, lastFreeLimit: Number.POSITIVE_INFINITY },
};
export const MEDIUM: Shape = { ...SMALL, quantum: 32768, regionBytes: 2 ** 27, quanta: 4095 };

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
const used = ({ blocks }: Region) => sum(blocks.filter(({ state }) => state !== "free").map((b) => b.quanta));

export class ReferenceRack {
  /** The regions there are, in the order in which their magazine got them. */
  regions: Region[] = [];
  #free: Block[] = [];
  #last: Block | undefined;
  #newest: Region | undefined;
  #made = 0;
  /** How often a region went to the depot, came back, and was unmapped. */
  readonly moves = { left: 0, recalled: 0, unmapped: 0 };

  constructor(
    readonly shape: Shape,
    readonly cpus: number,
  ) {}

  quantaFor(bytes: number): number {
    return Math.max(1, Math.ceil(bytes / this.shape.quantum));
  }

  malloc(quanta: number): Block {
    if (this.#last?.quanta === quanta) {
      const block = this.#last;
      this.#last = undefined;
      block.state = "live";
      return block;
    }
    return (
      this.#fromLists(quanta) ??
      this.#fromBump(quanta) ??
      (this.#recall(quanta) ? this.#fromLists(quanta) : undefined) ??
      this.#fromNewRegion(quanta)
    );
  }

  #listOf(quanta: number): number {
    return Math.min(quanta, this.shape.lists);
  }

  /** The block freed latest of the lowest list that has any. */
  #find(quanta: number, inDepot: boolean): Block | undefined {
    const fit = this.#free.filter(
      (block) => block.region.inDepot === inDepot && this.#listOf(block.quanta) >= this.#listOf(quanta),
    );
    const lowest = Math.min(...fit.map((block) => this.#listOf(block.quanta)));
    return fit.findLast((block) => this.#listOf(block.quanta) === lowest);
  }

  #fromLists(quanta: number): Block | undefined {
    const block = this.#find(quanta, false);
    if (!block) return undefined;
    this.#unlist(block);
    block.state = "live";
    if (block.quanta > quanta) this.#putOnList(this.#split(block, quanta));
    return block;
  }

  #unlist(block: Block): void {
    this.#free.splice(this.#free.indexOf(block), 1);
  }

  #putOnList(block: Block): void {
    block.state = "free";
    this.#free.push(block);
  }

  /** Cuts a block, and gives the new one behind it, in the same state. */
  #split(block: Block, quanta: number): Block {
    const rest = { ...block, at: block.at + quanta, quanta: block.quanta - quanta };
    block.quanta = quanta;
    block.region.blocks.splice(block.region.blocks.indexOf(block) + 1, 0, rest);
    return rest;
  }

  #bumpOf(region: Region): number {
    const last = region.blocks.at(-1);
    return last ? last.at + last.quanta : 0;
  }

  #fromBump(quanta: number): Block | undefined {
    const region = this.#newest;
    if (!region || this.#bumpOf(region) + quanta > this.shape.quanta) return undefined;
    const block: Block = { region, at: this.#bumpOf(region), quanta, state: "live" };
    region.blocks.push(block);
    return block;
  }

  #fromNewRegion(quanta: number): Block {
    this.#finishNewest();
    this.#newest = { id: this.#made++, blocks: [], inDepot: false };
    this.regions.push(this.#newest);
    return this.#fromBump(quanta) as Block;
  }

  #finishNewest(): void {
    const region = this.#newest;
    this.#newest = undefined;
    if (!region) return;
    const at = this.#bumpOf(region);
    if (at === this.shape.quanta) return;
    const block: Block = { region, at, quanta: this.shape.quanta - at, state: "live" };
    region.blocks.push(block);
    this.#merge(block);
  }

  free(block: Block): void {
    if (block.region.inDepot || block.quanta >= this.shape.lastFreeLimit) {
      this.#release(block);
      return;
    }
    const displaced = this.#last;
    this.#last = block;
    block.state = "last";
    if (displaced) this.#release(displaced);
  }

  #release(block: Block): void {
    this.#merge(block);
    if (this.cpus === 1) return;
    if (block.region.inDepot) this.#unmapIfSpare(block.region);
    else this.#leaveSparse();
  }

  /** Frees a block together with its free neighbours: the block behind first. */
  #merge(block: Block): void {
    const { blocks } = block.region;
    const index = blocks.indexOf(block);
    const [before, after] = [blocks[index - 1], blocks[index + 1]];
    let merged = block;
    if (after?.state === "free") {
      this.#unlist(after);
      blocks.splice(index + 1, 1);
      merged.quanta += after.quanta;
    }
    if (before?.state === "free") {
      this.#unlist(before);
      blocks.splice(index, 1);
      before.quanta += merged.quanta;
      merged = before;
    }
    this.#putOnList(merged);
  }

  // ---- The depot ----

  #leaveSparse(): void {
    const mine = this.regions.filter(({ inDepot }) => !inDepot);
    const total = mine.length * this.shape.quanta;
    const busy = sum(mine.map(used));
    if (total - busy <= 1.5 * this.shape.quanta || busy >= 0.75 * total) return;
    const region = mine.find((one) => used(one) < 0.75 * this.shape.quanta);
    if (!region) return;
    if (this.#last?.region === region) {
      const block = this.#last;
      this.#last = undefined;
      this.#merge(block);
    }
    if (this.#newest === region) this.#finishNewest();
    this.#move(region);
    this.moves.left++;
    this.#unmapIfSpare(region);
  }

  /** To the depot, or back. */
  #move(region: Region): void {
    region.inDepot = !region.inDepot;
    this.regions = [...this.regions.filter((one) => one !== region), region];
    const free = region.blocks.filter(({ state }) => state === "free");
    this.#free = [...this.#free.filter((block) => block.region !== region), ...free];
  }

  #recall(quanta: number): boolean {
    const block = this.#find(quanta, true);
    if (!block) return false;
    this.#move(block.region);
    this.moves.recalled++;
    return true;
  }

  #unmapIfSpare(region: Region): void {
    const depot = this.regions.filter(({ inDepot }) => inDepot);
    if (used(region) > 0 || depot.length < 2 * this.cpus) return;
    this.regions = this.regions.filter((one) => one !== region);
    this.#free = this.#free.filter((block) => block.region !== region);
    this.moves.unmapped++;
  }

  // ---- In place ----

  resize(block: Block, quanta: number): boolean {
    if (quanta < block.quanta) {
      this.#release(this.#split(block, quanta));
      return true;
    }
    const { blocks } = block.region;
    const after = blocks[blocks.indexOf(block) + 1];
    if (after?.state !== "free" || block.quanta + after.quanta < quanta) return false;
    this.#unlist(after);
    blocks.splice(blocks.indexOf(after), 1);
    block.quanta += after.quanta;
    if (block.quanta > quanta) this.#putOnList(this.#split(block, quanta));
    return true;
  }

  aligned(align: number, bytes: number): Block {
    let block = this.malloc(this.quantaFor(bytes + align - 1));
    // Regions begin on a multiple of their size, and so of any alignment that fits in one.
    const start = block.at * this.shape.quantum;
    const lead = (Math.ceil(start / align) * align - start) / this.shape.quantum;
    if (lead) {
      const whole = block;
      block = this.#split(whole, lead);
      this.#release(whole);
    }
    const quanta = this.quantaFor(bytes);
    if (block.quanta > quanta) this.#release(this.#split(block, quanta));
    return block;
  }
}
