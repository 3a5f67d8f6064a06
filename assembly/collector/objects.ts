/**
 * Managed objects. AssemblyScript's library expects the class and the size right before what a reference points to; the
 * two words before these are the collector's. Static objects have the same header.
 *
 *      block                                           reference
 *      ├───────────┬───────────┬───────────┬───────────┼──────────────
 *      │ next      │ gray      │ rtId      │ rtSize    │ contents ...
 *      └───────────┴───────────┴───────────┴───────────┴──────────────
 */

export const HEADER_BYTES: usize = 16;
/** The largest object, in bytes, as AssemblyScript's library has it. */
export const MOST_BYTES: usize = (1 << 30) - 20;

/** Objects are aligned to 16 bytes, so the low bits of `next` have room for what else there is to know. */
const COLOR_BITS: usize = 3;
const PINNED_BIT: usize = 4;
const FLAG_BITS: usize = COLOR_BITS | PINNED_BIT;

/** An object has one of two colors, of which the other is 3 less this one; a static one has 0 before it is reached. */
export const ONE_COLOR: usize = 1;
export const BOTH_COLORS: usize = 3;

/** The flag of a class of whose members none is a reference: ~lib/shared/typeinfo. */
const POINTERFREE: u32 = 1 << 5;
/** The last of Object, ArrayBuffer and String, which have no members. */
const LAST_PLAIN_ID: u32 = 2;

@unmanaged
export class Managed {
  private nextAndFlags: usize;
  /** The next object that is marked, but whose members are not. */
  gray: Managed | null;
  rtId: u32;
  rtSize: u32;

  /** The next of all objects that are not static. */
  get next(): Managed | null {
    return changetype<Managed | null>(this.nextAndFlags & ~FLAG_BITS);
  }

  set next(object: Managed | null) {
    this.nextAndFlags = changetype<usize>(object) | (this.nextAndFlags & FLAG_BITS);
  }

  get color(): usize {
    return this.nextAndFlags & COLOR_BITS;
  }

  set color(color: usize) {
    this.nextAndFlags = (this.nextAndFlags & ~COLOR_BITS) | color;
  }

  get isPinned(): bool {
    return (this.nextAndFlags & PINNED_BIT) != 0;
  }

  set isPinned(isPinned: bool) {
    this.nextAndFlags = (this.nextAndFlags & ~PINNED_BIT) | (isPinned ? PINNED_BIT : 0);
  }

  get reference(): usize {
    return changetype<usize>(this) + HEADER_BYTES;
  }

  /** What was asked for, with the header. */
  get bytes(): usize {
    return HEADER_BYTES + this.rtSize;
  }

  get isStatic(): bool {
    return changetype<usize>(this) < __heap_base;
  }

  get hasMembers(): bool {
    const id = this.rtId;
    return id > LAST_PLAIN_ID && !(__typeinfo(id) & POINTERFREE);
  }
}

export function objectAt(reference: usize): Managed {
  return changetype<Managed>(reference - HEADER_BYTES);
}
