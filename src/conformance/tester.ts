import type { Allocator } from "../allocator/allocator.js";
import type { Counters } from "../allocator/counters.js";

type Asked =
  | "malloc"
  | "calloc"
  | "realloc"
  | "alignedAlloc"
  | "free"
  | "store"
  | "fill"
  | "fillEnd"
  | "close";

/** The allocator that is checked: as much of an `Allocator` as the cases use. */
export interface Subject extends Pick<Allocator, Asked> {
  /** Loads a byte. */
  load(address: number): number;
  /** Absent if the allocator cannot tell usable sizes. */
  usableSize?(pointer: number): number;
  /** Whether its contract lets it trap where memory ends, instead of returning 0. */
  readonly endsByTrap?: boolean;
  /** Whether it trapped in a call that asked for more than there was. */
  readonly trappedAtEnd?: boolean;
  /** Only the bytes that the allocator has from the system. */
  counters(): { bytes: Pick<Counters["bytes"], "system"> };
}

/** An allocator broke a promise. */
export class BrokenPromise extends Error {
  override name = "BrokenPromise";
}

/** Calls that a failure lists. */
const LISTED = 6;
/** What cases have to know of the subject, and of the check. */
export interface TestSettings {
  /** Size of an address: 32 for wasm, 64 for a model of a native allocator. */
  addressBits: 32 | 64;
  /** What its ABI asks of the addresses of blocks of 16 bytes or more; null if it asks nothing of malloc. */
  alignment: 8 | 16 | null;
  /** Of the random program. */
  seed: number;
}

/** Calls the subject for a case. It remembers the last calls, so that a failure can show what led to it. */
export class Tester {
  readonly #calls: string[] = [];
  #made = 0;
  readonly addressBits: 32 | 64;
  readonly alignment: 8 | 16 | null;
  readonly seed: number;

  constructor(
    private readonly subject: Subject,
    { addressBits, alignment, seed }: TestSettings,
  ) {
    this.addressBits = addressBits;
    this.alignment = alignment;
    this.seed = seed;
  }

  /** Calls so far. */
  get made(): number {
    return this.#made;
  }

  /** The last calls, in order. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  /** Whether so many bytes may be more than there are, of an allocator that would trap. */
  mayEnd(bytes: number, memoryBytes: number): boolean {
    return this.subject.endsByTrap === true && this.systemBytes + 2 * bytes > memoryBytes;
  }

  get systemBytes(): number {
    return this.subject.counters().bytes.system;
  }

  #note(call: string, pointer?: number): number {
    this.#calls.push(pointer === undefined ? call : `${call} = ${hex(pointer)}`);
    if (this.#calls.length > LISTED) this.#calls.shift();
    return pointer ?? 0;
  }

  /** Makes a call and remembers it, even if it traps. */
  #call(text: string, call: () => number): number {
    this.#made++;
    this.#note(text);
    const pointer = call();
    this.#calls.pop();
    return this.#note(text, pointer);
  }

  // ---- Calls that may return 0 ----

  tryMalloc(bytes: number): number {
    return this.#call(`malloc(${bytes})`, () => this.subject.malloc(bytes));
  }

  tryCalloc(count: number, size: number): number {
    return this.#call(`calloc(${count}, ${size})`, () => this.subject.calloc(count, size));
  }

  tryRealloc(pointer: number, bytes: number): number {
    return this.#call(`realloc(${hex(pointer)}, ${bytes})`, () => this.subject.realloc(pointer, bytes));
  }

  // ---- Calls that must return memory ----

  malloc(bytes: number): number {
    return this.#given(this.tryMalloc(bytes));
  }

  /** Takes zeroed memory, and checks every byte of it. */
  calloc(bytes: number): number {
    const pointer = this.#given(this.tryCalloc(1, bytes));
    this.expectZero(pointer, bytes);
    return pointer;
  }

  realloc(pointer: number, bytes: number): number {
    return this.#given(this.tryRealloc(pointer, bytes));
  }

  aligned(align: number, bytes: number): number {
    const text = `aligned_alloc(${align}, ${bytes})`;
    return this.#given(this.#call(text, () => this.subject.alignedAlloc(align, bytes)));
  }

  #given(pointer: number): number {
    if (pointer === 0) this.fail("it returned 0, though memory is left");
    return pointer;
  }

  free(pointer: number): void {
    this.#made++;
    this.#note(`free(${hex(pointer)})`);
    this.subject.free(pointer);
  }

  /** Undefined if the allocator cannot tell. */
  usableSize(pointer: number): number | undefined {
    if (!this.subject.usableSize) return undefined;
    return this.#call(`malloc_usable_size(${hex(pointer)})`, () => this.subject.usableSize?.(pointer) ?? 0);
  }

  // ---- Contents ----

  fill(pointer: number, value: number, bytes: number): void {
    this.subject.fill(pointer, value, bytes);
  }

  store(address: number, value: number): void {
    this.subject.store(address, value);
  }

  /** Every byte must be zero. */
  expectZero(pointer: number, bytes: number): void {
    const at = this.subject.fillEnd(pointer, 0, bytes);
    if (at === bytes) return;
    const value = this.subject.load(pointer + at);
    this.fail(`byte ${at} of ${bytes} zeroed bytes at ${hex(pointer)} is ${value}`);
  }

  /** Every byte must be `value`. */
  expectFilled(pointer: number, value: number, bytes: number): void {
    const at = this.subject.fillEnd(pointer, value, bytes);
    if (at === bytes) return;
    const found = this.subject.load(pointer + at);
    this.fail(`byte ${at} at ${hex(pointer)} is ${found}, though the program wrote ${value}`);
  }

  expect(holds: boolean, otherwise: string): void {
    if (!holds) this.fail(otherwise);
  }

  /** @throws BrokenPromise */
  fail(what: string): never {
    throw new BrokenPromise(what);
  }
}

export function hex(address: number): string {
  return address === 0 ? "0" : `0x${address.toString(16)}`;
}
