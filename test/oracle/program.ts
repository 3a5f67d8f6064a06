/** The oracle's program on a sandbox: the operations of a trace, and what it writes into what it gets (run.h). */
import type { TouchPolicy } from "../../src/allocator/access.js";
import { openModel } from "../../src/sandbox/open.js";
import type { Sandbox } from "../../src/sandbox/sandbox.js";
import { bytesAsked, type Operation, OpKind, sliceRecords, TraceRecords } from "../../src/trace/records.js";
import type { Trace } from "../../src/trace/trace.js";
import type { GlibcOptions } from "./model.js";
import { MODEL_SPACE } from "./observation.js";
import { MODELLED_GLIBC, type OracleRun } from "./oracle.js";

const PAGE = 4096;
/** What it writes into a page that it only touches. */
const TOUCHED = 0x5an;
/** It paints with the bytes from 1 to this. */
const MOST_PAINT = 0xef;
/** Requests are plain below this. */
const LARGEST = 2 ** 40;
/** The three low bytes of an address. */
const LOW = 2 ** 24;

export interface Block {
  pointer: number;
  /** As asked for. */
  bytes: number;
}

/**
 * Opens the model so that its memory holds the bytes of the real run's.
 * @throws if addresses are random there, so that links have other bytes.
 */
export async function openLike(real: OracleRun, options: GlibcOptions, check: boolean): Promise<Sandbox> {
  return openModel("glibc", { ...options, libc: await placeOfLibc(real, options), check });
}

/** Where the model's library has to be for that. @throws as `openLike` does. */
export async function placeOfLibc({ space, bins }: OracleRun, options: GlibcOptions): Promise<number> {
  if (space.heapStart !== MODEL_SPACE.heapStart) throw new Error("addresses are random on this host");
  const key = `${options.version} ${bins}`;
  const libc = libcs.get(key) ?? (await libcFor(bins, options));
  libcs.set(key, libc);
  return libc;
}

/** By the release, and the place of its bins: a host has a library in one. */
const libcs = new Map<string, number>();

/**
 * The library's place that gives links to bins the bytes that they have in the real run. The model's is above all
 * mappings, where the real one is not: the three high bytes, none of them zero, are others.
 */
async function libcFor(bins: number, { version = MODELLED_GLIBC }: GlibcOptions): Promise<number> {
  const sandbox = await openModel("glibc", { version });
  const [lone] = [sandbox.malloc(2000), sandbox.malloc(24)] as [number, number];
  sandbox.free(lone);
  const away = (bins % LOW) - (Number(sandbox.load(lone, 8)) % LOW);
  return MODEL_SPACE.mapTop + (away < 0 ? away + LOW : away);
}

/** A sandbox has a function for it: not where a request is too large for it, or where a thread is told of. */
function isPlain({ kind, first, second }: Operation): boolean {
  const isPowerOfTwo = first > 0 && Number.isInteger(Math.log2(first));
  return (
    kind <= OpKind.read && Math.max(first, second) < LARGEST && (kind !== OpKind.aligned || isPowerOfTwo)
  );
}

export class Program {
  readonly #held: (Block | undefined)[] = [];
  readonly #operations: TraceRecords;
  readonly #isPlain: boolean;

  constructor(
    private readonly sandbox: Sandbox,
    private readonly records: Uint8Array,
    private readonly touch: TouchPolicy,
  ) {
    this.#operations = new TraceRecords(records);
    this.#isPlain = Array.from({ length: this.#operations.count }, (_, i) => i).every((i) =>
      isPlain(this.#operations.read(i)),
    );
  }

  /** What the slot holds. */
  held(slot: number): Block | undefined {
    return this.#held[slot];
  }

  /** Does the operation of a number. A block that it gets is shown before the program writes to it. */
  async perform(index: number, show: (block: Block) => void = () => {}): Promise<void> {
    const operation = this.#operations.read(index);
    const { kind, slot, first, second } = operation;
    const block = this.#held[slot];
    if (kind <= OpKind.realloc) {
      const given = this.#isPlain ? this.#allocate(operation) : await this.#call(index);
      this.#take(operation, given, index, show);
    } else if (kind === OpKind.free) {
      this.#held[slot] = undefined;
      if (this.#isPlain) this.sandbox.free(block?.pointer ?? 0);
      else await this.#call(index);
    } else if (kind > OpKind.read) {
      await this.#call(index);
    } else if (block) {
      if (kind === OpKind.write) this.#paint(block.pointer + first, second, index);
      else this.sandbox.touch(block.pointer + first, second, "read");
    }
  }

  #allocate({ kind, slot, first, second }: Operation): number {
    if (kind === OpKind.malloc) return this.sandbox.malloc(first);
    if (kind === OpKind.calloc) return this.sandbox.calloc(first, second);
    if (kind === OpKind.aligned) return this.sandbox.alignedAlloc(first, second);
    return this.sandbox.realloc(this.#held[slot]?.pointer ?? 0, second);
  }

  /** As a record, which may be of anything; it takes several times as long. Returns the address it gave. */
  async #call(index: number): Promise<number> {
    let given = 0;
    const records = sliceRecords(this.records, index, index + 1);
    const pieces = async function* () {
      yield { records, count: 1 };
    };
    const trace: Trace = { notes: { format: "text", losses: [] }, [Symbol.asyncIterator]: pieces };
    const onResults = ([address = 0]: number[]) => {
      given = address;
    };
    await this.sandbox.replay(trace, { onResults });
    return given;
  }

  #take(operation: Operation, pointer: number, index: number, show: (block: Block) => void): void {
    const { kind, slot, first, second } = operation;
    const bytes = bytesAsked(kind, first, second);
    if (!pointer && kind === OpKind.realloc && bytes) return;
    const block = pointer ? { pointer, bytes } : undefined;
    this.#held[slot] = block;
    if (!block) return;
    show(block);
    if (this.touch === "object") this.#paint(pointer, bytes, index);
    else if (this.touch === "pages") this.#writePages(pointer, bytes);
    else if (this.touch === "first") this.#writePages(pointer, Math.min(bytes, 1));
  }

  /** Writes bytes that tell which operation wrote them, and where: digests.h. */
  #paint(at: number, bytes: number, operation: number): void {
    for (let from = 0, length = 1, paint = operation; from < bytes; from += length, length *= 2, paint++) {
      this.sandbox.fill(at + from, 1 + (paint % MOST_PAINT), Math.min(length, bytes - from));
    }
  }

  /** A byte of every page. */
  #writePages(from: number, bytes: number): void {
    for (let at = from; at < from + bytes; at += PAGE - (at % PAGE)) this.sandbox.store(at, TOUCHED, 1);
  }
}
