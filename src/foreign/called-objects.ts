/**
 * The objects that calls made, which the host keeps: what each was asked for as, and the block it lies in. Those of replays are in
 * the driver's slots.
 *
 *      pointer ─▶ block   what the module knows: the pointer itself, unless an aligned object was composed inside of it
 *                 bytes   as they were asked for
 *                 align
 */
import { PLAIN_ALIGN } from "#shared/driver";
import type { AllocationFailure } from "../allocator/failure.js";
import { AllocatorAbort, ModuleTrap } from "../base/errors.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { Guard } from "./guard.js";
import type { LinearMemory } from "./linear-memory.js";
import type { Linked } from "./link.js";

/** What 32 bits hold. */
export const MOST_BYTES = 2 ** 32 - 1;

interface ObjectBlock {
  block: number;
  bytes: number;
  align: number;
}

const NOTHING: ObjectBlock = { block: 0, bytes: 0, align: PLAIN_ALIGN };

/** What calls of a module's functions may rely on. */
export interface Contract {
  /** Whether its free takes 0, as C's does. */
  freesNothing: boolean;
  /** Whether it traps where memory ends. */
  endsByTrap: boolean;
  /** Size of the largest memory that it can have. */
  mostBytes: number;
}

export class CalledObjects {
  /** Why the last call for memory got none; null if it got some. */
  lastError: AllocationFailure | null = null;
  /** Calls made, also those that failed. */
  calls = 0;
  /** Whether the module trapped in a call that asked for more than its memory could grow by. */
  trappedAtEnd = false;
  readonly #objects = new Map<number, ObjectBlock>();

  constructor(
    private readonly guard: Guard,
    private readonly memory: LinearMemory,
    private readonly contract: Contract,
  ) {}

  /** Bytes of all objects, as they were asked for. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.#objects.values()) sum += bytes;
    return sum;
  }

  /** Makes an object by a call. `largest` is its largest argument: one beyond 32 bits is not passed on. */
  make(bytes: number, align: number, largest: number, call: (linked: Linked) => number): number {
    this.calls++;
    const pointer =
      largest > MOST_BYTES ? 0 : this.#ask(bytes, (linked) => this.#checked(linked, bytes, align, call));
    this.lastError = pointer === 0 && bytes !== 0 ? this.#failure(bytes) : null;
    return pointer;
  }

  /** Asks for memory. Notes whether the module trapped because there was not so much. */
  #ask(bytes: number, call: (linked: Linked) => number): number {
    try {
      return this.guard.run(call);
    } catch (error) {
      // It is of no use any more, so its memory may grow.
      this.trappedAtEnd =
        this.contract.endsByTrap &&
        error instanceof ModuleTrap &&
        this.memory.grow(bytes + WASM_PAGE_BYTES) === undefined;
      throw error;
    }
  }

  #checked(linked: Linked, bytes: number, align: number, call: (linked: Linked) => number): number {
    const pointer = call(linked) >>> 0;
    if (!pointer) return 0;
    if (bytes > MOST_BYTES)
      throw new ModuleTrap(`calloc gave memory for ${bytes} bytes, which 32 bits do not hold`);
    linked.driver.checkObject(pointer, bytes, Math.max(align, PLAIN_ALIGN));
    const block = align > PLAIN_ALIGN ? (linked.driver.block.value as number) >>> 0 : pointer;
    this.#objects.set(pointer, { block, bytes, align });
    return pointer;
  }

  /** Resizes an object, perhaps moving it. */
  resize(pointer: number, bytes: number): number {
    const held = this.#find(pointer);
    this.calls++;
    const moved =
      bytes > MOST_BYTES ? 0 : this.#ask(bytes, (linked) => this.#resize(linked, pointer, held, bytes));
    this.lastError = moved === 0 && bytes !== 0 ? this.#failure(bytes) : null;
    return moved;
  }

  #resize({ driver }: Linked, pointer: number, held: ObjectBlock, bytes: number): number {
    const moved = driver.resize(pointer, held.block, held.bytes, held.align, bytes) >>> 0;
    if (!moved && bytes) return 0;
    this.#objects.delete(pointer);
    if (!moved) return 0; // realloc(pointer, 0) freed it
    driver.checkObject(moved, bytes, PLAIN_ALIGN);
    this.#objects.set(moved, { block: (driver.block.value as number) >>> 0, bytes, align: held.align });
    return moved;
  }

  /** Frees an object; nothing for 0. */
  free(pointer: number): void {
    this.calls++;
    if (pointer === 0 && !this.contract.freesNothing) return;
    const { block, bytes, align } = pointer === 0 ? NOTHING : this.#find(pointer);
    this.guard.run(({ driver }) => driver.release(block, bytes, align));
    this.#objects.delete(pointer);
  }

  /** Bytes that may be used at a pointer, none at 0. */
  usableSize(pointer: number): number {
    if (pointer === 0) return this.guard.run(({ usableSize }) => (usableSize ? usableSize(0) >>> 0 : 0));
    const { block, bytes } = this.#find(pointer);
    // An aligned object that was composed lies inside of what the module knows as a block.
    const usable = (size: (pointer: number) => number) =>
      Math.max(0, (size(block) >>> 0) - (pointer - block));
    return this.guard.run(({ usableSize }) => (usableSize ? usable(usableSize) : bytes));
  }

  /** Calls posix_memalign as it is. Returns what it returns; undefined if the module has none. */
  posixMemalign(result: number, align: number, bytes: number): number | undefined {
    this.calls++;
    return this.guard.run(({ posixMemalign, driver }) => {
      const error = posixMemalign?.(result, align, bytes);
      if (error !== 0) return error;
      const pointer = this.memory.load(result, 4) as number;
      driver.checkObject(pointer, bytes, PLAIN_ALIGN);
      this.#objects.set(pointer, { block: pointer, bytes, align });
      return error;
    });
  }

  /** @throws ModuleTrap naming two objects that overlap */
  check(): void {
    const sorted = [...this.#objects].sort(([one], [other]) => one - other);
    let [end, before] = [0, 0];
    for (const [pointer, { bytes }] of sorted) {
      if (pointer < end)
        throw new ModuleTrap(`objects 0x${before.toString(16)} and 0x${pointer.toString(16)} overlap`);
      [end, before] = [pointer + bytes, pointer];
    }
  }

  /** @throws AllocatorAbort if there is no such object */
  #find(pointer: number): ObjectBlock {
    this.guard.live;
    const held = this.#objects.get(pointer);
    if (held) return held;
    throw new AllocatorAbort(
      `0x${pointer.toString(16)} is no object of this allocator's, or was freed: what the module does then is undefined, so it was not asked`,
      pointer,
    );
  }

  #failure(requested: number): AllocationFailure {
    const tooLarge = requested > MOST_BYTES;
    return {
      kind: tooLarge ? "overflow" : "memory",
      requested,
      available: this.contract.mostBytes - this.memory.bytes,
      remedy: tooLarge
        ? "ask for less than 4 GiB, which 32 bits address"
        : "ask for less, or give the module a memory with a higher maximum",
    };
  }
}
