/**
 * What a value is, whichever realm made it: frames, jsdom and Node's vm have constructors of their own, of which what
 * another realm made is no instance.
 */

const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice("[object ".length, -1);

export const isUrl = (value: unknown): value is URL => tagOf(value) === "URL";

export const isResponse = (value: unknown): value is Response => tagOf(value) === "Response";

/** Whether it is a module that is compiled. */
export const isCompiled = (value: unknown): value is WebAssembly.Module =>
  tagOf(value) === "WebAssembly.Module";

/** The bytes that a view or a buffer has; undefined for anything else. */
export function bytesIn(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  const tag = tagOf(value);
  if (ArrayBuffer.isView(value)) return unshared(value.buffer, value.byteOffset, value.byteLength);
  return tag === "ArrayBuffer" || tag === "SharedArrayBuffer"
    ? unshared(value as ArrayBufferLike)
    : undefined;
}

/** Browsers do not compile what is shared. */
function unshared(buffer: ArrayBufferLike, offset?: number, length?: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(buffer, offset, length);
  return tagOf(buffer) === "ArrayBuffer" ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}

/** What a value is in a word or two, for an error. Not the value itself, which may be of any length. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? `an object (${tagOf(value)})` : `a ${typeof value}`;
}
