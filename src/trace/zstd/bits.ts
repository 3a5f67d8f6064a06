/** The bits and the code tables of zstd (RFC 8878, sections 4.1 and 4.2). */

/** Why zstd data is not what it should be; `unzstd.ts` makes the error for the reader of it. */
export class ZstdCorrupt extends Error {}

/** @throws ZstdCorrupt unless it holds. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new ZstdCorrupt(what);
}

/** The place of the highest bit that is set, of a number above 0. */
export function highestBit(value: number): number {
  return 31 - Math.clz32(value);
}

/** Some 32 bits from a byte on, less those below a bit. Bytes that are not there read as 0. */
function word(bytes: Uint8Array, bit: number): number {
  const at = bit >> 3;
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8);
  return (low | (high << 16)) >>> (bit & 7);
}

/** Bits that are read from the first byte on, at most 16 at once. */
class ForwardBits {
  bit = 0;

  constructor(private readonly bytes: Uint8Array) {}

  read(count: number): number {
    const value = word(this.bytes, this.bit) & ((1 << count) - 1);
    this.bit += count;
    return value;
  }

  /** Bytes that were begun. */
  get byteCount(): number {
    return (this.bit + 7) >> 3;
  }
}

/** Bits that are read from the last byte's highest set bit on, which only marks the end. */
export class BackwardBits {
  /** Bits that are left; below 0 if more were read than there are, which read as 0. */
  left: number;

  constructor(private readonly bytes: Uint8Array) {
    const last = bytes[bytes.length - 1] ?? 0;
    demand(last !== 0, "a bit stream has no end");
    this.left = (bytes.length - 1) * 8 + highestBit(last);
  }

  /** The next bits, at most 25, without taking them. */
  peek(count: number): number {
    return word(this.bytes, this.left - count) & ((1 << count) - 1);
  }

  /** Takes at most 32 bits. */
  read(count: number): number {
    if (count > 16) return this.read(count - 16) * 0x10000 + this.read(16);
    const value = this.peek(count);
    this.left -= count;
    return value;
  }
}

/**
 * A table of a finite state entropy code. By state: the symbol, and what the next state is, `base` and a number of `bits`.
 */
export interface StateTable {
  accuracy: number;
  symbols: Uint8Array;
  bits: Uint8Array;
  bases: Uint16Array;
}

/** A table that always gives one symbol, from no bits. */
export function constantTable(symbol: number): StateTable {
  return {
    accuracy: 0,
    symbols: Uint8Array.of(symbol),
    bits: new Uint8Array(1),
    bases: new Uint16Array(1),
  };
}

/** Reads the description of a table. @returns it, and the bytes that it took. */
export function readStateTable(
  bytes: Uint8Array,
  mostAccuracy: number,
  mostSymbols: number,
): [table: StateTable, byteCount: number] {
  const input = new ForwardBits(bytes);
  const accuracy = input.read(4) + 5;
  demand(accuracy <= mostAccuracy, "a table is larger than may be");
  const shares: number[] = [];
  let remaining = 1 << accuracy;
  while (remaining > 0) {
    demand(shares.length < mostSymbols, "a table has too many symbols");
    const share = readShare(input, remaining);
    shares.push(share);
    remaining -= Math.abs(share);
    if (share === 0) readZeroes(input, shares);
  }
  demand(remaining === 0 && shares.length <= mostSymbols, "the shares of a table do not add up");
  demand(input.byteCount <= bytes.length, "a table is cut short");
  return [stateTable(shares, accuracy), input.byteCount];
}

/** The share of a symbol: cells of the table, 0 for none, -1 for less than one. The fewer remain, the fewer bits it has. */
function readShare(input: ForwardBits, remaining: number): number {
  const bits = highestBit(remaining + 1) + 1;
  const short = (1 << (bits - 1)) - 1;
  const threshold = (1 << bits) - 2 - remaining;
  let value = input.read(bits);
  if ((value & short) < threshold) {
    input.bit--;
    value &= short;
  } else if (value > short) {
    value -= threshold;
  }
  return value - 1;
}

/** After a share of 0: how many more follow, in twos of bits, as long as these are 3. */
function readZeroes(input: ForwardBits, shares: number[]): void {
  let count: number;
  do {
    count = input.read(2);
    for (let i = 0; i < count; i++) shares.push(0);
  } while (count === 3 && shares.length <= 256);
}

/** The table that these shares of symbols make. */
export function stateTable(shares: readonly number[], accuracy: number): StateTable {
  const size = 1 << accuracy;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  const bases = new Uint16Array(size);
  const next = shares.map(Math.abs);
  spread(shares, symbols);
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] as number;
    const count = next[symbol] as number;
    next[symbol] = count + 1;
    const taken = accuracy - highestBit(count);
    bits[state] = taken;
    bases[state] = (count << taken) - size;
  }
  return { accuracy, symbols, bits, bases };
}

/** Gives each symbol its cells, strewn over the table; those of less than one have the last cells. */
function spread(shares: readonly number[], symbols: Uint8Array): void {
  const size = symbols.length;
  const step = (size >> 1) + (size >> 3) + 3;
  let end = size;
  for (let symbol = 0; symbol < shares.length; symbol++) if (shares[symbol] === -1) symbols[--end] = symbol;
  let at = 0;
  for (let symbol = 0; symbol < shares.length; symbol++) {
    for (let i = 0; i < (shares[symbol] as number); i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= end);
    }
  }
  demand(at === 0, "the shares of a table do not add up");
}
