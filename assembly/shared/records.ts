/**
 * A trace as modules run it: fixed records, little-endian.
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
 * A slot names one live object. Slots are dense: they are handed out last in, first out, and used
 * again after a free, so a trace never needs more slots than it has objects alive at once.
 */
export enum RecordKind {
  Malloc,
  Calloc,
  Aligned,
  Realloc,
  Free,
  Write,
  Read,
}

/** Offsets of a record's fields. */
export const KIND_AT = 0;
export const SLOT_AT = 4;
export const FIRST_AT = 8;
export const SECOND_AT = 16;
/** Bytes of one record. */
export const RECORD_BYTES = 24;

/** What the program touches of every new object, besides the accesses in the trace. */
export enum Touch {
  None,
  /** Its first byte. */
  First,
  /** A byte of each of its pages. */
  Pages,
  /** All of it. */
  Object,
}
