/** The table of counters in linear memory: assembly/machine/counters.ts. */
import { Counter, SYSCALL_COUNTERS, WALKED_COUNTERS } from "#shared/counters";
import { type Counters, FAULT_KINDS, type FaultKind, SYSCALLS } from "../allocator/counters.js";
import { recordOf } from "../base/enums.js";

/** Reads one counter of a table. Those of one call path may be negative. */
export type CounterOf = (counter: number) => number;

/** The gauges that a model keeps itself, in bytes. */
export type ModelGauges = Pick<Counters["bytes"], "inUse" | "system" | "cached">;
export const NO_GAUGES: ModelGauges = { inUse: 0, system: 0, cached: 0 };

/** The counter of each kind of fault. */
const FAULT_COUNTERS: Record<FaultKind, Counter> = {
  zeroMap: Counter.ZeroMap,
  zeroFill: Counter.ZeroFill,
  copyOnWrite: Counter.CopyOnWrite,
};
const COUNTER_BYTES = 8;

/** The counters of the table at an address of linear memory. */
export function counterTable(memory: DataView, at: number): CounterOf {
  return (counter) => Number(memory.getBigInt64(at + COUNTER_BYTES * counter, true));
}

/** The record that users see, of a table and of what the model says itself. */
export function countersOf(of: CounterOf, pageBytes: number, calls: number, model: ModelGauges): Counters {
  const perSyscall = (first: number) => recordOf(SYSCALLS, (name) => of(first + SYSCALLS.indexOf(name)));
  return {
    calls,
    faults: {
      ...recordOf(FAULT_KINDS, (kind) => of(FAULT_COUNTERS[kind])),
      needless: of(Counter.ClearingFaults) - of(Counter.JustifiedFaults),
    },
    zeroed: {
      kernel: of(Counter.KernelZeroedPages) * pageBytes,
      allocator: of(Counter.AllocatorZeroedBytes),
      needless: of(Counter.NeedlesslyClearedPages) * pageBytes + of(Counter.NeedlesslyZeroedBytes),
    },
    syscalls: perSyscall(SYSCALL_COUNTERS),
    walked: perSyscall(WALKED_COUNTERS),
    touched: { read: of(Counter.TouchedRead), written: of(Counter.TouchedWritten) },
    bytes: {
      virtual: (of(Counter.MappedPages) - of(Counter.UnmappedPages)) * pageBytes,
      resident: (of(Counter.FramesTaken) - of(Counter.FramesGiven)) * pageBytes,
      peakResident: of(Counter.PeakResidentPages) * pageBytes,
      ...model,
    },
  };
}
