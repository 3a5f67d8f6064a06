import { type Counters, FAULT_KINDS, type FaultKind, SYSCALLS, type Syscall } from "../allocator/counters.js";
import type { CostProfile } from "./profile.js";

/** Where simulated time goes, in seconds, in the order that is shown. */
export interface TimeParts {
  /** Page faults, without the zeroing in them. */
  faults: number;
  zeroedByKernel: number;
  zeroedByAllocator: number;
  /** System calls, and the pages they visit. */
  syscalls: number;
}

/** How long events would take on the machine of a cost profile. */
export interface SimulatedTime {
  /** Name of the cost profile. */
  costs: string;
  seconds: number;
  parts: TimeParts;
}

/** What is priced: the counters of a run, or of a part of it. */
export interface Events {
  faults: Record<FaultKind, number>;
  zeroed: Pick<Counters["zeroed"], "kernel" | "allocator">;
  syscalls: Partial<Record<Syscall, number>>;
  /** Pages that system calls visited. */
  walked?: Partial<Record<Syscall, number>>;
}

/** How long the events would take on the computer of a cost profile. */
export function simulatedTime(events: Events, { name, ns }: CostProfile): SimulatedTime {
  const { faults, zeroed, syscalls, walked = {} } = events;
  const calls = SYSCALLS.map(
    (kind) => (syscalls[kind] ?? 0) * ns.syscall[kind] + (walked[kind] ?? 0) * ns.walkedPage[kind],
  );
  const parts: TimeParts = {
    faults: sum(FAULT_KINDS.map((kind) => faults[kind] * ns.fault[kind])) / 1e9,
    zeroedByKernel: (zeroed.kernel * ns.zeroedByte.kernel) / 1e9,
    zeroedByAllocator: (zeroed.allocator * ns.zeroedByte.allocator) / 1e9,
    syscalls: sum(calls) / 1e9,
  };
  return { costs: name, seconds: sum(Object.values(parts)), parts };
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}
