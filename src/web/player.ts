/**
 * One allocator that plays one tape, and can go to any position on it. The first run keeps checkpoints at
 * even strides, and going to a position starts from the last one before it. So a step back costs at most
 * one stride, however long the tape is. A foreign module has no checkpoints, and starts over.
 */
import {
  type CostProfile,
  clearBuffer,
  ModuleTrap,
  OpKind,
  type ProfileNode,
  type Stack,
  sliceRecords,
  type TimelinePoint,
  type TouchPolicy,
  threadsNote,
} from "../index.js";
import { Checkpoints } from "./checkpoints.js";
import { type Block, objectsNear, type PageInside, reaches } from "./inside.js";
import { union } from "./layout.js";
import { liveStacks } from "./live-paths.js";
import type { Counted } from "./measure.js";
import { type Objects, pageDetail, readPageRuns } from "./page-runs.js";
import type { Clock, Playable } from "./playable.js";
import {
  type AskedPage,
  type Choice,
  type CodeLine,
  eventsOf,
  type Library,
  type Moment,
  type PageChange,
  type PageHistory,
  type Played,
  type Progress,
  type TimeNode,
} from "./protocol.js";
import {
  AskedBytes,
  CLEAR,
  hasObject,
  lengthOf,
  lineOf,
  type Origin,
  operationAt,
  originsOf,
  peakOf,
  type Tape,
} from "./tape.js";

const TIMELINE_POINTS = 500;
/** Lines of code shown before and after the cursor. */
const CODE_LINES = 4;
const LATEST_CHANGES = 8;

export type OnProgress = (progress: Progress) => void;

export class Player {
  #position = 0;
  #asked = new AskedBytes();
  #library: Library = { cleared: 0, needless: 0 };
  readonly #checkpoints: Checkpoints;
  #mapped: number[] = [];
  /** The last operation that was done by itself, so that asking again need not repeat it. */
  #done: { position: number; object: Moment["object"] } | undefined;
  /** Operations that can be done: fewer than the tape has if an error stops it. */
  #end: number;

  private constructor(
    private readonly playable: Playable,
    private readonly tape: Tape,
    private readonly touch: TouchPolicy,
  ) {
    this.#end = lengthOf(tape);
    this.#checkpoints = new Checkpoints(this.#end);
    this.#keepWayBack();
  }

  /** Runs the whole tape. `playable` was opened for `choice`. */
  static async open(
    tape: Tape,
    choice: Choice,
    playable: Playable,
    touch: TouchPolicy,
    onProgress: OnProgress,
  ): Promise<{ player: Player; played: Played }> {
    const player = new Player(playable, tape, touch);
    return { player, played: await player.#runAll(choice, onProgress) };
  }

  get #allocator() {
    return this.playable.allocator;
  }

  // ---- The first run ----

  async #runAll({ allocator, options }: Choice, onProgress: OnProgress): Promise<Played> {
    const start = performance.now();
    const timeline: TimelinePoint[] = [];
    this.#mapped = this.#regions();
    const stopped = await this.#runSampled(timeline, onProgress);
    const hostSeconds = (performance.now() - start) / 1000;
    const counters = this.#allocator.counters();
    const parameters = { operations: this.#end };
    return {
      end: this.#end,
      ...(stopped !== undefined && { stopped }),
      result: { allocator, options, parameters, counters, hostSeconds, ...this.#simulated() },
      library: this.#library,
      timeline,
      mapped: this.#mapped,
      note: [this.playable.note, ...threadsNote(this.#allocator, this.tape.threads?.count)]
        .filter(Boolean)
        .join("; "),
    };
  }

  /** Runs to the end of the tape. If an error stops it before, returns the message. */
  async #runSampled(timeline: TimelinePoint[], onProgress: OnProgress): Promise<string | undefined> {
    const total = this.#end;
    const every = sampleStride(total, this.tape.count);
    while (this.#position < this.#end) {
      const sampleAt = (Math.floor(this.#position / every) + 1) * every;
      const keepAt = this.#checkpoints.nextAfter(this.#position);
      const stopped = await this.#tryAdvance(Math.min(sampleAt, keepAt, this.#end), onProgress);
      if (this.#position === keepAt) this.#keepWayBack();
      if (this.#position === sampleAt || this.#position === this.#end) this.#sample(timeline);
      onProgress({ done: this.#position, total });
      if (stopped !== undefined) return stopped;
    }
    return undefined;
  }

  /** Advances. On an error, finds the operation that cannot be done, and ends the tape before it. */
  async #tryAdvance(to: number, onProgress: OnProgress): Promise<string | undefined> {
    try {
      this.#advance(to, onProgress);
      return undefined;
    } catch {
      // A part of the call was done. Go back to before it, and on in single steps.
      await this.#restore(this.#position, onProgress);
    }
    try {
      while (this.#position < to) this.#advance(this.#position + 1, onProgress);
      return undefined;
    } catch (error) {
      this.#end = this.#position;
      // A foreign module is in an unknown state after a trap.
      await this.#restore(this.#end, onProgress);
      return error instanceof Error ? error.message : String(error);
    }
  }

  #sample(timeline: TimelinePoint[]): void {
    const { inUse, system, resident } = this.#allocator.counters().bytes;
    timeline.push({ operation: this.#position, inUse, system, resident });
    this.#mapped = union(this.#mapped, this.#regions());
  }

  #regions(): number[] {
    return this.playable.regions().flatMap(({ address, bytes }) => [address, address + bytes]);
  }

  #keepWayBack(): void {
    const make = () => {
      const wayBack = this.playable.wayBack();
      const [position, library] = [this.#position, this.#library];
      return wayBack && { position, asked: this.#asked.copy(), library, wayBack };
    };
    this.#checkpoints.keep(make, this.#allocator.hostBytes);
  }

  // ---- Going somewhere ----

  async #goTo(position: number, onProgress: OnProgress): Promise<void> {
    const { position: from } = this.#checkpoints.before(position);
    const isAhead = position >= this.#position && from <= this.#position;
    if (isAhead) this.#advance(position, onProgress);
    else await this.#restore(position, onProgress);
  }

  /** Goes to a position from the last checkpoint before it. */
  async #restore(to: number, onProgress: OnProgress): Promise<void> {
    const { position, asked, library, wayBack } = this.#checkpoints.before(to);
    await wayBack();
    this.#position = position;
    this.#asked = asked.copy();
    this.#library = library;
    this.#advance(to, onProgress);
  }

  /** Runs forward, in calls as long as possible. After an error the position is the one before the failed call. */
  #advance(to: number, onProgress: OnProgress = () => {}): void {
    const { count, clears } = this.tape;
    const { most } = this.playable;
    while (this.#position < to) {
      const at = this.#position % count;
      const left = to - this.#position;
      const rounds = at === 0 && count <= most.records ? Math.floor(left / count) : 0;
      if (clears) this.#step(at);
      else if (rounds > 0) this.#repeat(at, count, Math.min(rounds, most.rounds));
      else this.#repeat(at, Math.min(count - at, left, most.records), 1);
      onProgress({ done: this.#position, total: this.#end });
    }
  }

  /** Runs one record, which may be CLEAR. */
  #step(at: number): void {
    const { kind, slot, first, second } = operationAt(this.tape, at);
    if (kind !== CLEAR) {
      this.#repeat(at, 1, 1);
      return;
    }
    const address = this.#allocator.slots()[slot];
    if (address) {
      const needless = clearBuffer(this.#allocator, address + first, second);
      this.#library = addTo(this.#library, second, needless);
    }
    this.#position++;
  }

  #repeat(at: number, count: number, times: number): void {
    const records = sliceRecords(this.tape.records, at, at + count);
    this.#allocator.repeat({ records, count }, times, this.touch);
    this.#asked.note(this.tape, at, count);
    this.#position += count * times;
  }

  // ---- Looking ----

  /** Goes to the position after `wanted` operations, and returns what is there. */
  async moment(wanted: number, page?: AskedPage, onProgress: OnProgress = () => {}): Promise<Moment> {
    const position = Math.min(wanted, this.#end);
    const object = await this.#doLast(position, onProgress);
    const allocator = this.#allocator;
    const objects = this.#objects(allocator.slots());
    const inside = page === null ? object?.address || undefined : page;
    const moment = {
      position,
      counters: allocator.counters(),
      library: this.#library,
      ...this.#simulated(),
      ...this.#time(),
      runs: readPageRuns(allocator, this.playable.regions(), objects),
      objects,
      regions: Float64Array.from(this.#regions()),
      code: this.#code(position),
      ...(object && { object }),
    };
    return inside === undefined ? moment : { ...moment, inside: await this.#inside(inside, objects) };
  }

  async #inside(address: number, objects: Objects): Promise<PageInside> {
    const bytes = this.#allocator.pageBytes;
    const { headerBytes } = this.playable;
    const page = {
      ...{ address: Math.floor(address / bytes) * bytes, bytes },
      ...(headerBytes !== undefined && { headerBytes }),
    };
    const near = objectsNear(page, objects);
    const usable = await this.#usable(near.map((object) => object.address));
    const origins = originsOf(
      this.tape,
      this.#position,
      near.map(({ slot }) => slot),
    );
    const blocks = near.map(({ slot, ...place }, i): Block => {
      const { index, site } = origins.get(slot) as Origin;
      return {
        ...place,
        ...(usable && { usable: usable[i] as number }),
        ...{ operation: index + 1, code: this.#codeAt(index) },
        ...(site !== undefined && { site }),
      };
    });
    const free = this.playable.freeBlocks?.(page.address, bytes);
    return { ...page, blocks: blocks.filter((block) => reaches(block, page)), ...(free && { free }) };
  }

  /** The bytes that may be used at some pointers, if it is known. A module that traps when it is asked starts over. */
  async #usable(pointers: readonly number[]): Promise<number[] | undefined> {
    try {
      return this.playable.usable(pointers);
    } catch (error) {
      if (!(error instanceof ModuleTrap)) throw error;
      await this.#restore(this.#position, () => {});
      return undefined;
    }
  }

  /** A figure at a position, and after each operation up to another, or up to where the run stopped. */
  async course(
    of: (counted: Counted) => number,
    from: number,
    to: number,
  ): Promise<Float64Array<ArrayBuffer>> {
    const last = Math.min(to, this.#end);
    const values = new Float64Array(Math.max(0, last - from) + 1);
    await this.#goTo(Math.min(from, last), () => {});
    for (let at = 0; at < values.length; at++) {
      if (at > 0) this.#advance(from + at);
      values[at] = of({ counters: this.#allocator.counters(), library: this.#library, ...this.#simulated() });
    }
    return values;
  }

  /** What happened on every call path of the whole run. @throws for a module, of which there are none. */
  async callPaths(onProgress: OnProgress): Promise<{ root: ProfileNode; costs: CostProfile }> {
    const { clock } = this.playable;
    if (!clock) throw new Error("a module has no call paths");
    await this.#goTo(this.#end, onProgress);
    return { root: clock.profile(), costs: clock.costs };
  }

  /** What is live on every call path when the program holds the most. */
  async livePaths(onProgress: OnProgress): Promise<Stack[]> {
    await this.#goTo(Math.min(peakOf(this.tape), this.#end), onProgress);
    const objects = this.#objects(this.#allocator.slots());
    const usable = await this.#usable([...objects.addresses]);
    return liveStacks(this.tape, this.#position, objects, usable);
  }

  #simulated(): Pick<Moment, "simulated"> {
    const { clock } = this.playable;
    return clock
      ? { simulated: clock.price(eventsOf({ counters: this.#allocator.counters(), library: this.#library })) }
      : {};
  }

  /** The time by call path. What the program clears itself is its own time. */
  #time(): Pick<Moment, "time"> {
    const { clock } = this.playable;
    if (!clock) return {};
    const program = clock.profile();
    return {
      time: timed(
        { ...program, counters: eventsOf({ counters: program.counters, library: this.#library }) },
        clock,
      ),
    };
  }

  /** Goes to a position and does the last operation by itself, to find its object. */
  async #doLast(position: number, onProgress: OnProgress): Promise<Moment["object"]> {
    if (this.#done?.position === position && this.#position === position) return this.#done.object;
    await this.#goTo(Math.max(0, position - 1), onProgress);
    if (position === 0) return undefined;
    const before = this.#allocator.slots();
    const { kind, slot } = operationAt(this.tape, position - 1);
    this.#advance(position);
    if (!hasObject(kind)) return undefined;
    const address = (kind === OpKind.free ? before : this.#allocator.slots())[slot] ?? 0;
    const object = { address, bytes: this.#asked.of(slot) };
    this.#done = { position, object };
    return object;
  }

  #objects(all: Float64Array): Objects {
    const slots = new Uint32Array(all.length);
    const addresses = new Float64Array(all.length);
    const bytes = new Float64Array(all.length);
    let count = 0;
    for (let slot = 0; slot < all.length; slot++) {
      const address = all[slot] as number;
      if (address === 0) continue;
      slots[count] = slot;
      addresses[count] = address;
      bytes[count] = this.#asked.of(slot);
      count++;
    }
    return {
      slots: slots.subarray(0, count),
      addresses: addresses.subarray(0, count),
      bytes: bytes.subarray(0, count),
    };
  }

  #code(position: number): CodeLine[] {
    const first = Math.max(0, position - 1 - CODE_LINES);
    const count = Math.max(0, Math.min(lengthOf(this.tape), first + 2 * CODE_LINES + 1) - first);
    return Array.from({ length: count }, (_, i) => ({ index: first + i, code: this.#codeAt(first + i) }));
  }

  #codeAt(index: number): string {
    return lineOf(this.tape, index);
  }

  /** Runs from the start, one operation at a time, and collects those that change the page at an address. */
  async history(address: number, position: number, onProgress: OnProgress): Promise<PageHistory> {
    await this.#goTo(0, onProgress);
    const latest: PageChange[] = [];
    let [changes, last] = [0, pageDetail(this.#allocator, address)];
    for (let done = 1; done <= Math.min(position, this.#end); done++) {
      this.#advance(done);
      const detail = pageDetail(this.#allocator, address);
      if (detail !== last) {
        changes++;
        latest.push({ operation: done, code: this.#codeAt(done - 1), detail });
        if (latest.length > LATEST_CHANGES) latest.shift();
        last = detail;
      }
      onProgress({ done, total: position });
    }
    return { changes, latest };
  }
}

function timed({ name, calls, counters, children }: ProfileNode, clock: Clock): TimeNode {
  const below = children.map((child) => timed(child, clock)).filter(({ seconds }) => seconds > 0);
  below.sort((one, other) => other.seconds - one.seconds);
  const seconds = below.reduce((sum, child) => sum + child.seconds, clock.price(counters).seconds);
  return { name, calls, seconds, children: below };
}

const addTo = (library: Library, cleared: number, needless: number): Library => ({
  cleared: library.cleared + cleared,
  needless: library.needless + needless,
});

/** Operations between two samples. Coprime to the length of a loop, so that all parts of it are sampled. */
function sampleStride(length: number, period: number): number {
  let stride = Math.max(1, Math.floor(length / TIMELINE_POINTS));
  while (period > 1 && period < length && gcd(stride, period) !== 1) stride++;
  return stride;
}

function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}
