/** Only calls from one wasm module to another: the least that driving from wasm can cost. */

declare function malloc(bytes: u32): u32;
declare function free(pointer: u32): void;

/** Calls malloc and free, in turn, `times` times each. */
export function run(times: u32): void {
  for (let i: u32 = 0; i < times; i++) free(malloc(i));
}
