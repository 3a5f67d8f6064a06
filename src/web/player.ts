/**
 * One allocator running one tape, able to go anywhere on it. On the first run checkpoints are kept at
 * even strides; going somewhere starts from the nearest one before. So a step back costs as much as a
 * step of a stride, however long the tape.
 */
import {
  type Checkpoint,
  clearBuffer,
  defaultCosts,
  OpKind,
  openSandbox,
  RECORD_BYTES,
  type Sandbox,
  type SimulatedTime,
  simulatedTime,
  type TimelinePoint,
  type TouchPolicy,
} from "../index.js";
import { type Objects, pageDetail, readPageRuns } from "./page-runs.js";
import type {
  Choice,
  CodeLine,
  Library,
  Moment,
  PageChange,
  PageHistory,
  Played,
  Progress,
} from "./protocol.js";
import { AskedBytes, CLEAR, codeOf, lengthOf, operationAt, type Tape } from "./tape.js";

/** Fewest operations between two checkpoints: some milliseconds' worth. */
const LEAST_STRIDE = 1 << 13;
const MOST_CHECKPOINTS = 256;
/** Host memory that checkpoints may take, in bytes, before every other one goes. */
const CHECKPOINT_BUDGET = 192 * 2 ** 20;
const TIMELINE_POINTS = 500;
/** Records, and rounds of a loop, to run in one call: as many as the sandbox takes, and some milliseconds' worth. */
const MOST_RECORDS = 1024;
const MOST_ROUNDS = 2048;
/** Lines of code to show before and after the cursor. */
const CODE_LINES = 4;
const LATEST_CHANGES = 8;

interface Mark {
  position: number;
  asked: AskedBytes;
  library: Library;
  checkpoint: Checkpoint;
}

export type OnProgress = (progress: Progress) => void;

export class Player {
  #position = 0;
  #asked = new AskedBytes();
  #library: Library = { cleared: 0, needless: 0 };
  #marks: Mark[] = [];
  #stride: number;
  /** Operations it can come through: fewer than the tape has if something stops it. */
  #end: number;

  private constructor(
    private readonly sandbox: Sandbox,
    private readonly tape: Tape,
    private readonly touch: TouchPolicy,
  ) {
    this.#end = lengthOf(tape);
    this.#stride = Math.max(LEAST_STRIDE, Math.ceil(this.#end / MOST_CHECKPOINTS));
    this.#mark();
  }

  /** Opens a sandbox and runs the whole tape on it. @throws OptionError, SandboxError */
  static async open(tape: Tape, choice: Choice, touch: TouchPolicy, onProgress: OnProgress) {
    const sandbox = await openSandbox(choice.allocator, choice.options);
    const player = new Player(sandbox, tape, touch);
    return { player, played: player.#runAll(choice, onProgress) };
  }

  // ---- The first run ----

  #runAll(choice: Choice, onProgress: OnProgress): Played {
    const start = performance.now();
    const timeline: TimelinePoint[] = [];
    const stopped = this.#runSampled(timeline, onProgress);
    const hostSeconds = (performance.now() - start) / 1000;
    const counters = this.sandbox.counters();
    const simulated = this.#simulated();
    return {
      end: this.#end,
      ...(stopped !== undefined && { stopped }),
      result: { ...choice, parameters: { operations: this.#end }, counters, hostSeconds, simulated },
      library: this.#library,
      timeline,
    };
  }

  /** Runs to the end of the tape, or to what stops it, whose words it returns. */
  #runSampled(timeline: TimelinePoint[], onProgress: OnProgress): string | undefined {
    const total = this.#end;
    const every = sampleStride(total, this.tape.count);
    while (this.#position < this.#end) {
      const sampleAt = (Math.floor(this.#position / every) + 1) * every;
      const markAt = (Math.floor(this.#position / this.#stride) + 1) * this.#stride;
      const stopped = this.#tryAdvance(Math.min(sampleAt, markAt, this.#end));
      if (this.#position === markAt) this.#mark();
      if (this.#position === sampleAt || this.#position === this.#end) timeline.push(this.#point());
      onProgress({ done: this.#position, total });
      if (stopped !== undefined) return stopped;
    }
    return undefined;
  }

  /** Advances, or finds the operation that cannot be done, and ends the tape before it. */
  #tryAdvance(to: number): string | undefined {
    try {
      this.#advance(to);
      return undefined;
    } catch {
      // Some of the call went through: back to where the books are right, and on by single steps.
      this.#restore(this.#markBefore(this.#position), this.#position);
    }
    try {
      while (this.#position < to) this.#advance(this.#position + 1);
      return undefined;
    } catch (error) {
      this.#end = this.#position;
      return error instanceof Error ? error.message : String(error);
    }
  }

  #point(): TimelinePoint {
    const { inUse, system, resident } = this.sandbox.counters().bytes;
    return { operation: this.#position, inUse, system, resident };
  }

  #mark(): void {
    const { sandbox } = this;
    this.#marks.push({
      position: this.#position,
      asked: this.#asked.copy(),
      library: this.#library,
      checkpoint: sandbox.checkpoint(),
    });
    if (this.#marks.length * sandbox.hostBytes < CHECKPOINT_BUDGET) return;
    this.#stride *= 2;
    this.#marks = this.#marks.filter(({ position }) => position % this.#stride === 0);
  }

  // ---- Going somewhere ----

  #goTo(position: number): void {
    const mark = this.#markBefore(position);
    if (position < this.#position || mark.position > this.#position) this.#restore(mark, position);
    else this.#advance(position);
  }

  #markBefore(position: number): Mark {
    return this.#marks.findLast((mark) => mark.position <= position) as Mark;
  }

  #restore({ position, asked, library, checkpoint }: Mark, to: number): void {
    this.sandbox.restore(checkpoint);
    this.#position = position;
    this.#asked = asked.copy();
    this.#library = library;
    this.#advance(to);
  }

  /** Runs forward, in calls as long as can be. The position stays that of the last call that went through. */
  #advance(to: number): void {
    const { count, clears } = this.tape;
    while (this.#position < to) {
      const at = this.#position % count;
      if (clears) {
        this.#step(at);
        continue;
      }
      const rounds = at === 0 && count <= MOST_RECORDS ? Math.floor((to - this.#position) / count) : 0;
      const times = Math.min(Math.max(1, rounds), MOST_ROUNDS);
      const records = rounds > 0 ? count : Math.min(count - at, to - this.#position, MOST_RECORDS);
      this.#repeat(at, records, times);
    }
  }

  /** One record, of those that the sandbox does not know too. */
  #step(at: number): void {
    const { kind, slot, first, second } = operationAt(this.tape, at);
    if (kind !== CLEAR) {
      this.#repeat(at, 1, 1);
      return;
    }
    const address = this.sandbox.slots()[slot];
    if (address) {
      const needless = clearBuffer(this.sandbox, address + first, second);
      this.#library = addTo(this.#library, second, needless);
    }
    this.#position++;
  }

  #repeat(at: number, count: number, times: number): void {
    const records = this.tape.records.subarray(at * RECORD_BYTES, (at + count) * RECORD_BYTES);
    this.sandbox.repeat({ records, count }, times, this.touch);
    this.#asked.note(this.tape, at, count);
    this.#position += count * times;
  }

  // ---- Looking ----

  /** Goes to where so many operations are done, and looks about. */
  moment(wanted: number): Moment {
    const position = Math.min(wanted, this.#end);
    const { slots, object } = this.#doLast(position);
    const { sandbox } = this;
    const regions = sandbox.regions().flatMap((region) => [region.address, region.address + region.bytes]);
    return {
      position,
      counters: sandbox.counters(),
      library: this.#library,
      simulated: this.#simulated(),
      runs: readPageRuns(sandbox, this.#objects(slots)),
      regions: Float64Array.from(regions),
      code: this.#code(position),
      ...(object && { object }),
    };
  }

  #simulated(): SimulatedTime {
    const { zeroed, ...counters } = this.sandbox.counters();
    const allocator = zeroed.allocator + this.#library.cleared;
    return simulatedTime(
      { ...counters, zeroed: { ...zeroed, allocator } },
      defaultCosts(this.sandbox.machine.kernel),
    );
  }

  /** Does the last operation by itself, to see the object it is about. */
  #doLast(position: number): { slots: Float64Array; object?: Moment["object"] } {
    this.#goTo(Math.max(0, position - 1));
    const before = this.sandbox.slots();
    if (position === 0) return { slots: before };
    const { kind, slot } = operationAt(this.tape, position - 1);
    this.#advance(position);
    const slots = this.sandbox.slots();
    const address = (kind === OpKind.free ? before : slots)[slot] ?? 0;
    return { slots, object: { address, bytes: this.#asked.of(slot) } };
  }

  #objects(slots: Float64Array): Objects {
    const addresses = new Float64Array(slots.length);
    const bytes = new Float64Array(slots.length);
    let count = 0;
    for (let slot = 0; slot < slots.length; slot++) {
      const address = slots[slot] as number;
      if (address === 0) continue;
      addresses[count] = address;
      bytes[count] = this.#asked.of(slot);
      count++;
    }
    return { addresses: addresses.subarray(0, count), bytes: bytes.subarray(0, count) };
  }

  #code(position: number): CodeLine[] {
    const first = Math.max(0, position - 1 - CODE_LINES);
    const count = Math.max(0, Math.min(lengthOf(this.tape), first + 2 * CODE_LINES + 1) - first);
    return Array.from({ length: count }, (_, i) => ({ index: first + i, code: this.#codeAt(first + i) }));
  }

  #codeAt(index: number): string {
    return codeOf(operationAt(this.tape, index));
  }

  /** Runs from the start, operation by operation, and notes each that changes the page at an address. */
  history(address: number, position: number, onProgress: OnProgress): PageHistory {
    this.#goTo(0);
    const latest: PageChange[] = [];
    let [changes, last] = [0, pageDetail(this.sandbox, address)];
    for (let done = 1; done <= Math.min(position, this.#end); done++) {
      this.#advance(done);
      const detail = pageDetail(this.sandbox, address);
      if (detail !== last) {
        changes++;
        latest.push({ operation: done, code: this.#codeAt(done - 1), detail });
        if (latest.length > LATEST_CHANGES) latest.shift();
        last = detail;
      }
      if (done % 4096 === 0) onProgress({ done, total: position });
    }
    return { changes, latest };
  }
}

const addTo = (library: Library, cleared: number, needless: number): Library => ({
  cleared: library.cleared + cleared,
  needless: library.needless + needless,
});

/** Operations between two samples: prime to the length of a loop, so that all parts of it are seen. */
function sampleStride(length: number, period: number): number {
  let stride = Math.max(1, Math.floor(length / TIMELINE_POINTS));
  while (period > 1 && period < length && gcd(stride, period) !== 1) stride++;
  return stride;
}

function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}
