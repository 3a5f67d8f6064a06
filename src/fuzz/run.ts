/** Runs programs on an allocator, each on a fresh one, with all that it gives held against what it should have. */
import type { Allocator } from "../allocator/allocator.js";
import { OutOfMemory, TraceError, UnknownImport } from "../base/errors.js";
import type { Trace } from "../trace/trace.js";
import { type Program, programTrace } from "./program.js";

/** As much of an allocator as programs need. */
export interface Fuzzed extends Pick<Allocator, "replay" | "close"> {
  /** Whether its contract lets it trap where memory ends, instead of returning 0. */
  readonly endsByTrap?: boolean;
}

/** Opens a fresh allocator with this memory limit, in bytes. */
export type OpenFuzzed = (memoryBytes: number) => Promise<Fuzzed>;

/** What a program came to. */
export interface Ran {
  /** Allocations that got no memory, which is no fault. */
  failedAllocations: number;
  /** What the allocator did wrong, in words that begin with the operation; absent if nothing. */
  fault?: string;
}

/** Runs a program. */
export type Run = (program: Program) => Promise<Ran>;

/** @throws what says nothing of the allocator: UnknownImport, OutOfMemory of the host, TraceError */
export async function runProgram(open: OpenFuzzed, program: Program, memoryBytes: number): Promise<Ran> {
  return runTrace(await open(memoryBytes), programTrace(program));
}

/** The same of its trace, on an allocator that is closed then. */
export async function runTrace(allocator: Fuzzed, trace: Trace): Promise<Ran> {
  try {
    const { failedAllocations } = await allocator.replay(trace, { verify: true });
    return { failedAllocations };
  } catch (error) {
    const isOthers = [UnknownImport, OutOfMemory, TraceError].some((kind) => error instanceof kind);
    if (isOthers || !(error instanceof Error)) throw error;
    return { failedAllocations: 0, fault: error.message };
  } finally {
    allocator.close();
  }
}

/** What a fault is whatever the operation and the addresses: a shrunk program has to have the same. */
export function kindOfFault(fault: string | undefined): string | undefined {
  return fault?.replace(/0x[0-9a-f]+|\d+/g, "#");
}
