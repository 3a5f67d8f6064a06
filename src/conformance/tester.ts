import type { Allocator } from "../allocator/allocator.js";
import type { Counters } from "../allocator/counters.js";
import { bytesAsked, OpKind, TraceRecords } from "../trace/records.js";

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
  /** Where addresses end: beyond 2^32 they have 64 bits. Default 2^32. */
  readonly addressLimit?: number;
  /** Runs a few records `times` over. Absent if it has no loop of its own: each operation is then a call. */
  repeat?(records: { records: Uint8Array; count: number }, times: number): number;
  /**
   * Grows the memory for the program, behind the allocator's back. Returns where the new bytes are; undefined if it cannot
   * grow. Absent if memory is not the program's to grow.
   */
  growMemory?(bytes: number): number | undefined;
  /** The names of its functions that align, where it has several; `alignedAlloc` calls the one that `alignBy` chose last. */
  readonly aligners?: readonly string[];
  /** Has `alignedAlloc` call the function of this name from now on, which is one of `aligners`. */
  alignBy?(name: string): void;
  /** Calls posix_memalign as it is. Undefined if it has none. */
  posixMemalign?(result: number, align: number, bytes: number): number | undefined;
  /** Where it has data of its own, in ascending order: no block may lie there. */
  readonly staticData?: readonly { from: number; to: number }[];
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

/** A call as it was made, and what it returned if it did. Made text only when a failure lists it. */
interface Call {
  name: string;
  first: number;
  second: number | undefined;
  pointer: number | undefined;
}

/** Functions whose first argument is an address. */
const OF_POINTERS: readonly string[] = ["realloc", "free", "malloc_usable_size"];

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
  readonly #calls: Call[] = [];
  #made = 0;
  readonly #aligners: readonly string[];
  #aligned = 0;
  readonly #staticData: readonly { from: number; to: number }[];
  readonly #staticEnd: number;
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
    this.#aligners = subject.aligners ?? [];
    this.#staticData = subject.staticData ?? [];
    this.#staticEnd = this.#staticData.at(-1)?.to ?? 0;
  }

  /** What a case tells of an allocator that passes it. */
  told: string | undefined;

  tell(what: string): void {
    this.told = what;
  }

  /** Calls so far. */
  get made(): number {
    return this.#made;
  }

  /** The last calls, in order. */
  get calls(): readonly string[] {
    const last = Math.max(0, this.#made - LISTED);
    return Array.from({ length: this.#made - last }, (_, i) =>
      textOf(this.#calls[(last + i) % LISTED] as Call),
    );
  }

  /** Whether it may trap instead of returning 0. */
  get endsByTrap(): boolean {
    return this.subject.endsByTrap === true;
  }

  /** Whether so many bytes may be more than there are, of an allocator that would trap. */
  mayEnd(bytes: number, memoryBytes: number): boolean {
    return this.endsByTrap && this.systemBytes + 2 * bytes > memoryBytes;
  }

  get systemBytes(): number {
    return this.subject.counters().bytes.system;
  }

  /** Makes a call and remembers it, even if it traps. */
  #call(name: string, first: number, second: number | undefined, call: () => number | undefined): number {
    const noted: Call = { name, first, second, pointer: undefined };
    this.#calls[this.#made++ % LISTED] = noted;
    noted.pointer = call();
    return noted.pointer ?? 0;
  }

  /** Makes a call that gives a block of so many bytes, or 0. */
  #take(
    name: string,
    bytes: number,
    first: number,
    second: number | undefined,
    call: () => number | undefined,
  ): number {
    const pointer = this.#call(name, first, second, call);
    if (pointer !== 0 && pointer < this.#staticEnd) this.#expectApart(pointer, bytes);
    return pointer;
  }

  /** @throws BrokenPromise if a block lies on the module's data. */
  #expectApart(pointer: number, bytes: number): void {
    const hit = this.#staticData.find(({ from, to }) => pointer < to && pointer + bytes > from);
    if (hit)
      this.fail(
        `the new block [${hex(pointer)}, ${bytes} bytes] lies on the module's own data, from ${hex(hit.from)} to ${hex(hit.to)}`,
      );
  }

  // ---- Calls that may return 0 ----

  tryMalloc(bytes: number): number {
    return this.#take("malloc", bytes, bytes, undefined, () => this.subject.malloc(bytes));
  }

  tryCalloc(count: number, size: number): number {
    return this.#take("calloc", count * size, count, size, () => this.subject.calloc(count, size));
  }

  tryRealloc(pointer: number, bytes: number): number {
    return this.#take("realloc", bytes, pointer, bytes, () => this.subject.realloc(pointer, bytes));
  }

  /** Asks each function that aligns in turn, if there are several. */
  tryAligned(align: number, bytes: number): number {
    const name = this.#nextAligner();
    return this.#take(name, bytes, align, bytes, () => this.subject.alignedAlloc(align, bytes));
  }

  #nextAligner(): string {
    const name = this.#aligners[this.#aligned++ % this.#aligners.length];
    if (name === undefined) return "aligned_alloc";
    if (this.#aligners.length > 1) this.subject.alignBy?.(name);
    return name;
  }

  /** Runs something once with each function that aligns; once, if there is none. */
  withEachAligner(run: () => void): void {
    for (let i = Math.max(1, this.#aligners.length); i > 0; i--) {
      this.#nextAligner();
      run();
    }
  }

  /** Whether it has a posix_memalign. */
  get hasPosixMemalign(): boolean {
    return this.#aligners.some((name) => name.endsWith("posix_memalign"));
  }

  /** Returns what posix_memalign returns; undefined if there is none. */
  posixMemalign(result: number, align: number, bytes: number): number | undefined {
    let error: number | undefined;
    this.#call("posix_memalign", align, bytes, () => {
      error = this.subject.posixMemalign?.(result, align, bytes);
      return error;
    });
    return error;
  }

  // ---- Calls that must return memory ----

  malloc(bytes: number): number {
    return this.#given(this.tryMalloc(bytes));
  }

  /** Takes zeroed memory for `count` members of `bytes` bytes, and checks every byte of it. */
  calloc(bytes: number, count = 1): number {
    const pointer = this.#given(this.tryCalloc(count, bytes));
    this.expectZero(pointer, count * bytes);
    return pointer;
  }

  realloc(pointer: number, bytes: number): number {
    return this.#given(this.tryRealloc(pointer, bytes));
  }

  aligned(align: number, bytes: number): number {
    return this.#given(this.tryAligned(align, bytes));
  }

  #given(pointer: number): number {
    if (pointer === 0) this.fail("it returned 0, though memory is left");
    return pointer;
  }

  free(pointer: number): void {
    this.#call("free", pointer, undefined, () => {
      this.subject.free(pointer);
      return undefined;
    });
  }

  /** Undefined if the allocator cannot tell. */
  usableSize(pointer: number): number | undefined {
    if (!this.subject.usableSize) return undefined;
    return this.#call("malloc_usable_size", pointer, undefined, () => this.subject.usableSize?.(pointer));
  }

  /** Runs operations of a trace `times` over, in the allocator's own loop if it has one. What they take is not looked at. */
  repeat(records: Uint8Array, times: number): void {
    const operations = new TraceRecords(records);
    if (!this.subject.repeat) this.#repeatByCalls(operations, times);
    const failed = this.subject.repeat?.({ records, count: operations.count }, times) ?? 0;
    if (failed > 0) this.fail(`${failed} calls returned 0, though each round frees all that it takes`);
  }

  #repeatByCalls(operations: TraceRecords, times: number): void {
    const slots: number[] = [];
    for (let round = 0; round < times; round++) {
      for (let i = 0; i < operations.count; i++) {
        const { kind, slot, first, second } = operations.read(i);
        const bytes = bytesAsked(kind, first, second);
        if (bytes === 0 && kind !== OpKind.free)
          slots[slot] = this.#takeNothing(kind, slots[slot] ?? 0, first);
        else if (kind === OpKind.malloc) slots[slot] = this.malloc(bytes);
        else if (kind === OpKind.calloc) slots[slot] = this.#given(this.tryCalloc(first, second));
        else if (kind === OpKind.aligned) slots[slot] = this.aligned(first, bytes);
        else if (kind === OpKind.realloc) slots[slot] = this.realloc(slots[slot] ?? 0, bytes);
        else {
          this.free(slots[slot] ?? 0);
          slots[slot] = 0;
        }
      }
    }
  }

  /** Runs an operation that asks for 0 bytes, for which there may be a block or none. */
  #takeNothing(kind: number, pointer: number, first: number): number {
    if (kind === OpKind.malloc) return this.tryMalloc(0);
    if (kind === OpKind.realloc) return this.tryRealloc(pointer, 0);
    return kind === OpKind.aligned ? this.tryAligned(first, 0) : this.tryCalloc(first, 0);
  }

  /** Grows the memory for the program itself. Undefined if it cannot. */
  growMemory(bytes: number): number | undefined {
    return this.subject.growMemory?.(bytes);
  }

  // ---- Contents ----

  fill(pointer: number, value: number, bytes: number): void {
    this.subject.fill(pointer, value, bytes);
  }

  load(address: number): number {
    return this.subject.load(address);
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

  /** Whether every byte is `value`. */
  keeps(pointer: number, value: number, bytes: number): boolean {
    return this.subject.fillEnd(pointer, value, bytes) === bytes;
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

function textOf({ name, first, second, pointer }: Call): string {
  const at = OF_POINTERS.includes(name) ? hex(first) : `${first}`;
  const call = `${name}(${second === undefined ? at : `${at}, ${second}`})`;
  return pointer === undefined ? call : `${call} = ${hex(pointer)}`;
}
