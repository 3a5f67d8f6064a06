import { ModuleError } from "../errors.js";

/** Reads a module's bytes from front to back. Every method throws ModuleError, with the offset, where they end too soon. */
export class ByteReader {
  constructor(
    private readonly bytes: Uint8Array,
    /** From the start of the module. */
    public offset = 0,
    private readonly end = bytes.length,
  ) {}

  get left(): number {
    return this.end - this.offset;
  }

  get atEnd(): boolean {
    return this.offset >= this.end;
  }

  byte(): number {
    if (this.atEnd) this.#truncated(1);
    return this.bytes[this.offset++] as number;
  }

  fixed32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  /** LEB128. */
  u32(): number {
    const at = this.offset;
    const value = this.u64();
    if (value >= 2 ** 32) throw new ModuleError("a number exceeds 32 bits: the file is damaged", at);
    return value;
  }

  /** LEB128; exact to 2^53. */
  u64(): number {
    const at = this.offset;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      if (scale > 2 ** 63) throw new ModuleError("a number does not end: the file is damaged", at);
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  name(): string {
    const length = this.u32();
    const part = this.part(length);
    return new TextDecoder().decode(this.bytes.subarray(part.offset, part.end));
  }

  /** A reader of the next so many bytes, which this one skips. */
  part(bytes: number): ByteReader {
    if (bytes > this.left) this.#truncated(bytes);
    this.offset += bytes;
    return new ByteReader(this.bytes, this.offset - bytes, this.offset);
  }

  /** What `read` gives for each item of a counted list. */
  times<T>(read: () => T): T[] {
    const count = this.u32();
    // An item takes a byte at least: a count beyond that would only fill memory.
    if (count > this.left) this.#truncated(count);
    return Array.from({ length: count }, read);
  }

  #truncated(wanted: number): never {
    throw new ModuleError(
      `the module ends here, ${wanted - this.left} bytes too soon: get the whole file`,
      this.offset,
    );
  }
}
