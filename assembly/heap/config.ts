/** What a build may choose, by `--use NAME=VALUE`. Everything else follows from it. */

/** What pointers are aligned to, in bytes: 16, as C asks of wasm32, or 8. */
export const ALIGN_SHIFT: u32 = isDefined(ZP_ALIGN_SHIFT) ? ZP_ALIGN_SHIFT : 4;
/** The page allocator's unit, in bytes: what runs are multiples of. At least 256. */
export const UNIT_SHIFT: u32 = isDefined(ZP_UNIT_SHIFT) ? ZP_UNIT_SHIFT : 9;
/** The largest request that gets a slot of a span, in bytes; a power of two. Larger ones get a run of their own. */
export const MOST_SLOT_BYTES: u32 = isDefined(ZP_MOST_SLOT_BYTES) ? ZP_MOST_SLOT_BYTES : 2048;
/** The longest freed run that is kept as it is for the next request of its length, in units. */
export const MOST_CACHED_UNITS: u32 = isDefined(ZP_MOST_CACHED_UNITS) ? ZP_MOST_CACHED_UNITS : 128;
/** Whether misuse is noticed. */
export const HARDENED: bool = !isDefined(ZP_TRUSTING);

export const ALIGN: u32 = 1 << ALIGN_SHIFT;
export const UNIT: u32 = 1 << UNIT_SHIFT;
