/** What a player runs its tape on: a model's sandbox, or a module of somebody else's (foreign.ts). */
import {
  defaultCosts,
  type Events,
  openSandbox,
  type ProfileNode,
  type Sandbox,
  type SimulatedTime,
  simulatedTime,
} from "../index.js";
import { ADDRESS_LIMIT } from "./layout.js";
import type { Choice } from "./protocol.js";

/** As much of a sandbox as is run and looked at. */
export interface Face
  extends Pick<Sandbox, "counters" | "fill" | "hostBytes" | "pages" | "regions" | "repeat" | "slots"> {
  machine: Pick<Sandbox["machine"], "pageBytes">;
}

/** Goes back to where it was made. */
export type WayBack = () => Promise<void>;

export interface Subject {
  /** Another one after going back, where nothing can be undone. */
  readonly face: Face;
  /** What is to be known of it, in a sentence; empty for a model. */
  readonly note: string;
  /** Where addresses end. */
  readonly addressLimit: number;
  /** Most to run in one call, between two words about it: records, and rounds of a loop no longer than them. */
  readonly most: { records: number; rounds: number };
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
export async function openModel({ allocator, options }: Choice): Promise<Subject> {
  const sandbox = await openSandbox(allocator, options);
  const costs = defaultCosts(sandbox.machine.kernel);
  return {
    face: sandbox,
    note: "",
    addressLimit: ADDRESS_LIMIT,
    most: { records: MOST_RECORDS, rounds: 2048 },
    wayBack() {
      const checkpoint = sandbox.checkpoint();
      return async () => sandbox.restore(checkpoint);
    },
    clock: { price: (events) => simulatedTime(events, costs), profile: () => sandbox.profile() },
  };
}
