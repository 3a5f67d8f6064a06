/** The trace loop in JavaScript, with one call of the module for each operation. It shows what such calls cost. */
import type { AllocatorReport } from "../foreign/module-allocator.js";
import type { WasmAllocator } from "../foreign/wasm-allocator.js";
import { bytesAsked, FIELD_WORD, OpKind, RECORD_WORDS } from "../trace/records.js";

interface CFunctions {
  malloc(bytes: number): number;
  calloc(count: number, size: number): number;
  realloc(pointer: number, bytes: number): number;
  free(pointer: number): void;
}

/** Runs `records`, which free all they allocate, once. Returns whether there was memory for all of them. */
export type JavaScriptLoop = (records: Uint8Array) => boolean;

/**
 * The loop for one allocator. Null if the convention is not C's, or if the module lacks a function that the records
 * need: composing it would be measured too. Aligned allocations are not supported.
 */
export function javaScriptLoop(
  { report, instance }: WasmAllocator,
  kinds: Set<number>,
): JavaScriptLoop | null {
  const functions = cFunctions(report, instance.exports);
  if (!functions.malloc || !functions.free || kinds.has(OpKind.aligned)) return null;
  if (kinds.has(OpKind.calloc) && !functions.calloc) return null;
  if (kinds.has(OpKind.realloc) && !functions.realloc) return null;
  return (records) => replay(functions as CFunctions, records);
}

function cFunctions({ convention, functions }: AllocatorReport, exports: WebAssembly.Exports) {
  if (convention !== "c") return {};
  const named = Object.entries(functions).map(([role, how]) => [
    role,
    "native" in how ? exports[how.native] : undefined,
  ]);
  return Object.fromEntries(named) as Partial<CFunctions>;
}

/** The kinds of operation among the records. */
export function kindsOf(records: Uint8Array): Set<number> {
  const words = wordsOf(records);
  const kinds = new Set<number>();
  for (let at = 0; at < words.length; at += RECORD_WORDS) kinds.add(words[at + FIELD_WORD.kind] as number);
  return kinds;
}

const wordsOf = ({ buffer, byteOffset, length }: Uint8Array) =>
  new Uint32Array(buffer, byteOffset, length / 4);

const pointers: number[] = [];

function replay({ malloc, calloc, realloc, free }: CFunctions, records: Uint8Array): boolean {
  let served = true;
  const words = wordsOf(records);
  for (let at = 0; at < words.length; at += RECORD_WORDS) {
    const slot = words[at + FIELD_WORD.slot] as number;
    const [first, second] = [words[at + FIELD_WORD.first] as number, words[at + FIELD_WORD.second] as number];
    const kind = words[at + FIELD_WORD.kind] as number;
    if (kind === OpKind.malloc) pointers[slot] = malloc(first);
    else if (kind === OpKind.free) free(pointers[slot] as number);
    else if (kind === OpKind.calloc) pointers[slot] = calloc(first, second);
    else if (kind === OpKind.realloc) pointers[slot] = realloc(pointers[slot] as number, second);
    if (pointers[slot] === 0 && bytesAsked(kind, first, second) > 0) served = false;
  }
  return served;
}
