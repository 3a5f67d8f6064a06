import { Syscall } from "#shared/counters";
import { Place } from "#shared/kernel";
import type { Counters } from "../../src/allocator/counters.js";
import type { LinuxSettings } from "../../src/allocator/machine.js";
import type { SharingCounters } from "../../src/sandbox/processes.js";
import type { FileCounts } from "./files.js";

export interface MachineOptions {
  kernel: "linux" | "darwin";
  pageBytes: 4096 | 16384 | 65536;
  /** Most bytes of frames. 0: no limit. */
  memoryBytes: number;
  /** Most bytes of mapped address space. 0: only the 47 bits limit it. */
  addressSpaceBytes: number;
  /** Most areas (VMAs) of Linux, as it counts them. 0: no limit. */
  maxMaps: number;
  /** Whether Linux aligns mappings of whole huge pages to one. */
  mapAlignment: "page" | "huge";
  /** Whether Linux maps a page of zeroes for what is read and was never written, or takes a frame. */
  zeroPage: "shared" | "none";
  /** When Linux uses huge pages; never if nobody says otherwise. */
  hugePages?: "never" | "madvise" | "always";
  /** What is not said is as of a Linux where nobody says otherwise. */
  linux?: Partial<LinuxSettings>;
}

/**
 * `shared` is a page whose frame is in a sharing, also that of the last sharer until it is written.
 * `clean` has a frame of its own that holds zeroes; `written` one with content, known or unknown. `file` shows what a file
 * has: `read`, and `written` if it may be written.
 */
export type PageState = "unmapped" | "reserved" | "zeroPage" | "clean" | "written" | "shared" | "file";

export interface PageRun {
  address: number;
  pages: number;
  state: PageState;
  read: boolean;
  written: boolean;
  lazy: boolean;
  cleared: boolean;
  unknown: boolean;
}

/** What the kernel keeps as one: touching mappings, unless they cannot be. */
export interface Area {
  address: number;
  bytes: number;
}

/** The part of the counters that a machine without an allocator has. */
export type MachineCounters = Pick<Counters, "faults" | "zeroed" | "syscalls" | "walked" | "touched"> & {
  sharing: SharingCounters;
  files: FileCounts;
  hugeFaults: number;
  bytes: Pick<Counters["bytes"], "virtual" | "resident" | "peakResident">;
};

/**
 * The simulated machine as the raw module shows it. Accesses to a range with an unmapped byte throw
 * SegmentationFault and change nothing; system calls fail with 0 (mmap, mremap, brk) or -1.
 */
export interface Machine {
  mmap(hint: number, bytes: number, mode: number, align: number): number;
  munmap(address: number, bytes: number): number;
  mremap(address: number, oldBytes: number, newBytes: number, mayMove: boolean): number;
  brk(address: number): number;
  madvise(address: number, bytes: number, advice: number): number;
  /** 0: no access, 1: reads, 2: reads and writes. */
  protect(address: number, bytes: number, protection: number): number;
  vmCopy(source: number, destination: number, bytes: number): number;
  /** Unsigned, little-endian. */
  load(address: number, width: 1 | 2 | 4 | 8): bigint;
  store(address: number, width: 1 | 2 | 4 | 8, value: bigint): void;
  fill(address: number, byte: number, bytes: number): void;
  copy(destination: number, source: number, bytes: number): void;
  touch(address: number, bytes: number, write: boolean): void;
  clear(address: number, bytes: number): void;
  clearDirty(address: number, bytes: number): void;
  /** Makes a process with this number, a copy of the running one. 0, or -1 if the number is taken or none. */
  fork(number: number): number;
  /** Ends the running process. Returns the number of the one that runs on; 0 if it is the only one, which stays. */
  exit(): number;
  /** Has another process run, which there is. */
  switchTo(number: number): void;
  /** Number of the running process. */
  readonly process: number;
  /** Pages of the running process with a frame, by how many processes hold it: from 1 on, up to the most. */
  holders(): number[];
  /** Makes a file of zeroes or of what nobody said, on a disk or of memory alone. Returns its number: the lowest that is free. */
  createFile(isMemory: boolean, bytes: number, isUnknown: boolean): number;
  /** 0, or -1 if there is none. */
  removeFile(file: number): number;
  setReadahead(pages: number): void;
  fileLength(file: number): number;
  isCached(file: number, offset: number): boolean;
  /** 0 if it fails. */
  mapFile(file: number, hint: number, bytes: number, mode: number, offset: number, isShared: boolean): number;
  /** Bytes, or -1. */
  readFile(file: number, offset: number, address: number, bytes: number): number;
  writeFile(file: number, offset: number, address: number, bytes: number): number;
  send(address: number, bytes: number): number;
  sendFile(file: number, offset: number, bytes: number): number;
  /** 0, or -1. */
  forgetFile(file: number, offset: number, bytes: number): number;
  syncFile(file: number): number;
  dropCaches(): void;
  /** Pages of the running process that show files on disk, and memory that has a name. */
  filePages(): [disk: number, memory: number];
  counters(): MachineCounters;
  /** Maximal runs of equal pages that cover the range, in order. */
  pages(address: number, bytes: number): PageRun[];
  /** The kernel's areas in the range, in order, cut to it; Linux. */
  areas(address: number, bytes: number): Area[];
  /** How many areas there are. */
  areaCount(): number;
  /** Throws when an invariant is broken. */
  check(): void;
}

/** A machine with huge pages. */
export interface HugeMachine extends Machine {
  /** Groups of 512 pages of the running process that are huge pages. */
  hugeGroups(): number;
  /** Pages of huge frames that no process has, and the kernel holds. */
  heldPages(): number;
  /** Memory is short: huge frames of which parts went are split. */
  press(): void;
}

/** Modes of `mmap`. */
export const {
  Anywhere: ANYWHERE,
  Fixed: FIXED,
  Exact: EXACT,
  Reserved: RESERVED,
  Unbacked: UNBACKED,
  Low: LOW,
} = Place;

/** Advice of `madvise`: as what it is counted. */
export const {
  MadviseDontneed: DONTNEED,
  MadviseFree: FREE,
  MadviseNohugepage: NOHUGEPAGE,
  MadviseFreeReusable: FREE_REUSABLE,
  MadviseFreeReuse: FREE_REUSE,
  MadviseCanReuse: CAN_REUSE,
  MadviseDontfork: DONTFORK,
  MadviseDofork: DOFORK,
  MadviseWipeonfork: WIPEONFORK,
  MadviseKeeponfork: KEEPONFORK,
  MadviseCold: COLD,
  MadvisePageout: PAGEOUT,
  MadvisePopulateRead: POPULATE_READ,
  MadvisePopulateWrite: POPULATE_WRITE,
  MadviseNormal: NORMAL,
  MadviseRandom: RANDOM,
  MadviseRemove: REMOVE,
  MadviseHugepage: HUGEPAGE,
  MadviseCollapse: COLLAPSE,
} = Syscall;
