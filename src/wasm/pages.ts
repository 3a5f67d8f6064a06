/** What a linear memory is measured in: core specification 2.0, 4.2.8. */
export const WASM_PAGE_BYTES = 65_536;
/** Bytes that addresses of 32 bits reach. */
export const ADDRESSABLE_BYTES = 2 ** 32;
/** Pages of such a memory, at most. */
export const MOST_WASM_PAGES = ADDRESSABLE_BYTES / WASM_PAGE_BYTES;
