import { Kernel, MapAlignment, ZeroPage } from "#shared/kernel";
import {
  CLEARED,
  CONTENT,
  LAZY,
  MAPPED,
  MAPS_SHARED,
  MAPS_WRITABLE,
  PRESENT,
  READ,
  SHARED,
  UNKNOWN,
  UNMAPPED,
  WRITTEN,
} from "#shared/page-states";
import type { KernelKind, MachineSettings, MapAlignmentKind, ZeroPageKind } from "../allocator/machine.js";
import type { PageRun, PageState } from "../allocator/pages.js";
import { namesOf } from "../base/enums.js";
import { hugePagesOption } from "./huge-pages.js";
import type { OptionInfo } from "./option-info.js";
import { placementOptions } from "./placement.js";

export type { OptionInfo } from "./option-info.js";

/** The kinds of kernel, in the order of their numbers. @internal */
export const KERNELS: readonly KernelKind[] = namesOf(Kernel);

/** What mappings of whole huge pages are aligned to, in the order of their numbers. @internal */
export const MAP_ALIGNMENTS: readonly MapAlignmentKind[] = namesOf(MapAlignment);

/** Whether there is a zero page, in the order of their numbers. @internal */
export const ZERO_PAGES: readonly ZeroPageKind[] = namesOf(ZeroPage);

/** The options of the machine itself, which every model takes, but for those that say which. */
export const machineOptions: readonly OptionInfo[] = [
  {
    name: "kernel",
    summary: "kind of kernel; by default the one of the real allocator",
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
    summary: "limit of mapped bytes; 0 for the whole 47 bits",
    unit: "bytes",
    default: 0,
  },
  {
    name: "maxMaps",
    summary: "vm.max_map_count of Linux: how many areas of memory it keeps; 0 for no limit",
    default: 65530,
  },
  {
    name: "mapAlignment",
    summary: "what Linux aligns mappings of whole huge pages (2 MiB) to: huge since 6.7, page before",
    values: MAP_ALIGNMENTS,
    default: "huge",
  },
  {
    name: "zeroPage",
    summary: "what Linux maps when a page is first read: a page of zeroes that is shared, or none: a frame",
    values: ZERO_PAGES,
    default: "shared",
  },
  ...placementOptions,
  hugePagesOption,
  {
    name: "clock",
    summary: "nanoseconds that the clock goes on before each operation",
    default: 0,
  },
];

/** Whether a page shows what a file has. */
function isOfFile(bits: number): boolean {
  return bits !== UNMAPPED && !(bits & MAPPED);
}

/** Such a page as it looks: reserved, there to be read, or to be written, too. @internal */
export function foldFile(bits: number): number {
  if (!isOfFile(bits)) return bits;
  if (!(bits & PRESENT)) return MAPPED;
  return bits === (MAPS_WRITABLE | PRESENT) ? bits : MAPS_SHARED | PRESENT;
}

/** Whether a first read takes a frame. */
function readsTakeFrames({ kernel, zeroPage }: MachineSettings): boolean {
  return kernel === "darwin" || zeroPage === "none";
}

function stateName(bits: number, machine: MachineSettings): PageState {
  if (!(bits & MAPPED)) return bits === UNMAPPED ? "unmapped" : "file";
  if (bits & SHARED) return "shared";
  if (bits & (CONTENT | UNKNOWN)) return "written";
  if (bits & WRITTEN || (bits & READ && readsTakeFrames(machine))) return "clean";
  return bits & READ ? "zeroPage" : "reserved";
}

/** Reduces a state byte to what `PageRun` shows, so that pages that look the same are equal. @internal */
export function foldState(bits: number): number {
  if (isOfFile(bits)) return foldFile(bits);
  const known = bits & ~(CONTENT | UNKNOWN);
  return known !== bits && !(bits & SHARED) ? known | CONTENT : known;
}

/** A run of pages, from their state byte. @internal */
export function pageRun(address: number, pages: number, bits: number, machine: MachineSettings): PageRun {
  const isFile = isOfFile(bits);
  return {
    address,
    pages,
    state: stateName(bits, machine),
    read: (bits & READ) !== 0,
    written: isFile ? bits === (MAPS_WRITABLE | PRESENT) : (bits & WRITTEN) !== 0,
    reusable: !isFile && (bits & LAZY) !== 0,
    needless: !isFile && (bits & CLEARED) !== 0,
  };
}
