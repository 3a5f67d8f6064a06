import type { Allocator } from "../allocator/allocator.js";
import type { MachineSettings } from "../allocator/machine.js";
import type { ProfileNode } from "./call-tree.js";
import type { InstanceState } from "./instance.js";

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

  /**
   * What happened where since it was opened: the program, and below it the allocator's functions and the
   * system calls, each with the events that are its own. They add up to the counters.
   */
  profile(): ProfileNode;
  /** The mapped ranges of address space, in order. */
  regions(): { address: number; bytes: number }[];

  /** Everything it is at this moment, to come back to. It takes `hostBytes` of host memory. */
  checkpoint(): Checkpoint;
  /** Comes back to a checkpoint of its own, as often as wanted. @throws SandboxError for another's. */
  restore(checkpoint: Checkpoint): void;
}
