/** Calls of an allocator, as a log of a real program has them, turned into operations. Every reader of such logs shares it. */
import { printable } from "../base/printable.js";
import { MAX_BYTES, type TraceEncoder } from "./encode.js";
import { Processes } from "./processes.js";
import { MOST_CHARACTERS } from "./sites.js";
import type { TraceNotes } from "./trace.js";

/** What a log does not say, of any number. */
export const UNSAID = -1;

/** What is noted, in this order, with how often it was. */
const NOTED = {
  afterExec: "left out: calls of the program that the process went on as",
  failed: "left out: allocations that failed",
  unanswered: "left out: allocations whose result the log does not give",
  unsized: "left out: allocations whose size the log does not give",
  nullFrees: "left out: free(NULL)",
  unknownFrees: "left out: frees of addresses that the log does not allocate",
  unknownReallocs: "read as malloc: reallocs of addresses that the log does not allocate",
  missedFrees: "assumed freed: objects whose address is allocated again while they are live",
  pageAligned: "assumed: pages of 4,096 bytes for valloc and pvalloc",
  timesBack: "left out: times that go back",
  badSites: "left out: sites beyond the most that a trace has",
  unreadable: "left out: lines that are cut short or damaged",
} as const;

export type Noted = keyof typeof NOTED;

/** What formats do not record, or one log does not. */
export const LOST = {
  calloc: "this format does not record calloc",
  alignment: "this format does not record alignment",
  realloc: "this format does not record realloc, but a free and an allocation",
  alignedAlloc: "this format does not record aligned_alloc",
  touches: "this format does not record what the program touched",
  threads: "this format does not record which thread calls",
  noThreads: "this log does not record which thread calls",
} as const;

const PAGE = 4096;
/** Most records of one call: its thread, its time, the free that was missed, and itself, each of the last two with its site. */
const MOST_RECORDS = 8;
/** What runs after a thread has ended: none of the log's numbers. */
const NOBODY = -2;

/** How errors call an object. */
export const nameOfAddress = (address: number): string => `address 0x${address.toString(16).toUpperCase()}`;

/**
 * Takes calls in the order of a log, with what the log says about each, and gives the encoder what the trace has of them.
 *
 *     calls.by(process, thread); calls.time(seconds, nanoseconds); calls.site("main;parse");   what the log has of these
 *     calls.malloc(result, bytes);                                                             then the call
 *
 * Objects are known by address, or by whatever number the log calls them. Real logs are not complete, and programs do what has
 * no place in a trace: allocations that fail, free(NULL), objects from before the log. None of that is an error. It is
 * left out or assumed, counted, and noted by `finish`.
 *
 * One process is read: others have heaps of their own, with the same addresses. Threads get numbers as they first call, and
 * time is counted from the first one met.
 */
export class CallEncoder {
  readonly #counts = Object.fromEntries(Object.keys(NOTED).map((key) => [key, 0])) as Record<Noted, number>;
  readonly #processes: Processes;
  #process = UNSAID;
  /** The process went on as another program, which has a new heap. */
  #replaced = false;

  /** The numbers that threads have in the trace, while they live. */
  readonly #threads = new Map<number, number>();
  #threadsMade = 0;
  #tellsThreads = false;
  /** Who the log says calls, and whom the encoder was told last. */
  #thread = UNSAID;
  #told = NOBODY;

  #firstSecond: number | undefined;
  #firstNanosecond = 0;
  #time = 0;
  #toldTime = 0;

  #site: string | undefined;

  /**
   * @param notes are added to at the end.
   * @param process the one to read; without it there may be one that allocates.
   */
  constructor(
    private readonly encoder: TraceEncoder,
    private readonly notes: TraceNotes,
    process?: number,
  ) {
    this.#processes = new Processes(process);
    encoder.expect(MOST_RECORDS);
  }

  /** The process that is read, or UNSAID before the first call. */
  get chosen(): number {
    return this.#processes.chosen ?? UNSAID;
  }

  /** Whether there was any call. */
  get any(): boolean {
    return this.#processes.any;
  }

  /** Whose the calls are that follow: the numbers that the system has for them, or UNSAID. */
  by(process: number, thread: number): void {
    this.#process = process;
    this.#thread = thread;
    if (thread !== UNSAID) this.#tellsThreads = true;
  }

  /** When the calls are that follow. Both count from anything, as long as it stays the same; the sum may be any. */
  time(seconds: number, nanoseconds = 0): void {
    if (this.#firstSecond === undefined) {
      this.#firstSecond = seconds;
      this.#firstNanosecond = nanoseconds;
    }
    const passed = Math.round((seconds - this.#firstSecond) * 1e9 + (nanoseconds - this.#firstNanosecond));
    if (passed < this.#time || passed > Number.MAX_SAFE_INTEGER) this.note("timesBack");
    else this.#time = passed;
  }

  /** Who makes the next call, frames from the outermost to the innermost with semicolons between them; undefined is nobody known. */
  site(name: string | undefined): void {
    this.#site = name;
  }

  /** Counts what a reader itself leaves out or assumes. */
  note(what: Noted): void {
    this.#counts[what]++;
  }

  /** A process goes on as another program. If it has allocated before, what it calls from then on is left out. */
  exec(process: number): void {
    if (this.#processes.hasAllocated(process)) this.#replaced = true;
  }

  /** The thread ends. */
  exit(process: number, thread: number): void {
    const number = this.#threads.get(thread);
    if (number === undefined || process !== this.#processes.chosen || this.#replaced) return;
    this.#tellTime();
    this.encoder.exit(number);
    this.#threads.delete(thread);
    if (this.#told === thread) this.#told = NOBODY;
  }

  /** @param result address, 0 where it failed, or UNSAID. The same holds for all below. */
  malloc(result: number, bytes: number): void {
    if (!this.#allocates(result, bytes)) return;
    this.#begin(result);
    this.encoder.malloc(result, bytes);
  }

  calloc(result: number, count: number, bytes: number): void {
    if (!this.#allocates(result, Math.min(count, bytes))) return;
    this.#begin(result);
    // It succeeded, so that a factor over the limit can only mean that the other is 0.
    this.encoder.calloc(result, Math.min(count, MAX_BYTES), Math.min(bytes, MAX_BYTES));
  }

  /** An alignment that is no power of two counts as the next one. */
  aligned(result: number, align: number, bytes: number): void {
    if (!this.#allocates(result, bytes)) return;
    this.#begin(result);
    if (align === UNSAID) this.encoder.malloc(result, bytes);
    else this.encoder.aligned(result, nextPowerOfTwo(align), bytes);
  }

  /** valloc; pvalloc asks for whole pages. */
  pageAligned(result: number, bytes: number, whole = false): void {
    if (!this.#allocates(result, bytes)) return;
    this.note("pageAligned");
    this.#begin(result);
    this.encoder.aligned(result, PAGE, whole ? Math.max(1, Math.ceil(bytes / PAGE)) * PAGE : bytes);
  }

  /** A realloc that failed changes nothing; one to no bytes that returns NULL is free. */
  realloc(pointer: number, bytes: number, result: number): void {
    if (pointer === 0) this.malloc(result, bytes);
    else if (bytes === 0 && result === 0) this.free(pointer);
    else if (this.#allocates(result, bytes)) this.#resize(pointer, bytes, result);
  }

  #resize(pointer: number, bytes: number, result: number): void {
    const { encoder } = this;
    const known = encoder.has(pointer);
    if (!known) this.note("unknownReallocs");
    this.#begin(known && result === pointer ? UNSAID : result);
    if (known) encoder.realloc(pointer, bytes, result);
    else encoder.malloc(result, bytes);
  }

  free(pointer: number): void {
    if (!this.#isRead(false)) return;
    if (pointer === 0) {
      this.note("nullFrees");
    } else if (!this.encoder.has(pointer)) {
      this.note("unknownFrees");
    } else {
      this.#begin(UNSAID);
      this.encoder.free(pointer);
    }
    this.#site = undefined;
  }

  /** After the last call. @throws TraceError if the process is not chosen that is to be read, or not there. */
  finish(): void {
    this.#processes.check();
    this.#tell("left out: calls of other processes", this.#processes.otherCalls);
    for (const what of Object.keys(NOTED) as Noted[]) this.#tell(NOTED[what], this.#counts[what]);
    const { losses } = this.notes;
    if (!this.#tellsThreads && !losses.includes(LOST.threads)) losses.push(LOST.noThreads);
  }

  #tell(text: string, count: number): void {
    if (count > 0) this.notes.losses.push(`${text} (${count})`);
  }

  /** Whether an allocation is one that the trace has. Counts why not. */
  #allocates(result: number, bytes: number): boolean {
    if (this.#isRead(true)) {
      if (result === 0) this.note("failed");
      else if (result === UNSAID) this.note("unanswered");
      else if (bytes === UNSAID) this.note("unsized");
      else return true;
    }
    this.#site = undefined;
    return false;
  }

  /** Counts a call. Returns false if it is not of the process that is read. */
  #isRead(allocates: boolean): boolean {
    if (!this.#processes.count(this.#process, allocates)) return false;
    if (this.#replaced) this.note("afterExec");
    return !this.#replaced;
  }

  /** Tells the encoder all about the call that follows. An object that is at the address of its result must have been freed. */
  #begin(result: number): void {
    this.#tellThread();
    this.#tellTime();
    if (result !== UNSAID && this.encoder.has(result)) {
      this.note("missedFrees");
      this.encoder.free(result);
    }
    this.#tellSite();
  }

  #tellThread(): void {
    if (this.#thread === this.#told) return;
    let number = this.#threads.get(this.#thread);
    if (number === undefined) {
      number = ++this.#threadsMade;
      this.#threads.set(this.#thread, number);
    }
    // Thread 1 is the one that runs when a trace begins.
    if (number > 1 || this.#threadsMade > 1) this.encoder.thread(number);
    this.#told = this.#thread;
  }

  #tellTime(): void {
    if (this.#time === this.#toldTime) return;
    this.encoder.clock(this.#time);
    this.#toldTime = this.#time;
  }

  #tellSite(): void {
    if (this.#site === undefined) return;
    const site = this.encoder.knowsSite(this.#site) ? this.#site : cleanSite(this.#site);
    this.#site = undefined;
    if (this.encoder.canName(site)) this.encoder.site(site);
    else this.note("badSites");
  }
}

/** A site that every trace can have: frames that can be printed, not too many. */
function cleanSite(name: string): string {
  const frames = printable(name)
    .slice(-MOST_CHARACTERS)
    .split(";")
    .map((frame) => frame.trim());
  return frames.filter((frame) => frame !== "").join(";");
}

function nextPowerOfTwo(value: number): number {
  let power = 1;
  while (power < value) power *= 2;
  return power;
}
