/**
 * A rack as the zone sees it: requests in bytes, blocks as addresses. B is how its regions know their blocks. It has
 * no state of its own.
 */
import { enter, leave } from "../../machine/paths";
import { Blocks } from "./blocks";
import { checkRack } from "./check";
import { leaveAll } from "./depot";
import { allocate, carve, free, grow, isFresh, shrink } from "./magazine";
import {
  bytesOf,
  heapOf,
  MAGAZINE_BYTES,
  Magazine,
  quantaFor,
  RACK_BYTES,
  Rack,
  regionBytes,
  regionOf,
} from "./rack";
import { FIRST_REAL_SLOTS, holds, TABLE_BYTES } from "./region";
import { clearBlock } from "./zeroing";

/**
 * Room for one, as memory.data takes it:
 *
 *      0      RACK_BYTES
 *      ├──────┼───────┼──────────┼───────┤
 *      │ rack │ table │ magazine │ depot │
 *      └──────┴───────┴──────────┴───────┘
 */
export const BLOCK_RACK_BYTES: usize = RACK_BYTES + TABLE_BYTES + 2 * MAGAZINE_BYTES;

/** Live blocks of all racks, and their bytes. */
export let liveBlocks: u64 = 0;
export let liveBytes: u64 = 0;

@unmanaged
export class BlockRack<B extends Blocks> extends Rack {
  get blocks(): B {
    return changetype<B>(0);
  }

  /** Begins without regions. What tells it apart is set, all else is 0. */
  start(): void {
    if (isDefined(ZP_CHECK)) assert(offsetof<Rack>() <= RACK_BYTES, "a rack's fields fit in their room");
    const room = changetype<usize>(this) + RACK_BYTES;
    this.payload = bytesOf(this, this.quanta);
    this.sparse = this.payload - (this.payload >> 2);
    this.table = room;
    this.realSlots = FIRST_REAL_SLOTS;
    this.magazine = changetype<Magazine>(room + TABLE_BYTES);
    this.depot = changetype<Magazine>(room + TABLE_BYTES + MAGAZINE_BYTES);
  }

  roundedSize(bytes: u64): u64 {
    return bytesOf(this, quantaFor(this, bytes));
  }

  /** Takes a block for a request. Returns 0 when the kernel gives no region. */
  malloc(bytes: u64): u64 {
    const caller = enter(this.allocates);
    const block = this.take(bytes);
    if (this.clearsAlways && block && !isFresh) clearBlock(block, this.roundedSize(bytes));
    leave(caller);
    return block;
  }

  private take(bytes: u64): u64 {
    const quanta = quantaFor(this, bytes);
    const block = allocate(this.blocks, this, quanta);
    if (!block) return 0;
    liveBlocks++;
    liveBytes += bytesOf(this, quanta);
    return block;
  }

  /**
   * The same, cleared in full, even what was never touched: but for the first block of a region, and where blocks
   * are cleared when freed.
   */
  calloc(bytes: u64): u64 {
    const caller = enter(this.allocates);
    const block = this.take(bytes);
    if (block && !isFresh && !this.clearsOnFree) clearBlock(block, this.roundedSize(bytes));
    leave(caller);
    return block;
  }

  /**
   * Quanta of the live block that starts at the pointer; 0 when none does. The block freed last is not live, nor is
   * what was never handed out, which the real allocator takes for a block.
   */
  private quantaAt(pointer: u64): u64 {
    const magazine = this.magazine;
    if (pointer == magazine.lastFree || pointer == magazine.bump) return 0;
    return this.blocks.liveAt(this, pointer);
  }

  /** Whether the pointer is in one of its regions. */
  holds(pointer: u64): bool {
    return holds(this, pointer);
  }

  /** Whether an address in one of its regions is where a block could start, and is not of their metadata. */
  isOnQuantum(address: u64): bool {
    return !(address & (bytesOf(this, 1) - 1));
  }

  isPayload(address: u64): bool {
    return address - heapOf(this, regionOf(this, address)) < this.payload;
  }

  /** Whether a free block, or the one freed last, starts at such an address. */
  isFreed(address: u64): bool {
    return address == this.magazine.lastFree || this.blocks.startsFree(this, address);
  }

  /** The same of any address. */
  isFreedHere(address: u64): bool {
    return (
      this.holds(address) && this.isOnQuantum(address) && this.isPayload(address) && this.isFreed(address)
    );
  }

  /** Bytes of the live block that starts there; 0 when none does. */
  sizeAt(pointer: u64): u64 {
    return holds(this, pointer) ? bytesOf(this, this.quantaAt(pointer)) : 0;
  }

  /** Frees the live block that starts there. Returns false, and does nothing, when none does. */
  free(pointer: u64): bool {
    if (!holds(this, pointer)) return false;
    const quanta = this.quantaAt(pointer);
    if (!quanta) return false;
    if (isDefined(ZP_CHECK)) assert(liveBlocks > 0 && liveBytes > 0, "a block that is freed was counted");
    liveBlocks--;
    liveBytes -= bytesOf(this, quanta);
    const caller = enter(this.frees);
    free(this.blocks, this, pointer, quanta);
    leave(caller);
    return true;
  }

  /** Resizes a live block in place. Returns whether it could. */
  resize(pointer: u64, bytes: u64): bool {
    const old = this.blocks.sizeOf(this, pointer);
    const quanta = quantaFor(this, bytes);
    if (quanta < old) shrink(this.blocks, this, pointer, old, quanta);
    else if (!grow(this.blocks, this, pointer, old, quanta)) return false;
    liveBytes += bytesOf(this, quanta) - bytesOf(this, old);
    if (this.clearsAlways && quanta > old)
      clearBlock(pointer + bytesOf(this, old), bytesOf(this, quanta - old));
    return true;
  }

  /** Takes a block on an alignment above 16, cut out of a larger one. Returns 0 when the kernel gives no region. */
  aligned(align: u64, bytes: u64): u64 {
    const block = this.malloc(bytes + align - 1);
    if (!block) return 0;
    const whole = quantaFor(this, bytes + align - 1);
    const quanta = quantaFor(this, bytes);
    liveBytes -= bytesOf(this, whole - quanta);
    return carve(this.blocks, this, block, whole, quanta, align);
  }

  /** Bytes of its regions, and what blocks can have of them. */
  mappedBytes(): u64 {
    return this.regions * regionBytes(this);
  }

  payloadBytes(): u64 {
    return this.regions * this.payload;
  }

  /** Bytes in use as the zone's statistics tell them. */
  objectBytes(): u64 {
    return this.magazine.bytesInObjects + this.depot.bytesInObjects;
  }

  /** Bytes that were never handed out. */
  restBytes(): u64 {
    return this.magazine.bumpEnd - this.magazine.bump;
  }

  /** Memory pressure: every region goes to the depot. Returns whether there was one. */
  relieve(): bool {
    if (!this.hasDepot || !this.magazine.regions) return false;
    leaveAll(this.blocks, this);
    this.wasRelieved = true;
    return true;
  }

  /** Asserts what must hold (check.ts). */
  check(): void {
    checkRack(this.blocks, this);
  }
}
