import type { Counters } from "../counters.js";
import type { CostKind } from "../report/results.js";
import { openSandbox, type SandboxOptions } from "../sandbox.js";
import { TraceEncoder } from "../trace/encode.js";
import type { TraceChunk } from "../trace/trace.js";

/** Iterations until a loop has settled: more than any cache here has places for. */
const SETTLING = 24;
/** A cost that grows by less than this part of the size is constant. */
const LINEAR_FROM = 1 / 256;

/** Benfield's loop once: `p = calloc(1, bytes)`, the first `written` part of it written, `free(p)`. */
export function callocLoopRecords(bytes: number, written: number): TraceChunk {
  const encoder = new TraceEncoder();
  encoder.calloc(0, 1, bytes);
  const touched = Math.round(bytes * written);
  if (touched) encoder.write(0, 0, touched);
  encoder.free(0);
  return encoder.take();
}

/** Bytes zeroed by anyone, and a page's worth for each fault: what a machine has to do. */
function work(counters: Counters, pageBytes: number): number {
  const { zeroMap, zeroFill, copyOnWrite } = counters.faults;
  return counters.zeroed.kernel + counters.zeroed.allocator + (zeroMap + zeroFill + copyOnWrite) * pageBytes;
}

/** Work of one iteration of the loop once it has settled. */
async function settledWork(
  model: string,
  options: SandboxOptions,
  bytes: number,
  written: number,
): Promise<number> {
  const sandbox = await openSandbox(model, options);
  const records = callocLoopRecords(bytes, written);
  sandbox.repeat(records, SETTLING);
  const before = work(sandbox.counters(), sandbox.machine.pageBytes);
  sandbox.repeat(records, SETTLING);
  const after = work(sandbox.counters(), sandbox.machine.pageBytes);
  sandbox.close();
  return (after - before) / SETTLING;
}

/**
 * How the settled loop's cost per iteration grows about a size: by comparison with sizes a sixteenth
 * smaller and larger. A cliff between the size and one of them shows as a jump on that side, so the
 * flatter side counts.
 */
export async function costKind(
  model: string,
  options: SandboxOptions,
  bytes: number,
  written: number,
): Promise<CostKind> {
  const step = Math.max(1, Math.floor(bytes / 16));
  const at = (size: number) => settledWork(model, options, size, written);
  const [below, here, above] = [await at(bytes - step), await at(bytes), await at(bytes + step)];
  const growth = Math.min(Math.abs(here - below), Math.abs(above - here));
  return growth >= step * LINEAR_FROM ? "linear" : "constant";
}
