/** The compressed blocks of zstd (RFC 8878, section 3.1.1.3): literals, and sequences that say what comes between them. */
import { BackwardBits, constantTable, demand, readStateTable, type StateTable, stateTable } from "./bits.js";
import { type HuffmanTable, readLiterals } from "./literals.js";
import type { ZstdWindow } from "./window.js";

/** A kind of number in sequences: what its codes stand for (`base` and a number of `bits`), and its tables. */
interface Field {
  bases: readonly number[];
  bits: readonly number[];
  mostAccuracy: number;
  usual: StateTable;
}

const zeroes = (count: number) => new Array<number>(count).fill(0);

/** Codes stand for ranges, of so many bits each, that begin where the last ended; the first `from` on. */
function field(bits: readonly number[], from: number, shares: string, accuracy: number, most: number): Field {
  const bases: number[] = [];
  let base = from;
  for (const width of bits) {
    bases.push(base);
    base += 2 ** width;
  }
  return { bases, bits, mostAccuracy: most, usual: stateTable(shares.split(" ").map(Number), accuracy) };
}

const LITERALS = field(
  [...zeroes(16), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  0,
  "4 3 2 2 2 2 2 2 2 2 2 2 2 1 1 1 2 2 2 2 2 2 2 2 2 3 2 1 1 1 1 1 -1 -1 -1 -1",
  6,
  9,
);
const MATCH = field(
  [...zeroes(32), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  3,
  "1 4 3 2 2 2 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1 -1 -1",
  6,
  9,
);
const OFFSET = field(
  Array.from({ length: 32 }, (_, code) => code),
  1,
  "1 1 1 1 1 1 2 2 2 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 -1 -1 -1 -1 -1",
  5,
  8,
);

const Mode = { usual: 0, constant: 1, described: 2, repeated: 3 } as const;

/** One kind of number, as it is read from a stream: the state of its table stands for the next. */
class Code {
  #state = 0;

  constructor(
    private readonly field: Field,
    private readonly table: StateTable,
  ) {}

  begin(input: BackwardBits): void {
    this.#state = input.read(this.table.accuracy);
  }

  value(input: BackwardBits): number {
    const code = this.table.symbols[this.#state] as number;
    return (this.field.bases[code] as number) + input.read(this.field.bits[code] as number);
  }

  next(input: BackwardBits): void {
    const { bases, bits } = this.table;
    this.#state = (bases[this.#state] as number) + input.read(bits[this.#state] as number);
  }
}

/** Reads the compressed blocks of one frame, in order. */
export class BlockDecoder {
  #huffman: HuffmanTable | undefined;
  readonly #tables = new Map<Field, StateTable>();
  /** The last three distances, the newest first. */
  readonly #recent: [number, number, number] = [1, 4, 8];

  /** @param most bytes that a block may come to. */
  constructor(
    private readonly window: ZstdWindow,
    private readonly most: number,
  ) {}

  /** Appends what a block stands for to the window. @throws ZstdCorrupt. */
  decode(block: Uint8Array): void {
    const literals = readLiterals(block, this.most, this.#huffman);
    this.#huffman = literals.table;
    this.#sequences(block.subarray(literals.byteCount), literals.bytes);
  }

  #sequences(section: Uint8Array, literals: Uint8Array): void {
    const [count, header] = sequenceCount(section);
    let at = 0;
    if (count > 0) at = this.#execute(section.subarray(header), count, literals);
    else demand(header === section.length, "a block goes on after its literals");
    this.window.append(literals, at, literals.length);
  }

  /** Carries out sequences. Returns how many of the literals they took. */
  #execute(section: Uint8Array, count: number, literals: Uint8Array): number {
    const { window } = this;
    const [lengths, offsets, matches, rest] = this.#codes(section);
    const input = new BackwardBits(rest);
    for (const code of [lengths, offsets, matches]) code.begin(input);
    const limit = window.written + this.most;
    let at = 0;
    for (let left = count; left > 0; left--) {
      const offset = offsets.value(input);
      const match = matches.value(input);
      const length = lengths.value(input);
      demand(input.left >= 0, "the sequences are cut short");
      demand(at + length <= literals.length, "a sequence takes more literals than there are");
      demand(window.written + length + match <= limit, "a block is larger than may be");
      window.append(literals, at, at + length);
      at += length;
      window.repeat(this.#distance(offset, length), match);
      if (left > 1) for (const code of [lengths, matches, offsets]) code.next(input);
    }
    demand(input.left === 0, "the sequences do not end where they should");
    demand(window.written + literals.length - at <= limit, "a block is larger than may be");
    return at;
  }

  /** The codes that a section describes, and the bits that are written in them. */
  #codes(section: Uint8Array): [Code, Code, Code, rest: Uint8Array] {
    const modes = section[0] ?? 0;
    demand((modes & 3) === 0, "a reserved bit is set");
    let rest = section.subarray(1);
    const code = (field: Field, mode: number): Code => {
      const [table, taken] = this.#table(field, mode & 3, rest);
      rest = rest.subarray(taken);
      this.#tables.set(field, table);
      return new Code(field, table);
    };
    return [code(LITERALS, modes >> 6), code(OFFSET, modes >> 4), code(MATCH, modes >> 2), rest];
  }

  #table(field: Field, mode: number, bytes: Uint8Array): [table: StateTable, byteCount: number] {
    if (mode === Mode.usual) return [field.usual, 0];
    if (mode === Mode.described) return readStateTable(bytes, field.mostAccuracy, field.bits.length);
    if (mode === Mode.constant) {
      const symbol = bytes[0] ?? field.bits.length;
      demand(symbol < field.bits.length, "a sequence has a code that there is not");
      return [constantTable(symbol), 1];
    }
    const last = this.#tables.get(field);
    demand(last !== undefined, "a block repeats a table that there is not");
    return [last, 0];
  }

  /** What an offset says: a new distance, or for 1 to 3 one of the recent ones, others where no literals stand before. */
  #distance(offset: number, length: number): number {
    const recent = this.#recent;
    const which = offset > 3 ? 3 : length === 0 ? offset : offset - 1;
    if (which === 0) return recent[0];
    const distance = offset > 3 ? offset - 3 : which === 3 ? recent[0] - 1 : (recent[which] as number);
    if (which > 1) recent[2] = recent[1];
    recent[1] = recent[0];
    recent[0] = distance;
    return distance;
  }
}

function sequenceCount(section: Uint8Array): [count: number, byteCount: number] {
  const [first, second = 0, third = 0] = section;
  demand(first !== undefined, "a block is cut short");
  if (first < 128) return [first, 1];
  if (first < 255) return [((first - 128) << 8) | second, 2];
  return [(second | (third << 8)) + 0x7f00, 3];
}
