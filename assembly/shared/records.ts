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
 *      thread   number                t N
 *      exit     number                x N
 *      trim     pad                   k [pad]
 *      mark     number                p NAME
 *      clock    nanoseconds           @ nanoseconds
 *      site     number                s SITE
 *      process  number                P N
 *      fork     number                F N
 *      end                            X
 *
 * A slot names one live object. Slots are dense: they are handed out last in, first out, and used
 * again after a free, so a trace never needs more slots than it has objects alive at once. What is of
 * no object has slot 0.
 */
export enum RecordKind {
  Malloc,
  Calloc,
  Aligned,
  Realloc,
  Free,
  Write,
  Read,
  /** What follows is this thread's. Before the first of these it is thread 1's. */
  Thread,
  /** A thread ends, which need not be the one that runs. */
  Exit,
  /** The program asks for what the allocator keeps, but for `pad` bytes at the end of the heap, to be given back. */
  Trim,
  /** A moment that has a name. The trace's notes have it; marks are numbered from 0. */
  Mark,
  /** So many nanoseconds have passed since the start. It never says less than before. */
  Clock,
  /** What follows is called from this site. The trace's notes have its name; before the first of these it is 0, unknown. */
  Site,
  /** What follows is this process's. Before the first of these it is process 1's. */
  Process,
  /** The running process forks one with this number, which has all its objects. The running one goes on. */
  Fork,
  /** The running process ends. What follows is its parent's, or if that has ended the first one's that there is. */
  End,
}

/** Threads have the numbers 1 to this one. */
export const MOST_THREADS = 65536;

/** Processes have the numbers 1 to this one. */
export const MOST_PROCESSES = 1024;

/** Sites have the numbers 0 to this one less 1. */
export const MOST_SITES = 65536;

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
