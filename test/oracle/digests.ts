/**
 * What memory holds, on a model as the oracle sees it on the real allocator: the bytes of every block that is handed out,
 * resized or freed, and at the end the whole heap, with all that malloc keeps there.
 */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { OpKind, TraceRecords } from "../../src/trace/records.js";
import type { GlibcOptions } from "./model.js";
import { type Difference, type Digests, MODEL_SPACE, operationText } from "./observation.js";
import type { OracleRun } from "./oracle.js";
import { type Block, openLike, Program } from "./program.js";

/** Where the memory of the model and of the real run first hold other bytes; null if nowhere. */
export async function digestsDifference(
  records: Uint8Array,
  real: OracleRun & { digests: Digests },
  touch: TouchPolicy,
  options: GlibcOptions,
): Promise<Difference | null> {
  const { before, after, held, heap } = real.digests;
  const sandbox = await openLike(real, options, true);
  const program = new Program(sandbox, records, touch);
  const digest = (block?: Block) => (block ? sandbox.digest(block.pointer, block.bytes) : 0n);
  const operations = new TraceRecords(records);
  for (let i = 0; i < operations.count; i++) {
    const operation = operations.read(i);
    const isLeft = operation.kind === OpKind.realloc || operation.kind === OpKind.free;
    const left = isLeft ? digest(program.held(operation.slot)) : 0n;
    let given = 0n;
    await program.perform(i, (block) => {
      given = digest(block);
    });
    if (left === before[i] && given === after[i]) continue;
    const which = left === before[i] ? "that it gave" : "as it was before";
    return {
      operation: i,
      text: `operation ${i}: ${operationText(records, i)}: the block ${which} holds other bytes`,
    };
  }
  const atEnd = (what: string) => ({
    operation: operations.count,
    text: `at the end: ${what} holds other bytes`,
  });
  const slot = held.findIndex((one, slot) => one !== digest(program.held(slot)));
  if (slot >= 0) return atEnd(`the block of slot ${slot}`);
  const [lowest] = sandbox.regions();
  const heapBytes = lowest?.address === MODEL_SPACE.heapStart ? lowest.bytes : 0;
  return heap === sandbox.digest(MODEL_SPACE.heapStart, heapBytes) ? null : atEnd("the heap");
}
