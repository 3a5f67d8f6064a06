/**
 * What a module that notices misuse says of it, as assembly/heap/misuse.ts does: `misuse` returns the address of words in
 * UTF-16, with their length in bytes in the u32 before them, and `misused` the pointer they are about, or 0.
 */

/** Of a sentence. A module that says more says nothing: it may be anybody's. */
const MOST_BYTES = 512;

/** @returns undefined if it noticed nothing, or has no such functions. */
export function readMisuse(
  { misuse, misused }: WebAssembly.Exports,
  loadWord: (address: number) => number,
): string | undefined {
  if (typeof misuse !== "function" || typeof misused !== "function") return undefined;
  const address = misuse() >>> 0;
  if (!address) return undefined;
  const bytes = loadWord(address - 4) >>> 0;
  if (bytes > MOST_BYTES) return undefined;
  let words = "";
  for (let at = 0; at < bytes; at += 4) {
    const pair = loadWord(address + at);
    words += String.fromCharCode(pair & 0xffff, pair >>> 16);
  }
  words = words.slice(0, bytes / 2);
  const pointer = misused() >>> 0;
  return pointer ? `0x${pointer.toString(16)} is ${words}` : words;
}
