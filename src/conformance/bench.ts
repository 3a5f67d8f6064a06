import type { Sandbox } from "../sandbox/sandbox.js";

/** What the cases ask of an allocator: a `Sandbox`, a `WasmAllocator`, or anything with the same face. */
export interface Subject
  extends Pick<Sandbox, "malloc" | "calloc" | "realloc" | "alignedAlloc" | "free" | "store" | "fill"> {
  load(address: number, width?: 1 | 2 | 4): number;
  /** Bytes that may be used at an address; what has none of it is not asked. */
  usableSize?(pointer: number): number;
  /** Bytes the allocator has from its host. */
  counters(): { bytes: { system: number } };
  close(): void;
}

/** An allocator broke a promise. */
export class BrokenPromise extends Error {
  override name = "BrokenPromise";
}

/** Calls that are told when something fails. */
const TOLD = 6;
/** Contents of blocks of so many bytes are looked at every so many, and at both ends. */
const STRIDES = [
  [4096, 1],
  [2 ** 20, 61],
  [Number.POSITIVE_INFINITY, 4093],
] as const;

/** An allocator under test: every call is remembered, so that a failure can tell what led to it. */
export class Bench {
  readonly #calls: string[] = [];

  constructor(
    private readonly subject: Subject,
    /** Of an address: 32 for wasm, 64 for a model of a native allocator. */
    readonly addressBits: 32 | 64,
  ) {}

  /** The last calls, in order. */
  get calls(): readonly string[] {
    return this.#calls;
  }

  get systemBytes(): number {
    return this.subject.counters().bytes.system;
  }

  #note(call: string, pointer?: number): number {
    this.#calls.push(pointer === undefined ? call : `${call} = ${hex(pointer)}`);
    if (this.#calls.length > TOLD) this.#calls.shift();
    return pointer ?? 0;
  }

  /** Remembers a call before it is made too, as it may trap. */
  #call(text: string, call: () => number): number {
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

  // ---- Calls that have to give memory ----

  malloc(bytes: number): number {
    return this.#given(this.tryMalloc(bytes));
  }

  /** Zeroed memory, looked at. */
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
    if (pointer === 0) this.fail("it returned 0, though there is memory");
    return pointer;
  }

  free(pointer: number): void {
    this.#note(`free(${hex(pointer)})`);
    this.subject.free(pointer);
  }

  /** Undefined if the allocator does not tell. */
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

  /** Every byte has to be zero. */
  expectZero(pointer: number, bytes: number): void {
    const words = bytes - (bytes % 4);
    for (let at = 0; at < words; at += 4) {
      if (this.subject.load(pointer + at, 4) !== 0) this.#dirty(pointer, at, bytes);
    }
    for (let at = words; at < bytes; at++)
      if (this.subject.load(pointer + at)) this.#dirty(pointer, at, bytes);
  }

  #dirty(pointer: number, from: number, bytes: number): never {
    let at = from;
    while (this.subject.load(pointer + at) === 0) at++;
    const value = this.subject.load(pointer + at);
    return this.fail(`byte ${at} of ${bytes} zeroed bytes at ${hex(pointer)} is ${value}`);
  }

  /** All bytes of a small range have to be `value`; of a larger one its ends, and some between. */
  expectFilled(pointer: number, value: number, bytes: number): void {
    const stride = STRIDES.find(([most]) => bytes <= most)?.[1] ?? 1;
    for (let at = 0; at < bytes; at += stride) this.#expectByte(pointer, at, value);
    if (bytes > 0) this.#expectByte(pointer, bytes - 1, value);
  }

  #expectByte(pointer: number, at: number, value: number): void {
    const found = this.subject.load(pointer + at);
    if (found !== value)
      this.fail(`byte ${at} at ${hex(pointer)} is ${found}, where the program wrote ${value}`);
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
