import type { PageRun, PageState } from "../allocator/pages.js";
import { SandboxError } from "../base/errors.js";
import { WASM_PAGE_BYTES } from "../wasm/binary.js";
import type { MeteredModule } from "./meter.js";

/** What a metered module did since the last reset. */
export interface MeterReading {
  /** Distinct pages of 4 KiB read, written, and either. A page that was only cleared needlessly is written too. */
  touched: { read: number; written: number; either: number };
  /** Zeroing by memory.fill. */
  zeroed: Zeroing;
  /** Zeroing by stores of zero, of fields of headers too; null where it was not looked for (`zeroStores`). */
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

export interface Zeroing {
  /** Bytes set to zero. */
  bytes: number;
  /** Of these, those that were zero already. */
  needless: number;
}

const PAGE_BYTES = 4096;

// The order of assembly/meter.ts.
const COUNTERS = [
  "loads",
  "stores",
  "fills",
  "copies",
  "inits",
  "grows",
  "filled",
  "filledNeedlessly",
  "stored",
  "storedNeedlessly",
  "storedOverZeroes",
  "refused",
] as const;

/** Bits of `Meter.pages`. */
export const READ = 1;
export const WRITTEN = 2;
/** Zeroes were written over zeroes. */
export const CLEARED = 4;

/** Reads the counts of a metered module out of the memory it runs in. */
export class Meter {
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
      zeroed: { bytes: counter("filled"), needless: counter("filledNeedlessly") },
      zeroedByStores: zeroStores ? storedZeroes(counter) : null,
      loads: counter("loads"),
      stores: counter("stores"),
      fills: counter("fills"),
      copies: counter("copies"),
      inits: counter("inits"),
      grows: counter("grows"),
      peakPages: (this.memory.buffer.byteLength - this.module.base) / WASM_PAGE_BYTES,
    };
  }

  /** Whether the growth that the module asked for last was refused. Set to false, it says so of what comes then. */
  get refused(): boolean {
    return this.#counters()("refused") > 0;
  }

  set refused(is: boolean) {
    const view = new DataView(this.memory.buffer, this.module.layout.COUNTERS);
    view.setBigUint64(8 * COUNTERS.indexOf("refused"), is ? 1n : 0n, true);
  }

  /** What happened to every page, as READ, WRITTEN and CLEARED together. */
  pages(): Uint8Array {
    const { READ: read, WRITTEN: written, CLEARED: cleared } = this.module.layout;
    const [reads, writes, clears] = [this.#map(read), this.#map(written), this.#map(cleared)] as Maps;
    return reads.map(
      (isRead, i) => isRead * READ + (writes[i] as number) * WRITTEN + (clears[i] as number) * CLEARED,
    );
  }

  /** Starts anew. Memory stays as it is, and every page counts again when next touched. */
  reset(): void {
    new Uint8Array(this.memory.buffer, 0, this.module.base).fill(0);
  }

  #pageCounts(): Pick<MeterReading, "touched" | "needlessPages"> {
    const count = Array<number>(8).fill(0);
    for (const page of this.pages()) (count[page] as number)++;
    const of = (bits: number) => count.reduce((sum, n, page) => sum + (page & bits ? n : 0), 0);
    const touched = { read: of(READ), written: of(WRITTEN | CLEARED), either: of(7) };
    return { touched, needlessPages: count[CLEARED] as number };
  }

  #counters(): (name: (typeof COUNTERS)[number]) => number {
    const view = new DataView(this.memory.buffer, this.module.layout.COUNTERS);
    return (name) => Number(view.getBigUint64(8 * COUNTERS.indexOf(name), true));
  }

  /** One byte for every page the module has. */
  #map(start: number): Uint8Array {
    const bytes = this.memory.buffer.byteLength - this.module.base;
    return new Uint8Array(this.memory.buffer, start, bytes / PAGE_BYTES);
  }
}

/** Runs of stores over nothing but zeroes have a counter of their own, which is both. */
function storedZeroes(counter: (name: (typeof COUNTERS)[number]) => number): Zeroing {
  const clean = counter("storedOverZeroes");
  return { bytes: clean + counter("stored"), needless: clean + counter("storedNeedlessly") };
}

type Maps = [Uint8Array, Uint8Array, Uint8Array];

/**
 * The pages of a range as runs of alike ones, given what happened to every page from address 0 on. Pages
 * beyond these are unmapped; one that was only cleared is clean.
 */
export function runsOf(pages: Uint8Array, address: number, bytes: number): PageRun[] {
  const runs: PageRun[] = [];
  const first = Math.floor(address / PAGE_BYTES);
  const end = bytes === 0 ? first : Math.floor((address + bytes - 1) / PAGE_BYTES) + 1;
  let before: number | undefined = -1;
  for (let page = first; page < end; page++) {
    const bits = pages[page];
    const last = runs.at(-1);
    if (last && bits === before) last.pages++;
    else runs.push(runOf(page * PAGE_BYTES, bits));
    before = bits;
    if (bits !== undefined) continue;
    (runs.at(-1) as PageRun).pages += end - page - 1;
    break;
  }
  return runs;
}

function runOf(address: number, bits: number | undefined): PageRun {
  const has = (bit: number) => ((bits ?? 0) & bit) !== 0;
  return {
    address,
    pages: 1,
    state: stateOf(bits),
    read: has(READ),
    written: has(WRITTEN | CLEARED),
    reusable: false,
    needless: bits === CLEARED,
  };
}

function stateOf(bits: number | undefined): PageState {
  if (bits === undefined) return "unmapped";
  if (bits & WRITTEN) return "written";
  if (bits & CLEARED) return "clean";
  return bits & READ ? "zeroPage" : "reserved";
}
