/**
 * A trace as the machine runs it: fixed records of 24 bytes, little-endian.
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

/** Some consecutive operations. `records` holds `count` records and is only valid until the next chunk is asked for. */
export interface TraceChunk {
  records: Uint8Array;
  count: number;
}

/** What the format could not say, for the report of an import. */
export interface TraceNotes {
  format: "text" | "rep" | "valgrind";
  /** Sentences such as "this format does not record calloc". */
  losses: string[];
}

/** A readable trace: chunks in order, in constant memory. It can be read once. */
export interface Trace extends AsyncIterable<TraceChunk> {
  readonly notes: TraceNotes;
}
