/**
 * A rack as the zone sees it: requests in bytes, blocks as addresses. B is how its regions know their blocks. It has
 * no state of its own.
 */
import { enter, leave } from "../../machine/paths";
import { Blocks } from "./blocks";
import { checkRack } from "./check";
import { leaveAll } from "./depot";
import { tellRack } from "./free-blocks";
import { allocate, carve, free, grow, isFresh, shrink } from "./magazine";
import {
  bytesOf,
  heapOf,
  MAGAZINE_BYTES,
  Magazine,
  MOST_MAGAZINES,
  magazineOn,
  quantaFor,
  RACK_BYTES,
  Rack,
  regionBytes,
  regionOf,
} from "./rack";
import { FIRST_REAL_SLOTS, holds, magazineOf, TABLE_BYTES } from "./region";
import { clearBlock } from "./zeroing";

/**
 * Room for one, as memory.data takes it:
 *
 *      0      RACK_BYTES
 *      ├──────┼───────┼───────┼───────────┤
 *      │ rack │ table │ depot │ magazines │
 *      └──────┴───────┴───────┴───────────┘
 */
export const BLOCK_RACK_BYTES: usize = RACK_BYTES + TABLE_BYTES + (1 + MOST_MAGAZINES) * MAGAZINE_BYTES;

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
    this.depot = changetype<Magazine>(room + TABLE_BYTES);
    this.magazines = room + TABLE_BYTES + MAGAZINE_BYTES;
    this.serve(0);
  }

  /** The running thread is on this CPU. */
  serve(cpu: u32): void {
    this.own = magazineOn(this, cpu);
    this.magazine = this.own;
    this.used = max(this.used, cpu + 1);
  }

  /** The magazine at work becomes that of a block's region. Of a block in the depot it is the running thread's. */
  private attend(block: u64): void {
    if (this.used == 1) return;
    const magazine = magazineOf(this, regionOf(this, block));
    this.magazine = magazine == this.depot ? this.own : magazine;
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
    this.magazine = this.own;
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
    const own = this.own;
    if (pointer == own.lastFree || pointer == own.bump) return 0;
    if (this.used > 1 && (this.isLastFree(pointer) || this.isBump(pointer))) return 0;
    return this.blocks.liveAt(this, pointer);
  }

  /** Whether a magazine has freed this block last. Its region may have gone to the depot since. */
  private isLastFree(pointer: u64): bool {
    for (let cpu: u32 = 0; cpu < this.used; cpu++) {
      if (pointer == magazineOn(this, cpu).lastFree) return true;
    }
    return false;
  }

  /** Whether what a magazine never handed out begins here. */
  private isBump(pointer: u64): bool {
    for (let cpu: u32 = 0; cpu < this.used; cpu++) {
      if (pointer == magazineOn(this, cpu).bump) return true;
    }
    return false;
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
    return this.isLastFree(address) || this.blocks.startsFree(this, address);
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
    this.attend(pointer);
    free(this.blocks, this, pointer, quanta);
    leave(caller);
    return true;
  }

  /** Resizes a live block in place. Returns whether it could. */
  resize(pointer: u64, bytes: u64): bool {
    const old = this.blocks.sizeOf(this, pointer);
    const quanta = quantaFor(this, bytes);
    this.attend(pointer);
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
    let bytes = this.depot.bytesInObjects;
    for (let cpu: u32 = 0; cpu < this.used; cpu++) bytes += magazineOn(this, cpu).bytesInObjects;
    return bytes;
  }

  /** Bytes that were never handed out. */
  restBytes(): u64 {
    let bytes: u64 = 0;
    for (let cpu: u32 = 0; cpu < this.used; cpu++) {
      const magazine = magazineOn(this, cpu);
      bytes += magazine.bumpEnd - magazine.bump;
    }
    return bytes;
  }

  /** Memory pressure: every region goes to the depot. Returns whether there was one. */
  relieve(): bool {
    if (!this.hasDepot) return false;
    let isRelieved = false;
    for (let cpu: u32 = 0; cpu < this.used; cpu++) {
      const magazine = magazineOn(this, cpu);
      if (!magazine.regions) continue;
      leaveAll(this.blocks, this, magazine);
      isRelieved = true;
    }
    if (isRelieved) this.wasRelieved = true;
    return isRelieved;
  }

  tellFree(): void {
    tellRack(this.blocks, this);
  }

  /** Asserts what must hold (check.ts). */
  check(): void {
    checkRack(this.blocks, this);
  }
}
