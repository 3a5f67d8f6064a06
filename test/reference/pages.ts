/**
 * What happens to the pages of the naive machine: frames, faults, accesses. One object per mapped page, in a Map
 * from page number to page, and every rule spelled out for one page at a time.
 */
import { SYSCALLS } from "../../src/allocator/counters.js";
import { BusError, OutOfMemory, SegmentationFault } from "../../src/base/errors.js";
import type { ReferenceFile } from "./files.js";
import type { MachineCounters, MachineOptions, PageRun, PageState } from "./interface.js";

/** A kernel's area, which its pages have in common. */
export interface AreaObject {
  /** Which first write it, or what it was cut from, had; 0: none yet. */
  line: number;
  /** How far below the place of that write it lies. */
  moved: number;
  /** The process got it from its parent. */
  inherited: boolean;
  /** A child does not get it; a child gets it untouched. */
  dontFork: boolean;
  wipeOnFork: boolean;
  /** What the program may do. */
  protection: "none" | "read" | "readWrite";
  /** Whether it is counted as memory that was promised. */
  charged: boolean;
  /** What it maps, from `moved` bytes above its address on; null for memory of its own. */
  file: ReferenceFile | null;
  /** Writes go to the file. */
  toFile: boolean;
  /** Nothing is read ahead. */
  random: boolean;
  /** Whether huge pages shall be used. */
  huge: "yes" | "no" | "unsaid";
}

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
  area: AreaObject;
  /** Its place in the address space. */
  number: number;
  /** It shows the file's page; and may be written so. */
  shows: boolean;
  mayWrite: boolean;
}

/** The part [from, to) of one page. */
export interface Part {
  page: Page;
  from: number;
  to: number;
}

export type WriteFault = "none" | "zeroFill" | "fromZeroPage" | "fromShared";

export function fresh(area: AreaObject, number: number): Page {
  return {
    ...{ number, shows: false, mayWrite: false },
    frame: null,
    shared: false,
    read: false,
    written: false,
    content: null,
    unknown: false,
    lazy: false,
    cleared: false,
    area,
  };
}

/** An area of memory that nobody has touched, nor given advice on. */
export const NEW_AREA: AreaObject = {
  line: 0,
  moved: 0,
  inherited: false,
  dontFork: false,
  wipeOnFork: false,
  protection: "readWrite",
  charged: true,
  file: null,
  toFile: false,
  random: false,
  huge: "unsaid",
};

/** Stands for every page that is not mapped, where only flags are asked for. */
const UNMAPPED = fresh(NEW_AREA, 0);

export function up(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}

export function down(value: number, unit: number): number {
  return Math.floor(value / unit) * unit;
}

function perSyscall(): MachineCounters["syscalls"] {
  return Object.fromEntries(SYSCALLS.map((name) => [name, 0])) as MachineCounters["syscalls"];
}

export class ReferencePages {
  /** The pages of the running process. */
  protected table = new Map<number, Page>();
  protected readonly count: MachineCounters;
  protected readonly pageBytes: number;
  protected readonly linux: boolean;
  protected readonly hasZeroPage: boolean;
  protected lines = 0;
  /** Most pages that are read ahead. */
  protected readahead = 32;

  constructor(protected readonly options: MachineOptions) {
    this.pageBytes = options.pageBytes;
    this.linux = options.kernel === "linux";
    this.hasZeroPage = this.linux && options.zeroPage === "shared";
    this.count = {
      faults: { zeroMap: 0, zeroFill: 0, copyOnWrite: 0, needless: 0 },
      zeroed: { kernel: 0, allocator: 0, needless: 0 },
      syscalls: perSyscall(),
      walked: perSyscall(),
      touched: { read: 0, written: 0 },
      sharing: { forks: 0, forkedPages: 0, copies: 0, reuses: 0, copiedBytes: 0 },
      files: {
        ...{ mapFaults: 0, copyFaults: 0, writableFaults: 0, major: 0, mappedAround: 0 },
        ...{ cachedPages: 0, diskReadPages: 0, diskWrittenPages: 0, copiedToUser: 0, copiedFromUser: 0 },
      },
      hugeFaults: 0,
      bytes: { virtual: 0, resident: 0, peakResident: 0 },
    };
  }

  // ---- Frames -------------------------------------------------------------

  /** Makes sure that there is one more frame. Nothing has changed, but for the reclaim and who was killed, when it throws. */
  private makeRoom(): void {
    const { memoryBytes, linux } = this.options;
    const { bytes } = this.count;
    const tooMuch = () => memoryBytes !== 0 && bytes.resident + this.pageBytes > memoryBytes;
    if (tooMuch()) this.reclaim();
    if (linux?.oom === "killLargest") while (tooMuch() && this.killLargest());
    if (tooMuch()) throw new OutOfMemory(`a frame more than the ${memoryBytes} bytes of memory`);
  }

  /** Ends the process with most, if there are others. Returns whether one was; throws if it is the running one. */
  protected killLargest(): boolean {
    return false;
  }

  /** Takes one frame. */
  protected takeFrame(): Frame {
    this.makeRoom();
    const { bytes } = this.count;
    bytes.resident += this.pageBytes;
    bytes.peakResident = Math.max(bytes.peakResident, bytes.resident);
    return { pages: 1 };
  }

  protected reclaim(): void {
    for (const table of this.tables()) {
      for (const page of table.values()) if (page.lazy && page.frame?.pages === 1) this.discard(page);
    }
  }

  /** The pages of every process. */
  protected *tables(): Generator<Map<number, Page>> {
    yield this.table;
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
    Object.assign(page, fresh(page.area, page.number));
  }

  // ---- What happens to one page -------------------------------------------

  /** Whether a page shows what a file has, rather than memory of its own. */
  protected isOfFile(page: Page): boolean {
    return page.area.file !== null && page.frame === null;
  }

  /** The file of a page, and its place there. */
  private placed({ area, number }: Page): { file: ReferenceFile; place: number } {
    if (area.file === null) throw new Error(`page ${number} is of no file`);
    return { file: area.file, place: number + area.moved / this.pageBytes };
  }

  protected fileRead(page: Page): void {
    if (page.shows) return;
    const { file, place } = this.placed(page);
    file.faultIn(place, page.area.random, this.readahead);
    this.count.files.mapFaults += 1;
    const window = down(page.number, 16);
    for (let number = window; number < window + 16; number++) {
      const near = this.table.get(number);
      if (near?.area !== page.area || !this.isOfFile(near) || near.shows) continue;
      const there = this.placed(near).place;
      if (!file.isCached(there) || there >= file.pageCount) continue;
      near.shows = true;
      near.mayWrite = file.isMemory && near.area.toFile;
      if (near !== page) this.count.files.mappedAround += 1;
    }
  }

  /** A write to a page of a file's: the file's page is written, or a copy becomes the process's own. */
  protected fileWrite(page: Page): void {
    const { file, place } = this.placed(page);
    const { files } = this.count;
    if (page.area.toFile) {
      if (page.mayWrite) return;
      file.faultIn(place, page.area.random, this.readahead);
      if (page.shows) files.writableFaults += 1;
      else files.mapFaults += 1;
      file.at(place).dirty = true;
      page.shows = true;
      page.mayWrite = true;
      return;
    }
    const frame = this.takeFrame();
    file.faultIn(place, page.area.random, this.readahead);
    files.copyFaults += 1;
    page.frame = frame;
    if (page.area.line === 0) page.area.line = ++this.lines;
    page.shows = false;
    page.written = true;
    this.count.touched.written += 1;
    page.content = file.at(place).content?.slice() ?? null;
    page.unknown = file.at(place).unknown;
  }

  /** What holds the bytes of a page: itself, or the file's. */
  protected holder(page: Page): { content: Uint8Array | null; unknown: boolean } {
    if (!this.isOfFile(page)) return page;
    const { file, place } = this.placed(page);
    return file.at(place);
  }

  protected read(page: Page): void {
    if (this.isOfFile(page)) this.fileRead(page);
    else this.faultAround(page, false, () => this.readSmall(page));
  }

  /** Does to a page of the process's own what an access does; huge.ts knows what else that does. */
  protected faultAround<T>(_page: Page, _writes: boolean, own: () => T): T {
    return own();
  }

  protected readSmall(page: Page): void {
    if (page.frame === null && !page.read) {
      if (this.hasZeroPage) {
        this.count.faults.zeroMap += 1;
      } else {
        this.fillZero(page);
        this.count.faults.zeroFill += 1;
      }
    }
    if (!page.read) {
      page.read = true;
      this.count.touched.read += 1;
      this.resolve(page);
    }
  }

  /** Gives a page a frame of zeroes. */
  private fillZero(page: Page): void {
    page.frame = this.takeFrame();
    if (this.linux && page.area.line === 0) page.area.line = ++this.lines;
    this.count.zeroed.kernel += this.pageBytes;
  }

  /** The program uses the page: the fault that zeroing caused would have come anyway. */
  protected resolve(page: Page): void {
    if (!page.cleared) return;
    page.cleared = false;
    this.count.faults.needless -= 1;
  }

  /** Whether its frame is kept though no other page has it: huge.ts knows. */
  protected isHeld(_page: Page): boolean {
    return false;
  }

  /** A page that was shared has a copy now. */
  protected wasCopied(_page: Page): void {}

  protected writeFault(page: Page): WriteFault {
    const { faults } = this.count;
    if (page.shared && page.frame !== null) {
      const { sharing } = this.count;
      // Who else has it may be killed for room.
      if (page.frame.pages > 1 || this.isHeld(page)) this.makeRoom();
      if (page.frame.pages > 1 || this.isHeld(page)) {
        const own = this.takeFrame();
        this.wasCopied(page);
        this.leaveFrame(page);
        page.frame = own;
        sharing.copies += 1;
        sharing.copiedBytes += this.pageBytes;
      } else {
        sharing.reuses += 1;
      }
      page.shared = false;
      faults.copyOnWrite += 1;
      return "fromShared";
    }
    if (page.frame !== null) return "none";
    this.fillZero(page);
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
    if (this.isOfFile(page)) {
      this.fileWrite(page);
      if (this.isOfFile(page)) return;
    }
    this.faultAround(page, true, () => this.writeSmall(page));
  }

  protected writeSmall(page: Page): void {
    this.writeFault(page);
    this.markWritten(page);
    this.resolve(page);
  }

  protected bytesOf(page: Page): Uint8Array {
    const holder = this.holder(page);
    holder.content ??= new Uint8Array(this.pageBytes);
    return holder.content;
  }

  /** Makes a part of a page zero, whoever does it. */
  protected zeroPart({ page, from, to }: Part): void {
    const holder = this.holder(page);
    if (to - from === this.pageBytes) {
      holder.content = null;
      holder.unknown = false;
    } else {
      holder.content?.fill(0, from, to);
    }
  }

  protected clearPart(part: Part): void {
    const { page, from, to } = part;
    const { zeroed } = this.count;
    zeroed.allocator += to - from;
    if (this.isOfFile(page)) {
      this.fileWrite(page);
      const { unknown } = this.holder(page);
      if (!unknown) zeroed.needless += this.zeroBytes(part);
      this.zeroPart(part);
      return;
    }
    this.faultAround(page, true, () => this.clearSmall(part));
  }

  private clearSmall(part: Part): void {
    const { page } = part;
    const { zeroed, faults } = this.count;
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
    const { content } = this.holder(page);
    if (content === null) return to - from;
    let zeroes = 0;
    for (let i = from; i < to; i++) if (content[i] === 0) zeroes += 1;
    return zeroes;
  }

  // ---- Accesses -----------------------------------------------------------

  load(address: number, width: 1 | 2 | 4 | 8): bigint {
    let value = 0n;
    let shift = 0n;
    for (const { page, from, to } of this.access(address, width, "read")) {
      this.read(page);
      for (let i = from; i < to; i++) {
        value |= BigInt(this.holder(page).content?.[i] ?? 0) << shift;
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
    const { content, unknown } = this.holder(source);
    if (content === null) this.zeroPart(to);
    else this.bytesOf(to.page).set(content.slice(from, from + to.to - to.from), to.from);
    if (unknown) this.holder(to.page).unknown = true;
  }

  touch(address: number, bytes: number, write: boolean): void {
    for (const { page } of this.access(address, bytes, write ? "write" : "read")) {
      if (write) {
        this.write(page);
        this.holder(page).unknown = true;
      } else {
        this.read(page);
      }
    }
  }

  clear(address: number, bytes: number): void {
    for (const part of this.access(address, bytes, "write")) this.clearPart(part);
  }

  protected access(address: number, bytes: number, access: "read" | "write"): Part[] {
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
    if (hole !== null)
      throw new SegmentationFault(`${access} of unmapped 0x${hole.toString(16)}`, hole, access);
    for (let at = address; at < address + bytes; at = down(at, this.pageBytes) + this.pageBytes) {
      const { protection } = this.pageAt(at).area;
      if (protection === "readWrite" || (protection === "read" && access === "read")) continue;
      throw new SegmentationFault(`${access} of protected 0x${at.toString(16)}`, at, access);
    }
    const beyond = this.firstBeyond(address, bytes);
    if (beyond !== null) throw new BusError(`${access} beyond the end of a file`, beyond, access);
  }

  /** The first address of the range, all of it mapped, that is beyond the end of a file; or null. */
  protected firstBeyond(address: number, bytes: number): number | null {
    for (let at = address; at < address + bytes; at = down(at, this.pageBytes) + this.pageBytes) {
      const page = this.pageAt(at);
      if (page.area.file === null) continue;
      const { file, place } = this.placed(page);
      if (place >= file.pageCount) return at;
    }
    return null;
  }

  /** The first address of the range that is not mapped, or null. */
  protected firstUnmapped(address: number, bytes: number): number | null {
    for (let at = address; at < address + bytes; at = down(at, this.pageBytes) + this.pageBytes) {
      if (!this.table.has(Math.floor(at / this.pageBytes))) return at;
    }
    return null;
  }

  protected pageAt(address: number): Page {
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

  protected isFree(address: number, bytes: number): boolean {
    return this.mappedIn(address, bytes).length === 0;
  }

  // ---- Looking ------------------------------------------------------------

  counters(): MachineCounters {
    const { faults, zeroed, syscalls, walked, touched, sharing, files, hugeFaults, bytes } = this.count;
    return {
      hugeFaults,
      faults: { ...faults },
      zeroed: { ...zeroed },
      syscalls: { ...syscalls },
      walked: { ...walked },
      touched: { ...touched },
      sharing: { ...sharing },
      files: { ...files },
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
        const { lazy, cleared, unknown } = page;
        const [read, written] = touchesOf(page);
        last = { address: number * this.pageBytes, pages: 1, state, read, written, lazy, cleared, unknown };
        runs.push(last);
      }
    }
    return runs;
  }

  /** Pages that a reclaim would discard. */
  lazyPages(): number {
    let lazy = 0;
    for (const table of this.tables()) {
      for (const page of table.values()) if (page.lazy && page.frame?.pages === 1) lazy += 1;
    }
    return lazy;
  }

  check(): void {
    const { bytes, faults } = this.count;
    const users = new Map<Frame, number>();
    let cleared = 0;
    let mapped = 0;
    for (const [number, page] of [...this.tables()].flatMap((table) => [...table])) {
      mapped += 1;
      const where = `page 0x${(number * this.pageBytes).toString(16)}`;
      const must = (truth: boolean, what: string) => {
        if (!truth) throw new Error(`${where}: ${what}`);
      };
      must(page.frame !== null || !(page.shared || page.written || page.lazy), "uses a frame it has not");
      must(page.frame !== null || !(page.unknown || page.cleared), "is dirty without a frame");
      must(page.frame !== null || page.content === null, "content without a frame");
      must(
        page.frame !== null || this.hasZeroPage || page.shows || !page.read,
        "reads a frame that it has not",
      );
      must(!(page.lazy && page.shared) || this.linux, "lazy and shared");
      must(page.shared || page.frame === null || page.frame.pages === 1, "own frame of several pages");
      must(!page.shows || (page.area.file !== null && page.frame === null), "shows a file that it has not");
      must(!page.area.toFile || page.frame === null, "own frame in a mapping that writes to a file");
      if (page.frame !== null) users.set(page.frame, (users.get(page.frame) ?? 0) + 1);
      if (page.cleared) cleared += 1;
    }
    for (const [frame, pages] of users) {
      if (frame.pages !== pages) throw new Error(`a frame says ${frame.pages} pages, ${pages} map it`);
    }
    const line = (name: string, counted: number, walked: number) => {
      if (counted !== walked) throw new Error(`${name}: counted ${counted}, walked ${walked}`);
    };
    line("virtual", bytes.virtual, mapped * this.pageBytes);
    line("resident", bytes.resident, users.size * this.pageBytes);
    if (bytes.resident > bytes.peakResident) throw new Error("resident above its peak");
    if (cleared > faults.needless) throw new Error(`${cleared} cleared pages, ${faults.needless} faults`);
  }
}

function stateOf(page: Page): PageState {
  if (page === UNMAPPED) return "unmapped";
  if (page.shows) return "file";
  if (page.frame === null) return page.read ? "zeroPage" : "reserved";
  if (page.shared) return "shared";
  return page.content !== null || page.unknown ? "written" : "clean";
}

/** Whether a page was read and written. One that a file has: whether it may be. */
function touchesOf({ read, written, shows, mayWrite }: Page): [boolean, boolean] {
  return shows ? [true, mayWrite] : [read, written];
}

function sameFlags(run: PageRun, page: Page): boolean {
  const [read, written] = touchesOf(page);
  return (
    run.read === read &&
    run.written === written &&
    run.lazy === page.lazy &&
    run.cleared === page.cleared &&
    run.unknown === page.unknown
  );
}
