/** What a Worker does to run programs on a module: one after the other, each on a fresh instance. */
import { prepareWasmAllocator } from "../foreign/open.js";
import { type Ran, runTrace } from "../fuzz/run.js";
import { type CollectedTrace, traceOf } from "../trace/collect.js";
import type { JobMessage, ProgramsJob } from "./jobs.js";

/** The way to the starter. */
interface Starter {
  send(message: JobMessage): void;
  /** Tells what the program before came to, and asks for the next. */
  nextProgram(ran?: Ran): Promise<CollectedTrace | null>;
}

export async function runPrograms(
  { wasm, open, memoryBytes }: ProgramsJob,
  { send, nextProgram }: Starter,
): Promise<null> {
  const instantiate = await prepareWasmAllocator(wasm, { ...open, memoryBytes });
  const { report, endsByTrap } = instantiate();
  send({ opened: { report, endsByTrap } });
  for (let next = await nextProgram(); next; ) {
    next = await nextProgram(await runTrace(instantiate(), traceOf([next], next.notes)));
  }
  return null;
}
