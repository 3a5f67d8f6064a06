/**
 * The simulated machine, written to be believed: pages.ts says what happens to a page, this file what the system calls
 * do. Both share nothing with the real machine but the description of what it must do.
 *
 * The kernel's areas exist only as an object that their pages have in common. What is mapped joins the area below, and
 * that above, if they were first written as one (or not yet) and moved equally far.
 */
import type { Syscall } from "../../src/allocator/counters.js";
import { ProcessKilled } from "../../src/base/errors.js";
import { ReferenceFile } from "./files.js";
import { ReferenceHugePages, type Span } from "./huge.js";
import {
  type Area,
  CAN_REUSE,
  COLD,
  COLLAPSE,
  DOFORK,
  DONTFORK,
  DONTNEED,
  EXACT,
  FIXED,
  FREE,
  FREE_REUSABLE,
  FREE_REUSE,
  HUGEPAGE,
  type HugeMachine,
  KEEPONFORK,
  LOW,
  NOHUGEPAGE,
  NORMAL,
  PAGEOUT,
  POPULATE_READ,
  POPULATE_WRITE,
  RANDOM,
  REMOVE,
  RESERVED,
  UNBACKED,
  WIPEONFORK,
} from "./interface.js";
import { type AreaObject, down, fresh, NEW_AREA, type Page, up } from "./pages.js";

export const USER_START = 0x10000;
export const USER_END = 0x7fffffff0000;
export const LINUX_TOP = 0x7ffff7ff0000;
export const LINUX_BOTTOM = 0x2aaaaaaab000;
const LOW_START = 2 ** 30;
const LOW_END = 2 ** 31;
export const DARWIN_BOTTOM = 0x100000000;
export const HEAP_START = 0x555555560000;
const ADDRESS_LIMIT = 2 ** 47;
/** The system call that a kind of advice is counted as. */
const ADVICE: Readonly<Record<number, Syscall>> = {
  [DONTNEED]: "madviseDontneed",
  [FREE]: "madviseFree",
  [NOHUGEPAGE]: "madviseNohugepage",
  [FREE_REUSABLE]: "madviseFreeReusable",
  [FREE_REUSE]: "madviseFreeReuse",
  [CAN_REUSE]: "madviseCanReuse",
};

type Wish = "dontFork" | "wipeOnFork" | "protection" | "charged" | "random" | "huge";
/** What is kept of an area, for its children or for what is read ahead. */
const KEPT_ADVICE: Readonly<Record<number, Partial<AreaObject>>> = {
  [DONTFORK]: { dontFork: true },
  [DOFORK]: { dontFork: false },
  [WIPEONFORK]: { wipeOnFork: true },
  [KEEPONFORK]: { wipeOnFork: false },
  [NORMAL]: { random: false },
  [RANDOM]: { random: true },
  [HUGEPAGE]: { huge: "yes" },
  [NOHUGEPAGE]: { huge: "no" },
};

const NOW_ADVICE: readonly number[] = [COLD, PAGEOUT, POPULATE_READ, POPULATE_WRITE, HUGEPAGE, COLLAPSE];
const PROTECTIONS = ["none", "read", "readWrite"] as const;

const DARWIN_ADVICE: readonly number[] = [FREE_REUSABLE, FREE_REUSE, CAN_REUSE];

/** What Linux wants to be left of `maxMaps` before it cuts an area in two, or moves a part of one. */
const SPARE_TO_SPLIT = 1;
const SPARE_TO_MOVE = 4;

/** Whether `added` may join what is there: if it was not written yet, nothing written that a child got from its parent. */
function mayJoin(there: AreaObject, added: AreaObject): boolean {
  if (there.moved !== added.moved || there.dontFork !== added.dontFork) return false;
  if (there.wipeOnFork !== added.wipeOnFork || there.protection !== added.protection) return false;
  if (there.charged !== added.charged || there.random !== added.random) return false;
  if (there.huge !== added.huge) return false;
  if (there.file !== added.file || there.toFile !== added.toFile) return false;
  if (there.line === added.line) return true;
  return added.line === 0 ? !there.inherited : there.line === 0;
}

/** What is written to a shared mapping is the file's: it is no data, and nobody was promised memory for it. */
const isData = ({ protection, toFile }: AreaObject) => protection === "readWrite" && !toFile;
const isPromised = ({ charged, toFile }: AreaObject) => charged && !toFile;

const RESERVED_AREA = { protection: "none", charged: false } as const;

const framesIn = (table: Map<number, Page>) =>
  [...table.values()].filter(({ frame }) => frame !== null).length;

interface Process {
  parent: number;
  table: Map<number, Page>;
  spans: Map<number, Span>;
  heapBreak: number;
}

export class ReferenceMachine extends ReferenceHugePages implements HugeMachine {
  private heapBreak = HEAP_START;
  /** All that there are; what of the running one is here may be old. */
  private readonly processes = new Map<number, Process>([
    [1, { parent: 0, table: this.table, spans: this.spans, heapBreak: HEAP_START }],
  ]);

  // ---- Processes ------------------------------------------------------------

  /** The numbers of all that there are. */
  numbers(): number[] {
    return [...this.processes.keys()];
  }

  fork(number: number): number {
    this.count.sharing.forks += 1;
    if (!this.linux || number < 1 || number > 1024 || this.processes.has(number)) return -1;
    const given = (area: AreaObject) => isPromised(area) && !area.dontFork;
    if (this.refuses(0, 0, 0, this.bytesOfAreas(this.table.values(), given))) return -1;
    const areas = new Map<AreaObject, AreaObject>();
    const table = new Map<number, Page>();
    for (const [at, page] of this.table) {
      const { area } = page;
      if (area.dontFork) continue;
      const its = areas.get(area) ?? this.inherited(area);
      areas.set(area, its);
      table.set(at, this.forkPage(page, its));
      this.count.bytes.virtual += this.pageBytes;
    }
    const isCopied = (page: Page | undefined) => page !== undefined && page.area.line !== 0;
    const copied = [...table.keys()].filter((at) => isCopied(table.get(at)) && !table.get(at)?.area.toFile);
    const spans = this.forkedSpans(number, copied);
    this.processes.set(number, { parent: this.process, table, spans, heapBreak: this.heapBreak });
    return 0;
  }

  /** A child's area. What was written is of another line than all that the parent has. */
  private inherited(area: AreaObject): AreaObject {
    if (area.wipeOnFork) return { ...area, line: 0, inherited: false };
    return area.line === 0 ? { ...area } : { ...area, line: ++this.lines, inherited: true };
  }

  /** A child's page. What was never written can be faulted in again. */
  private forkPage(page: Page, area: AreaObject): Page {
    if (area.line === 0 || area.toFile) return fresh(area, page.number);
    if (page.read || page.written || page.shows || page.frame !== null) this.count.sharing.forkedPages += 1;
    if (page.frame !== null) {
      page.frame.pages += 1;
      page.shared = true;
    }
    return { ...page, area, content: page.content?.slice() ?? null, cleared: false };
  }

  exit(): number {
    const ending = this.processes.get(this.process);
    if (ending === undefined || this.processes.size === 1) return 0;
    this.unmap(0, ADDRESS_LIMIT);
    this.letGo();
    this.processes.delete(this.process);
    const heir = this.processes.has(ending.parent) ? ending.parent : Math.min(...this.processes.keys());
    this.resume(heir);
    return heir;
  }

  protected override killLargest(): boolean {
    if (this.processes.size === 1) return false;
    const free = (this.options.memoryBytes - this.count.bytes.resident) / this.pageBytes;
    const pagesOf = (number: number, table: Map<number, Page>) =>
      number === this.process ? free + framesIn(this.table) : framesIn(table);
    const sizes = [...this.processes].map(([number, { table }]) => ({
      number,
      pages: pagesOf(number, table),
    }));
    const [victim] = sizes.sort((one, other) => other.pages - one.pages || other.number - one.number);
    const { number, pages } = victim as (typeof sizes)[number];
    if (number === this.process) {
      this.exit();
      throw new ProcessKilled(number, pages * this.pageBytes);
    }
    const { table, spans, process } = this;
    const its = this.processes.get(number);
    Object.assign(this, { table: its?.table, spans: its?.spans, process: number });
    this.unmap(0, ADDRESS_LIMIT);
    Object.assign(this, { table, spans, process });
    this.processes.delete(number);
    this.letGo();
    return true;
  }

  switchTo(number: number): void {
    this.processes.set(this.process, {
      parent: this.processes.get(this.process)?.parent ?? 0,
      table: this.table,
      spans: this.spans,
      heapBreak: this.heapBreak,
    });
    this.resume(number);
  }

  private resume(number: number): void {
    const next = this.processes.get(number);
    if (next === undefined) throw new Error(`no process ${number}`);
    this.process = number;
    this.table = next.table;
    this.spans = next.spans;
    this.heapBreak = next.heapBreak;
  }

  protected override *tables(): Generator<Map<number, Page>> {
    for (const { table } of this.processes.values()) yield table;
  }

  protected *allSpans(): Generator<[Map<number, Page>, Map<number, Span>, number]> {
    for (const [number, { table, spans }] of this.processes) yield [table, spans, number];
  }

  holders(): number[] {
    const pages: number[] = [];
    for (const { frame } of this.table.values()) {
      if (frame === null) continue;
      while (pages.length < frame.pages) pages.push(0);
      pages[frame.pages - 1] = (pages[frame.pages - 1] ?? 0) + 1;
    }
    return pages;
  }

  // ---- System calls: what is mapped -----------------------------------------

  mmap(hint: number, bytes: number, mode: number, align: number): number {
    return this.mapOf(hint, bytes, mode, align, NEW_AREA, 0);
  }

  private mapOf(
    hint: number,
    bytes: number,
    mode: number,
    align: number,
    area: AreaObject,
    offset: number,
  ): number {
    this.count.syscalls.mmap += 1;
    const moved = (address: number) => (area.file === null ? 0 : offset - address);
    const size = up(bytes, this.pageBytes);
    if (size === 0 || size > ADDRESS_LIMIT) return 0;
    if (mode === FIXED || mode === EXACT) {
      if (hint % this.pageBytes !== 0 || !this.inUserRange(hint, size)) return 0;
      const replaced = this.mappedIn(hint, size).length * this.pageBytes;
      if (mode === EXACT && replaced !== 0) return 0;
      const promised = this.mappedIn(hint, size).filter(([, { area }]) => isPromised(area)).length;
      if (this.tooManyAreas(0)) return 0;
      const growth = size - replaced;
      const more = size - promised * this.pageBytes;
      if (area.toFile ? this.refuses(0, growth, 0, 0) : this.refuses(size, growth, growth, more)) return 0;
      if (this.splits(hint, size) && this.tooManyAreas(SPARE_TO_SPLIT)) return 0;
      this.walk("mmap", hint, hint + size);
      this.unmap(hint, size);
      this.map(hint, size, true, { ...area, moved: moved(hint) });
      this.letGo();
      return hint;
    }
    const isNoMemory = mode === RESERVED || area.toFile;
    const writable = isNoMemory ? 0 : size;
    const request = isNoMemory || mode === UNBACKED ? 0 : size;
    if (this.tooManyAreas(0) || this.refuses(request, size, writable, writable)) return 0;
    const unit = Math.max(align, this.pageBytes);
    const address = mode === LOW ? this.findLow(hint, size, unit) : this.findPlace(hint, size, unit);
    const reserved = mode === RESERVED && this.knowsReserved ? RESERVED_AREA : {};
    if (address !== 0) this.map(address, size, true, { ...area, ...reserved, moved: moved(address) });
    return address;
  }

  // ---- Limits ----------------------------------------------------------------

  private get commitBytes(): number {
    const { memoryBytes, linux } = this.options;
    if (!this.linux || linux?.overcommit !== "never") return 0;
    return down((memoryBytes * (linux.overcommitRatio ?? 50)) / 100, this.pageBytes);
  }

  private get dataBytes(): number {
    return this.linux ? (this.options.linux?.dataLimit ?? 0) : 0;
  }

  /** What is reserved is known apart only where somebody limits what may be written. */
  private get knowsReserved(): boolean {
    return this.dataBytes !== 0 || this.commitBytes !== 0;
  }

  private bytesOfAreas(pages: Iterable<Page>, has: (area: AreaObject) => boolean): number {
    let bytes = 0;
    for (const { area } of pages) if (has(area)) bytes += this.pageBytes;
    return bytes;
  }

  /**
   * Whether a limit is exceeded: by what one request asks for, and by what then is mapped, may be written, and is promised
   * to all processes, more than before.
   */
  private refuses(request: number, mapped: number, writable: number, promised: number): boolean {
    const { memoryBytes, addressSpaceBytes, linux } = this.options;
    const looks = this.linux && (linux?.overcommit ?? "heuristic") === "heuristic";
    if (looks && memoryBytes !== 0 && request > memoryBytes) return true;
    if (this.dataBytes !== 0 && writable !== 0) {
      const data = this.bytesOfAreas(this.table.values(), isData);
      if (data + writable > this.dataBytes) return true;
    }
    if (this.commitBytes !== 0 && promised !== 0) {
      const pages = [...this.tables()].flatMap((table) => [...table.values()]);
      if (this.bytesOfAreas(pages, isPromised) + promised > this.commitBytes) return true;
    }
    return addressSpaceBytes !== 0 && this.table.size * this.pageBytes + mapped > addressSpaceBytes;
  }

  /** How much of a mapped range may become writable: whole areas, from the lowest on. */
  private writable(address: number, bytes: number): number {
    let [data, promised] = [0, 0];
    for (let at = address; at < address + bytes; ) {
      const area = this.areaAt(at) as AreaObject;
      let end = at;
      while (end < address + bytes && this.areaAt(end) === area) end += this.pageBytes;
      const more = area.protection === "readWrite" || area.toFile ? 0 : end - at;
      const charge = area.charged || area.toFile ? 0 : end - at;
      if (more !== 0 && this.refuses(0, 0, data + more, 0)) return at - address;
      if (charge !== 0 && this.refuses(charge, 0, 0, promised + charge)) return at - address;
      data += more;
      promised += charge;
      at = end;
    }
    return bytes;
  }

  private inUserRange(address: number, bytes: number): boolean {
    return address >= USER_START && address + bytes <= USER_END;
  }

  private wishOf(hint: number): number {
    const wish = down(hint, this.pageBytes);
    return this.linux && wish !== 0 && wish < USER_START ? USER_START : wish;
  }

  protected findPlace(hint: number, bytes: number, align: number): number {
    const wish = this.wishOf(hint);
    if (wish !== 0 && wish % align === 0 && this.inUserRange(wish, bytes) && this.isFree(wish, bytes)) {
      return wish;
    }
    if (!this.linux) return this.findLowest(bytes, align);
    if (this.options.linux?.layout === "bottomUp") {
      const huge = wish === 0 && align === this.pageBytes && this.isOfHugePages(bytes);
      const room = huge ? this.lowestIn(LINUX_BOTTOM, USER_END, bytes + this.hugeBytes, align) : 0;
      return room ? up(room, this.hugeBytes) : this.lowestIn(LINUX_BOTTOM, USER_END, bytes, align);
    }
    const unasked = wish === 0 && align === this.pageBytes;
    return (unasked ? this.findHuge(bytes) : 0) || this.findHighest(bytes, align);
  }

  /** Linux aligns whole huge pages in the highest room that has one more of them. */
  private findHuge(bytes: number): number {
    if (!this.isOfHugePages(bytes)) return 0;
    const room = this.findHighest(bytes + this.hugeBytes, this.pageBytes);
    return room === 0 ? 0 : down(room + this.hugeBytes, this.hugeBytes);
  }

  private get hugeBytes(): number {
    return this.pageBytes * (this.pageBytes / 8);
  }

  private isOfHugePages(bytes: number): boolean {
    return this.options.mapAlignment === "huge" && bytes % this.hugeBytes === 0;
  }

  /** The lowest place below 2 GiB, unless there is one at the hint. */
  private findLow(hint: number, bytes: number, align: number): number {
    const wish = this.wishOf(hint);
    const isThere = wish % align === 0 && this.inUserRange(wish, bytes) && this.isFree(wish, bytes);
    if (wish !== 0 && wish + bytes <= LOW_END && isThere) return wish;
    const huge = this.hugeBytes;
    const aligns = wish === 0 && this.isOfHugePages(bytes);
    const room = aligns ? this.lowestIn(LOW_START, LOW_END, bytes + huge, this.pageBytes) : 0;
    if (room === 0) return this.lowestIn(LOW_START, LOW_END, bytes, this.pageBytes);
    return this.options.linux?.layout === "bottomUp" ? up(room, huge) : down(room + huge, huge);
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
    return this.lowestIn(DARWIN_BOTTOM, USER_END, bytes, align);
  }

  private lowestIn(from: number, to: number, bytes: number, align: number): number {
    let address = up(from, align);
    while (address + bytes <= to) {
      let number = address / this.pageBytes;
      while (number * this.pageBytes < address + bytes && !this.table.has(number)) number += 1;
      if (number * this.pageBytes >= address + bytes) return address;
      address = up((number + 1) * this.pageBytes, align);
    }
    return 0;
  }

  private areaAt(address: number): AreaObject | undefined {
    return this.table.get(address / this.pageBytes)?.area;
  }

  /** The area that new pages are in: that below, that above, both, or one of their own, which is as given. */
  private join(address: number, bytes: number, own: AreaObject, joinsAbove: boolean): AreaObject {
    const below = this.areaAt(address - this.pageBytes);
    const area = below !== undefined && mayJoin(below, own) ? below : own;
    const above = this.areaAt(address + bytes);
    area.inherited ||= own.inherited;
    area.line ||= own.line;
    if (joinsAbove && above !== undefined && mayJoin(above, area)) {
      area.inherited ||= above.inherited;
      area.line ||= above.line;
      this.assign(address + bytes, above, area);
    }
    return area;
  }

  /** The pages of an area from the address on get another. */
  private assign(address: number, from: AreaObject, to: AreaObject): void {
    let number = address / this.pageBytes;
    for (let page = this.table.get(number); page?.area === from; page = this.table.get(number)) {
      page.area = to;
      number += 1;
    }
  }

  private map(address: number, bytes: number, joinsAbove: boolean, own = { ...NEW_AREA }): void {
    this.put(address, bytes, this.join(address, bytes, own, joinsAbove));
  }

  private put(address: number, bytes: number, area: AreaObject): void {
    for (let at = address; at < address + bytes; at += this.pageBytes) {
      this.table.set(at / this.pageBytes, fresh(area, at / this.pageBytes));
    }
    this.count.bytes.virtual += bytes;
  }

  areaCount(): number {
    return new Set([...this.table.values()].map(({ area }) => area)).size;
  }

  private tooManyAreas(spare: number): boolean {
    const { maxMaps } = this.options;
    return this.linux && maxMaps !== 0 && this.areaCount() + spare > maxMaps;
  }

  /** Whether an area reaches beyond both ends. */
  private splits(address: number, bytes: number): boolean {
    const area = this.areaAt(address - this.pageBytes);
    return area !== undefined && this.areaAt(address + bytes) === area;
  }

  protected unmap(address: number, bytes: number): void {
    this.cut(address);
    this.cut(address + bytes);
    for (const [number, page] of this.mappedIn(address, bytes)) {
      this.discard(page);
      this.table.delete(number);
      this.count.bytes.virtual -= this.pageBytes;
    }
    for (const { group, isWhole } of this.piecesIn(address, bytes)) this.settle(group, isWhole);
  }

  /** Ends an area at `address`; what lies behind becomes an area of its own. */
  private cut(address: number): void {
    const area = this.areaAt(address - this.pageBytes);
    if (area !== undefined) this.assign(address, area, { ...area });
  }

  munmap(address: number, bytes: number): number {
    this.count.syscalls.munmap += 1;
    const size = up(bytes, this.pageBytes);
    if (address % this.pageBytes !== 0 || size === 0 || !this.inUserRange(address, size)) return -1;
    if (this.splits(address, size) && this.tooManyAreas(SPARE_TO_SPLIT)) return -1;
    this.walk("munmap", address, address + size);
    this.unmap(address, size);
    this.letGo();
    return 0;
  }

  mremap(address: number, oldBytes: number, newBytes: number, mayMove: boolean): number {
    this.count.syscalls.mremap += 1;
    const oldSize = up(oldBytes, this.pageBytes);
    const newSize = up(newBytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || oldSize === 0 || newSize === 0) return 0;
    const area = this.areaAt(address);
    const end = address + oldSize;
    if (area === undefined) return 0;
    if (newSize === oldSize) return address;
    if (newSize < oldSize) {
      if (!this.inUserRange(address + newSize, oldSize - newSize)) return 0;
      if (this.splits(address + newSize, oldSize - newSize) && this.tooManyAreas(SPARE_TO_SPLIT)) return 0;
      this.walk("mremap", address + newSize, address + oldSize);
      this.unmap(address + newSize, oldSize - newSize);
      this.letGo();
      return address;
    }
    if (this.areaAt(end - this.pageBytes) !== area) return 0;
    const growth = newSize - oldSize;
    const writable = isData(area) ? growth : 0;
    if (this.refuses(area.toFile ? 0 : newSize, growth, writable, isPromised(area) ? growth : 0)) return 0;
    // Libraries and the stack are above the place where mappings start from.
    const isBelow = end <= LINUX_TOP && this.options.linux?.layout !== "bottomUp";
    const limit = isBelow ? LINUX_TOP : USER_END;
    if (end + growth <= limit && this.isFree(end, growth)) {
      this.put(end, growth, this.join(end, growth, { ...area }, true));
      return address;
    }
    if (!mayMove || this.tooManyAreas(SPARE_TO_MOVE)) return 0;
    const target = this.findPlace(0, newSize, this.pageBytes);
    if (target === 0) return 0;
    this.walk("mremap", address, end);
    this.cutHuge(address);
    this.cutHuge(end);
    this.cut(address);
    this.cut(end);
    const { line } = area;
    const moved = line === 0 && area.file === null ? 0 : area.moved + address - target;
    const joined = this.join(target, newSize, { ...area, line, moved }, true);
    this.move(address, target, oldSize, joined);
    this.put(target + oldSize, growth, joined);
    this.movedHuge(address, target, oldSize);
    return target;
  }

  /** Moves the pages, with all they are, into another area. */
  protected move(address: number, target: number, bytes: number, area: AreaObject): void {
    for (const [number, page] of this.mappedIn(address, bytes)) {
      this.table.delete(number);
      page.area = area;
      page.number = number + (target - address) / this.pageBytes;
      this.table.set(page.number, page);
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
      const guard = this.linux ? this.pageBytes : 0;
      if (this.tooManyAreas(0) || this.refuses(growth, growth, growth, growth)) return 0;
      if (!this.isFree(oldEnd, growth + guard)) return 0;
      this.map(oldEnd, growth, false);
    } else if (newEnd < oldEnd) {
      if (this.isFree(newEnd, oldEnd - newEnd)) return 0;
      if (this.splits(newEnd, oldEnd - newEnd) && this.tooManyAreas(SPARE_TO_SPLIT)) return 0;
      this.walk("brk", newEnd, oldEnd);
      this.unmap(newEnd, oldEnd - newEnd);
    }
    this.heapBreak = address;
    return address;
  }

  // ---- System calls: what backs it ----------------------------------------

  madvise(address: number, bytes: number, advice: number): number {
    if (advice === REMOVE) return this.punch(address, bytes);
    const isOfHuge = advice === HUGEPAGE || advice === NOHUGEPAGE;
    if (advice in KEPT_ADVICE && (this.hasHuge || !isOfHuge)) {
      if (advice === NOHUGEPAGE) this.count.syscalls.madviseNohugepage += 1;
      return this.adviseKept(address, bytes, KEPT_ADVICE[advice] as Partial<AreaObject>);
    }
    if (NOW_ADVICE.includes(advice)) return this.adviseNow(address, bytes, advice);
    const kind = ADVICE[advice];
    if (kind === undefined) return -1;
    this.count.syscalls[kind] += 1;
    const size = up(bytes, this.pageBytes);
    if (address % this.pageBytes !== 0 || size === 0) return -1;
    if (this.linux ? DARWIN_ADVICE.includes(advice) : advice === NOHUGEPAGE) return -1;
    if (!this.inUserRange(address, size)) return -1;
    const hasHoles = this.firstUnmapped(address, size) !== null;
    if (!this.linux && hasHoles) return -1;
    // Linux frees what is below the first mapping of a file, and goes no further.
    const end = advice === FREE ? this.firstOfFile(address, size) : null;
    if (end === address) return -1;
    if (end !== null) {
      this.count.syscalls[kind] -= 1;
      this.madvise(address, end - address, advice);
      return -1;
    }
    // Darwin takes DONTNEED and does nothing.
    if (advice !== NOHUGEPAGE && (this.linux || advice !== DONTNEED))
      this.walk(kind, address, address + size);
    if (advice === FREE) this.splitFor("free", address, size);
    for (const [, page] of this.mappedIn(address, size))
      if (advice !== FREE || !this.isLeft(page)) this.advise(page, advice);
    if (advice === DONTNEED && this.linux) this.settleDiscarded(address, size);
    return hasHoles ? -1 : 0;
  }

  /** What a child is to get of the mapped part of a range. */
  private adviseKept(address: number, bytes: number, wish: Partial<AreaObject>): number {
    const size = up(bytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || size === 0) return -1;
    if (!this.inUserRange(address, size)) return -1;
    const end = wish.wipeOnFork === true ? this.firstOfFile(address, size) : null;
    if (end === address) return -1;
    if (!this.change(address, (end ?? address + size) - address, () => wish) || end !== null) return -1;
    return this.firstUnmapped(address, size) === null ? 0 : -1;
  }

  /** Changes the areas in a range, those that reach beyond in part. Returns whether the kernel keeps enough of them. */
  private change(address: number, size: number, wishOf: (area: AreaObject) => Partial<AreaObject>): boolean {
    const its = () => this.mappedIn(address, size).map(([, { area }]) => area);
    const changes = its().some((area) =>
      Object.entries(wishOf(area)).some(([key, value]) => area[key as Wish] !== value),
    );
    if (changes) {
      if (this.tooManyAreas(SPARE_TO_SPLIT)) return false;
      const ends: [at: number, page: number][] = [
        [address, address],
        [address + size, address + size - this.pageBytes],
      ];
      for (const [at, within] of ends) {
        const area = this.areaAt(within);
        const wish = Object.entries(area ? wishOf(area) : {});
        if (wish.some(([key, value]) => area?.[key as Wish] !== value)) this.cutHuge(at);
      }
      this.cut(address);
      this.cut(address + size);
      for (const area of new Set(its())) Object.assign(area, wishOf(area));
      for (const [number, page] of this.mappedIn(address, size + this.pageBytes)) {
        const below = this.table.get(number - 1)?.area;
        const { area } = page;
        if (below === undefined || below === area || !mayJoin(below, area) || !mayJoin(area, below)) continue;
        below.inherited ||= area.inherited;
        below.line ||= area.line;
        this.assign(number * this.pageBytes, area, below);
      }
    }
    return true;
  }

  protect(address: number, bytes: number, protection: number): number {
    this.count.syscalls.mprotect += 1;
    const size = up(bytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || !this.inUserRange(address, size)) return -1;
    const hole = this.firstUnmapped(address, size);
    const there = (hole ?? address + size) - address;
    const mapped = protection === 2 ? this.writable(address, there) : there;
    const wish = PROTECTIONS[protection] ?? "readWrite";
    const wishOf = ({ line, charged }: AreaObject) => ({
      protection: wish,
      charged: wish === "readWrite" || (charged && line !== 0),
    });
    return this.change(address, mapped, wishOf) && mapped === size ? 0 : -1;
  }

  /** Advice that is done at once: pages go, or are faulted in, which fails where the program could not do so. */
  private adviseNow(address: number, bytes: number, advice: number): number {
    const size = up(bytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || size === 0) return -1;
    if (!this.inUserRange(address, size)) return -1;
    const hole = this.firstUnmapped(address, size);
    if (advice === COLLAPSE) return hole === null && this.hasHuge && this.collapse(address, size) ? 0 : -1;
    if (advice === COLD) this.splitFor("cold", address, size);
    if (advice === PAGEOUT) {
      this.splitFor("pageOut", address, size);
      for (const [, page] of this.mappedIn(address, size))
        if (page.lazy && page.frame?.pages === 1 && !this.isLeft(page)) this.discard(page);
      this.settleTaken(address, size);
    }
    if (advice === POPULATE_READ || advice === POPULATE_WRITE) {
      const pages = this.mappedIn(address, (hole ?? address + size) - address).map(([, page]) => page);
      const allowed = advice === POPULATE_READ ? ["read", "readWrite"] : ["readWrite"];
      if (pages.some(({ area }) => !allowed.includes(area.protection))) return -1;
      if (this.firstBeyond(address, pages.length * this.pageBytes) !== null) return -1;
      for (const page of pages) {
        if (advice === POPULATE_READ) this.read(page);
        else if (this.isOfFile(page)) this.write(page);
        else this.faultAround(page, true, () => this.populate(page));
      }
    }
    return hole === null ? 0 : -1;
  }

  protected advise(page: Page, advice: number): void {
    if (advice === DONTNEED && this.linux) this.discard(page);
    const mayBeLazy = page.frame !== null && (this.linux || !page.shared);
    if ((advice === FREE || advice === FREE_REUSABLE) && mayBeLazy) page.lazy = true;
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

  clearDirty(address: number, bytes: number): void {
    const parts = this.access(address, bytes, "write");
    this.count.syscalls.mincore += 1;
    this.walk("mincore", down(address, this.pageBytes), up(address + bytes, this.pageBytes));
    for (const part of parts) {
      if (part.page.content !== null || part.page.unknown) this.clearPart(part);
    }
  }

  /** Counts the pages of [address, end) that were touched, or share what others touched. */
  private walk(kind: Syscall, address: number, end: number): void {
    for (const [, page] of this.mappedIn(address, end - address)) {
      if (page.read || page.written || page.shows || page.frame !== null) this.count.walked[kind] += 1;
    }
  }

  // ---- Files ----------------------------------------------------------------

  private readonly files = new Map<number, ReferenceFile>();

  createFile(isMemory: boolean, bytes: number, isUnknown: boolean): number {
    if (!this.linux) return 0;
    let number = 1;
    while (this.files.has(number)) number += 1;
    const { files, zeroed } = this.count;
    this.files.set(number, new ReferenceFile(isMemory, bytes, isUnknown, this.pageBytes, files, zeroed));
    return number;
  }

  private named(number: number): ReferenceFile | null {
    const file = this.files.get(number);
    return file === undefined || file.removed ? null : file;
  }

  removeFile(number: number): number {
    const file = this.named(number);
    if (file === null) return -1;
    file.removed = true;
    this.letGo();
    return 0;
  }

  /** Files without a name go when nothing maps them. */
  private letGo(): void {
    if (![...this.files.values()].some(({ removed }) => removed)) return;
    const mapped = new Set<ReferenceFile | null>();
    for (const table of this.tables()) for (const { area } of table.values()) mapped.add(area.file);
    for (const [number, file] of this.files) {
      if (!file.removed || mapped.has(file)) continue;
      file.punch(0, file.pageCount);
      this.files.delete(number);
    }
  }

  setReadahead(pages: number): void {
    this.readahead = pages;
  }

  fileLength(number: number): number {
    return this.files.get(number)?.length ?? 0;
  }

  isCached(number: number, offset: number): boolean {
    return this.files.get(number)?.isCached(Math.floor(offset / this.pageBytes)) === true;
  }

  mapFile(
    number: number,
    hint: number,
    bytes: number,
    mode: number,
    offset: number,
    isShared: boolean,
  ): number {
    const file = this.named(number);
    if (file === null || offset % this.pageBytes !== 0) {
      this.count.syscalls.mmap += 1;
      return 0;
    }
    return this.mapOf(hint, bytes, mode, this.pageBytes, { ...NEW_AREA, file, toFile: isShared }, offset);
  }

  private firstOfFile(address: number, size: number): number | null {
    const found = this.mappedIn(address, size).find(([, { area }]) => area.file !== null);
    return found === undefined ? null : found[0] * this.pageBytes;
  }

  /** Whether the program could use a range so. */
  private mayUse(address: number, bytes: number, access: "read" | "write"): boolean {
    if (bytes > 0 && !this.inUserRange(address, bytes)) return false;
    try {
      this.requireMapped(address, bytes, access);
      return true;
    } catch {
      return false;
    }
  }

  /** A range of a file, cut where pages of it or of memory end. */
  private *pieces(offset: number, address: number, bytes: number) {
    for (let done = 0; done < bytes; ) {
      const [from, user] = [offset + done, address + done];
      const left = [this.pageBytes - (from % this.pageBytes), this.pageBytes - (user % this.pageBytes)];
      const size = Math.min(bytes - done, ...left);
      yield { place: Math.floor(from / this.pageBytes), from: from % this.pageBytes, user, size, done };
      done += size;
    }
  }

  /** How many pages a call wants from a byte of its range on. */
  private asked(offset: number, done: number, bytes: number): number {
    return Math.ceil((offset + bytes) / this.pageBytes) - Math.floor((offset + done) / this.pageBytes);
  }

  readFile(number: number, offset: number, address: number, wanted: number): number {
    const file = this.named(number);
    if (file === null) return -1;
    const bytes = Math.min(wanted, Math.max(0, file.length - offset));
    if (!this.mayUse(address, bytes, "write")) return -1;
    for (const { place, from, user, size, done } of this.pieces(offset, address, bytes)) {
      file.readAhead(place, this.asked(offset, done, bytes), this.readahead);
      const page = this.pageAt(user);
      const to = user % this.pageBytes;
      const source = file.pages.get(place);
      const content = source?.content?.slice(from, from + size) ?? null;
      const unknown = source?.unknown === true;
      this.write(page);
      if (content === null) this.zeroPart({ page, from: to, to: to + size });
      else this.bytesOf(page).set(content, to);
      if (unknown) this.holder(page).unknown = true;
    }
    this.count.files.copiedToUser += bytes;
    return bytes;
  }

  writeFile(number: number, offset: number, address: number, bytes: number): number {
    const file = this.named(number);
    if (file === null || !this.mayUse(address, bytes, "read")) return -1;
    for (const { place, from, user, size, done } of this.pieces(offset, address, bytes)) {
      const source = this.pageAt(user);
      this.read(source);
      const at = user % this.pageBytes;
      const content = this.holder(source).content?.slice(at, at + size) ?? null;
      const { unknown } = this.holder(source);
      file.prepareWrite(place, from === 0 && bytes - done >= this.pageBytes);
      const page = file.at(place);
      const isWhole = size === this.pageBytes;
      if (isWhole) page.unknown = false;
      if (content === null && isWhole) page.content = null;
      else if (content === null) page.content?.fill(0, from, from + size);
      else {
        page.content ??= new Uint8Array(this.pageBytes);
        page.content.set(content, from);
      }
      if (unknown) page.unknown = true;
      file.length = Math.max(file.length, offset + done + size);
    }
    this.count.files.copiedFromUser += bytes;
    return bytes;
  }

  send(address: number, bytes: number): number {
    if (!this.mayUse(address, bytes, "read")) return -1;
    for (const { page } of this.access(address, bytes, "read")) this.read(page);
    this.count.files.copiedFromUser += bytes;
    return bytes;
  }

  sendFile(number: number, offset: number, wanted: number): number {
    const file = this.named(number);
    if (file === null) return -1;
    const bytes = Math.min(wanted, Math.max(0, file.length - offset));
    for (const { place, done } of this.pieces(offset, 0, bytes)) {
      if (done === 0 || (offset + done) % this.pageBytes === 0)
        file.readAhead(place, this.asked(offset, done, bytes), this.readahead);
    }
    return bytes;
  }

  /** The pages of all processes that show what a file has, with their places there. */
  private *showing(file: ReferenceFile): Generator<[place: number, page: Page]> {
    for (const table of this.tables()) {
      for (const page of table.values()) {
        const { area, number } = page;
        if (page.shows && area.file === file) yield [number + area.moved / this.pageBytes, page];
      }
    }
  }

  private drop(file: ReferenceFile, from: number, to: number): void {
    if (file.isMemory) return;
    const mapped = new Set([...this.showing(file)].map(([place]) => place));
    file.drop(from, to, (place) => mapped.has(place));
  }

  forgetFile(number: number, offset: number, bytes: number): number {
    const file = this.named(number);
    if (file === null) return -1;
    const end = bytes === 0 ? file.length : Math.min(offset + bytes, file.length);
    const to = end === file.length ? file.pageCount : Math.floor(end / this.pageBytes);
    this.drop(file, Math.ceil(offset / this.pageBytes), to);
    return 0;
  }

  syncFile(number: number): number {
    const file = this.named(number);
    if (file === null) return -1;
    file.sync();
    if (file.isMemory) return 0;
    for (const table of this.tables()) {
      for (const page of table.values()) if (page.area.file === file) page.mayWrite = false;
    }
    return 0;
  }

  dropCaches(): void {
    for (const file of this.files.values()) this.drop(file, 0, file.pageCount);
  }

  filePages(): [disk: number, memory: number] {
    const shown = [...this.table.values()].filter(({ shows }) => shows);
    const memory = shown.filter(({ area }) => area.file?.isMemory).length;
    return [shown.length - memory, memory];
  }

  /** Makes holes of what a range maps, up to what is no mapping that writes to a file. */
  private punch(address: number, bytes: number): number {
    const size = up(bytes, this.pageBytes);
    if (!this.linux || address % this.pageBytes !== 0 || size === 0) return -1;
    if (!this.inUserRange(address, size)) return -1;
    const holes = new Map<ReferenceFile, Set<number>>();
    const mapped = this.mappedIn(address, size);
    const refused = mapped.findIndex(([, { area }]) => area.file === null || !area.toFile);
    for (const [number, { area }] of refused < 0 ? mapped : mapped.slice(0, refused)) {
      const file = area.file as ReferenceFile;
      const place = number + area.moved / this.pageBytes;
      holes.set(file, (holes.get(file) ?? new Set()).add(place));
      file.punch(place, place + 1);
    }
    for (const [file, places] of holes) {
      for (const [place, page] of [...this.showing(file)]) {
        if (places.has(place)) Object.assign(page, { shows: false, mayWrite: false });
      }
    }
    if (refused >= 0) return -1;
    return this.firstUnmapped(address, size) === null ? 0 : -1;
  }

  // ---- Looking -------------------------------------------------------------

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

  areas(address: number, bytes: number): Area[] {
    const areas: Area[] = [];
    let last: AreaObject | null = null;
    for (const [number, { area }] of this.mappedIn(address, bytes)) {
      const run = areas.at(-1);
      if (run !== undefined && area === last) run.bytes += this.pageBytes;
      else areas.push({ address: number * this.pageBytes, bytes: this.pageBytes });
      last = area;
    }
    return areas;
  }
}
