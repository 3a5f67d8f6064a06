/**
 * Where libmalloc puts tiny, small and medium blocks, as naively as can be: regions are arrays of
 * blocks, a magazine's free blocks one array in the order they came. Shares nothing with the model.
 */

import { ReferenceAdvice } from "./reference-advice.js";
import type { Shape } from "./reference-shapes.js";

export interface Block {
  region: Region;
  /** Quanta from the region's start. */
  at: number;
  quanta: number;
  state: "live" | "last" | "free";
  /** Free, and linked outside of itself. */
  entry?: boolean;
}

export interface Region {
  /** In the order of their making. */
  id: number;
  /** By place; up to the bump, if it is the newest. */
  blocks: Block[];
  inDepot: boolean;
  /** Something was really freed here since it came, and it is sparse. */
  suitable: boolean;
  /** Quanta that are counted as used and are not. */
  surplus: number;
}

const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);

/** Most of the time of a comparison goes here. */
function used({ blocks, surplus }: Region): number {
  let quanta = surplus;
  for (const block of blocks) if (block.state !== "free") quanta += block.quanta;
  return quanta;
}

export class ReferenceRack {
  /** The regions there are, in the order of their magazine. */
  regions: Region[] = [];
  /** By list, from its head on; of the magazine and of the depot. */
  readonly #lists = [new Map<number, Block[]>(), new Map<number, Block[]>()] as const;
  #last: Block | undefined;
  #newest: Region | undefined;
  #made = 0;
  /** Blocks as the statistics count them. */
  objects = 0;
  /** How often a region went to the depot, came back, and was unmapped. */
  readonly moves = { left: 0, recalled: 0, unmapped: 0 };

  readonly advice: ReferenceAdvice;

  constructor(
    readonly shape: Shape,
    pageBytes: number,
  ) {
    this.advice = new ReferenceAdvice(shape, pageBytes);
  }

  /** Bytes in use as the statistics count them. */
  get bytesInUse(): number {
    return sum(this.regions.map(used)) * this.shape.quantum;
  }

  /** Bytes never handed out. */
  get restBytes(): number {
    return this.#newest ? (this.shape.quanta - this.#bumpOf(this.#newest)) * this.shape.quantum : 0;
  }

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
    this.objects++;
    return (
      this.#fromLists(quanta) ??
      this.#fromBump(quanta) ??
      (this.#recall(quanta) ? this.#fromLists(quanta) : undefined) ??
      this.#fromNewRegion(quanta)
    );
  }

  #numberOf(quanta: number): number {
    return Math.min(quanta, this.shape.lists);
  }

  #list({ inDepot }: { inDepot: boolean }, quanta: number): Block[] {
    const lists = this.#lists[inDepot ? 1 : 0];
    const list = lists.get(this.#numberOf(quanta)) ?? [];
    lists.set(this.#numberOf(quanta), list);
    return list;
  }

  /** The head of the lowest list that has any. */
  #find(quanta: number, inDepot: boolean): Block | undefined {
    for (let number = this.#numberOf(quanta); number <= this.shape.lists; number++) {
      const [head] = this.#list({ inDepot }, number);
      if (head) return head;
    }
    return undefined;
  }

  #fromLists(quanta: number): Block | undefined {
    const block = this.#find(quanta, false);
    if (!block) return undefined;
    const { lists, keepsPlace } = this.shape;
    const staysHead = keepsPlace && block.quanta - quanta >= lists;
    this.advice.taken(block, quanta);
    this.#unlist(block);
    block.state = "live";
    if (block.quanta > quanta) {
      const rest = this.#split(block, quanta);
      if (staysHead) this.#putAt(rest, 0);
      else this.#putOnList(rest);
    }
    this.#afterGrowth(block.region);
    return block;
  }

  #unlist(block: Block): number {
    const list = this.#list(block.region, block.quanta);
    const index = list.indexOf(block);
    list.splice(index, 1);
    block.entry = false;
    return index;
  }

  #putAt(block: Block, index: number): void {
    block.state = "free";
    const entries = block.region.blocks.filter(({ entry }) => entry).length;
    block.entry = entries < this.shape.entries && this.advice.mayLinkOutside(block);
    this.#list(block.region, block.quanta).splice(index, 0, block);
  }

  #putOnList(block: Block): void {
    this.#putAt(block, this.shape.grouped ? this.#placeOf(block) : 0);
  }

  /** Before the others of its region; else behind those of one of the first five regions; else at the head. */
  #placeOf({ region, quanta }: Block): number {
    const list = this.#list(region, quanta);
    const own = list.findIndex((block) => block.region === region);
    if (own >= 0) return own;
    if (region.inDepot) return 0;
    const mine = this.regions.filter(({ inDepot }) => !inDepot);
    const index = mine.indexOf(region);
    const asked = mine.slice(0, Math.min(5, index < 0 ? 5 : index));
    const last = asked.findLast((other) => list.some((block) => block.region === other));
    return last ? list.findLastIndex((block) => block.region === last) + 1 : 0;
  }

  #isSparse(region: Region): boolean {
    return used(region) < this.shape.quanta - Math.floor(this.shape.quanta / 4);
  }

  #afterGrowth(region: Region): void {
    if (!this.#isSparse(region)) region.suitable = false;
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
    this.#markBump(block);
    this.#afterGrowth(region);
    return block;
  }

  /** A block that ends where nothing was handed out. */
  #markBump({ region, at, quanta }: Block): void {
    this.advice.mark(region, at, quanta, false);
    this.advice.mark(region, at + quanta, this.shape.quanta - at - quanta, true);
  }

  #fromNewRegion(quanta: number): Block {
    this.#finishNewest();
    this.#newest = { id: this.#made++, blocks: [], inDepot: false, suitable: false, surplus: 0 };
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
    this.advice.ahead(block, this.#bytesOf(block.region));
    const displaced = this.#last;
    this.#last = block;
    block.state = "last";
    if (displaced) this.#release(displaced);
  }

  /** Bytes in use of the magazine, or the depot, that has a region. */
  #bytesOf({ inDepot }: Region): number {
    return sum(this.regions.filter((one) => one.inDepot === inDepot).map(used)) * this.shape.quantum;
  }

  #release(block: Block): void {
    if (!this.shape.forgets) this.objects--;
    this.#giveBack(block);
  }

  #giveBack(block: Block): void {
    const { region, at, quanta } = block;
    const merged = this.#merge(block);
    this.advice.merged(at, quanta, merged, this.#bytesOf(region));
    if (!region.inDepot && this.#isSparse(region)) region.suitable = true;
    if (region.inDepot) {
      this.#refresh(at, quanta, merged);
      this.#unmapIfSpare(region);
    } else if (this.shape.hasDepot) this.#leaveSparse();
  }

  /** What is told to the kernel is taken off its list for that, if it has a page: and heads it then. */
  #refresh(at: number, quanta: number, block: Block): void {
    if (!this.advice.freed(at, quanta, block)) return;
    this.#unlist(block);
    this.#putOnList(block);
  }

  /** A piece cut off a live block. */
  #freePiece(block: Block): void {
    this.objects++;
    if (this.shape.piecesSkip) this.#giveBack(block);
    else this.free(block);
  }

  /** Frees a block together with its free neighbours. */
  #merge(block: Block): Block {
    const { blocks } = block.region;
    let merged = block;
    const before = blocks[blocks.indexOf(block) - 1];
    if (before?.state === "free") {
      this.#unlist(before);
      blocks.splice(blocks.indexOf(block), 1);
      before.quanta += block.quanta;
      merged = before;
    }
    const after = blocks[blocks.indexOf(merged) + 1];
    if (after?.state !== "free") this.#putOnList(merged);
    else {
      const staysThere = this.shape.keepsPlace && after.quanta >= this.shape.lists;
      const index = this.#unlist(after);
      blocks.splice(blocks.indexOf(after), 1);
      merged.quanta += after.quanta;
      if (staysThere) this.#putAt(merged, index);
      else this.#putOnList(merged);
    }
    return merged;
  }

  // ---- The depot ----

  #leaveSparse(): void {
    const mine = this.regions.filter(({ inDepot }) => !inDepot);
    const total = mine.length * this.shape.quanta;
    const busy = sum(mine.map(used));
    if (total - busy <= 1.5 * this.shape.quanta || busy >= 0.75 * total) return;
    const suitable = mine.filter((one) => one.suitable);
    const region = this.shape.grouped ? suitable.at(-1) : suitable[0];
    if (!region) return;
    if (this.#newest === region) this.#finishNewest();
    this.#move(region, false);
    this.moves.left++;
    this.#unmapIfSpare(region);
  }

  /** To the depot, or back. */
  #move(region: Region, isFirst: boolean): void {
    const free = region.blocks.filter(({ state }) => state === "free");
    for (const block of free) this.#unlist(block);
    const others = this.regions.filter((one) => one !== region);
    this.regions = others;
    region.inDepot = !region.inDepot;
    region.suitable = false;
    for (const block of free) this.#putOnList(block);
    if (region.inDepot) this.advice.came(free);
    this.regions = isFirst ? [region, ...others] : [...others, region];
  }

  #recall(quanta: number): boolean {
    const block = this.#find(quanta, true);
    if (!block) return false;
    this.#move(block.region, this.shape.recallsFirst);
    this.moves.recalled++;
    return true;
  }

  #unmapIfSpare(region: Region): void {
    const depot = this.regions.filter(({ inDepot }) => inDepot);
    if (used(region) > 0 || depot.length < this.shape.crowded) return;
    for (const block of region.blocks) this.#unlist(block);
    this.regions = this.regions.filter((one) => one !== region);
    this.moves.unmapped++;
  }

  // ---- In place ----

  resize(block: Block, quanta: number): boolean {
    if (quanta < block.quanta) {
      this.#freePiece(this.#cut(block, quanta));
      return true;
    }
    return !block.region.inDepot && this.#grow(block, quanta);
  }

  /** Makes two live blocks of one, and gives the second. */
  #cut(block: Block, quanta: number): Block {
    const rest = this.#split(block, quanta);
    for (const { region, at, quanta: length } of [rest, block]) this.advice.mark(region, at, length, false);
    return rest;
  }

  #grow(block: Block, quanta: number): boolean {
    const { region } = block;
    const { blocks } = region;
    const { growsFar, countsTwice } = this.shape;
    const grown = quanta - block.quanta;
    const after = blocks[blocks.indexOf(block) + 1];
    const isLast = growsFar && after !== undefined && after === this.#last;
    if (!after && growsFar && this.#newest === region) {
      if (this.#bumpOf(region) + grown >= this.shape.quanta) return false;
      this.#markBump({ ...block, at: this.#bumpOf(region), quanta: grown });
      block.quanta = quanta;
      this.advice.mark(region, block.at, quanta, false);
      this.#afterGrowth(region);
      return true;
    }
    if (!after || !(isLast || after.state === "free") || after.quanta < grown) return false;
    if (!isLast) {
      this.advice.taken(after, grown);
      this.#unlist(after);
    }
    const left = after.quanta - grown;
    block.quanta = quanta;
    after.at += grown;
    after.quanta = left;
    if (isLast) this.advice.mark(region, after.at, left, false);
    this.advice.mark(region, block.at, quanta, false);
    if (!left) blocks.splice(blocks.indexOf(after), 1);
    if (isLast) {
      if (!left) this.#last = undefined;
      if (countsTwice) region.surplus += grown;
    } else if (left) this.#putOnList(after);
    if (!isLast || countsTwice) this.#afterGrowth(region);
    return true;
  }

  aligned(align: number, bytes: number): Block {
    let block = this.malloc(this.quantaFor(bytes + align - 1));
    // Regions begin on a multiple of their size, and so of any alignment that fits in one.
    const start = this.shape.heap + block.at * this.shape.quantum;
    const lead = (Math.ceil(start / align) * align - start) / this.shape.quantum;
    if (lead) {
      const whole = block;
      block = this.#cut(whole, lead);
      this.#freePiece(whole);
    }
    const quanta = this.quantaFor(bytes);
    if (block.quanta > quanta) this.#freePiece(this.#cut(block, quanta));
    return block;
  }
}
