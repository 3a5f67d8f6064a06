/** Random programs: every tiny, small and medium block is where the reference puts it. */
import { describe, expect, it } from "vitest";
import { openModel, type Sandbox } from "../../src/index.js";
import { Random } from "../random.js";
import { ORDER_CASES, ORDER_OPERATIONS, ORDER_SEEDS } from "./order-cases.js";
import { type Block, ReferenceRack } from "./reference.js";
import { shapesOf } from "./reference-shapes.js";

interface Held {
  pointer: number;
  rack: ReferenceRack;
  block: Block;
}

class Comparison {
  readonly #held: Held[] = [];
  readonly #bases = new Map<ReferenceRack, Map<number, number>>();
  readonly racks: ReferenceRack[];

  constructor(
    private readonly sandbox: Sandbox,
    private readonly random: Random,
    version: number,
    cpus: number,
    pageBytes: number,
    /** Largest tiny, small and medium request. */
    private readonly limits: readonly number[],
    memory = 0,
  ) {
    const shapes = shapesOf(version, cpus, memory).slice(0, limits.length);
    this.racks = shapes.map((shape) => new ReferenceRack(shape, pageBytes));
  }

  /** Phases of growing and of shrinking, so that regions fill and empty. */
  run(operations: number, most: number): void {
    for (let i = 0; i < operations; i++) {
      const grows = Math.floor((3 * i) / operations) % 2 === 0;
      const choice = this.random.below(20);
      if (this.#held.length < most && choice < (grows ? 13 : 5)) this.#allocate(choice);
      else if (choice < 17) this.#free();
      else this.#realloc();
      if (i % 64 === 0) this.#compareBooks();
      if (i % 1024 === 0) this.sandbox.check();
    }
    while (this.#held.length) this.#free();
    this.#compareBooks();
  }

  #bytes(): number {
    const largest = this.random.pick([64, 1008, 8192, ...this.limits.slice(1)]);
    return this.random.below(largest + 1);
  }

  #rackFor(bytes: number): ReferenceRack | undefined {
    return this.racks[this.limits.findIndex((limit) => bytes <= limit)];
  }

  #allocate(choice: number): void {
    const bytes = this.#bytes();
    if (choice < 3) this.#align(bytes, 2 ** (5 + this.random.below(8)));
    else this.#keepPlain(this.#malloc(bytes), bytes);
  }

  #keepPlain(pointer: number, bytes: number): void {
    const rack = this.#rackFor(bytes) as ReferenceRack;
    this.#keep({ pointer, rack, block: rack.malloc(rack.quantaFor(bytes)) });
  }

  #align(bytes: number, align: number): void {
    if (bytes > 1008 && align <= 512) this.#keepPlain(this.sandbox.alignedAlloc(align, bytes), bytes);
    else this.#carve(bytes, align);
  }

  #carve(bytes: number, align: number): void {
    // The least that is carved out of each rack.
    const raised = this.racks.map((_, i) => Math.max(bytes, [1, 1024, 33_280][i] as number));
    const kind = raised.findIndex((size, i) => size + align - 1 <= (this.limits[i] as number));
    const rack = this.racks[kind];
    if (!rack) return;
    const pointer = this.sandbox.alignedAlloc(align, bytes);
    this.#keep({ pointer, rack, block: rack.aligned(align, raised[kind] as number) });
  }

  #malloc(bytes: number): number {
    return this.random.below(3) ? this.sandbox.malloc(bytes) : this.sandbox.calloc(1, bytes);
  }

  #keep(held: Held): void {
    this.#compareAddress(held);
    this.#held.push(held);
  }

  /** Which address a region has is the kernel's affair: but it has one, and has it alone. */
  #compareAddress({ pointer, rack, block }: Held): void {
    const { quantum, regionBytes, heap } = rack.shape;
    const base = pointer - (pointer % regionBytes);
    const bases = this.#bases.get(rack) ?? new Map<number, number>();
    this.#bases.set(rack, bases);
    if (!bases.has(block.region.id)) {
      for (const id of bases.keys()) if (!rack.regions.some((region) => region.id === id)) bases.delete(id);
      expect([...bases.values()]).not.toContain(base);
      bases.set(block.region.id, base);
    }
    // An expectation that holds takes longer than an allocation.
    const place = (bases.get(block.region.id) as number) + heap + block.at * quantum;
    const usable = this.sandbox.usableSize(pointer);
    if (pointer === place && usable === block.quanta * quantum) return;
    expect([pointer, usable]).toEqual([place, block.quanta * quantum]);
  }

  #take(): Held | undefined {
    return this.#held.splice(this.random.below(this.#held.length), 1)[0];
  }

  #free(): void {
    const held = this.#take();
    if (!held) return;
    // What the program leaves at the end of a block may look like the size of a free one.
    const end = held.pointer + held.block.quanta * held.rack.shape.quantum;
    this.sandbox.store(end - 2, this.random.below(80), 2);
    this.sandbox.free(held.pointer);
    held.rack.free(held.block);
  }

  #realloc(): void {
    const held = this.#take();
    if (!held) return;
    const bytes = this.#bytes() || 1;
    const old = held.block.quanta * held.rack.shape.quantum;
    const rack = this.#rackFor(bytes) as ReferenceRack;
    const quanta = rack.quantaFor(bytes);
    const good = quanta * rack.shape.quantum;
    const pointer = this.sandbox.realloc(held.pointer, bytes);
    const stays = (good <= old && good > old / 2) || (rack === held.rack && rack.resize(held.block, quanta));
    const moved = stays ? held : { rack, block: rack.malloc(quanta) };
    if (!stays) held.rack.free(held.block);
    this.#keep({ ...moved, pointer });
  }

  #compareBooks(): void {
    const total = (of: (rack: ReferenceRack) => number, racks = this.racks) =>
      racks.reduce((sum, rack) => sum + of(rack), 0);
    const mapped = ({ regions, shape }: ReferenceRack) => regions.length * shape.regionBytes;
    expect(this.sandbox.statistics()).toEqual({
      blocks_in_use: total(({ objects }) => objects),
      size_in_use: total(({ bytesInUse }) => bytesInUse),
      max_size_in_use: total(mapped) - total(({ restBytes }) => restBytes),
      size_allocated: total(mapped, this.racks.slice(0, 2)),
    });
    const told = total(({ advice }) => advice.calls);
    expect(this.sandbox.counters().syscalls.madviseFreeReusable).toBe(told);
    const live = this.#held.map(({ block, rack }) => block.quanta * rack.shape.quantum);
    expect(this.sandbox.counters().bytes.inUse).toBe(live.reduce((a, b) => a + b, 0));
  }
}

describe.each(ORDER_CASES)("$options", ({ options, limits }) => {
  it.each(ORDER_SEEDS)("puts blocks where the reference does, seed %i", async (seed) => {
    const sandbox = await openModel("libmalloc", { check: true, nano: "off", ...options });
    const comparison = new Comparison(
      sandbox,
      new Random(seed),
      "version" in options ? options.version : 116,
      options.cpus,
      "pageSize" in options ? options.pageSize : 4096,
      limits,
      "memory" in options ? options.memory : 0,
    );
    comparison.run(ORDER_OPERATIONS, 4000);
    sandbox.check();
    const { left, recalled, unmapped } = (comparison.racks[1] as ReferenceRack).moves;
    if (limits.length > 2) expect(comparison.racks[2]?.advice.calls).toBeGreaterThan(100);
    if (options.cpus === 1 && !("version" in options)) expect([left, recalled, unmapped]).toEqual([0, 0, 0]);
    if (options.cpus === 2 && !("version" in options)) {
      expect(left).toBeGreaterThan(0);
      expect(recalled).toBeGreaterThan(0);
      expect(unmapped).toBeGreaterThan(0);
    }
  });
});
