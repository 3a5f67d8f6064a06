import { OptionError, TraceError, ZeropageError } from "../base/errors.js";

/** One allocator to run. */
export interface Job<T> {
  label: string;
  run(): Promise<T>;
}

export interface Collected<T> {
  done: T[];
  failed: { label: string; error: unknown }[];
}

/**
 * Runs jobs one after another and keeps their results. If one allocator fails (it aborts, or runs
 * out of memory) the others still run. A bad trace or option, or a bug, ends the whole.
 */
export async function collect<T>(jobs: readonly Job<T>[]): Promise<Collected<T>> {
  const collected: Collected<T> = { done: [], failed: [] };
  for (const { label, run } of jobs) {
    try {
      collected.done.push(await run());
    } catch (error) {
      collected.failed.push({ label, error });
      if (!concernsOnlyOne(error)) break;
    }
  }
  return collected;
}

function concernsOnlyOne(error: unknown): boolean {
  return error instanceof ZeropageError && !(error instanceof TraceError || error instanceof OptionError);
}
