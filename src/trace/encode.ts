import { MOST_PROCESSES, MOST_THREADS } from "#shared/records";
import { TraceError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { OpKind, RECORD_BYTES, sliceRecords, TraceRecords } from "./records.js";
import { SiteNumbers } from "./sites.js";
import { SlotTable } from "./slots.js";
import type { TraceChunk, TraceNotes } from "./trace.js";

/** Records of a full chunk. */
export const CHUNK_RECORDS = 4096;

/** Largest size, count, offset and alignment: the machine's addresses have 47 bits. */
export const MAX_BYTES = 2 ** 47;

/** Most marks of a trace, and characters of the name of one. */
export const MOST_MARKS = 1000;
const MOST_NAME = 60;

const TWO_TO_32 = 2 ** 32;
const ABSENT = -1;

/** What a process has of its own: its objects and threads. */
interface Process {
  /** The process that forked it; 0 for the first one. */
  parent: number;
  slots: SlotTable;
  sizes: Float64Array;
  /** The running thread, and those that ended. */
  running: number;
  ended: Set<number>;
}

/**
 * Turns operations on keys (whatever the source calls its objects: ids or addresses, whole numbers of 0 to 2^53 - 1)
 * into records on slots, in chunks that share one buffer. Memory grows with the objects alive at once, and not with
 * the operations.
 *
 * An operation that makes no sense throws a TraceError with the current `line`, and changes nothing. When the chunk
 * is `full`, call `take` before the next operation.
 */
export class TraceEncoder {
  /** 1-based line of the source, for errors. */
  line: number | undefined;

  #slots = new SlotTable();
  /** Bytes asked for, by slot. Inexact above 2^53, which only a calloc that must fail can ask for. */
  #sizes: Float64Array = new Float64Array(1024);
  readonly #bytes = new Uint8Array(CHUNK_RECORDS * RECORD_BYTES);
  readonly #records = new TraceRecords(this.#bytes);
  #count = 0;
  #expected = 1;
  readonly #marks: string[] = [];
  readonly #sites = new SiteNumbers();
  /** The site of the operation before, and the one named for the next. */
  #site = 0;
  #named: number | undefined;
  #time = 0;
  /** All threads that were named; of the running process, those that ended, and the running one. */
  readonly #threads = new Set([1]);
  #ended = new Set<number>();
  #running = 1;
  /** All processes that there were, the running one, and what the others have that have not ended. */
  readonly #processes = new Set([1]);
  #process = 1;
  #parent = 0;
  readonly #waiting = new Map<number, Process>();

  /** @param nameKey how errors call an object. */
  constructor(private readonly nameKey: (key: number) => string = (key) => `id ${key}`) {}

  /** Records of the current chunk. */
  get count(): number {
    return this.#count;
  }

  /** True when the chunk must be taken before the next operation. */
  get full(): boolean {
    // An operation takes two records if its site is another than the last one's.
    return this.#count > CHUNK_RECORDS - Math.max(this.#expected, this.#sites.any ? 2 : 1);
  }

  /** Leaves room for so many records, as that is how many the source may make before it looks at `full` again. */
  expect(records: number): void {
    this.#expected = records;
  }

  /** Slots handed out so far in the running process: the most objects that were alive at once. */
  get slotCount(): number {
    return this.#slots.made;
  }

  /** Objects of the running process that are alive now. */
  get liveCount(): number {
    return this.#slots.live;
  }

  /** True if an object of this key is alive. */
  has(key: number): boolean {
    return this.#slots.find(key) !== ABSENT;
  }

  /** Hands over the records so far, valid until the next operation, and begins a new chunk. */
  take(): TraceChunk {
    const count = this.#count;
    this.#count = 0;
    return { records: sliceRecords(this.#bytes, 0, count), count };
  }

  /** Adds to the notes what only the operations say. */
  note(notes: TraceNotes): void {
    if (this.#marks.length > 0) notes.marks = this.#marks;
    if (this.#sites.any) notes.sites = this.#sites.names;
    if (this.#threads.size > 1) notes.threads = this.#threads.size;
    if (this.#processes.size > 1) notes.processes = this.#processes.size;
  }

  malloc(key: number, bytes: number): void {
    this.#act();
    this.#check("bytes", bytes);
    this.#append(OpKind.malloc, this.#allocate(key, bytes), bytes, 0);
  }

  calloc(key: number, count: number, bytes: number): void {
    this.#act();
    this.#check("count", count);
    this.#check("bytes", bytes);
    this.#append(OpKind.calloc, this.#allocate(key, count * bytes), count, bytes);
  }

  aligned(key: number, align: number, bytes: number): void {
    this.#act();
    this.#check("align", align);
    this.#check("bytes", bytes);
    if (!isPowerOfTwo(align)) this.#fail(`align must be a power of two, not ${align}`);
    this.#append(OpKind.aligned, this.#allocate(key, bytes), align, bytes);
  }

  /** Changes an object's size, and its key if the source calls it by another, such as a new address. */
  realloc(key: number, bytes: number, newKey = key): void {
    this.#act();
    this.#check("bytes", bytes);
    const found = this.#live(key);
    if (newKey !== key && this.#slots.rename(key, newKey) === ABSENT) this.#failLive(newKey);
    this.#sizes[found] = bytes;
    this.#append(OpKind.realloc, found, 0, bytes);
  }

  /** Calls an object by another key, as where it is about to move. */
  rename(key: number, newKey: number): void {
    if (!this.has(key)) this.#failUnknown(key);
    if (this.#slots.rename(key, newKey) === ABSENT) this.#failLive(newKey);
  }

  free(key: number): void {
    this.#act();
    const slot = this.#slots.remove(key);
    if (slot === ABSENT) this.#failUnknown(key);
    this.#append(OpKind.free, slot, 0, 0);
  }

  write(key: number, offset: number, bytes: number): void {
    this.#append(OpKind.write, this.#range(key, offset, bytes), offset, bytes);
  }

  read(key: number, offset: number, bytes: number): void {
    this.#append(OpKind.read, this.#range(key, offset, bytes), offset, bytes);
  }

  /** What follows is this thread's. */
  thread(number: number): void {
    this.#checkThread(number);
    if (this.#ended.has(number)) this.#fail(`thread ${number} has ended: a new thread has a new number`);
    this.#running = number;
    this.#threads.add(number);
    this.#append(OpKind.thread, 0, number, 0);
  }

  exit(number: number): void {
    this.#checkThread(number);
    if (this.#ended.has(number)) this.#fail(`thread ${number} has ended before`);
    this.#ended.add(number);
    this.#threads.add(number);
    this.#append(OpKind.exit, 0, number, 0);
  }

  /** What follows is this process's. */
  process(number: number): void {
    this.#checkProcess(number);
    if (number !== this.#process) {
      if (!this.#waiting.has(number)) this.#fail(`process ${number} was not forked, or has ended`);
      this.#waiting.set(this.#process, this.#state());
      this.#resume(number);
    }
    this.#append(OpKind.process, 0, number, 0);
  }

  /** The running process forks one with this number, which has all its objects, and its running thread alone. */
  fork(number: number): void {
    this.#act();
    this.#checkProcess(number);
    if (this.#processes.has(number)) this.#fail(`there was a process ${number} already`);
    this.#processes.add(number);
    const others = [...this.#threads].filter((thread) => thread !== this.#running);
    const [slots, sizes] = [this.#slots.copy(), this.#sizes.slice()];
    this.#waiting.set(number, {
      ...this.#state(),
      parent: this.#process,
      slots,
      sizes,
      ended: new Set(others),
    });
    this.#append(OpKind.fork, 0, number, 0);
  }

  /** The running process ends. What follows is its parent's, or if that has ended, that of the lowest number. */
  end(): void {
    if (this.#waiting.size === 0)
      this.#fail(`process ${this.#process} is the only one: the trace ends with it`);
    this.#resume(this.#waiting.has(this.#parent) ? this.#parent : Math.min(...this.#waiting.keys()));
    this.#append(OpKind.end, 0, 0, 0);
  }

  #state(): Process {
    return {
      parent: this.#parent,
      slots: this.#slots,
      sizes: this.#sizes,
      running: this.#running,
      ended: this.#ended,
    };
  }

  #resume(number: number): void {
    const { parent, slots, sizes, running, ended } = this.#waiting.get(number) as Process;
    this.#waiting.delete(number);
    this.#process = number;
    this.#parent = parent;
    this.#slots = slots;
    this.#sizes = sizes;
    this.#running = running;
    this.#ended = ended;
  }

  #checkProcess(number: number): void {
    if (!(number >= 1 && number <= MOST_PROCESSES && Math.floor(number) === number)) {
      this.#fail(`process must be a whole number from 1 to ${MOST_PROCESSES}, not ${number}`);
    }
  }

  trim(pad: number): void {
    this.#act();
    this.#check("pad", pad);
    this.#append(OpKind.trim, 0, pad, 0);
  }

  mark(name: string): void {
    const shown = JSON.stringify(printable(name));
    if (name === "" || name.length > MOST_NAME || printable(name) !== name) {
      this.#fail(`the name of a mark must be 1 to ${MOST_NAME} characters that can be printed, not ${shown}`);
    }
    if (this.#marks.includes(name)) this.#fail(`there is a mark ${shown} already`);
    if (this.#marks.length === MOST_MARKS) this.#fail(`there are more than ${MOST_MARKS} marks`);
    this.#marks.push(name);
    this.#record(OpKind.mark, 0, this.#marks.length - 1, 0);
  }

  /** So many nanoseconds have passed since the start. */
  clock(time: number): void {
    if (!(Number.isSafeInteger(time) && time >= this.#time)) {
      this.#fail(`time must be a whole number from ${this.#time} on, as it does not go back; got ${time}`);
    }
    this.#time = time;
    this.#record(OpKind.clock, 0, time, 0);
  }

  /** Says who calls the next operation: frames from the outermost to the innermost, with semicolons between them. */
  site(name: string): void {
    if (this.#named !== undefined) this.#fail("a site follows a site: it names that of one operation");
    this.#named = this.#sites.numberOf(name, (message) => this.#fail(message));
  }

  /** Whether a site was named before. */
  knowsSite(name: string): boolean {
    return this.#sites.has(name);
  }

  /** Whether there is room for a site. */
  canName(name: string): boolean {
    return this.#sites.has(name) || (name !== "" && !this.#sites.full);
  }

  /** After the last operation. @throws TraceError if a site was named for another. */
  finish(): void {
    if (this.#named !== undefined) this.#fail("no operation follows the site");
  }

  /** @throws TraceError if the running thread cannot act. */
  #act(): void {
    if (this.#ended.size > 0 && this.#ended.has(this.#running)) {
      this.#fail(`thread ${this.#running} has ended: say whose the operation is`);
    }
  }

  #checkThread(number: number): void {
    if (!(number >= 1 && number <= MOST_THREADS && Math.floor(number) === number)) {
      this.#fail(`thread must be a whole number from 1 to ${MOST_THREADS}, not ${number}`);
    }
  }

  #allocate(key: number, size: number): number {
    const slot = this.#slots.add(key);
    if (slot === ABSENT) this.#failLive(key);
    if (slot === this.#sizes.length) this.#growSizes();
    this.#sizes[slot] = size;
    return slot;
  }

  #live(key: number): number {
    const slot = this.#slots.find(key);
    if (slot === ABSENT) this.#failUnknown(key);
    return slot;
  }

  /** The slot of an object that holds a range. */
  #range(key: number, offset: number, bytes: number): number {
    this.#act();
    this.#check("offset", offset);
    this.#check("bytes", bytes);
    const slot = this.#live(key);
    const size = this.#sizes[slot] as number;
    if (offset + bytes > size) {
      this.#fail(
        `offset ${offset} + ${bytes} bytes is outside ${this.nameKey(key)}, which has ${size} bytes`,
      );
    }
    return slot;
  }

  /** Adds an operation, which has the site that was named for it. */
  #append(kind: OpKind, slot: number, first: number, second: number): void {
    const site = this.#named ?? 0;
    if (site !== this.#site) this.#record(OpKind.site, 0, site, 0);
    this.#site = site;
    this.#named = undefined;
    this.#record(kind, slot, first, second);
  }

  #record(kind: OpKind, slot: number, first: number, second: number): void {
    this.#records.write(this.#count++, kind, slot, first, second);
  }

  #growSizes(): void {
    const sizes = new Float64Array(this.#sizes.length * 2);
    sizes.set(this.#sizes);
    this.#sizes = sizes;
  }

  #check(name: string, value: number): void {
    if (!(value >= 0 && value <= MAX_BYTES && Math.floor(value) === value)) {
      this.#fail(`${name} must be a whole number of at most 2^47, not ${value}`);
    }
  }

  #failLive(key: number): never {
    this.#fail(`${this.nameKey(key)} is allocated while it is live`);
  }

  #failUnknown(key: number): never {
    this.#fail(`${this.nameKey(key)} is not live: it was not allocated, or was freed`);
  }

  #fail(message: string): never {
    throw new TraceError(message, this.line);
  }
}

/** True for 1, 2, 4, … 2^52; both halves count, as bit operations see only 32 bits. */
function isPowerOfTwo(value: number): boolean {
  const low = value >>> 0;
  const high = (value - low) / TWO_TO_32;
  const half = low | high;
  return value > 0 && (low === 0 || high === 0) && (half & (half - 1)) === 0;
}
