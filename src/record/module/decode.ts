/** Makes operations of a trace of the events that a recorder logged. */

import { PLAIN_ALIGN } from "#shared/driver";
import * as layout from "#shared/recorder";
import { formatCount } from "../../base/bytes.js";
import type { TraceEncoder } from "../../trace/encode.js";
import { IdlePages } from "./idle.js";
import { LiveBlocks } from "./objects.js";

const { EventKind, GRANULE_BYTES } = layout;

/** The site of what nobody was seen to call. */
const UNKNOWN = 0;

/** An event of a call. */
interface Call {
  pointer: number;
  first: number;
  second: number;
  result: number;
}

/** A range that was read or written. */
interface Touch {
  kind: layout.EventKind;
  /** How many were before it since the last call. */
  order: number;
  start: number;
  end: number;
}

/** What was seen and is in no trace. */
interface Missed {
  failed: number;
  unknownFrees: number;
  unseenFrees: number;
}

/** Takes events in their order, and gives operations to an encoder, whose keys are the addresses of blocks. */
export class Decoder {
  readonly #live = new LiveBlocks();
  /** What no live block needs. */
  readonly idle = new IdlePages();
  /** Touches since the last call. */
  #touches: Touch[] = [];
  #calls = 0;
  readonly #missed: Missed = { failed: 0, unknownFrees: 0, unseenFrees: 0 };

  constructor(
    private readonly encoder: TraceEncoder,
    /** Called before each operation: there has to be room for it. */
    private readonly ready: () => void,
    /** Names the site of the next operation, by its number. */
    private readonly site: (number: number) => void,
  ) {}

  /** Takes `count` events. */
  take(events: DataView, count: number): void {
    for (let at = 0; at < count * layout.EVENT_BYTES; at += layout.EVENT_BYTES) this.#event(events, at);
    this.#tellTouches();
  }

  /** What a trace of the operations so far lacks, in sentences. */
  losses(): string[] {
    const { failed, unknownFrees, unseenFrees } = this.#missed;
    return [
      failed > 0 && `${formatCount(failed)} calls got no memory: they are left out`,
      unknownFrees > 0 &&
        `${formatCount(unknownFrees)} frees of blocks whose allocation was not seen are left out: the compiler inlined some calls`,
      unseenFrees > 0 &&
        `${formatCount(unseenFrees)} blocks are freed where their memory was given out again, as their free was not seen: the compiler inlined some calls`,
    ].filter((loss) => loss !== false);
  }

  #event(events: DataView, at: number): void {
    const kind = events.getUint32(at + layout.KIND_AT, true);
    const pointer = events.getUint32(at + layout.POINTER_AT, true);
    const first = events.getUint32(at + layout.FIRST_AT, true);
    if (kind <= EventKind.Write) {
      const order = this.#touches.length;
      this.#touches.push({ kind, order, start: pointer * GRANULE_BYTES, end: first * GRANULE_BYTES });
      return;
    }
    this.#tellTouches();
    if (kind === EventKind.Time) {
      this.ready();
      this.encoder.clock(first * 2 ** 32 + pointer);
      return;
    }
    const second = events.getUint32(at + layout.SECOND_AT, true);
    const result = events.getUint32(at + layout.RESULT_AT, true);
    const site = events.getUint32(at + layout.SITE_AT, true);
    const call = { pointer, first, second, result };
    if (kind === EventKind.Free) this.#free(call, site);
    else if (kind === EventKind.Realloc) this.#realloc(call, site);
    else this.#allocate(kind, call, site);
  }

  /** Tells what was touched since the last call, ranges that meet as one, in the order in which each began. */
  #tellTouches(): void {
    if (this.#touches.length === 0) return;
    for (const touch of joined(this.#touches)) this.#touch(touch);
    this.#touches = [];
  }

  #touch({ kind, start, end }: Touch): void {
    for (const address of this.#live.within(start, end)) {
      const size = this.#live.sizeOf(address) as number;
      const low = Math.max(start - address, 0);
      const high = Math.min(end - address, size);
      this.ready();
      if (kind === EventKind.Read) this.encoder.read(address, low, high - low);
      else {
        this.encoder.write(address, low, high - low);
        this.idle.write(address + low, high - low);
      }
    }
  }

  #allocate(kind: layout.EventKind, { first, second, result }: Call, site: number): void {
    if (result === 0) {
      this.#missed.failed++;
      return;
    }
    const isCalloc = kind === EventKind.Calloc;
    const bytes = isCalloc ? first * second : first;
    this.#place(result, bytes);
    this.#begin(site);
    if (isCalloc) this.idle.write(result, bytes);
    if (isCalloc) this.encoder.calloc(result, first, second);
    else if (second > PLAIN_ALIGN && isPowerOfTwo(second)) this.encoder.aligned(result, second, first);
    else this.encoder.malloc(result, first);
  }

  #realloc({ pointer, first, result, second }: Call, site: number): void {
    if (!this.#live.has(pointer)) {
      if (pointer !== 0) this.#missed.unknownFrees++;
      this.#allocate(EventKind.Malloc, { pointer: 0, first, second, result }, site);
    } else if (result !== 0) {
      const old = this.#live.remove(pointer);
      this.#place(result, first);
      this.idle.give(pointer, old, this.#calls);
      this.#begin(site);
      this.encoder.realloc(pointer, first, result);
    } else if (first === 0) this.#free({ pointer, first: 0, second: 0, result }, site);
    else this.#missed.failed++;
  }

  #free({ pointer, first, second }: Call, site: number): void {
    const isOfNothing = second !== 0 && first === 0;
    if (pointer === 0 || isOfNothing) return;
    if (!this.#live.has(pointer)) {
      this.#missed.unknownFrees++;
      return;
    }
    this.#begin(site);
    this.#end(pointer);
  }

  /** Makes a block live. What it overlaps must have been freed unseen. */
  #place(address: number, bytes: number): void {
    const overlapped = this.#live.within(address, address + Math.max(bytes, 1));
    if (this.#live.has(address) && !overlapped.includes(address)) overlapped.push(address);
    for (const old of overlapped) {
      this.#missed.unseenFrees++;
      this.#begin(UNKNOWN);
      this.#end(old);
    }
    this.#live.add(address, bytes);
    this.idle.take(address, bytes);
  }

  /** A block is freed. */
  #end(address: number): void {
    this.idle.give(address, this.#live.remove(address), this.#calls);
    this.encoder.free(address);
  }

  /** Before an operation that asks something of the allocator. */
  #begin(site: number): void {
    this.ready();
    this.#calls++;
    if (site !== UNKNOWN) this.site(site);
  }
}

/** Ranges of which none meets another of its kind, in the order in which each was touched first. Changes what it is given. */
function joined(touches: Touch[]): Touch[] {
  if (touches.length === 1) return touches;
  sort(touches, (one, other) => one.kind - other.kind || one.start - other.start);
  const ranges: Touch[] = [];
  let last: Touch | undefined;
  for (const touch of touches) {
    if (last?.kind === touch.kind && touch.start <= last.end) {
      last.end = Math.max(last.end, touch.end);
      last.order = Math.min(last.order, touch.order);
    } else {
      last = touch;
      ranges.push(touch);
    }
  }
  return sort(ranges, (one, other) => one.order - other.order);
}

/** Lists up to this long are sorted by insertion: most have a few touches, and engines make copies to sort. */
const FEW = 16;

/** Sorts a list in place, and returns it. */
function sort<T>(list: T[], compare: (one: T, other: T) => number): T[] {
  if (list.length > FEW) return list.sort(compare);
  for (let i = 1; i < list.length; i++) {
    const one = list[i] as T;
    let at = i;
    for (; at > 0 && compare(list[at - 1] as T, one) > 0; at--) list[at] = list[at - 1] as T;
    list[at] = one;
  }
  return list;
}

function isPowerOfTwo(value: number): boolean {
  return (value & (value - 1)) === 0;
}
