/**
 * What malloc's functions set to zero, call by call, on a model as the oracle sees it on the real allocator. Which
 * bytes were zero before depends on all that the memory held, so the program's bytes are written, not only touched.
 */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { openSandbox, type Sandbox } from "../../src/sandbox/sandbox.js";
import { type Operation, OpKind, TraceRecords } from "../../src/trace/records.js";
import { environmentOf, type GlibcOptions } from "./model.js";
import { type Difference, operationText } from "./observation.js";
import { type Clears, MODELLED_GLIBC, type Oracle, type OracleRun } from "./oracle.js";

/** assembly/machine/layout.ts: LINUX_HEAP_START and LINUX_MMAP_TOP. */
const HEAP_START = 0x555555560000;
const MAP_TOP = 0x7ffff7ff0000;
const PAGE = 4096;
/** What the oracle's program writes. */
const WRITTEN = 0x5a;
/** The three low bytes of an address. */
const LOW = 2 ** 24;

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
  let found = await compareOnce(oracle, comparison);
  for (let runs = 1; found && runs < MOST_RUNS; runs++) found = await compareOnce(oracle, comparison);
  return found;
}

async function compareOnce(oracle: Oracle, comparison: ClearsComparison): Promise<Difference | null> {
  const { records, touches, options = {} } = comparison;
  const environment = environmentOf(options);
  const runs = await oracle.run(touches.map((touch) => ({ records, touch, environment, clears: true })));
  for (const [i, touch] of touches.entries()) {
    const found = await difference(records, (runs[i] as OracleRun).clears as Clears, touch, options);
    if (found) return { ...found, text: `touch ${touch}: ${found.text}` };
  }
  return null;
}

async function difference(
  records: Uint8Array,
  real: Clears,
  touch: TouchPolicy,
  options: GlibcOptions,
): Promise<Difference | null> {
  if (real.heapStart !== HEAP_START) throw new Error("addresses are random here, so links have other bytes");
  const sandbox = await openSandbox("glibc", { ...options, libc: await libcFor(real.bins, options) });
  const program = new Program(sandbox, touch);
  const operations = new TraceRecords(records);
  let before = zeroedOf(sandbox);
  for (let i = 0; i < operations.count; i++) {
    const operation = operations.read(i);
    program.perform(operation);
    // What nothing cleared is looked at where the next thing is cleared, and at the end.
    const isLast = i === operations.count - 1;
    if (real.bytes[i] === 0 && operation.kind !== OpKind.calloc && !isLast) continue;
    const after = zeroedOf(sandbox);
    const [bytes, needless] = [after.bytes - before.bytes, after.needless - before.needless];
    before = after;
    if (bytes === real.bytes[i] && needless === real.needless[i]) continue;
    const text = [
      `operation ${i}: ${operationText(records, i)}`,
      `  real   clears ${real.bytes[i]} bytes, of which ${real.needless[i]} were zero`,
      `  model  clears ${bytes} bytes, of which ${needless} were zero`,
    ];
    return { operation: i, text: text.join("\n") };
  }
  if (contentsOf(sandbox) === real.contents) return null;
  return {
    operation: operations.count,
    text: "at the end: the heap holds other zeros or other bytes of the program",
  };
}

/** Bytes of the heap that are compared: those from its start on. */
const COMPARED = 2 ** 22;

/** The hash that clears.h makes of what the heap holds. */
function contentsOf(sandbox: Sandbox): bigint {
  const block = sandbox.malloc(24);
  sandbox.free(block);
  const key = sandbox.load(block + 8, 8);
  const { arena = 0 } = sandbox.statistics();
  const end = HEAP_START + Math.min(arena, COMPARED);
  let hash = 0;
  for (let at = HEAP_START; at < end; at += 8) {
    const word = sandbox.load(at, 8);
    let shape = 0;
    for (let i = 0; i < 8 && word !== key; i++) {
      const byte = Number((word >> BigInt(8 * i)) & 0xffn);
      shape |= (byte === 0 ? 1 : byte === WRITTEN ? 2 : 0) << (2 * i);
    }
    hash = Math.imul(hash ^ shape, 0x01000193) >>> 0;
  }
  return BigInt(hash);
}

function zeroedOf(sandbox: Sandbox): { bytes: number; needless: number } {
  const { allocator, needless } = sandbox.counters().zeroed;
  return { bytes: allocator, needless };
}

/**
 * The library's place that gives links to bins the bytes that they have in the real run. The model's is above all
 * mappings, where the real one is not: the three high bytes, none of them zero, are others.
 */
async function libcFor(bins: number, { version = MODELLED_GLIBC }: GlibcOptions): Promise<number> {
  const sandbox = await openSandbox("glibc", { version });
  const [lone] = [sandbox.malloc(2000), sandbox.malloc(24)] as [number, number];
  sandbox.free(lone);
  const away = (bins % LOW) - (Number(sandbox.load(lone, 8)) % LOW);
  return MAP_TOP + (away < 0 ? away + LOW : away);
}

/** The oracle's program, on a sandbox. */
class Program {
  readonly #held: number[] = [];

  constructor(
    private readonly sandbox: Sandbox,
    private readonly touch: TouchPolicy,
  ) {}

  perform(operation: Operation): void {
    const { kind, slot, first, second } = operation;
    const pointer = this.#held[slot] ?? 0;
    if (kind <= OpKind.realloc) {
      this.#allocate(operation, pointer);
    } else if (kind === OpKind.free) {
      this.#held[slot] = 0;
      this.sandbox.free(pointer);
    } else if (pointer) {
      if (kind === OpKind.write) this.#writePages(pointer + first, second);
      else this.sandbox.touch(pointer + first, second, "read");
    }
  }

  #allocate({ kind, slot, first, second }: Operation, old: number): void {
    const { sandbox } = this;
    const bytes = kind === OpKind.malloc ? first : kind === OpKind.calloc ? first * second : second;
    let pointer: number;
    if (kind === OpKind.malloc) pointer = sandbox.malloc(first);
    else if (kind === OpKind.calloc) pointer = sandbox.calloc(first, second);
    else if (kind === OpKind.aligned) pointer = sandbox.alignedAlloc(first, second);
    else pointer = sandbox.realloc(old, second);
    if (!pointer && kind === OpKind.realloc && bytes) return;
    this.#held[slot] = pointer;
    if (!pointer) return;
    if (this.touch === "object") sandbox.fill(pointer, WRITTEN, bytes);
    else if (this.touch === "pages") this.#writePages(pointer, bytes);
    else if (this.touch === "first") this.#writePages(pointer, Math.min(bytes, 1));
  }

  /** A byte of every page. */
  #writePages(from: number, bytes: number): void {
    for (let at = from; at < from + bytes; at += PAGE - (at % PAGE))
      this.sandbox.store(at, BigInt(WRITTEN), 1);
  }
}
