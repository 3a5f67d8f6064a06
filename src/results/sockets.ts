/** The kernels that there are. */
export const SOCKETS_KERNELS = ["before-4.16", "current"] as const;

/**
 * Linux before 4.16, and since: there the scanner skips pages that processes share since a fork.
 *
 * @useDeclaredType
 */
export type SocketsKernel = (typeof SOCKETS_KERNELS)[number];

/** A machine of several sockets, each with memory and a cache of its own. */
export interface SocketsMachine {
  sockets: number;
  /** Threads or processes on each socket, all of which use the data all the time. */
  workers: number;
  /** Bytes of each socket's cache. */
  cache: number;
  /** Nanoseconds of an access to the cache, to the socket's own memory, and to that of another. */
  hit: number;
  local: number;
  remote: number;
  /** Nanoseconds it takes the kernel to move a page to another socket. */
  migration: number;
}

/** What its workers do all the time. */
export interface SocketsLoad {
  /** Bytes of one copy. */
  data: number;
  /** Share of accesses that write, 0 to 1. */
  written: number;
  /** Nanoseconds that a socket's memory is busy with each line; 0: it never is. */
  line: number;
}

/** What an access costs with so many copies. */
export interface SocketsPoint {
  copies: number;
  /** After a fork: the share of this copy that each process has written, and so has a copy of. Absent without a fork. */
  copied?: number;
  /** Bytes of all copies, and those that the workers of one socket read. */
  memory: number;
  footprint: number;
  /** Share of reads that find their line in the cache. */
  hits: number;
  /** Nanoseconds of an access: by waiting for lines, and by waiting for the busiest memory. The longer one is `ns`. */
  latency: number;
  queue: number;
  ns: number;
}

/** Pages of one copy that the kernel moves to and fro while all sockets read it after a fork. */
export interface SocketsMoves {
  kernel: SocketsKernel;
  pagesPerSecond: number;
  /** Part of all workers' time that moving takes. */
  share: number;
}

/** One load, by copies. */
export interface SocketsResult extends SocketsLoad {
  points: SocketsPoint[];
  moves: SocketsMoves[];
}

/** The pages that there are. */
export const BALANCED_PAGES = ["threads", "forked"] as const;

/**
 * - `threads`: memory of threads, or of a shared mapping
 * - `forked`: memory that processes share since a fork
 *
 * @useDeclaredType
 */
export type BalancedPage = (typeof BALANCED_PAGES)[number];

/** How often a page was moved that sockets use in turn. */
export interface PageMigrations {
  kernel: SocketsKernel;
  page: BalancedPage;
  /** Scans for which one socket uses the page, until the next does; or each scan another by chance. */
  burst: number | "coin";
  scans: number;
  migrations: number;
}

/** The record that reports about sockets are drawn from; as JSON, the command line's contract. */
export interface SocketsReport {
  scenario: "sockets";
  /** How sure it all is. */
  basis: string;
  parameters: SocketsMachine;
  results: SocketsResult[];
  balancing: PageMigrations[];
}
