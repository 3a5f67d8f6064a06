/**
 * What malloc's functions set to zero, call by call, on a model as the oracle sees it on the real allocator. Which
 * bytes were zero before depends on all that the memory held, so the program's bytes are written, not only touched.
 */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { openModel } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { OpKind, TraceRecords } from "../../src/trace/records.js";
import { hashNumbers, hashRecords } from "./golden.js";
import { environmentOf, type GlibcOptions } from "./model.js";
import { type Difference, operationText } from "./observation.js";
import type { Clears, Oracle, OracleRun } from "./oracle.js";
import { openLike, Program, placeOfLibc } from "./program.js";

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
  const seen = inLooks(records, real.clears as Clears);
  const model = await clearsOf(await openLike(real, options, false), records, touch);
  const operation = seen.bytes.findIndex(
    (bytes, i) => bytes !== model.bytes[i] || seen.needless[i] !== model.needless[i],
  );
  if (operation < 0) return null;
  const text = [
    `operation ${operation}: ${operationText(records, operation)}`,
    `  real   clears ${seen.bytes[operation]} bytes, of which ${seen.needless[operation]} were zero`,
    `  model  clears ${model.bytes[operation]} bytes, of which ${model.needless[operation]} were zero`,
  ];
  return { operation, text: text.join("\n") };
}

/** Operations whose clears share a hash in golden files. */
const BLOCK = 4096;

/** Whether what was cleared is looked at after this operation. Nothing but a calloc, and what comes first, clears. */
function isLook(operations: TraceRecords, i: number): boolean {
  return operations.read(i).kind === OpKind.calloc || (i + 1) % BLOCK === 0 || i === operations.count - 1;
}

/** What a model clears, by look: that of other operations counts with the next one. */
async function clearsOf(sandbox: Sandbox, records: Uint8Array, touch: TouchPolicy): Promise<Clears> {
  const program = new Program(sandbox, records, touch);
  const operations = new TraceRecords(records);
  const clears = noClears(operations.count);
  let before = zeroedOf(sandbox);
  for (let i = 0; i < operations.count; i++) {
    await program.perform(i);
    if (!isLook(operations, i)) continue;
    const after = zeroedOf(sandbox);
    clears.bytes[i] = after.bytes - before.bytes;
    clears.needless[i] = after.needless - before.needless;
    before = after;
  }
  return clears;
}

function inLooks(records: Uint8Array, { bytes, needless }: Clears): Clears {
  const operations = new TraceRecords(records);
  const clears = noClears(operations.count);
  let gathered = { bytes: 0, needless: 0 };
  for (let i = 0; i < operations.count; i++) {
    gathered.bytes += bytes[i] as number;
    gathered.needless += needless[i] as number;
    if (!isLook(operations, i)) continue;
    clears.bytes[i] = gathered.bytes;
    clears.needless[i] = gathered.needless;
    gathered = { bytes: 0, needless: 0 };
  }
  return clears;
}

const noClears = (count: number): Clears => ({
  bytes: new Float64Array(count),
  needless: new Float64Array(count),
});

function zeroedOf(sandbox: Sandbox): { bytes: number; needless: number } {
  const { allocator, needless } = sandbox.counters().zeroed;
  return { bytes: allocator, needless };
}

/** What was recorded of a real trace under one policy. */
export interface GoldenClears {
  name: string;
  touch: TouchPolicy;
  /** Hash of the records. */
  records: string;
  /** Where the model's library has to be so that links have the bytes that they had. */
  libc: number;
  /** In all. */
  bytes: number;
  needless: number;
  /** A hash of both counts for every 4,096 operations, 8 hexadecimal digits each. */
  blocks: string;
}

type Counted = Pick<GoldenClears, "bytes" | "needless" | "blocks">;

/** Records a trace, once two runs in a row agree: they seldom do not, by keys that are random (`MOST_RUNS`). */
export async function recordClears(
  oracle: Oracle,
  { name, records }: { name: string; records: Uint8Array },
  touch: TouchPolicy,
  options: GlibcOptions,
): Promise<GoldenClears> {
  let last: string | undefined;
  for (;;) {
    const [real] = await oracle.run([{ records, touch, environment: environmentOf(options), clears: true }]);
    const run = real as OracleRun;
    const counted = count(inLooks(records, run.clears as Clears));
    if (counted.blocks === last)
      return {
        name,
        touch,
        records: hashRecords(records),
        libc: await placeOfLibc(run, options),
        ...counted,
      };
    last = counted.blocks;
  }
}

/** Where the model first clears something else than was recorded; null if nowhere. */
export async function goldenClearsDifference(
  golden: GoldenClears,
  records: Uint8Array,
  options: GlibcOptions,
): Promise<string | null> {
  if (golden.records !== hashRecords(records))
    return "this is not the trace that was recorded: record again (README.md)";
  const sandbox = await openModel("glibc", { ...options, libc: golden.libc });
  const { blocks, bytes, needless } = count(await clearsOf(sandbox, records, golden.touch));
  for (let at = 0; at < golden.blocks.length; at += 8) {
    if (golden.blocks.slice(at, at + 8) === blocks.slice(at, at + 8)) continue;
    const from = (at / 8) * BLOCK;
    return `another clear in operations ${from} to ${from + BLOCK - 1}: --clears shows which (README.md)`;
  }
  if (golden.bytes === bytes && golden.needless === needless) return null;
  return `real ${golden.bytes} and ${golden.needless} bytes, model ${bytes} and ${needless}`;
}

function count({ bytes, needless }: Clears): Counted {
  const sum = (numbers: Float64Array) => numbers.reduce((all, one) => all + one, 0);
  const blocks = Array.from({ length: Math.ceil(bytes.length / BLOCK) }, (_, i) => {
    const block = [bytes, needless].flatMap((all) => [...all.subarray(i * BLOCK, (i + 1) * BLOCK)]);
    return hashNumbers(block);
  });
  return { bytes: sum(bytes), needless: sum(needless), blocks: blocks.join("") };
}
