/**
 * What malloc's functions set to zero, call by call, on a model as the oracle sees it on the real allocator. Which
 * bytes were zero before depends on all that the memory held, so the program's bytes are written, not only touched.
 */
import type { TouchPolicy } from "../../src/allocator/access.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { OpKind, TraceRecords } from "../../src/trace/records.js";
import { environmentOf, type GlibcOptions } from "./model.js";
import { type Difference, operationText } from "./observation.js";
import type { Clears, Oracle, OracleRun } from "./oracle.js";
import { openLike, Program } from "./program.js";

export interface ClearsComparison {
  records: Uint8Array;
  touches: readonly TouchPolicy[];
  options?: GlibcOptions;
}

/** Runs at most: a release from 2.41 on clears keys, which are random, and one in 32 has a byte of zero. */
const MOST_RUNS = 3;

/** Where the model and the real allocator first clear other bytes, or bytes that held something else; null if nowhere. */
export async function compareClears(
  oracle: Oracle,
  comparison: ClearsComparison,
): Promise<Difference | null> {
  const first = await compareOnce(oracle, comparison);
  let found = first;
  for (let runs = 1; found && runs < MOST_RUNS; runs++) found = await compareOnce(oracle, comparison);
  if (first && !found) console.warn(`differed once, and not when it ran again:\n${first.text}`);
  return found;
}

async function compareOnce(oracle: Oracle, comparison: ClearsComparison): Promise<Difference | null> {
  const { records, touches, options = {} } = comparison;
  const environment = environmentOf(options);
  const runs = await oracle.run(touches.map((touch) => ({ records, touch, environment, clears: true })));
  for (const [i, touch] of touches.entries()) {
    const found = await difference(records, runs[i] as OracleRun, touch, options);
    if (found) return { ...found, text: `touch ${touch}: ${found.text}` };
  }
  return null;
}

async function difference(
  records: Uint8Array,
  real: OracleRun,
  touch: TouchPolicy,
  options: GlibcOptions,
): Promise<Difference | null> {
  const { bytes: realBytes, needless: realNeedless } = real.clears as Clears;
  const sandbox = await openLike(real, options, false);
  const program = new Program(sandbox, records, touch);
  const operations = new TraceRecords(records);
  let before = zeroedOf(sandbox);
  for (let i = 0; i < operations.count; i++) {
    const operation = operations.read(i);
    await program.perform(i);
    // What nothing cleared is looked at where the next thing is cleared, and at the end.
    const isLast = i === operations.count - 1;
    if (realBytes[i] === 0 && operation.kind !== OpKind.calloc && !isLast) continue;
    const after = zeroedOf(sandbox);
    const [bytes, needless] = [after.bytes - before.bytes, after.needless - before.needless];
    before = after;
    if (bytes === realBytes[i] && needless === realNeedless[i]) continue;
    const text = [
      `operation ${i}: ${operationText(records, i)}`,
      `  real   clears ${realBytes[i]} bytes, of which ${realNeedless[i]} were zero`,
      `  model  clears ${bytes} bytes, of which ${needless} were zero`,
    ];
    return { operation: i, text: text.join("\n") };
  }
  return null;
}

function zeroedOf(sandbox: Sandbox): { bytes: number; needless: number } {
  const { allocator, needless } = sandbox.counters().zeroed;
  return { bytes: allocator, needless };
}
