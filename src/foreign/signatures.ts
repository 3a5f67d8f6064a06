/** Types of functions as short texts: "ii>i" takes two i32 and gives one. */
import type { FunctionType } from "../wasm/types.js";

const LETTERS: Record<string, string> = { i32: "i", i64: "l", f32: "f", f64: "d" };

/** "?" stands for what is not known. */
export function signature(type?: FunctionType): string {
  const letters = (types: readonly string[]) => types.map((one) => LETTERS[one] ?? "?").join("");
  return type ? `${letters(type.params)}>${letters(type.results)}` : "?";
}

/** Of a module that was compiled before, types are not known; linking it will tell. */
export function fits(type: FunctionType | undefined, wanted: string): boolean {
  return !type || signature(type) === wanted;
}
