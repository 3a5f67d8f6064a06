import type { Allocator } from "../allocator/allocator.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { Advice, Protection } from "./advice.js";
import type { ProfileNode } from "./call-tree.js";
import type { FileCounters, FileOptions, ResidentSets, SimulatedFile } from "./files.js";
import type { FreeBlock } from "./free-blocks.js";
import type { HugePageCounters } from "./huge-pages.js";
import type { InstanceState } from "./instance.js";
import type { KilledProcess, SetSizes, SharingCounters } from "./processes.js";
import type { SiteEvents } from "./site-events.js";

/** What a simulated allocator was at one moment. */
export interface Checkpoint {
  readonly sandbox: SimulatedAllocator;
  /** @internal */
  readonly state: InstanceState;
}

/** Where a program maps memory of its own. */
export interface MapOptions {
  /** An address: there, if that is free. */
  hint?: number;
  /** Below 2 GiB (MAP_32BIT of Linux). */
  low?: boolean;
}

/** An allocator on a simulated machine: all of it can be seen, and can be put back to how it was. */
export interface SimulatedAllocator extends Allocator {
  readonly machine: MachineSettings;

  /** Asks the allocator to give what it keeps, but for `keep` bytes, back to the kernel. Returns whether it gave any. */
  trim(keep?: number): boolean;

  /** What follows is this thread's: 1 to 65,536. At first, and when a trace begins, it is thread 1's, the main thread's. */
  switchThread(number: number): void;
  /** A thread ends, running or not. What the allocator kept for it alone goes; its number may be a new thread's. */
  endThread(number: number): void;

  /** Nanoseconds on the simulated clock, since it was opened. */
  readonly clock: number;
  /** Sets the clock. @throws RangeError for a time before the one it has */
  setClock(nanoseconds: number): void;

  /**
   * What happened where since it was opened: the program, and below it the allocator's functions and the
   * system calls, each with the events that are its own. They add up to the counters.
   */
  profile(): ProfileNode;
  /**
   * What happened in the operations of each site of the traces replayed, by its number. Site 0 also has what happened
   * outside a replay. Longer than there are sites; empty if no trace named any.
   */
  sites(): SiteEvents[];
  /** Number of its process on its machine: 1, unless it was forked. */
  readonly process: number;
  /**
   * Forks its process (Linux): returns a second sandbox, of the child, on the same machine. It has all that this one has,
   * at the same addresses; frames are shared until one of them writes. Counters are the machine's, of all its processes.
   * To close it ends its process.
   * @throws SandboxError if the kernel is not Linux, or has no room for one more
   */
  fork(): SimulatedAllocator;
  /**
   * Maps memory of the program's own (mmap): zeroed, private, in whole pages. Returns its address; 0 if the kernel refuses,
   * which `lastError` explains. @throws SandboxError if the model has no `hasPlacement`
   */
  map(bytes: number, options?: MapOptions): number;
  /**
   * Unmaps all that is mapped in whole pages, files too (munmap).
   * @throws SandboxError if the kernel refuses, or the model has no `hasPlacement`
   */
  unmap(address: number, bytes: number): void;
  /** Tells the kernel how the program will use whole pages. @throws SandboxError if it refuses */
  advise(address: number, bytes: number, advice: Advice): void;
  /**
   * Sets what the program may do with whole pages (Linux): its accesses that it may not throw a SegmentationFault. The
   * pages stay. The allocator's own accesses are not looked at. @throws SandboxError if the kernel refuses
   */
  protect(address: number, bytes: number, protection: Protection): void;
  /** How much memory its process has: all, its share, and its own. Walks its page table. */
  setSizes(): SetSizes;
  /** What became of frames that the processes of its machine share. */
  sharing(): SharingCounters;
  /**
   * The processes of its machine that were killed when physical memory ended, in turn; the first 1,024. Only with the option
   * `oom=killLargest`: else memory that ends is the end of the machine. Their sandboxes throw ProcessKilled.
   */
  killed(): KilledProcess[];

  /** What became of huge pages. @throws SandboxError if the model has no `hasHugePages` */
  hugePages(): HugePageCounters;
  /** Memory is short: Linux splits huge frames of which parts went, and what held zeroes is the zero page. @throws SandboxError */
  press(): void;

  /**
   * Makes a file on its machine, which all its processes have (Linux).
   * @throws SandboxError if its module's machine has no files, as only that of `naive` has, or the kernel is not Linux
   */
  createFile(options: FileOptions): SimulatedFile;
  /** What became of files. @throws SandboxError */
  files(): FileCounters;
  /** How much memory its process has, by kind. @throws SandboxError */
  residentSets(): ResidentSets;
  /** Copies memory to a socket (`send`, or `write` to one). Returns how many bytes. @throws SandboxError if it may not be read */
  send(address: number, bytes: number): number;
  /** Drops all of the page cache that is clean and not mapped, as root may (`drop_caches`). @throws SandboxError */
  dropCaches(): void;
  /** Has so many bytes read ahead at most, a multiple of its pages; 0 for none, 128 KiB at first. @throws SandboxError */
  readAhead(bytes: number): void;

  /**
   * What the allocator keeps free in a range of addresses, in order, with the list that each block is in. Looks only. What
   * is in no free block and in no live one is the allocator's own: its headers and tables, and what rounding leaves over.
   */
  freeBlocks(address: number, bytes: number): FreeBlock[];
  /** The mapped ranges of address space, in order. */
  regions(): { address: number; bytes: number }[];

  /** Everything it is at this moment, to come back to. It takes `hostBytes` of host memory. */
  checkpoint(): Checkpoint;
  /** Comes back to a checkpoint of its own, as often as wanted. @throws SandboxError for another's. */
  restore(checkpoint: Checkpoint): void;
}
