/**
 * The records of a trace: 24 bytes each, little-endian. This is the one reader and writer of them.
 *
 *      0        4        8               16              24
 *      ├────────┼────────┼───────────────┼───────────────┤
 *      │  kind  │  slot  │    first u64  │   second u64  │
 *      └────────┴────────┴───────────────┴───────────────┘
 *
 *      kind     first     second      text
 *      malloc   bytes                 a id bytes
 *      calloc   count     bytes       c id count bytes
 *      aligned  align     bytes       m id align bytes
 *      realloc            bytes       r id bytes
 *      free                           f id
 *      write    offset    bytes       w id offset bytes
 *      read     offset    bytes       l id offset bytes
 *
 * A slot names one live object. Slots are dense: they are handed out last-in first-out and used
 * again after a free, so a trace never needs more of them than it has objects alive at once.
 */
export const OpKind = {
  malloc: 0,
  calloc: 1,
  aligned: 2,
  realloc: 3,
  free: 4,
  write: 5,
  read: 6,
} as const;
export type OpKind = (typeof OpKind)[keyof typeof OpKind];

/** Bytes of one record. */
export const RECORD_BYTES = 24;

/**
 * Where the fields are, in words of 32 bits, for a loop that looks at the words of an array itself. Of the
 * numbers of 64 bits it is the low word.
 */
export const RECORD_WORDS = RECORD_BYTES / 4;
export const FIELD_WORD = { kind: 0, slot: 1, first: 2, second: 4 } as const;

const AT = { kind: 0, slot: 4, first: 8, second: 16 } as const;
const TWO_TO_32 = 2 ** 32;

/** One record, read. */
export interface Operation {
  /** An `OpKind`, as long as the record is one of a trace. */
  kind: number;
  slot: number;
  first: number;
  second: number;
}

/** The records that lie in some bytes, which stay where they are. Numbers are exact up to 2^53. */
export class TraceRecords {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many there are. */
  get count(): number {
    return this.#view.byteLength / RECORD_BYTES;
  }

  kind(index: number): number {
    return this.#view.getUint32(RECORD_BYTES * index + AT.kind, true);
  }

  slot(index: number): number {
    return this.#view.getUint32(RECORD_BYTES * index + AT.slot, true);
  }

  first(index: number): number {
    return this.#whole(RECORD_BYTES * index + AT.first);
  }

  second(index: number): number {
    return this.#whole(RECORD_BYTES * index + AT.second);
  }

  read(index: number): Operation {
    return {
      kind: this.kind(index),
      slot: this.slot(index),
      first: this.first(index),
      second: this.second(index),
    };
  }

  write(index: number, kind: number, slot: number, first = 0, second = 0): void {
    const view = this.#view;
    const at = RECORD_BYTES * index;
    view.setUint32(at + AT.kind, kind, true);
    view.setUint32(at + AT.slot, slot, true);
    view.setUint32(at + AT.first, first, true);
    view.setUint32(at + AT.first + 4, first / TWO_TO_32, true);
    view.setUint32(at + AT.second, second, true);
    view.setUint32(at + AT.second + 4, second / TWO_TO_32, true);
  }

  /** As two halves: a BigInt would cost several times as much. */
  #whole(at: number): number {
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * TWO_TO_32;
  }
}

/** The bytes of the records [from, to). */
export function sliceRecords(records: Uint8Array, from: number, to: number): Uint8Array {
  return records.subarray(RECORD_BYTES * from, RECORD_BYTES * to);
}

/** Bytes that an operation asks the allocator for, of a kind that allocates. */
export function bytesAsked(kind: number, first: number, second: number): number {
  if (kind === OpKind.malloc) return first;
  return kind === OpKind.calloc ? first * second : second;
}
