import { Kernel } from "#shared/kernel";
import { CLEARED, CONTENT, LAZY, MAPPED, READ, SHARED, UNKNOWN, WRITTEN } from "#shared/page-states";
import { type NameOf, namesOf } from "../base/enums.js";

/** One setting of the machine or of a model. */
export interface OptionInfo {
  name: string;
  summary: string;
  /** The words it takes; absent for numbers. */
  values?: readonly string[];
  unit?: "bytes";
  default: string | number;
}

/** Whose kernel the simulated machine runs. */
export type KernelKind = NameOf<typeof Kernel>;

/** The kinds, in the order of the machine's numbers. @internal */
export const KERNELS: readonly KernelKind[] = namesOf(Kernel);

/** What a page is. See `PageRun`. */
export const PAGE_STATES = ["unmapped", "reserved", "zeroPage", "clean", "written", "shared"] as const;

/**
 * - `unmapped`: no region covers it
 * - `reserved`: mapped, never touched: no frame
 * - `zeroPage`: read only so far; the shared zero page stands in (Linux)
 * - `clean`: owns a frame known to be all zero
 * - `written`: owns a frame that holds data, or may
 * - `shared`: shares its frame with another page until one of them is written
 */
export type PageState = (typeof PAGE_STATES)[number];

/** Neighbouring pages that are alike. */
export interface PageRun {
  /** First address. */
  address: number;
  /** How many pages. */
  pages: number;
  state: PageState;
  /** Touched by a read, by a write, since mapped or discarded. */
  read: boolean;
  written: boolean;
  /** The kernel may take the frame (MADV_FREE, FREE_REUSABLE). */
  reusable: boolean;
  /** Only the allocator's zeroing has faulted it in so far. */
  needless: boolean;
}

/** Settings of the machine itself, the same for every model. */
export const machineOptions: readonly OptionInfo[] = [
  {
    name: "kernel",
    summary: "whose kernel; by default the one the allocator belongs to",
    values: KERNELS,
    default: "the model's",
  },
  { name: "pageSize", summary: "4 KiB, 16 KiB or 64 KiB", unit: "bytes", default: 4096 },
  {
    name: "memory",
    summary: "physical memory; 0 for no limit",
    unit: "bytes",
    default: 16 * 2 ** 30,
  },
  {
    name: "addressSpace",
    summary: "limit on mapped bytes; 0 for the whole 47 bits",
    unit: "bytes",
    default: 0,
  },
];

function stateName(bits: number, kernel: KernelKind): PageState {
  if (!(bits & MAPPED)) return "unmapped";
  if (bits & SHARED) return "shared";
  if (bits & (CONTENT | UNKNOWN)) return "written";
  if (bits & WRITTEN || (bits & READ && kernel === "darwin")) return "clean";
  return bits & READ ? "zeroPage" : "reserved";
}

/** Leaves of a state byte what `PageRun` can say, so that pages which look alike are alike. @internal */
export function foldState(bits: number): number {
  const known = bits & ~(CONTENT | UNKNOWN);
  return known !== bits && !(bits & SHARED) ? known | CONTENT : known;
}

/** Turns a page's state byte into words. @internal */
export function pageRun(address: number, pages: number, bits: number, kernel: KernelKind): PageRun {
  return {
    address,
    pages,
    state: stateName(bits, kernel),
    read: (bits & READ) !== 0,
    written: (bits & WRITTEN) !== 0,
    reusable: (bits & LAZY) !== 0,
    needless: (bits & CLEARED) !== 0,
  };
}
