/** What a player plays its tape on: the sandbox of a model, or a foreign module (module.ts). */
import {
  type Allocator,
  type CostProfile,
  defaultCosts,
  type Events,
  models,
  openModel,
  type ProfileNode,
  type SimulatedAllocator,
  type SimulatedTime,
  simulatedTime,
} from "../index.js";
import type { Choice } from "./protocol.js";

/** Restores the state of the moment it was made. */
export type WayBack = () => Promise<void>;

export interface Playable {
  /** The allocator. For a module, each way back makes a new one. */
  readonly allocator: Allocator;
  /** What is to be said of the allocator; empty if there is nothing. */
  readonly note: string;
  /** Most work of one call, between two signs of life: records, and rounds of a loop that has no more records. */
  readonly most: { records: number; rounds: number };
  /** The ranges of address space that can be read. */
  regions: SimulatedAllocator["regions"];
  /** A way back to this moment; undefined for a module after its start. */
  wayBack(): WayBack | undefined;
  /**
   * The bytes that may be used at each of some pointers, without a trace of the question; undefined where it is not known.
   * @throws ModuleTrap of a module, which is not asked again
   */
  usable(pointers: readonly number[]): number[] | undefined;
  /** What the allocator keeps free in a range; absent where that is not known. */
  freeBlocks?: SimulatedAllocator["freeBlocks"];
  /** Bytes before each block that are its allocator's record of it. Absent where that is not known. */
  readonly headerBytes?: number;
  /** The clock of simulated time; absent for what really runs. */
  readonly clock?: Clock;
}

export interface Clock {
  costs: CostProfile;
  /** The time that events would take. */
  price(events: Events): SimulatedTime;
  /** What happened on every call path. */
  profile(): ProfileNode;
}

/** Records of one call: as many as a sandbox takes. */
const MOST_RECORDS = 1024;

/** Opens a model. @throws OptionError, SandboxError */
export async function playModel({ allocator: name, options }: Choice): Promise<Playable> {
  const allocator: SimulatedAllocator = await openModel(name, options);
  const costs = defaultCosts(allocator.machine.kernel);
  const headerBytes = models.find((model) => model.name === name)?.headerBytes;
  return {
    allocator,
    note: allocator.notes.join("; "),
    ...(headerBytes !== undefined && { headerBytes }),
    most: { records: MOST_RECORDS, rounds: 2048 },
    regions: () => allocator.regions(),
    wayBack() {
      const checkpoint = allocator.checkpoint();
      return async () => allocator.restore(checkpoint);
    },
    usable(pointers) {
      // To ask is a call, and counted.
      const checkpoint = allocator.checkpoint();
      try {
        return pointers.map((pointer) => allocator.usableSize(pointer));
      } finally {
        allocator.restore(checkpoint);
      }
    },
    freeBlocks: (address, bytes) => allocator.freeBlocks(address, bytes),
    clock: { costs, price: (events) => simulatedTime(events, costs), profile: () => allocator.profile() },
  };
}
