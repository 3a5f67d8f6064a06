/** Reads the values of which a wasm binary is made: core specification 2.0, 5.1.3 and 5.2. */
import { ModuleError } from "../base/errors.js";

// The engine keeps a byte order mark in a name, so it stays.
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads from `offset` up to `end`. Every method throws ModuleError, with the place, where the bytes end or are damaged. */
export class BinaryReader {
  constructor(
    readonly bytes: Uint8Array,
    public offset = 0,
    readonly end = bytes.length,
  ) {}

  get done(): boolean {
    return this.offset >= this.end;
  }

  /** Bytes up to the end. */
  get left(): number {
    return this.end - this.offset;
  }

  byte(): number {
    if (this.offset >= this.end) this.#endTooSoon(1);
    return this.bytes[this.offset++] as number;
  }

  skip(count: number): void {
    if (count > this.left) this.#endTooSoon(count);
    this.offset += count;
  }

  /** The next `count` bytes. */
  take(count: number): Uint8Array {
    const start = this.offset;
    this.skip(count);
    return this.since(start);
  }

  /** The bytes that were read since the reader was at `start`. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.offset);
  }

  /** The next `count` bytes, to be read on their own. */
  part(count: number): BinaryReader {
    const start = this.offset;
    this.skip(count);
    return new BinaryReader(this.bytes, start, this.offset);
  }

  /** Another reader of the same bytes, at the same place. */
  fork(): BinaryReader {
    return new BinaryReader(this.bytes, this.offset, this.end);
  }

  /** Unsigned LEB128 of 32 bits. */
  u32(): number {
    const start = this.offset;
    const value = this.#leb128(32);
    if (value >= 2 ** 32) tooLarge(32, start);
    return value;
  }

  /** Unsigned LEB128 of 64 bits; exact to 2^53. */
  u64(): number {
    const start = this.offset;
    const value = this.#leb128(64);
    if (value >= 2 ** 64) tooLarge(64, start);
    return value;
  }

  /** Signed LEB128 of 64 bits, as an unsigned number of 64 bits. */
  s64(): bigint {
    const start = this.offset;
    this.skipNumber();
    const groups = [...this.since(start)].reverse();
    const value = groups.reduce((sum, byte) => (sum << 7n) | BigInt(byte & 127), 0n);
    const signed = BigInt.asIntN(7 * groups.length, value);
    if (signed !== BigInt.asIntN(64, signed)) tooLarge(64, start);
    return BigInt.asUintN(64, signed);
  }

  /** Signed LEB128 of 32 or 33 bits. */
  s33(): number {
    const start = this.offset;
    const value = this.#leb128(33);
    const last = this.bytes[this.offset - 1] as number;
    return last & 64 ? value - 128 ** (this.offset - start) : value;
  }

  /** Skips a LEB128 of at most 64 bits, which keeps its value to itself: a double does not hold it. */
  skipNumber(): void {
    this.#leb128(64);
  }

  /** The groups of seven bits of a LEB128, as an unsigned number. */
  #leb128(bits: number): number {
    const start = this.offset;
    let value = 0;
    for (let read = 0, scale = 1; read < bits; read += 7, scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    return tooLarge(bits, start);
  }

  /** Little-endian, of 32 bits. */
  fixed32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  name(): string {
    return UTF8.decode(this.take(this.u32()));
  }

  /** What `read` gives for each item of a vector. */
  vector<T>(read: (reader: BinaryReader) => T): T[] {
    const count = this.u32();
    // An item takes a byte at least: a count beyond that would only fill memory.
    if (count > this.left) this.#endTooSoon(count);
    return Array.from({ length: count }, () => read(this));
  }

  #endTooSoon(wanted: number): never {
    const missing = wanted - this.left;
    throw new ModuleError(`the module ends here, ${missing} bytes too soon: get the whole file`, this.offset);
  }
}

function tooLarge(bits: number, at: number): never {
  throw new ModuleError(`a number exceeds ${bits} bits: the file is damaged`, at);
}
