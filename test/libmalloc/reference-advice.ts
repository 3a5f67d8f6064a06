/**
 * What the kernel is told of free memory, as naively as can be: how often, and what medium blocks remember of it.
 * Part of the reference, which shares nothing with the model.
 */
import type { Block, Region, Shape } from "./reference.js";

/** A stretch of quanta that is dirty or clean. It is known at both its ends. */
interface Run {
  length: number;
  clean: boolean;
}

const DIRTY: Run = { length: 0, clean: false };

export class ReferenceAdvice {
  /** How often the kernel was told that pages may be reused. */
  calls = 0;
  readonly #runs = new WeakMap<Region, Map<number, Run>>();

  constructor(
    private readonly shape: Shape,
    private readonly pageBytes: number,
  ) {}

  #up = (bytes: number) => Math.ceil(bytes / this.pageBytes) * this.pageBytes;
  #down = (bytes: number) => Math.floor(bytes / this.pageBytes) * this.pageBytes;
  #start = ({ at }: Block) => this.shape.heap + at * this.shape.quantum;
  #end = (block: Block) => this.#start(block) + block.quanta * this.shape.quantum;

  #tell(from: number, to: number): void {
    if (from < to) this.calls++;
  }

  /** Whether a free block's links may be outside of it. */
  mayLinkOutside(block: Block): boolean {
    const { entries, quantum } = this.shape;
    return (
      entries > 0 && this.#start(block) % this.pageBytes === 0 && block.quanta * quantum >= this.pageBytes
    );
  }

  // ---- The depot ----

  /** A region came to the depot, with these free blocks. */
  came(free: readonly Block[]): void {
    for (const block of free) {
      const from = this.#up(this.#start(block) + this.shape.linkBytes);
      const to = this.#down(this.#end(block) - 2);
      if (!this.shape.advises) this.#tell(from, to);
      else if (from < to && !this.#isClean(block)) {
        this.mark(block.region, block.at, block.quanta, true);
        if (this.shape.advises === "all") this.#tell(from, to);
      }
    }
  }

  /** Blocks that were freed in the depot, and the one they are part of now. Returns whether that has a page. */
  freed(at: number, quanta: number, merged: Block): boolean {
    const { heap, quantum, entries, linkBytes, advises } = this.shape;
    const tail = entries ? 0 : 2;
    const links = merged.entry ? 0 : linkBytes;
    const from = this.#up(this.#start(merged) + links);
    const to = this.#down(this.#end(merged) - tail);
    if (to - from < this.pageBytes || (advises && to - from === this.pageBytes)) return false;
    const start = heap + at * quantum;
    const completed = this.#up(start + quanta * quantum + links);
    this.#tell(Math.max(from, this.#down(start - tail)), Math.min(to, completed));
    return true;
  }

  // ---- Medium blocks ----

  #runsOf(region: Region): Map<number, Run> {
    const runs = this.#runs.get(region) ?? new Map<number, Run>();
    this.#runs.set(region, runs);
    return runs;
  }

  mark(region: Region, at: number, length: number, clean: boolean): void {
    if (!this.shape.advises || length <= 0) return;
    for (const end of [at, at + length - 1]) this.#runsOf(region).set(end, { length, clean });
  }

  #isClean({ region, at, quanta }: Block): boolean {
    const run = this.#runsOf(region).get(at);
    return run?.clean === true && run.length === quanta;
  }

  /** A block of so many quanta is handed out of a free one. */
  taken({ region, at, quanta: found }: Block, quanta: number): void {
    if (!this.shape.advises) return;
    const runs = this.#runsOf(region);
    const isOld = this.shape.advises === "some";
    const run = runs.get(isOld ? quanta : at);
    const clean = isOld ? run?.clean !== false : (run?.clean ?? false);
    this.mark(region, at, quanta, false);
    this.mark(region, at + quanta, found - quanta, clean);
  }

  /** Bytes above which a block is told of at once. */
  #window(bytesInUse: number): number {
    let power = 1;
    while (power <= Math.floor(bytesInUse / 16)) power *= 2;
    return Math.max(1.5 * 2 ** 20, power) * this.shape.windowScale;
  }

  /** A block will be the one freed last. */
  ahead(block: Block, bytesInUse: number): void {
    if (!this.shape.advises || block.quanta * this.shape.quantum <= this.#window(bytesInUse)) return;
    this.#tell(this.#up(this.#start(block)), this.#down(this.#end(block)));
    this.mark(block.region, block.at, block.quanta, true);
  }

  /** Quanta were really freed, and are part of a block now. */
  merged(at: number, quanta: number, whole: Block, bytesInUse: number): void {
    if (!this.shape.advises) return;
    const { region } = whole;
    const left = at - whole.at;
    const right = whole.quanta - left - quanta;
    const looksRight = this.shape.advises === "all";
    const before = left ? (this.#runsOf(region).get(at - 1) ?? DIRTY) : DIRTY;
    const after = right ? (this.#runsOf(region).get(at + quanta) ?? DIRTY) : DIRTY;
    const dirtyLeft = before.clean ? 0 : before.length;
    const dirtyRight = after.clean || !looksRight ? 0 : after.length;
    const dirty = dirtyLeft + quanta + dirtyRight;
    const bothLarger = looksRight && before.clean && left > quanta && after.clean && right - 1 > quanta;
    if (bothLarger || dirty >= Math.floor(this.#window(bytesInUse) / 2 ** 15)) {
      const links = whole.entry ? 0 : this.shape.linkBytes;
      this.#tell(this.#up(this.#start(whole) + links), this.#down(this.#end(whole) - (links && 2)));
      this.mark(region, whole.at, whole.quanta - (links && 1), true);
      if (!links) return;
      const last = whole.at + whole.quanta - (looksRight ? 1 : 0);
      if (last < this.shape.quanta) this.mark(region, last, 1, false);
      return;
    }
    this.mark(region, whole.at, left - dirtyLeft, true);
    this.mark(region, at - dirtyLeft, dirty, false);
    this.mark(region, at + quanta + dirtyRight, right - dirtyRight, true);
  }
}
