import { Kernel } from "#shared/kernel";
import { CLEARED, CONTENT, LAZY, MAPPED, READ, SHARED, UNKNOWN, WRITTEN } from "#shared/page-states";
import type { KernelKind } from "../allocator/machine.js";
import type { PageRun, PageState } from "../allocator/pages.js";
import { namesOf } from "../base/enums.js";

/** One setting of the machine or of a model. */
export interface OptionInfo {
  name: string;
  summary: string;
  /** The words it takes; absent for numbers. */
  values?: readonly string[];
  unit?: "bytes";
  default: string | number;
}

/** The kinds of kernel, in the order of the machine's numbers. @internal */
export const KERNELS: readonly KernelKind[] = namesOf(Kernel);

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
