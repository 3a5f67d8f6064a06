/** An allocator in plain JavaScript that keeps every promise, and can be told to break one. */
import type { Subject } from "../../src/conformance.js";

const PAGE = 65_536;
const FIRST = 1024;

/** Bytes from 0 to 4 GiB. What is the same all over a page is kept as one number. */
class SparseMemory {
  readonly #pages = new Map<number, Uint8Array | number>();

  load(address: number): number {
    const page = this.#pages.get(Math.floor(address / PAGE)) ?? 0;
    return typeof page === "number" ? page : (page[address % PAGE] as number);
  }

  fill(address: number, value: number, bytes: number): void {
    for (const { index, from, to } of pieces(address, bytes)) {
      if (from === 0 && to === PAGE) this.#pages.set(index, value);
      else if (this.#pages.get(index) !== value) this.#mixed(index).fill(value, from, to);
    }
  }

  fillEnd(address: number, value: number, bytes: number): number {
    for (const { index, from, to } of pieces(address, bytes)) {
      const end = endOfRun(this.#pages.get(index) ?? 0, value, from, to);
      if (end < to) return index * PAGE + end - address;
    }
    return bytes;
  }

  copy(to: number, from: number, bytes: number): void {
    for (const piece of pieces(from, bytes)) {
      const page = this.#pages.get(piece.index) ?? 0;
      const start = to + piece.index * PAGE + piece.from - from;
      if (typeof page === "number") this.fill(start, page, piece.to - piece.from);
      else this.#store(start, page.subarray(piece.from, piece.to));
    }
  }

  #store(address: number, values: Uint8Array): void {
    for (const { index, from, to } of pieces(address, values.length)) {
      const done = index * PAGE + from - address;
      this.#mixed(index).set(values.subarray(done, done + to - from), from);
    }
  }

  #mixed(index: number): Uint8Array {
    const page = this.#pages.get(index) ?? 0;
    if (typeof page !== "number") return page;
    const mixed = new Uint8Array(PAGE).fill(page);
    this.#pages.set(index, mixed);
    return mixed;
  }
}

/** A range cut at the ends of pages. */
function* pieces(address: number, bytes: number): Generator<{ index: number; from: number; to: number }> {
  for (let at = address; at < address + bytes; ) {
    const from = at % PAGE;
    const to = Math.min(PAGE, from + address + bytes - at);
    yield { index: (at - from) / PAGE, from, to };
    at += to - from;
  }
}

function endOfRun(page: Uint8Array | number, value: number, from: number, to: number): number {
  if (typeof page === "number") return page === value ? to : from;
  let at = from;
  while (at < to && page[at] === value) at++;
  return at;
}

interface Range {
  start: number;
  bytes: number;
  /** Who gave it up. */
  by?: "shrink" | "move" | undefined;
}

/** Where a block came from. */
export interface Origin {
  /** Nobody had it before. */
  fresh: boolean;
  /** It begins in memory that was had, and ends in new. */
  extended: boolean;
  by: Range["by"];
}

/** What is wrong. Each may answer undefined to do what is right. */
export interface Flaws {
  /** Instead of a malloc. */
  malloc?: (bytes: number, made: FlawedAllocator) => number | undefined;
  /** Added to the bytes of a block. */
  reserve?: (bytes: number) => number;
  /** Added to the address of a new block. */
  shift?: (pointer: number) => number;
  /** Whether calloc leaves a block as it is. */
  skipsClearing?: (bytes: number, origin: Origin, first: number) => boolean;
  /** Bytes calloc asks for. */
  product?: (count: number, size: number) => number;
  /** Done to a fresh block that calloc gave. */
  spoil?: (bytes: number, origin: Origin) => number | undefined;
  align?: (pointer: number, align: number) => number;
  realloc?: (pointer: number, bytes: number) => number | undefined;
  /** Bytes a moving realloc copies. */
  copies?: (old: number) => number;
  freesWhenReallocFails?: boolean;
  /** Whether realloc forgets that an aligned block begins after its range does. */
  forgetsStart?: boolean;
  /** Whether a moving realloc keeps the old block for ever. */
  leaksWhenMoving?: boolean;
  /** Bytes a free gives back; 0 to forget them. */
  frees?: (pointer: number, bytes: number) => number;
  outOfMemory?: (bytes: number) => number;
  /** Added to what malloc_usable_size tells of a block. */
  tells?: (bytes: number) => number;
  /** The byte that is all over memory when the host gives it. */
  hostLeaves?: (start: number, bytes: number) => number;
}

/** First fit over a list of free ranges, and new memory behind the last. */
export class FlawedAllocator implements Subject {
  readonly #memory = new SparseMemory();
  readonly #blocks = new Map<number, { start: number; held: number; bytes: number }>();
  #free: Range[] = [];
  #top = FIRST;
  #origin: Origin = { fresh: true, extended: false, by: undefined };
  last = 0;

  constructor(
    private readonly flaws: Flaws = {},
    private readonly mostBytes = 2 ** 32,
  ) {}

  malloc(bytes: number): number {
    return this.flaws.malloc?.(bytes, this) ?? this.#take(bytes, 16);
  }

  #take(bytes: number, align: number): number {
    const wanted = Math.max(16, Math.ceil((bytes + (this.flaws.reserve?.(bytes) ?? 0)) / 16) * 16);
    const held = align > 16 ? wanted + align : wanted;
    const start = this.#reuse(held) ?? this.#grow(held);
    if (start === undefined) return this.flaws.outOfMemory?.(bytes) ?? 0;
    const aligned = Math.ceil(start / align) * align;
    const pointer = aligned + (this.flaws.shift?.(aligned) ?? 0);
    this.#blocks.set(pointer, { start, held, bytes });
    this.last = pointer;
    return pointer;
  }

  #reuse(bytes: number): number | undefined {
    const found = this.#free.findIndex((range) => range.bytes >= bytes);
    const range = this.#free[found];
    if (!range) return undefined;
    this.#origin = { fresh: false, extended: false, by: range.by };
    const { start } = range;
    range.start += bytes;
    range.bytes -= bytes;
    if (range.bytes === 0) this.#free.splice(found, 1);
    return start;
  }

  /** Takes new memory, from the last free range on if that is at the end. */
  #grow(bytes: number): number | undefined {
    const last = this.#free.at(-1);
    const extended = last !== undefined && last.start + last.bytes === this.#top;
    const start = extended ? last.start : this.#top;
    if (start + bytes > this.mostBytes) return undefined;
    if (extended) this.#free.pop();
    this.#origin = { fresh: !extended, extended, by: undefined };
    const left = this.flaws.hostLeaves?.(this.#top, bytes) ?? 0;
    this.fill(this.#top, left, start + bytes - this.#top);
    this.#top = start + bytes;
    return start;
  }

  calloc(count: number, size: number): number {
    const bytes = this.flaws.product?.(count, size) ?? count * size;
    if (bytes >= 2 ** 32) return 0;
    const pointer = this.malloc(bytes);
    const origin = this.#origin;
    if (pointer === 0) return 0;
    if (!this.flaws.skipsClearing?.(bytes, origin, this.load(pointer))) this.fill(pointer, 0, bytes);
    const spoiled = this.flaws.spoil?.(bytes, origin);
    if (spoiled !== undefined) this.store(pointer + spoiled, 1);
    return pointer;
  }

  alignedAlloc(align: number, bytes: number): number {
    const pointer = this.#take(bytes, align);
    const moved = this.flaws.align?.(pointer, align) ?? pointer;
    this.#blocks.set(moved, this.#held(pointer));
    return moved;
  }

  realloc(pointer: number, bytes: number): number {
    const flawed = this.flaws.realloc?.(pointer, bytes);
    if (flawed !== undefined) return flawed;
    if (pointer === 0) return this.malloc(bytes);
    const block = this.#held(pointer);
    const before = this.flaws.forgetsStart ? 0 : pointer - block.start;
    const needed = Math.ceil((before + bytes) / 16) * 16;
    if (needed <= block.held) return this.#shrink(pointer, bytes, needed);
    const to = this.malloc(bytes);
    if (to === 0) {
      if (this.flaws.freesWhenReallocFails) this.free(pointer);
      return 0;
    }
    this.#memory.copy(to, pointer, this.flaws.copies?.(block.bytes) ?? block.bytes);
    this.#blocks.delete(pointer);
    if (!this.flaws.leaksWhenMoving) this.#give({ start: block.start, bytes: block.held, by: "move" });
    return to;
  }

  #shrink(pointer: number, bytes: number, needed: number): number {
    const block = this.#held(pointer);
    const rest = block.held - needed;
    this.#blocks.set(pointer, { start: block.start, held: needed, bytes });
    if (rest > 0) this.#give({ start: block.start + needed, bytes: rest, by: "shrink" });
    return pointer;
  }

  free(pointer: number): void {
    if (pointer === 0 && !this.flaws.frees) return;
    const { start, held, bytes } = pointer === 0 ? { start: 0, held: 0, bytes: 0 } : this.#held(pointer);
    const given = this.flaws.frees?.(pointer, bytes) ?? held;
    this.#blocks.delete(pointer);
    if (given > 0) this.#give({ start, bytes: given });
  }

  #held(pointer: number) {
    const block = this.#blocks.get(pointer);
    if (!block) throw new Error(`0x${pointer.toString(16)} is no block`);
    return block;
  }

  #give(range: Range): void {
    this.#free.push(range);
    this.#free.sort((one, other) => one.start - other.start);
    const joined: Range[] = [];
    for (const next of this.#free) {
      const last = joined.at(-1);
      if (last && last.start + last.bytes === next.start) {
        last.bytes += next.bytes;
        if (last.by !== next.by) last.by = undefined;
      } else joined.push({ ...next });
    }
    this.#free = joined;
  }

  usableSize(pointer: number): number {
    if (pointer === 0) return 0;
    const { start, held, bytes } = this.#held(pointer);
    return start + held - pointer + (this.flaws.tells?.(bytes) ?? 0);
  }

  load(address: number): number {
    return this.#memory.load(address);
  }

  fillEnd(address: number, value: number, bytes: number): number {
    return this.#memory.fillEnd(address, value, bytes);
  }

  copy(to: number, from: number, bytes: number): void {
    this.#memory.copy(to, from, bytes);
  }

  store(address: number, value: number | bigint): void {
    this.#memory.fill(address, Number(value), 1);
  }

  fill(address: number, value: number, bytes: number): void {
    this.#memory.fill(address, value, bytes);
  }

  counters(): { bytes: { system: number } } {
    return { bytes: { system: this.#top } };
  }

  close(): void {}
}
