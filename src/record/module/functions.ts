import type { FunctionType } from "../../wasm/types.js";

/** What is known of the functions of a module. */
export interface KnownFunctions {
  /** Of all functions, imported ones first. */
  types: readonly (FunctionType | undefined)[];
  /** Names for debuggers, by number. */
  names: ReadonlyMap<number, string>;
  /** The functions it exports: name, number. */
  exports: readonly { name: string; index: number }[];
  /** The functions that a function calls. */
  callees(index: number): readonly number[];
  /** Whether it, or one that it calls, has an instruction that fills memory. */
  fills(index: number): boolean;
  /** The function that it calls with its own parameters, if it does nothing else. */
  forwards(index: number): number | undefined;
  /** The addresses at which it reads what has a fixed place. */
  statics(index: number): ReadonlySet<number>;
  /** Whether it does what memset does, if it is of that type. */
  isMemset(index: number): boolean;
  /** Whether it does what Rust's alloc_zeroed does with these functions, if it is of that type. */
  givesZeroed(index: number, allocators: ReadonlySet<number>, memsets: ReadonlySet<number>): boolean;
}
