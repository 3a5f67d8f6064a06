/** Reading and writing the parts a wasm binary is made of: core specification 2.0, chapter 5. */
import { ModuleError } from "../base/errors.js";

/** What a linear memory is measured in. */
export const WASM_PAGE_BYTES = 65_536;
/** Pages of it that 32 bits address. */
export const MOST_WASM_PAGES = 65_536;

/** Reads from `offset` up to `end`. Everything throws ModuleError where the bytes end or make no sense. */
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

  #endTooSoon(wanted: number): never {
    const missing = wanted - this.left;
    throw new ModuleError(`the module ends here, ${missing} bytes too soon: get the whole file`, this.offset);
  }

  take(count: number): Uint8Array {
    const start = this.offset;
    this.skip(count);
    return this.bytes.subarray(start, this.offset);
  }

  /** A part of `count` bytes, to be read on its own. */
  part(count: number): BinaryReader {
    const start = this.offset;
    this.skip(count);
    return new BinaryReader(this.bytes, start, this.offset);
  }

  /** Unsigned LEB128, at most 32 bits. */
  u32(): number {
    const start = this.offset;
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw new ModuleError("a number exceeds 32 bits: the file is damaged", start);
  }

  /** Unsigned LEB128 of 64 bits; exact to 2^53. */
  u64(): number {
    const start = this.offset;
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new ModuleError("a number exceeds 64 bits: the file is damaged", start);
  }

  /** Little-endian, of 32 bits. */
  fixed32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }

  /** What `read` gives for each item of a counted list. */
  times<T>(read: () => T): T[] {
    const count = this.u32();
    // An item takes a byte at least: a count beyond that would only fill memory.
    if (count > this.left) this.#endTooSoon(count);
    return Array.from({ length: count }, read);
  }

  /** Signed LEB128 of 32 or 33 bits. */
  s33(): number {
    const start = this.offset;
    let value = 0;
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return byte & 64 ? value - scale * 128 : value;
    }
    throw new ModuleError("a number exceeds 33 bits: the file is damaged", start);
  }

  /** Skips a LEB128 of at most 64 bits. Returns the offset behind it. */
  skipNumber(): number {
    const start = this.offset;
    while (this.byte() >= 128) {
      if (this.offset - start >= 10)
        throw new ModuleError("a number exceeds 64 bits: the file is damaged", start);
    }
    return this.offset;
  }

  /** Skips a vector of bytes, such as a name. */
  skipBytes(): void {
    this.skip(this.u32());
  }
}

/** Bytes that grow. */
export class BinaryWriter {
  #bytes = new Uint8Array(256);
  length = 0;

  /** What was written so far; valid until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  byte(...values: number[]): this {
    return this.append(values);
  }

  append(bytes: ArrayLike<number>): this {
    const end = this.length + bytes.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length = end;
    return this;
  }

  u32(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    return this.byte(rest);
  }

  s32(value: number): this {
    let rest = value | 0;
    for (; rest < -64 || rest >= 64; rest >>= 7) this.byte((rest & 127) | 128);
    return this.byte(rest & 127);
  }

  /** An opcode; one behind a prefix byte is numbered prefix · 2^16 + opcode. */
  opcode(number: number): this {
    return number < 2 ** 16 ? this.byte(number) : this.byte(number >> 16).u32(number & 0xffff);
  }

  /** `bytes` with their number before them. */
  sized(bytes: Uint8Array): this {
    return this.u32(bytes.length).append(bytes);
  }
}

/** Section numbers. */
export const Section = {
  Custom: 0,
  Type: 1,
  Import: 2,
  Function: 3,
  Memory: 5,
  Global: 6,
  Export: 7,
  Start: 8,
  Code: 10,
  Data: 11,
  DataCount: 12,
} as const;

// Of all sections but custom ones, in the order they have to have.
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]; // "\0asm", version 1

/** The sections of a module, to be read and replaced. */
export class Sections {
  readonly #list: { id: number; content: BinaryReader }[] = [];

  constructor(wasm: Uint8Array) {
    const reader = new BinaryReader(wasm);
    if (HEADER.some((byte, i) => wasm[i] !== byte)) {
      throw new ModuleError("not a wasm module of version 1", 0);
    }
    reader.skip(HEADER.length);
    while (!reader.done) {
      const id = reader.byte();
      this.#list.push({ id, content: reader.part(reader.u32()) });
    }
  }

  /** A reader at the start of a section, or null. */
  get(id: number): BinaryReader | null {
    const found = this.#list.find((section) => section.id === id);
    return found ? new BinaryReader(found.content.bytes, found.content.offset, found.content.end) : null;
  }

  /** Replaces a section, or puts it where it belongs. */
  set(id: number, bytes: Uint8Array): void {
    const section = { id, content: new BinaryReader(bytes) };
    const place = ORDER.indexOf(id);
    const after = this.#list.findIndex((other) => ORDER.indexOf(other.id) >= place);
    if (after < 0) this.#list.push(section);
    else this.#list.splice(after, this.#list[after]?.id === id ? 1 : 0, section);
  }

  /** Leaves out the custom sections that `keep` turns down by name. */
  filterCustom(keep: (name: string) => boolean): void {
    const kept = this.#list.filter(({ id, content }) => {
      if (id !== Section.Custom) return true;
      const reader = new BinaryReader(content.bytes, content.offset, content.end);
      return keep(reader.name());
    });
    this.#list.splice(0, this.#list.length, ...kept);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    const writer = new BinaryWriter().append(HEADER);
    for (const { id, content } of this.#list) {
      writer.byte(id).sized(content.bytes.subarray(content.offset, content.end));
    }
    return writer.bytes.slice() as Uint8Array<ArrayBuffer>;
  }
}
