/** What a build may choose, by `--use NAME=VALUE`. Everything else follows from it. */

/** What pointers are aligned to: 2 to the power of this, in bytes; 4, as C asks of wasm32, or 3. */
export const ALIGN_SHIFT: u32 = isDefined(ZP_ALIGN_SHIFT) ? ZP_ALIGN_SHIFT : 4;
/** The unit that runs of memory are measured in: 2 to the power of this, in bytes; from 8 to 12. */
export const UNIT_SHIFT: u32 = isDefined(ZP_UNIT_SHIFT) ? ZP_UNIT_SHIFT : 8;
/** The largest request that gets a slot of a span, in bytes: at least three units. Larger ones get a run of their own. */
export const MOST_SLOT_BYTES: u32 = isDefined(ZP_MOST_SLOT_BYTES) ? ZP_MOST_SLOT_BYTES : 1024;
/** Spans are as long as this, in bytes, if they hold four slots then. */
export const SPAN_BYTES: u32 = isDefined(ZP_SPAN_BYTES) ? ZP_SPAN_BYTES : 4096;
/** The longest freed run that is kept as it is for the next request of its length, in units. */
export const MOST_CACHED_UNITS: u32 = isDefined(ZP_MOST_CACHED_UNITS) ? ZP_MOST_CACHED_UNITS : 64;
/** How many are kept of each length. */
export const MOST_KEPT: u32 = isDefined(ZP_MOST_KEPT) ? ZP_MOST_KEPT : 15;
/** A step of growth is the heap's size shifted right by this, or what is needed. */
export const STEP_SHIFT: u32 = isDefined(ZP_STEP_SHIFT) ? ZP_STEP_SHIFT : 6;
/** Whether misuse is noticed. */
export const HARDENED: bool = !isDefined(ZP_TRUSTING);

export const ALIGN: u32 = 1 << ALIGN_SHIFT;
export const UNIT: u32 = 1 << UNIT_SHIFT;
