/** The literals of a block of zstd (RFC 8878, section 3.1.1.3.1), and the Huffman code of most of them. */
import { BackwardBits, demand, highestBit, readStateTable } from "./bits.js";

/** The symbol, and how many bits it took, by the next `bits` bits of the stream. */
export interface HuffmanTable {
  bits: number;
  symbols: Uint8Array;
  lengths: Uint8Array;
}

const MOST_BITS = 11;
const MOST_WEIGHTS = 255;

const Type = { raw: 0, repeated: 1, compressed: 2, treeless: 3 } as const;

/** What a block's literals are, the bytes that it took to say so, and the code for the next block that has none. */
export interface Literals {
  bytes: Uint8Array;
  byteCount: number;
  table: HuffmanTable | undefined;
}

/** Reads the literals at the beginning of a block, at most `most` bytes. `table` is the last code there was. */
export function readLiterals(block: Uint8Array, most: number, table: HuffmanTable | undefined): Literals {
  const first = block[0] ?? 0;
  const type = first & 3;
  const form = (first >> 2) & 3;
  if (type === Type.raw || type === Type.repeated) {
    const [header, size] = plainHeader(block, form);
    demand(size <= most, "a block has too many literals");
    const end = header + (type === Type.raw ? size : 1);
    demand(end <= block.length, "the literals are cut short");
    const bytes =
      type === Type.raw ? block.subarray(header, end) : new Uint8Array(size).fill(block[header] as number);
    return { bytes, byteCount: end, table };
  }
  return compressedLiterals(block, type, form, most, table);
}

function plainHeader(block: Uint8Array, form: number): [bytes: number, size: number] {
  const [first = 0, second = 0, third = 0] = block;
  if (form === 1) return [2, (first >> 4) | (second << 4)];
  if (form === 3) return [3, (first >> 4) | (second << 4) | (third << 12)];
  return [1, first >> 3];
}

function compressedLiterals(
  block: Uint8Array,
  type: number,
  form: number,
  most: number,
  last: HuffmanTable | undefined,
): Literals {
  const bits = form < 2 ? 10 : form === 2 ? 14 : 18;
  const header = form < 2 ? 3 : form + 2;
  // 4 bits of type and form, then both sizes: 24 to 40 bits in all, more than fit a word.
  const low = (block[0] ?? 0) | ((block[1] ?? 0) << 8) | ((block[2] ?? 0) << 16);
  const whole = low + ((block[3] ?? 0) + (header > 4 ? (block[4] ?? 0) : 0) * 256) * 2 ** 24;
  const size = Math.floor(whole / 16) % 2 ** bits;
  const packed = Math.floor(whole / 2 ** (4 + bits)) % 2 ** bits;
  demand(size <= most, "a block has too many literals");
  const end = header + packed;
  demand(end <= block.length, "the literals are cut short");
  let streams = block.subarray(header, end);
  let table = last;
  if (type === Type.compressed) {
    const [read, taken] = readHuffmanTable(streams);
    table = read;
    streams = streams.subarray(taken);
  }
  demand(table !== undefined, "literals have no code");
  const bytes = new Uint8Array(size);
  if (form === 0) decodeStream(streams, bytes, table);
  else decodeFour(streams, bytes, table);
  return { bytes, byteCount: end, table };
}

/** Four streams, of which the first three have their lengths in front. */
function decodeFour(streams: Uint8Array, bytes: Uint8Array, table: HuffmanTable): void {
  demand(streams.length >= 6, "the literals are cut short");
  const quarter = (bytes.length + 3) >> 2;
  demand(quarter * 3 <= bytes.length, "four streams have too few literals");
  let at = 6;
  for (let stream = 0; stream < 4; stream++) {
    const length = (streams[stream * 2] as number) | ((streams[stream * 2 + 1] as number) << 8);
    const end = stream < 3 ? at + length : streams.length;
    demand(end <= streams.length, "the literals are cut short");
    const to = stream < 3 ? (stream + 1) * quarter : bytes.length;
    decodeStream(streams.subarray(at, end), bytes.subarray(stream * quarter, to), table);
    at = end;
  }
}

function decodeStream(stream: Uint8Array, bytes: Uint8Array, { bits, symbols, lengths }: HuffmanTable): void {
  const input = new BackwardBits(stream);
  for (let at = 0; at < bytes.length; at++) {
    const code = input.peek(bits);
    bytes[at] = symbols[code] as number;
    input.left -= lengths[code] as number;
  }
  demand(input.left === 0, "a stream of literals does not end where it should");
}

/** Reads the description of a code: a weight for each symbol. @returns it, and the bytes that it took. */
function readHuffmanTable(bytes: Uint8Array): [table: HuffmanTable, byteCount: number] {
  const header = bytes[0] ?? 0;
  const direct = header >= 128;
  const end = 1 + (direct ? (header - 126) >> 1 : header);
  demand(end <= bytes.length, "a code is cut short");
  const described = bytes.subarray(1, end);
  return [huffmanTable(direct ? nibbles(described, header - 127) : weightsOf(described)), end];
}

function nibbles(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, at) => {
    const pair = bytes[at >> 1] as number;
    return at % 2 === 0 ? pair >> 4 : pair & 15;
  });
}

/** Weights that are compressed themselves, by two states in turn. The stream ends when a state finds too few bits. */
function weightsOf(bytes: Uint8Array): number[] {
  const [table, taken] = readStateTable(bytes, 6, MOST_BITS + 2);
  const input = new BackwardBits(bytes.subarray(taken));
  const weights: number[] = [];
  let state = input.read(table.accuracy);
  let other = input.read(table.accuracy);
  for (;;) {
    demand(weights.length < MOST_WEIGHTS, "a code has too many symbols");
    weights.push(table.symbols[state] as number);
    const next = (table.bases[state] as number) + input.read(table.bits[state] as number);
    if (input.left < 0) break;
    [state, other] = [other, next];
  }
  weights.push(table.symbols[other] as number);
  demand(weights.length <= MOST_WEIGHTS, "a code has too many symbols");
  return weights;
}

/** The code of these weights; the last symbol's is what makes them add up to a power of two. */
function huffmanTable(weights: number[]): HuffmanTable {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 2 ** (weight - 1) : 0), 0);
  demand(sum > 0 && sum < 2 ** MOST_BITS, "the weights of a code do not add up");
  const bits = highestBit(sum) + 1;
  const left = (1 << bits) - sum;
  demand((left & (left - 1)) === 0, "the weights of a code do not add up");
  const all = [...weights, highestBit(left) + 1];
  const symbols = new Uint8Array(1 << bits);
  const lengths = new Uint8Array(1 << bits);
  // The lightest, which have the longest codes, come first.
  let at = 0;
  for (let weight = 1; weight <= bits; weight++) {
    for (let symbol = 0; symbol < all.length; symbol++) {
      if (all[symbol] !== weight) continue;
      const end = at + (1 << (weight - 1));
      symbols.fill(symbol, at, end);
      lengths.fill(bits + 1 - weight, at, end);
      at = end;
    }
  }
  demand(at === 1 << bits, "the weights of a code do not add up");
  return { bits, symbols, lengths };
}
