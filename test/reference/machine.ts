/**
 * The simulated machine, written to be believed: one object per mapped page, in a Map from page number
 * to page, and every rule spelled out for one page at a time. It shares nothing with the real machine
 * but the description of what both must do.
 *
 * Regions exist only as a number on each page, because only mremap asks for them: every mmap makes a
 * new one, neighbours never merge, and unmapping from the middle leaves two.
 */
import { SYSCALLS, type Syscall } from "../../src/allocator/counters.js";
import { OutOfMemory, SegmentationFault } from "../../src/base/errors.js";
import {
  CAN_REUSE,
  DONTNEED,
  EXACT,
  FIXED,
  FREE,
  FREE_REUSABLE,
  FREE_REUSE,
  type Machine,
  type MachineCounters,
  type MachineOptions,
  type PageRun,
  type PageState,
} from "./interface.js";

export const USER_START = 0x10000;
export const USER_END = 0x7fffffff0000;
export const LINUX_TOP = 0x7ffff7ff0000;
export const DARWIN_BOTTOM = 0x100000000;
export const HEAP_START = 0x555555560000;
const ADDRESS_LIMIT = 2 ** 47;
const HEAP_REGION = 0;
/** The system call that a kind of advice is counted as. */
const ADVICE: Readonly<Record<number, Syscall>> = {
  [DONTNEED]: "madviseDontneed",
  [FREE]: "madviseFree",
  [FREE_REUSABLE]: "madviseFreeReusable",
  [FREE_REUSE]: "madviseFreeReuse",
  [CAN_REUSE]: "madviseCanReuse",
};

interface Frame {
  /** Pages that map this frame. 0: it was freed. */
  pages: number;
}

export interface Page {
  /** A shared frame may have one page left: the last sharer, until it writes. */
  frame: Frame | null;
  shared: boolean;
  read: boolean;
  written: boolean;
  /** Bytes the machine was told. null: the page reads as zero. */
  content: Uint8Array | null;
  /** Written without saying what. */
  unknown: boolean;
  lazy: boolean;
  /** Its fault was caused by zeroing only, so far. */
  cleared: boolean;
  region: number;
}

/** The part [from, to) of one page. */
export interface Part {
  page: Page;
  from: number;
  to: number;
}

export type WriteFault = "none" | "zeroFill" | "fromZeroPage" | "fromShared";

function fresh(region: number): Page {
  return {
    frame: null,
    shared: false,
    read: false,
    written: false,
    content: null,
    unknown: false,
    lazy: false,
    cleared: false,
    region,
  };
}

/** Stands for every page that is not mapped, where only flags are asked for. */
const UNMAPPED = fresh(HEAP_REGION);

function up(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

function down(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

function perSyscall(): MachineCounters["syscalls"] {
  return Object.fromEntries(SYSCALLS.map((name) => [name, 0])) as MachineCounters["syscalls"];
}

export class ReferenceMachine implements Machine {
  protected readonly table = new Map<number, Page>();
  protected readonly count: MachineCounters;
  protected readonly pageBytes: number;
  protected readonly linux: boolean;
  private regions = HEAP_REGION;
  private heapBreak = HEAP_START;

  constructor(protected readonly options: MachineOptions) {
    this.pageBytes = options.pageBytes;
    this.linux = options.kernel === "linux";
    this.count = {
      faults: { zeroMap: 0, zeroFill: 0, copyOnWrite: 0, needless: 0 },
      zeroed: { kernel: 0, allocator: 0, needless: 0 },
      syscalls: perSyscall(),
      walked: perSyscall(),
      touched: { read: 0, written: 0 },
      bytes: { virtual: 0, resident: 0, peakResident: 0 },
    };
  }

  // ---- Frames -------------------------------------------------------------

  /** Takes one frame. Nothing has changed, but for the reclaim, when it throws. */
  protected takeFrame(): Frame {
    const { memoryBytes } = this.options;
    const { bytes } = this.count;
    const tooMuch = () => memoryBytes !== 0 && bytes.resident + this.pageBytes > memoryBytes;
    if (tooMuch()) this.reclaim();
    if (tooMuch()) throw new OutOfMemory(`a frame more than the ${memoryBytes} bytes of memory`);
    bytes.resident += this.pageBytes;
    bytes.peakResident = Math.max(bytes.peakResident, bytes.resident);
    return { pages: 1 };
  }

  protected reclaim(): void {
    for (const page of this.table.values()) {
      if (page.lazy && !page.shared) this.discard(page);
    }
  }

  protected leaveFrame(page: Page): void {
    if (page.frame === null) return;
    page.frame.pages -= 1;
    if (page.frame.pages === 0) this.count.bytes.resident -= this.pageBytes;
    page.frame = null;
    page.shared = false;
  }

  /** The page is as new. A needless fault it had stays counted. */
  protected discard(page: Page): void {
    this.leaveFrame(page);
    Object.assign(page, fresh(page.region));
  }

  // ---- What happens to one page -------------------------------------------

  protected read(page: Page): void {
    if (page.frame === null && !page.read) {
      if (this.linux) {
        this.count.faults.zeroMap += 1;
      } else {
        page.frame = this.takeFrame();
        this.count.faults.zeroFill += 1;
        this.count.zeroed.kernel += this.pageBytes;
      }
    }
    if (!page.read) {
      page.read = true;
      this.count.touched.read += 1;
      this.resolve(page);
    }
  }

  /** The program uses the page: the fault that zeroing caused would have come anyway. */
  protected resolve(page: Page): void {
    if (!page.cleared) return;
    page.cleared = false;
    this.count.faults.needless -= 1;
  }

  protected writeFault(page: Page): WriteFault {
    const { faults, zeroed } = this.count;
    if (page.shared && page.frame !== null) {
      if (page.frame.pages > 1) {
        const own = this.takeFrame();
        page.frame.pages -= 1;
        page.frame = own;
      }
      page.shared = false;
      faults.copyOnWrite += 1;
      return "fromShared";
    }
    if (page.frame !== null) return "none";
    page.frame = this.takeFrame();
    zeroed.kernel += this.pageBytes;
    if (page.read) {
      faults.copyOnWrite += 1;
      return "fromZeroPage";
    }
    faults.zeroFill += 1;
    return "zeroFill";
  }

  protected markWritten(page: Page): void {
    page.lazy = false;
    if (!page.written) {
      page.written = true;
      this.count.touched.written += 1;
    }
  }

  protected write(page: Page): void {
    this.writeFault(page);
    this.markWritten(page);
    this.resolve(page);
  }

  protected bytesOf(page: Page): Uint8Array {
    page.content ??= new Uint8Array(this.pageBytes);
    return page.content;
  }

  /** Makes a part of a page zero, whoever does it. */
  protected zeroPart({ page, from, to }: Part): void {
    if (to - from === this.pageBytes) {
      page.content = null;
      page.unknown = false;
    } else {
      page.content?.fill(0, from, to);
    }
  }

  protected clearPart(part: Part): void {
    const { page, from, to } = part;
    const { zeroed, faults } = this.count;
    zeroed.allocator += to - from;
    if (!page.unknown) zeroed.needless += this.zeroBytes(part);
    const knownZero = page.content === null && !page.unknown;
    const fault = this.writeFault(page);
    if (fault === "zeroFill" || fault === "fromZeroPage" || (fault === "fromShared" && knownZero)) {
      faults.needless += 1;
      page.cleared = true;
    }
    this.markWritten(page);
    this.zeroPart(part);
  }

  private zeroBytes({ page, from, to }: Part): number {
    if (page.content === null) return to - from;
    let zeroes = 0;
    for (let i = from; i < to; i++) if (page.content[i] === 0) zeroes += 1;
    return zeroes;
  }

  // ---- Accesses -----------------------------------------------------------

  load(address: number, width: 1 | 2 | 4 | 8): bigint {
    let value = 0n;
    let shift = 0n;
    for (const { page, from, to } of this.access(address, width, "read")) {
      this.read(page);
      for (let i = from; i < to; i++) {
        value |= BigInt(page.content?.[i] ?? 0) << shift;
        shift += 8n;
      }
    }
    return value;
  }

  store(address: number, width: 1 | 2 | 4 | 8, value: bigint): void {
    let rest = value;
    for (const { page, from, to } of this.access(address, width, "write")) {
      this.write(page);
      const bytes = this.bytesOf(page);
      for (let i = from; i < to; i++) {
        bytes[i] = Number(rest & 0xffn);
        rest >>= 8n;
      }
    }
  }

  fill(address: number, byte: number, bytes: number): void {
    for (const part of this.access(address, bytes, "write")) {
      this.write(part.page);
      if (byte === 0) this.zeroPart(part);
      else this.bytesOf(part.page).fill(byte, part.from, part.to);
    }
  }

  copy(destination: number, source: number, bytes: number): void {
    this.requireMapped(source, bytes, "read");
    this.requireMapped(destination, bytes, "write");
    let done = 0;
    while (done < bytes) {
      const from = (source + done) % this.pageBytes;
      const to = (destination + done) % this.pageBytes;
      const piece = Math.min(bytes - done, this.pageBytes - from, this.pageBytes - to);
      const sourcePage = this.pageAt(source + done);
      const destinationPage = this.pageAt(destination + done);
      this.copyPiece(sourcePage, from, { page: destinationPage, from: to, to: to + piece });
      done += piece;
    }
  }

  protected copyPiece(source: Page, from: number, to: Part): void {
    this.read(source);
    this.write(to.page);
    const { content, unknown } = source;
    if (content === null) this.zeroPart(to);
    else this.bytesOf(to.page).set(content.slice(from, from + to.to - to.from), to.from);
    if (unknown) to.page.unknown = true;
  }

  touch(address: number, bytes: number, write: boolean): void {
    for (const { page } of this.access(address, bytes, write ? "write" : "read")) {
      if (write) {
        this.write(page);
        page.unknown = true;
      } else {
        this.read(page);
      }
    }
  }

  clear(address: number, bytes: number): void {
    for (const part of this.access(address, bytes, "write")) this.clearPart(part);
  }

  clearDirty(address: number, bytes: number): void {
    const parts = this.access(address, bytes, "write");
    this.count.syscalls.mincore += 1;
    this.walk("mincore", down(address, this.pageBytes), up(address + bytes, this.pageBytes));
    for (const part of parts) {
      if (part.page.content !== null || part.page.unknown) this.clearPart(part);
    }
  }

  private access(address: number, bytes: number, access: "read" | "write"): Part[] {
    this.requireMapped(address, bytes, access);
    const parts: Part[] = [];
    for (let at = address; at < address + bytes; ) {
      const from = at % this.pageBytes;
      const to = Math.min(this.pageBytes, from + address + bytes - at);
      parts.push({ page: this.pageAt(at), from, to });
      at += to - from;
    }
    return parts;
  }

  protected requireMapped(address: number, bytes: number, access: "read" | "write"): void {
    const hole = this.firstUnmapped(address, bytes);
    if (hole === null) return;
    throw new SegmentationFault(`${access} of unmapped 0x${hole.toString(16)}`, hole, access);
  }

  /** The first address of the range that is not mapped, or null. */
  private firstUnmapped(address: number, bytes: number): number | null {
    for (let at = address; at < address + bytes; at = down(at, this.pageBytes) + this.pageBytes) {
      if (!this.table.has(Math.floor(at / this.pageBytes))) return at;
    }
    return null;
  }

  private pageAt(address: number): Page {
    const page = this.table.get(Math.floor(address / this.pageBytes));
    if (page === undefined) throw new Error(`no page at 0x${address.toString(16)}`);
    return page;
  }

  /** The mapped pages of a page-aligned range, in order. */
  protected mappedIn(address: number, bytes: number): [number, Page][] {
    const first = address / this.pageBytes;
    const end = (address + bytes) / this.pageBytes;
    const found: [number, Page][] = [];
    if (end - first > this.table.size) {
      for (const entry of this.table) if (entry[0] >= first && entry[0] < end) found.push(entry);
      return found.sort((a, b) => a[0] - b[0]);
    }
    for (let number = first; number < end; number++) {
      const page = this.table.get(number);
      if (page !== undefined) found.push([number, page]);
    }
    return found;
  }

  private isFree(address: number, bytes: number): boolean {
    return this.mappedIn(address, bytes).length === 0;
  }

  // ---- System calls: address space ----------------------------------------

  mmap(hint: number, bytes: number, mode: number, align: number): number {
    this.count.syscalls.mmap += 1;
    const size = up(bytes, this.pageBytes);
    if (size === 0 || size > ADDRESS_LIMIT) return 0;
    if (mode === FIXED || mode === EXACT) {
      if (hint % this.pageBytes !== 0 || !this.inUserRange(hint, size)) return 0;
      const replaced = this.mappedIn(hint, size).length * this.pageBytes;
      if (mode === EXACT && replaced !== 0) return 0;
      if (this.overLimits(size, size - replaced)) return 0;
      this.walk("mmap", hint, hint + size);
      this.unmap(hint, size);
      this.map(hint, size, this.newRegion());
      return hint;
    }
    if (this.overLimits(size, size)) return 0;
    const address = this.findPlace(hint, size, Math.max(align, this.pageBytes));
    if (address !== 0) this.map(address, size, this.newRegion());
    return address;
  }

  /** `size` is what one request asks for; `growth` what the address space gains. */
  private overLimits(size: number, growth: number): boolean {
    const { memoryBytes, addressSpaceBytes } = this.options;
    if (this.linux && memoryBytes !== 0 && size > memoryBytes) return true;
    return addressSpaceBytes !== 0 && this.count.bytes.virtual + growth > addressSpaceBytes;
  }

  private inUserRange(address: number, bytes: number): boolean {
    return address >= USER_START && address + bytes <= USER_END;
  }

  protected findPlace(hint: number, bytes: number, align: number): number {
    const wish = down(hint, this.pageBytes);
    if (wish !== 0 && wish % align === 0 && this.inUserRange(wish, bytes) && this.isFree(wish, bytes)) {
      return wish;
    }
    return this.linux ? this.findHighest(bytes, align) : this.findLowest(bytes, align);
  }

  private findHighest(bytes: number, align: number): number {
    let address = down(LINUX_TOP - bytes, align);
    while (address >= USER_START) {
      let number = (address + bytes) / this.pageBytes - 1;
      while (number * this.pageBytes >= address && !this.table.has(number)) number -= 1;
      if (number * this.pageBytes < address) return address;
      address = down(number * this.pageBytes - bytes, align);
    }
    return 0;
  }

  protected findLowest(bytes: number, align: number): number {
    let address = up(DARWIN_BOTTOM, align);
    while (address + bytes <= USER_END) {
      let number = address / this.pageBytes;
      while (number * this.pageBytes < address + bytes && !this.table.has(number)) number += 1;
      if (number * this.pageBytes >= address + bytes) return address;
      address = up((number + 1) * this.pageBytes, align);
    }
    return 0;
  }

  private newRegion(): number {
    this.regions += 1;
    return this.regions;
  }

  private map(address: number, bytes: number, region: number): void {
    for (let at = address; at < address + bytes; at += this.pageBytes) {
      this.table.set(at / this.pageBytes, fresh(region));
    }
    this.count.bytes.virtual += bytes;
  }

  protected unmap(address: number, bytes: number): void {
    this.cut(address);
    this.cut(address + bytes);
    for (const [number, page] of this.mappedIn(address, bytes)) {
      this.discard(page);
      this.table.delete(number);
      this.count.bytes.virtual -= this.pageBytes;
    }
  }

  /** Ends a region at `address`; what lies behind becomes a region of its own. */
  private cut(address: number): void {
    let number = address / this.pageBytes;
    const before = this.table.get(number - 1);
    if (before === undefined || before.region === HEAP_REGION) return;
    const old = before.region;
    const next = this.newRegion();
    for (let page = this.table.get(number); page?.region === old; page = this.table.get(number)) {
      page.region = next;
      number += 1;
    }
  }

  munmap(address: number, bytes: number): number {
    this.count.syscalls.munmap += 1;
    const size = up(bytes, this.pageBytes);
    if (address % this.pageBytes !== 0 || size === 0 || !this.inUserRange(address, size)) return -1;
    this.walk("munmap", address, address + size);
    this.unmap(address, size);
    return 0;
  }

  mremap(address: number, oldBytes: number, newBytes: number, mayMove: boolean): number {
    this.count.syscalls.mremap += 1;
    const oldSize = up(oldBytes, this.pageBytes);
    const newSize = up(newBytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || oldSize === 0 || newSize === 0) return 0;
    const region = this.table.get(address / this.pageBytes)?.region;
    const end = address + oldSize;
    if (region === undefined || this.firstUnmapped(address, oldSize) !== null) return 0;
    if (this.mappedIn(address, oldSize).some(([, page]) => page.region !== region)) return 0;
    if (newSize === oldSize) return address;
    if (newSize < oldSize) {
      this.walk("mremap", address + newSize, address + oldSize);
      this.unmap(address + newSize, oldSize - newSize);
      return address;
    }
    const growth = newSize - oldSize;
    if (this.table.get(end / this.pageBytes)?.region === region) return 0;
    if (this.overLimits(newSize, growth)) return 0;
    // Libraries and the stack are above the place where mappings start from.
    const limit = end <= LINUX_TOP ? LINUX_TOP : USER_END;
    if (end + growth <= limit && this.isFree(end, growth)) {
      this.map(end, growth, region);
      return address;
    }
    if (!mayMove) return 0;
    const target = this.findPlace(0, newSize, this.pageBytes);
    if (target === 0) return 0;
    this.walk("mremap", address, end);
    this.move(address, target, oldSize);
    this.map(target + oldSize, growth, this.regions);
    return target;
  }

  /** Moves the pages, with all they are, into a new region. */
  protected move(address: number, target: number, bytes: number): void {
    const region = this.newRegion();
    for (const [number, page] of this.mappedIn(address, bytes)) {
      this.table.delete(number);
      page.region = region;
      this.table.set(number + (target - address) / this.pageBytes, page);
    }
  }

  brk(address: number): number {
    this.count.syscalls.brk += 1;
    if (address === 0) return this.heapBreak;
    const oldEnd = up(this.heapBreak, this.pageBytes);
    const newEnd = up(address, this.pageBytes);
    if (address < HEAP_START || newEnd > USER_END) return 0;
    if (newEnd > oldEnd) {
      const growth = newEnd - oldEnd;
      if (this.overLimits(growth, growth) || !this.isFree(oldEnd, growth)) return 0;
      this.map(oldEnd, growth, HEAP_REGION);
    } else if (newEnd < oldEnd) {
      this.walk("brk", newEnd, oldEnd);
      this.unmap(newEnd, oldEnd - newEnd);
    }
    this.heapBreak = address;
    return address;
  }

  // ---- System calls: what backs it ----------------------------------------

  madvise(address: number, bytes: number, advice: number): number {
    const kind = ADVICE[advice];
    if (kind === undefined) return -1;
    this.count.syscalls[kind] += 1;
    const size = up(bytes, this.pageBytes);
    if (address % this.pageBytes !== 0 || size === 0) return -1;
    if (this.linux && advice !== DONTNEED && advice !== FREE) return -1;
    if (this.firstUnmapped(address, size) !== null) return -1;
    // Darwin takes DONTNEED and does nothing.
    if (this.linux || advice !== DONTNEED) this.walk(kind, address, address + size);
    for (const [, page] of this.mappedIn(address, size)) this.advise(page, advice);
    return 0;
  }

  protected advise(page: Page, advice: number): void {
    if (advice === DONTNEED && this.linux) this.discard(page);
    if ((advice === FREE || advice === FREE_REUSABLE) && page.frame !== null && !page.shared) {
      page.lazy = true;
    }
    if (advice === FREE_REUSE) page.lazy = false;
  }

  vmCopy(source: number, destination: number, bytes: number): number {
    this.count.syscalls.vmCopy += 1;
    const size = up(bytes, this.pageBytes);
    if (this.linux || size === 0) return -1;
    if (source % this.pageBytes !== 0 || destination % this.pageBytes !== 0) return -1;
    if (source < destination + size && destination < source + size) return -1;
    if (this.firstUnmapped(source, size) !== null || this.firstUnmapped(destination, size) !== null)
      return -1;
    this.walk("vmCopy", source, source + size);
    this.walk("vmCopy", destination, destination + size);
    for (let done = 0; done < size; done += this.pageBytes) {
      this.share(this.pageAt(source + done), this.pageAt(destination + done));
    }
    return 0;
  }

  protected share(source: Page, destination: Page): void {
    this.discard(destination);
    if (source.frame === null) return;
    source.frame.pages += 1;
    source.shared = true;
    source.lazy = false;
    destination.frame = source.frame;
    destination.shared = true;
    // Copied at once: two pages never hold the same array here, so no write can leak into the other.
    destination.content = source.content?.slice() ?? null;
    destination.unknown = source.unknown;
  }

  /** Counts the pages of [address, end) that were touched, or share what others touched. */
  private walk(kind: Syscall, address: number, end: number): void {
    for (const [, page] of this.mappedIn(address, end - address)) {
      if (page.read || page.written || page.frame !== null) this.count.walked[kind] += 1;
    }
  }

  // ---- Looking ------------------------------------------------------------

  counters(): MachineCounters {
    const { faults, zeroed, syscalls, walked, touched, bytes } = this.count;
    return {
      faults: { ...faults },
      zeroed: { ...zeroed },
      syscalls: { ...syscalls },
      walked: { ...walked },
      touched: { ...touched },
      bytes: { ...bytes },
    };
  }

  pages(address: number, bytes: number): PageRun[] {
    const runs: PageRun[] = [];
    const end = Math.ceil((address + bytes) / this.pageBytes);
    let last: PageRun | null = null;
    for (let number = Math.floor(address / this.pageBytes); number < end; number++) {
      const page = this.table.get(number) ?? UNMAPPED;
      const state = stateOf(page);
      if (last !== null && last.state === state && sameFlags(last, page)) {
        last.pages += 1;
      } else {
        const { read, written, lazy, cleared, unknown } = page;
        last = { address: number * this.pageBytes, pages: 1, state, read, written, lazy, cleared, unknown };
        runs.push(last);
      }
    }
    return runs;
  }

  /** What of the page-aligned range is mapped. */
  mappedRuns(address: number, bytes: number): { address: number; bytes: number }[] {
    const runs: { address: number; bytes: number }[] = [];
    for (let at = address; at < address + bytes; at += this.pageBytes) {
      if (!this.table.has(at / this.pageBytes)) continue;
      const last = runs.at(-1);
      if (last !== undefined && last.address + last.bytes === at) last.bytes += this.pageBytes;
      else runs.push({ address: at, bytes: this.pageBytes });
    }
    return runs;
  }

  /** Pages that a reclaim would discard. */
  lazyPages(): number {
    let lazy = 0;
    for (const page of this.table.values()) if (page.lazy) lazy += 1;
    return lazy;
  }

  check(): void {
    const { bytes, faults } = this.count;
    const users = new Map<Frame, number>();
    let cleared = 0;
    for (const [number, page] of this.table) {
      const where = `page 0x${(number * this.pageBytes).toString(16)}`;
      const must = (truth: boolean, what: string) => {
        if (!truth) throw new Error(`${where}: ${what}`);
      };
      must(page.frame !== null || !(page.shared || page.written || page.lazy), "uses a frame it has not");
      must(page.frame !== null || !(page.unknown || page.cleared), "is dirty without a frame");
      must(page.frame !== null || page.content === null, "content without a frame");
      must(page.frame !== null || this.linux || !page.read, "darwin reads a frame");
      must(!(page.lazy && page.shared), "lazy and shared");
      must(page.shared || page.frame === null || page.frame.pages === 1, "own frame of several pages");
      if (page.frame !== null) users.set(page.frame, (users.get(page.frame) ?? 0) + 1);
      if (page.cleared) cleared += 1;
    }
    for (const [frame, pages] of users) {
      if (frame.pages !== pages) throw new Error(`a frame says ${frame.pages} pages, ${pages} map it`);
    }
    const line = (name: string, counted: number, walked: number) => {
      if (counted !== walked) throw new Error(`${name}: counted ${counted}, walked ${walked}`);
    };
    line("virtual", bytes.virtual, this.table.size * this.pageBytes);
    line("resident", bytes.resident, users.size * this.pageBytes);
    if (bytes.resident > bytes.peakResident) throw new Error("resident above its peak");
    if (cleared > faults.needless) throw new Error(`${cleared} cleared pages, ${faults.needless} faults`);
  }
}

function stateOf(page: Page): PageState {
  if (page === UNMAPPED) return "unmapped";
  if (page.frame === null) return page.read ? "zeroPage" : "reserved";
  if (page.shared) return "shared";
  return page.content !== null || page.unknown ? "written" : "clean";
}

function sameFlags(run: PageRun, page: Page): boolean {
  return (
    run.read === page.read &&
    run.written === page.written &&
    run.lazy === page.lazy &&
    run.cleared === page.cleared &&
    run.unknown === page.unknown
  );
}
