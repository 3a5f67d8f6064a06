/** Makes a trace of what the recorder wrote. */
import { MOST_THREADS } from "#shared/records";
import { CHUNK_RECORDS, MAX_BYTES, TraceEncoder } from "../../trace/encode.js";
import type { Trace, TraceChunk, TraceNotes } from "../../trace/trace.js";
import { type Image, RECORDS } from "./images.js";
import { type RecordedCall, RecordedKind, readRecords } from "./record-file.js";

/** Blocks from this size on have pages of their own where touches are recorded. */
const LARGE = 4096;
/** The most records that come of one call: a time, a thread, two operations with their sites. */
const MOST_OF_A_CALL = 8;
/** Where blocks are that realloc is moving, by thread: above all addresses. */
const MOVING = 2 ** 48;

/** How a trace is made. */
export interface RecordedTraceOptions {
  /** The least nanoseconds between two times in the trace. */
  timesEvery: number;
  /** Touches were recorded. */
  touches: boolean;
  /** The names of call stacks, by number; none if stacks were not recorded. */
  sites?: readonly (string | undefined)[];
}

/** A recorded image as a trace. It can be read once, as its chunks are asked for, in constant memory. */
export class RecordedTrace implements Trace {
  readonly notes: TraceNotes = { format: "text", losses: [] };
  readonly #encoder = new TraceEncoder((key) => `address 0x${key.toString(16)}`);
  readonly #threads = new Threads();
  /** The sites of live blocks that have pages of their own. */
  readonly #siteOf = new Map<number, number>();
  readonly #left = new Map<string, number>();
  #start = 0;
  #time = 0;
  #lastTime = 0;
  #running = 1;

  constructor(
    private readonly image: Image,
    private readonly options: RecordedTraceOptions,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<TraceChunk> {
    for (const { path, records } of this.image.parts) {
      for await (const calls of readRecords(path + RECORDS, records)) {
        for (const call of calls) {
          if (this.#encoder.count > CHUNK_RECORDS - MOST_OF_A_CALL) yield this.#take();
          this.#call(call);
        }
      }
    }
    for (const [text, count] of this.#left) this.notes.losses.push(`${text} (${count})`);
    if (this.#encoder.count > 0) yield this.#take();
  }

  #take(): TraceChunk {
    this.#encoder.note(this.notes);
    return this.#encoder.take();
  }

  #leave(text: string): void {
    this.#left.set(text, (this.#left.get(text) ?? 0) + 1);
  }

  #call(call: RecordedCall): void {
    switch (call.kind) {
      case RecordedKind.Exit:
        this.#exit(call.thread);
        break;
      case RecordedKind.ReallocBegins:
        this.#beginRealloc(call);
        break;
      case RecordedKind.Realloc:
        this.#realloc(call);
        break;
      case RecordedKind.Free:
        this.#free(call);
        break;
      case RecordedKind.Trim:
        this.#act(call, () => this.#encoder.trim(limited(call.first)));
        break;
      case RecordedKind.Write:
      case RecordedKind.Read:
        this.#touch(call);
        break;
      default:
        this.#allocate(call);
    }
  }

  /** Does an operation in its thread, at its time and its site. */
  #act(call: RecordedCall, operation: () => void, site = call.site): void {
    this.#turnTo(call);
    this.#nameSite(site);
    operation();
  }

  #turnTo({ time, thread }: RecordedCall): void {
    if (this.#start === 0) this.#start = time;
    this.#time = Math.max(this.#time, time - this.#start);
    if (this.#time - this.#lastTime >= this.options.timesEvery && this.#time > this.#lastTime) {
      this.#encoder.clock(this.#time);
      this.#lastTime = this.#time;
    }
    const number = this.#threads.numberOf(thread);
    if (number !== this.#running) this.#encoder.thread(number);
    this.#running = number;
  }

  #nameSite(site: number): void {
    const name = this.options.sites?.[site];
    if (name !== undefined) this.#encoder.site(name);
  }

  #exit(thread: number): void {
    const number = this.#threads.end(thread);
    if (number === undefined) return;
    this.#encoder.exit(number);
    if (number === this.#running) this.#running = 0;
  }

  #allocate(call: RecordedCall): void {
    const { kind, address, first, second } = call;
    if (address === 0) {
      this.#leave("left out: allocations that failed");
      return;
    }
    if (this.#encoder.has(address)) this.#freeUnseen(call);
    this.#act(call, () => {
      if (kind === RecordedKind.Calloc) this.#encoder.calloc(address, limited(first), limited(second));
      else if (kind === RecordedKind.Aligned) this.#encoder.aligned(address, powerOfTwo(second), first);
      else this.#encoder.malloc(address, first);
    });
    this.#noteBlock(call, kind === RecordedKind.Calloc ? first * second : first);
  }

  /** A block is here anew, so that the one that was here is gone: to a function that is not recorded. */
  #freeUnseen(call: RecordedCall): void {
    this.#leave("freed by the program in a way that is not recorded: blocks whose address came up again");
    this.#free({ ...call, site: 0 });
  }

  /** Of touches, what the trace says of a new block: a small one counts as written. */
  #noteBlock(call: RecordedCall, bytes: number): void {
    if (!this.options.touches) return;
    if (bytes >= LARGE) {
      if (this.options.sites) this.#siteOf.set(call.address, call.site);
    } else if (bytes > 0) {
      this.#nameSite(call.site);
      this.#encoder.write(call.address, 0, bytes);
    }
  }

  #free(call: RecordedCall): void {
    const { address } = call;
    if (this.#encoder.has(address)) {
      this.#siteOf.delete(address);
      this.#act(call, () => this.#encoder.free(address));
    } else {
      this.#leave("left out: frees of blocks that were there before the recorder");
    }
  }

  /** From here on another thread may get the address. */
  #beginRealloc({ address, thread }: RecordedCall): void {
    if (this.#encoder.has(address) && !this.#encoder.has(MOVING + thread))
      this.#encoder.rename(address, MOVING + thread);
  }

  #realloc(call: RecordedCall): void {
    const moving = MOVING + call.thread;
    this.#siteOf.delete(call.second);
    if (!this.#encoder.has(moving)) {
      this.#leave("read as malloc: reallocs of blocks that were there before the recorder");
      this.#allocate({ ...call, kind: RecordedKind.Malloc });
    } else if (call.address !== 0) {
      this.#finishRealloc(call, moving);
    } else if (call.first === 0) {
      this.#free({ ...call, address: moving });
    } else {
      this.#failRealloc(call);
    }
  }

  #finishRealloc(call: RecordedCall, moving: number): void {
    const { address, first } = call;
    if (this.#encoder.has(address)) this.#freeUnseen(call);
    this.#act(call, () => this.#encoder.realloc(moving, first, address));
    this.#noteBlock(call, first);
  }

  /** The block stays where it was. */
  #failRealloc({ second, thread }: RecordedCall): void {
    this.#leave("left out: allocations that failed");
    if (!this.#encoder.has(second)) this.#encoder.rename(MOVING + thread, second);
  }

  #touch(call: RecordedCall): void {
    const { kind, address, first, second } = call;
    if (!this.#encoder.has(address)) return;
    this.#turnTo(call);
    this.#nameSite(this.#siteOf.get(address) ?? 0);
    if (kind === RecordedKind.Write) this.#encoder.write(address, first, second);
    else this.#encoder.read(address, first, second);
  }
}

/** Numbers threads as they are met: the main one is 1. What a thread does after its end is another thread's. */
class Threads {
  readonly #numbers = new Map<number, number>([[1, 1]]);
  #highest = 1;

  /** Of a thread by the recorder's number. Those beyond the most that a trace has are the main one. */
  numberOf(thread: number): number {
    const known = this.#numbers.get(thread);
    if (known !== undefined) return known;
    if (this.#highest === MOST_THREADS) return 1;
    this.#numbers.set(thread, ++this.#highest);
    return this.#highest;
  }

  /** Forgets a thread. Returns its number, or undefined if it did nothing. */
  end(thread: number): number | undefined {
    const number = this.#numbers.get(thread);
    this.#numbers.delete(thread);
    return number;
  }
}

/** It succeeded, so that a factor over the limit can only mean that the other is 0. */
const limited = (value: number): number => Math.min(value, MAX_BYTES);

/** As glibc rounds an alignment up. */
function powerOfTwo(align: number): number {
  let power = 1;
  while (power < align) power *= 2;
  return power;
}
