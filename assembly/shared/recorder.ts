/**
 * What a recorded module tells, as the recorder logs it: fixed events, little-endian.
 *
 *      0        4          8         12         16         20        24
 *      ├────────┼──────────┼─────────┼──────────┼──────────┼─────────┤
 *      │  kind  │  pointer │  first  │  second  │  result  │  site   │
 *      └────────┴──────────┴─────────┴──────────┴──────────┴─────────┘
 *
 *      kind      pointer    first     second    result
 *      read      start      end                             a range, in units of GRANULE_BYTES
 *      write     start      end
 *      malloc               bytes     align     the block, or 0
 *      calloc               count     bytes     the block, or 0
 *      realloc   the block  bytes               the block, or 0
 *      free      the block  bytes     1 if bytes are told
 *      time      low half   high half                       nanoseconds, of the call that follows
 */
export enum EventKind {
  Read,
  Write,
  Malloc,
  Calloc,
  Realloc,
  Free,
  Time,
}

export const KIND_AT = 0;
export const POINTER_AT = 4;
export const FIRST_AT = 8;
export const SECOND_AT = 12;
export const RESULT_AT = 16;
export const SITE_AT = 20;
/** Bytes of one event. */
export const EVENT_BYTES = 24;
/** Events that the log has room for. */
export const LOG_EVENTS = 16384;

/** Touches are known in units of so many bytes: the least that allocators align blocks to. */
export const GRANULE_SHIFT = 3;
export const GRANULE_BYTES = 1 << GRANULE_SHIFT;

/**
 * What the recorder keeps beside the log, where a thread finds it that shares its memory, also once the recorder's own is gone:
 *
 *      0          4         8               16              24
 *      ├──────────┼─────────┼───────────────┼───────────────┤
 *      │  events  │  begun  │ bytes cleared │ of them zero  │
 *      └──────────┴─────────┴───────────────┴───────────────┘
 *
 * `events` are in the log, each whole; the log was begun anew `begun` times.
 */
export const EVENTS_AT = 0;
export const BEGUN_AT = 4;
export const CLEARED_AT = 8;
export const NEEDLESS_AT = 16;
export const STATE_BYTES = 24;
