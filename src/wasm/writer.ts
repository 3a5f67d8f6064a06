/** Writes the values of which a wasm binary is made: core specification 2.0, 5.1.3 and 5.2. */
const UTF8 = new TextEncoder();

const MOST_IN_LOOP = 64;

export class BinaryWriter {
  #bytes = new Uint8Array(256);
  length = 0;

  /** What was written so far; valid until more is. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  byte(...values: number[]): this {
    this.#reserve(values.length);
    for (const value of values) this.#bytes[this.length++] = value;
    return this;
  }

  append(bytes: ArrayLike<number>): this {
    return this.copy(bytes, 0, bytes.length);
  }

  /** The bytes [from, to) of others. An instruction has few, and a loop is faster than a view of them. */
  copy(bytes: ArrayLike<number>, from: number, to: number): this {
    const count = to - from;
    this.#reserve(count);
    if (count > MOST_IN_LOOP) {
      const part = bytes instanceof Uint8Array ? bytes.subarray(from, to) : Array.from(bytes).slice(from, to);
      this.#bytes.set(part, this.length);
      this.length += count;
    } else {
      for (let at = from; at < to; at++) this.#bytes[this.length++] = bytes[at] as number;
    }
    return this;
  }

  #reserve(count: number): void {
    const end = this.length + count;
    if (end <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** Unsigned LEB128 of a whole number below 2^53. */
  unsigned(value: number): this {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 128);
    return this.byte(rest);
  }

  /** Unsigned LEB128 of a whole number below 2^31 in five bytes, so that another can be put there. */
  padded(value: number): this {
    for (let shift = 0; shift < 28; shift += 7) this.byte(((value >> shift) & 127) | 128);
    return this.byte(value >> 28);
  }

  /** Signed LEB128 of the low 32 bits of a whole number. */
  s32(value: number): this {
    let rest = value | 0;
    for (; rest < -64 || rest >= 64; rest >>= 7) this.byte((rest & 127) | 128);
    return this.byte(rest & 127);
  }

  /** Signed LEB128 of a whole number of 64 bits. */
  s64(value: bigint): this {
    let rest = BigInt.asIntN(64, value);
    for (; rest < -64n || rest >= 64n; rest >>= 7n) this.byte(Number(rest & 127n) | 128);
    return this.byte(Number(rest & 127n));
  }

  /** `bytes` with their number before them. */
  sized(bytes: Uint8Array): this {
    return this.unsigned(bytes.length).append(bytes);
  }

  /** Text in UTF-8, with the number of its bytes before it. */
  name(text: string): this {
    return this.sized(UTF8.encode(text));
  }

  /** A vector: the number of items, and what `write` writes for each. */
  vector<T>(items: readonly T[], write: (writer: this, item: T, index: number) => void): this {
    this.unsigned(items.length);
    items.forEach((item, i) => {
      write(this, item, i);
    });
    return this;
  }
}
