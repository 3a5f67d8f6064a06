/** The one reader and writer of a trace's records, whose layout is in assembly/shared/records.ts. */
import { FIRST_AT, KIND_AT, RECORD_BYTES, RecordKind, SECOND_AT, SLOT_AT } from "#shared/records";

export { RECORD_BYTES };

/**
 * The kinds of operations, as records have them.
 *
 * @enum
 */
export const OpKind = {
  malloc: RecordKind.Malloc,
  calloc: RecordKind.Calloc,
  aligned: RecordKind.Aligned,
  realloc: RecordKind.Realloc,
  free: RecordKind.Free,
  write: RecordKind.Write,
  read: RecordKind.Read,
  thread: RecordKind.Thread,
  exit: RecordKind.Exit,
  trim: RecordKind.Trim,
  mark: RecordKind.Mark,
  clock: RecordKind.Clock,
  site: RecordKind.Site,
  process: RecordKind.Process,
  fork: RecordKind.Fork,
  end: RecordKind.End,
} as const satisfies Record<Uncapitalize<keyof typeof RecordKind>, RecordKind>;
/** The kind of an operation of a trace. */
export type OpKind = (typeof OpKind)[keyof typeof OpKind];

/**
 * Where the fields are, in words of 32 bits, for a loop that looks at the words of an array itself. Of the
 * numbers of 64 bits it is the low word.
 */
export const RECORD_WORDS = RECORD_BYTES / 4;
export const FIELD_WORD = {
  kind: KIND_AT / 4,
  slot: SLOT_AT / 4,
  first: FIRST_AT / 4,
  second: SECOND_AT / 4,
} as const;

const TWO_TO_32 = 2 ** 32;

/** One record, read. `RecordKind` says what its numbers are. */
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

  /** The kind of the record at an index, 0 to `count - 1`. @throws RangeError for another, as all below do. */
  kind(index: number): number {
    return this.#view.getUint32(RECORD_BYTES * index + KIND_AT, true);
  }

  /** The slot of its object. */
  slot(index: number): number {
    return this.#view.getUint32(RECORD_BYTES * index + SLOT_AT, true);
  }

  /** Its first number; `RecordKind` says what it is. */
  first(index: number): number {
    return this.#whole(RECORD_BYTES * index + FIRST_AT);
  }

  /** Its second number. */
  second(index: number): number {
    return this.#whole(RECORD_BYTES * index + SECOND_AT);
  }

  /** All of it. */
  read(index: number): Operation {
    return {
      kind: this.kind(index),
      slot: this.slot(index),
      first: this.first(index),
      second: this.second(index),
    };
  }

  /** Writes a record over the one at an index. */
  write(index: number, kind: number, slot: number, first = 0, second = 0): void {
    const view = this.#view;
    const at = RECORD_BYTES * index;
    view.setUint32(at + KIND_AT, kind, true);
    view.setUint32(at + SLOT_AT, slot, true);
    view.setUint32(at + FIRST_AT, first, true);
    view.setUint32(at + FIRST_AT + 4, first / TWO_TO_32, true);
    view.setUint32(at + SECOND_AT, second, true);
    view.setUint32(at + SECOND_AT + 4, second / TWO_TO_32, true);
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
