import { SYSCALLS } from "../../allocator/counters.js";
import type { CsvRow } from "../../report/csv.js";
import type { IterationCost } from "../../results/loop.js";

/** What an iteration costs, with every kind of system call, so that all rows have the same columns. */
export function costRow({ zeroed, faults, syscalls, simulatedSeconds }: IterationCost): CsvRow {
  const calls = Object.fromEntries(SYSCALLS.map((name) => [name, syscalls[name] ?? 0]));
  return { zeroed, faults, syscalls: calls, simulatedSeconds };
}
