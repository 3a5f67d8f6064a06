import type { Subject } from "../../src/conformance.js";
import { FlawedAllocator } from "./flawed.js";

const ARENA = 2 ** 20;
const SLOT = 4096;
const SLOTS = ARENA / SLOT;

/**
 * An allocator that keeps small blocks in arenas, and notes in the arena itself what is free. Its host hands out
 * again what was given back, as it is; so an arena is not zero, and the allocator may believe that it is.
 *
 *      byte 0          1            slot 1     2                255
 *      ├───────────────┼──────...───┼──────────┼──────────...───┤
 *      │ first free    │ slots had  │ a block, or where the next free slot is
 *      └───────────────┴──────...───┴──────────┴──────────...───┘
 */
export class ArenaAllocator implements Subject {
  readonly #host: FlawedAllocator;
  readonly #arenas: number[] = [];
  readonly #blocks = new Map<number, { bytes: number; arena?: number }>();

  constructor(
    private readonly believesZero: boolean,
    mostBytes?: number,
  ) {
    this.#host = new FlawedAllocator({}, mostBytes);
  }

  malloc(bytes: number): number {
    if (bytes > SLOT) return this.#note(this.#host.malloc(bytes), bytes);
    const arena = this.#arenas.find((one) => this.#hasRoom(one)) ?? this.#newArena();
    return arena ? this.#note(arena + SLOT * this.#takeSlot(arena), bytes, arena) : 0;
  }

  #note(pointer: number, bytes: number, arena?: number): number {
    if (pointer) this.#blocks.set(pointer, { bytes, ...(arena !== undefined && { arena }) });
    return pointer;
  }

  #newArena(): number {
    const arena = this.#host.malloc(ARENA);
    if (arena === 0) return 0;
    if (!this.believesZero) this.#host.fill(arena, 0, 2);
    this.#arenas.push(arena);
    return arena;
  }

  #hasRoom(arena: number): boolean {
    return this.load(arena) !== 0 || this.load(arena + 1) < SLOTS - 1;
  }

  #takeSlot(arena: number): number {
    const free = this.load(arena);
    if (free) {
      this.store(arena, this.load(arena + SLOT * free));
      return free;
    }
    const next = this.load(arena + 1) + 1;
    this.store(arena + 1, next);
    return next;
  }

  calloc(count: number, size: number): number {
    const bytes = count * size;
    const pointer = bytes < 2 ** 32 ? this.malloc(bytes) : 0;
    if (pointer) this.fill(pointer, 0, bytes);
    return pointer;
  }

  alignedAlloc(align: number, bytes: number): number {
    return this.#note(this.#host.alignedAlloc(align, bytes), bytes);
  }

  realloc(pointer: number, bytes: number): number {
    const to = this.malloc(bytes);
    if (to === 0 || pointer === 0) return to;
    const kept = Math.min(bytes, this.#blocks.get(pointer)?.bytes ?? 0);
    this.#host.copy(to, pointer, kept);
    this.free(pointer);
    return to;
  }

  free(pointer: number): void {
    if (pointer === 0) return;
    const { arena } = this.#blocks.get(pointer) ?? {};
    this.#blocks.delete(pointer);
    if (arena === undefined) this.#host.free(pointer);
    else this.#giveSlot(arena, pointer);
  }

  #giveSlot(arena: number, pointer: number): void {
    this.store(pointer, this.load(arena));
    this.store(arena, (pointer - arena) / SLOT);
  }

  load(address: number): number {
    return this.#host.load(address);
  }

  fillEnd(address: number, value: number, bytes: number): number {
    return this.#host.fillEnd(address, value, bytes);
  }

  store(address: number, value: number | bigint): void {
    this.#host.store(address, value);
  }

  fill(address: number, value: number, bytes: number): void {
    this.#host.fill(address, value, bytes);
  }

  counters(): { bytes: { system: number } } {
    return this.#host.counters();
  }

  close(): void {}
}
