/** What a player runs its tape on: a model's sandbox, or a module of somebody else's (module.ts). */
import {
  type Allocator,
  defaultCosts,
  type Events,
  openSandbox,
  type ProfileNode,
  type SimulatedAllocator,
  type SimulatedTime,
  simulatedTime,
} from "../index.js";
import type { Choice } from "./protocol.js";

/** Goes back to where it was made. */
export type WayBack = () => Promise<void>;

export interface Playable {
  /** Another one after going back, where nothing can be undone. */
  readonly allocator: Allocator;
  /** What is to be known of it, in a sentence; empty for a model. */
  readonly note: string;
  /** Most to run in one call, between two signs of life: records, and rounds of a loop no longer than them. */
  readonly most: { records: number; rounds: number };
  /** The ranges of address space that are there to be looked at. */
  regions: SimulatedAllocator["regions"];
  /** A way back to here; undefined where there is none but from the start. */
  wayBack(): WayBack | undefined;
  /** What tells simulated time; absent for what really ran. */
  readonly clock?: Clock;
}

export interface Clock {
  /** How long that would take. */
  price(events: Events): SimulatedTime;
  /** Who did what, on every call path. */
  profile(): ProfileNode;
}

/** Records to run in one call: as many as a sandbox takes. */
const MOST_RECORDS = 1024;

/** Opens a model. @throws OptionError, SandboxError */
export async function openModel({ allocator: name, options }: Choice): Promise<Playable> {
  const allocator: SimulatedAllocator = await openSandbox(name, options);
  const costs = defaultCosts(allocator.machine.kernel);
  return {
    allocator,
    note: "",
    most: { records: MOST_RECORDS, rounds: 2048 },
    regions: () => allocator.regions(),
    wayBack() {
      const checkpoint = allocator.checkpoint();
      return async () => allocator.restore(checkpoint);
    },
    clock: { price: (events) => simulatedTime(events, costs), profile: () => allocator.profile() },
  };
}
