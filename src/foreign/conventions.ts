/** How an allocator's functions are called, and which of them a module has. */
import { Convention as Numbers } from "#shared/driver";
import { type NameOf, namesOf } from "../base/enums.js";

/**
 * How the functions are called.
 *
 * - `c`: malloc(bytes), realloc(pointer, bytes), free(pointer)
 * - `sized`: malloc(bytes), realloc(pointer, old, bytes), free(pointer, bytes); wasm-bindgen before 0.2.85
 * - `bindgen`: malloc(bytes, align), realloc(pointer, old, bytes, align), free(pointer, bytes, align); wasm-bindgen
 * - `rust`: alloc(bytes, align), alloc_zeroed(bytes, align), realloc(pointer, old, align, bytes), dealloc(pointer, bytes, align)
 * - `managed`: new(bytes, id), pin(pointer), unpin(pointer); AssemblyScript's collected objects
 *
 * Of `sized` and `bindgen`, calloc is Rust's alloc_zeroed(bytes, align), where a module exports it.
 *
 * @useDeclaredType
 */
export type Convention = NameOf<typeof Numbers>;
/** All of them, in the order of the driver's numbers. */
export const CONVENTIONS: readonly Convention[] = namesOf(Numbers);

/**
 * What an allocator can do. `posixAligned` and `memalign`, which take any size, are called before `aligned`; that is asked
 * for multiples of the alignment, as C11 wants it. `pin` is AssemblyScript's.
 */
export const ROLES = [
  "malloc",
  "calloc",
  "realloc",
  "free",
  "aligned",
  "posixAligned",
  "memalign",
  "usableSize",
  "pin",
] as const;
export type Role = (typeof ROLES)[number];

/**
 * Names of exports by what they do.
 *
 * @useDeclaredType
 */
export type FunctionNames = Partial<Record<Role, string>>;

/** What was found among a module's exports. */
export interface FoundFunctions {
  convention: Convention;
  functions: FunctionNames;
  /** Whether they trap where memory ends, by the contract of their kind. */
  endsByTrap?: true;
}
