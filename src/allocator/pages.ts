/** What a page is. See `PageRun`. */
export const PAGE_STATES = [
  "unmapped",
  "reserved",
  "zeroPage",
  "clean",
  "written",
  "shared",
  "file",
] as const;

/**
 * - `unmapped`: no region covers it
 * - `reserved`: mapped, never touched: no frame
 * - `zeroPage`: read only so far; the shared zero page stands in (Linux)
 * - `clean`: owns a frame known to be all zero
 * - `written`: owns a frame that holds data, or may
 * - `shared`: shares its frame with another page until one of them is written
 * - `file`: shows a page of a file that is mapped
 *
 * @useDeclaredType
 */
export type PageState = (typeof PAGE_STATES)[number];

/** Neighbouring pages that are alike. */
export interface PageRun {
  /** First address. */
  address: number;
  /** How many pages. */
  pages: number;
  state: PageState;
  /** Touched by a read, by a write, since mapped or discarded. Of a file's page: it may be without a fault. */
  read: boolean;
  written: boolean;
  /** The kernel may take the frame (MADV_FREE, FREE_REUSABLE). */
  reusable: boolean;
  /** Only the allocator's zeroing has faulted it in so far. */
  needless: boolean;
}
