import * as layout from "#shared/meter";
import { SandboxError } from "../base/errors.js";
import { WASM_PAGE_BYTES } from "../wasm/pages.js";
import type { MeteredModule } from "./meter.js";

/** What a metered module did since the last reset, or since `begin`. */
export interface MeterReading {
  /**
   * Distinct pages of 4 KiB read, written, and either, without those that were before `begin`. A page that was only
   * cleared needlessly is written too.
   */
  touched: TouchedPages;
  /** Zeroing by memory.fill. */
  zeroed: Zeroing;
  /**
   * Zeroing by stores of zero, of fields of headers too, in functions that clear (`clearing`); null where it was not looked
   * for (`zeroStores`).
   */
  zeroedByStores: Zeroing | null;
  /** Pages only ever touched by zeroing that found them zero: their faults were needless. */
  needlessPages: number;
  /**
   * Instructions executed. An atomic read-modify-write is a load and a store. After a trap those are missing that
   * the function it was in had executed since it began, or last called another.
   */
  loads: number;
  stores: number;
  fills: number;
  copies: number;
  inits: number;
  /** memory.grow of at least a page that succeeded. */
  grows: number;
  /** Size of the memory as the module sees it, in pages of 64 KiB; it never shrinks, so its peak. */
  peakPages: number;
}

interface TouchedPages {
  read: number;
  written: number;
  either: number;
}

export interface Zeroing {
  /** Bytes set to zero. */
  bytes: number;
  /** Of these, those that were zero already. */
  needless: number;
}

/** Bits of `Meter.pages`. */
export const READ = 1;
export const WRITTEN = 2;
/** Zeroes were written over zeroes. */
export const CLEARED = 4;

/** Reads the counts of a metered module out of the memory it runs in. */
export class Meter {
  #before: TouchedPages = { read: 0, written: 0, either: 0 };

  constructor(
    private readonly module: MeteredModule,
    private readonly memory: WebAssembly.Memory,
  ) {
    if (memory.buffer.byteLength < module.base) {
      throw new SandboxError("this memory is too small to be the metered module's: give the one it runs in");
    }
  }

  reading(): MeterReading {
    const counter = this.#counters();
    const { zeroStores } = this.module;
    return {
      ...this.#pageCounts(),
      zeroed: {
        bytes: counter(layout.MeterCounter.Filled),
        needless: counter(layout.MeterCounter.FilledNeedlessly),
      },
      zeroedByStores: zeroStores ? storedZeroes(counter) : null,
      loads: counter(layout.MeterCounter.Loads),
      stores: counter(layout.MeterCounter.Stores),
      fills: counter(layout.MeterCounter.Fills),
      copies: counter(layout.MeterCounter.Copies),
      inits: counter(layout.MeterCounter.Inits),
      grows: counter(layout.MeterCounter.Grows),
      peakPages: (this.memory.buffer.byteLength - this.module.base) / WASM_PAGE_BYTES,
    };
  }

  /** Whether the last growth that the module asked for was refused. Setting it to false forgets earlier ones. */
  get refused(): boolean {
    return this.#counters()(layout.MeterCounter.Refused) > 0;
  }

  set refused(is: boolean) {
    const view = new DataView(this.memory.buffer);
    view.setBigUint64(layout.REFUSED, is ? 1n : 0n, true);
  }

  /** What happened to every page, as READ, WRITTEN and CLEARED together. */
  pages(): Uint8Array {
    const { READ: read, WRITTEN: written, CLEARED: cleared } = layout;
    const [reads, writes, clears] = [this.#map(read), this.#map(written), this.#map(cleared)] as Maps;
    return reads.map(
      (isRead, i) => isRead * READ + (writes[i] as number) * WRITTEN + (clears[i] as number) * CLEARED,
    );
  }

  /** Starts anew. Memory stays as it is, and every page counts again when next touched. */
  reset(): void {
    new Uint8Array(this.memory.buffer, 0, this.module.base).fill(0);
    this.#before = { read: 0, written: 0, either: 0 };
  }

  /**
   * Counts from here on: what went before, such as a module's start, is nobody's doing that is measured. Pages stay as
   * they are; what was cleared needlessly was written for good, and so no needless page any more.
   */
  begin(): void {
    const [written, cleared] = [this.#map(layout.WRITTEN), this.#map(layout.CLEARED)];
    cleared.forEach((isCleared, page) => {
      if (isCleared) written[page] = 1;
    });
    this.#before = this.#pagesEver().touched;
    // Up to the first that is no counter.
    new Uint8Array(this.memory.buffer, layout.COUNTERS, layout.REFUSED - layout.COUNTERS).fill(0);
  }

  /** Lets the module do what is not to be counted: what it counts meanwhile is forgotten. */
  unnoticed<T>(ask: () => T): T {
    const before = new Uint8Array(this.memory.buffer, 0, this.module.base).slice();
    try {
      return ask();
    } finally {
      // Memory that grew has another buffer.
      new Uint8Array(this.memory.buffer, 0, this.module.base).set(before);
    }
  }

  /** Pages written since the last reset, those before `begin` among them. */
  get residentPages(): number {
    return this.#pagesEver().touched.written;
  }

  #pageCounts(): Pick<MeterReading, "touched" | "needlessPages"> {
    const { touched, needlessPages } = this.#pagesEver();
    const { read, written, either } = this.#before;
    return {
      touched: {
        read: touched.read - read,
        written: touched.written - written,
        either: touched.either - either,
      },
      needlessPages,
    };
  }

  #pagesEver(): Pick<MeterReading, "touched" | "needlessPages"> {
    const count = Array<number>(8).fill(0);
    for (const page of this.pages()) (count[page] as number)++;
    const of = (bits: number) => count.reduce((sum, n, page) => sum + (page & bits ? n : 0), 0);
    const touched = { read: of(READ), written: of(WRITTEN | CLEARED), either: of(7) };
    return { touched, needlessPages: count[CLEARED] as number };
  }

  #counters(): (counter: layout.MeterCounter) => number {
    const view = new DataView(this.memory.buffer);
    return (counter) => Number(view.getBigUint64(layout.COUNTERS + layout.COUNTER_BYTES * counter, true));
  }

  /** One byte for every page the module has. */
  #map(start: number): Uint8Array {
    const bytes = this.memory.buffer.byteLength - this.module.base;
    return new Uint8Array(this.memory.buffer, start, bytes / layout.PAGE_BYTES);
  }
}

/** Runs of stores over nothing but zeroes have a counter of their own, which is both. */
function storedZeroes(counter: (which: layout.MeterCounter) => number): Zeroing {
  const clean = counter(layout.MeterCounter.StoredOverZeroes);
  return {
    bytes: clean + counter(layout.MeterCounter.Stored),
    needless: clean + counter(layout.MeterCounter.StoredNeedlessly),
  };
}

type Maps = [Uint8Array, Uint8Array, Uint8Array];
