import type { Allocator } from "../allocator/allocator.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { ProfileNode } from "./call-tree.js";
import type { InstanceState } from "./instance.js";
import type { SiteEvents } from "./site-events.js";

/** What a simulated allocator was at one moment. */
export interface Checkpoint {
  readonly sandbox: SimulatedAllocator;
  /** @internal */
  readonly state: InstanceState;
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
  /** The mapped ranges of address space, in order. */
  regions(): { address: number; bytes: number }[];

  /** Everything it is at this moment, to come back to. It takes `hostBytes` of host memory. */
  checkpoint(): Checkpoint;
  /** Comes back to a checkpoint of its own, as often as wanted. @throws SandboxError for another's. */
  restore(checkpoint: Checkpoint): void;
}
