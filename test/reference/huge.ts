/**
 * Huge pages of the naive machine: what the kernel knows of each 512 pages besides what they are. A process has a map from
 * the number of a group to that.
 */
import { type Page, ReferencePages } from "./pages.js";

const SPAN = 512;

/** A frame of 512 pages: the numbers of those that are mapped, all of them by one entry, or each by its own. */
interface HugeFrame {
  isOne: boolean;
  left: Set<number>;
}

/** Small pages are in the kernel's tables, or were; the huge zero page is; a frame, or what is left of it. */
export type Span = "table" | "zero" | HugeFrame;

const isFrame = (span: Span | undefined): span is HugeFrame => typeof span === "object";

/** Part of a group: its number, its pages from `from` on, and whether that is all of them. */
interface Piece {
  group: number;
  from: number;
  to: number;
  isWhole: boolean;
}

export abstract class ReferenceHugePages extends ReferencePages {
  /** Of the running process; and of all. */
  protected spans = new Map<number, Span>();
  protected abstract allSpans(): Generator<[table: Map<number, Page>, spans: Map<number, Span>]>;

  protected get hasHuge(): boolean {
    const { hugePages = "never" } = this.options;
    return this.linux && this.pageBytes === 4096 && hugePages !== "never";
  }

  /** What pages [from, to) of the address space are of each group. */
  protected pieces512(from: number, to: number): Piece[] {
    const groups = [...this.spans.keys()].filter((group) => group * SPAN < to && (group + 1) * SPAN > from);
    return groups.map((group) => ({
      group,
      from: Math.max(from, group * SPAN),
      to: Math.min(to, (group + 1) * SPAN),
      isWhole: from <= group * SPAN && to >= (group + 1) * SPAN,
    }));
  }

  private pagesOf(group: number, table = this.table): (Page | undefined)[] {
    return Array.from({ length: SPAN }, (_, i) => table.get(group * SPAN + i));
  }

  private isOneArea(group: number): boolean {
    const pages = this.pagesOf(group);
    return pages.every((page) => page !== undefined && page.area === pages[0]?.area);
  }

  // ---- Faults ---------------------------------------------------------------

  protected override faultAround<T>(page: Page, writes: boolean, own: () => T): T {
    const isHuge = this.hasHuge && this.isHugeFault(page, writes);
    const result = own();
    if (isHuge) this.fillGroup(Math.floor(page.number / SPAN), writes);
    return result;
  }

  protected isHugeFault(page: Page, writes: boolean): boolean {
    const group = Math.floor(page.number / SPAN);
    const span = this.spans.get(group);
    if (isFrame(span) && span.isOne) {
      if (writes && page.lazy) for (const its of this.pagesOf(group)) if (its) its.lazy = false;
      if (page.frame !== null) return false;
      this.spans.delete(group);
    } else if (span === "zero") {
      if (!writes) return false;
      if (this.hasRoom()) return true;
      this.spans.set(group, "table");
      return false;
    } else if (span !== undefined || page.read || page.frame !== null) {
      return false;
    }
    if (this.mayBeHuge(group) && ((!writes && this.hasZeroPage) || this.hasRoom())) return true;
    this.spans.set(group, "table");
    return false;
  }

  private hasRoom(): boolean {
    const { memoryBytes } = this.options;
    return memoryBytes === 0 || this.count.bytes.resident + SPAN * this.pageBytes <= memoryBytes;
  }

  private mayBeHuge(group: number): boolean {
    const pages = this.pagesOf(group);
    const isFresh = (page: Page) => page.frame === null && !page.read && page.area.file === null;
    if (!this.isOneArea(group) || !pages.every((page) => page && isFresh(page))) return false;
    const advice = pages[0]?.area.huge;
    return advice === "yes" || (advice === "unsaid" && this.options.hugePages === "always");
  }

  private fillGroup(group: number, writes: boolean): void {
    this.quietly(() => {
      for (const page of this.pagesOf(group)) {
        if (page === undefined) throw new Error("a huge page is mapped");
        if (!writes) this.readSmall(page);
        else if (page.frame === null) this.writeSmall(page);
      }
    });
    this.count.hugeFaults += 1;
    if (writes || !this.hasZeroPage) this.spans.set(group, this.wholeFrame(group));
    else this.spans.set(group, "zero");
  }

  private wholeFrame(group: number): HugeFrame {
    return { isOne: true, left: new Set(Array.from({ length: SPAN }, (_, i) => group * SPAN + i)) };
  }

  /** Without counting faults. */
  private quietly(work: () => void): void {
    const { zeroMap, zeroFill, copyOnWrite } = this.count.faults;
    work();
    Object.assign(this.count.faults, { zeroMap, zeroFill, copyOnWrite });
  }

  // ---- Splits ---------------------------------------------------------------

  private splitTable(group: number): void {
    const span = this.spans.get(group);
    if (span === "zero") this.spans.set(group, "table");
    else if (isFrame(span)) span.isOne = false;
  }

  /** An area ends there now. */
  protected cutHuge(address: number): void {
    const number = address / this.pageBytes;
    if (number % SPAN !== 0) this.splitTable(Math.floor(number / SPAN));
  }

  /** Pages went; `isWhole`: all of the group in one call. */
  protected settle(group: number, isWhole: boolean): void {
    if (!this.spans.has(group)) return;
    if (isWhole || this.pagesOf(group).every((page) => page === undefined)) {
      this.spans.delete(group);
      return;
    }
    this.splitTable(group);
    const span = this.spans.get(group);
    if (!isFrame(span)) return;
    for (const number of span.left)
      if ((this.table.get(number)?.frame ?? null) === null) span.left.delete(number);
    if (span.left.size === 0) this.spans.set(group, "table");
  }

  protected settleDiscarded(address: number, bytes: number): void {
    for (const { group, isWhole } of this.piecesIn(address, bytes)) {
      this.settle(group, isWhole && this.isOneArea(group));
    }
  }

  private splitFrame(group: number, table = this.table, spans = this.spans): void {
    const span = spans.get(group);
    if (!isFrame(span)) return;
    for (const number of span.left) {
      const page = table.get(number);
      if (page === undefined || page.frame === null || page.unknown) continue;
      if (page.content?.some((byte) => byte !== 0)) continue;
      this.discard(page);
      page.read = this.hasZeroPage;
    }
    spans.set(group, "table");
  }

  protected piecesIn(address: number, bytes: number): Piece[] {
    return this.pieces512(address / this.pageBytes, (address + bytes) / this.pageBytes);
  }

  private splitFrameIn({ group, from, to }: Piece): void {
    const span = this.spans.get(group);
    if (isFrame(span) && [...span.left].some((number) => number >= from && number < to))
      this.splitFrame(group);
  }

  private isInOne(group: number): boolean {
    const span = this.spans.get(group);
    return isFrame(span) && (span.isOne || (span.left.size === SPAN && this.isOneArea(group)));
  }

  /** What MADV_FREE, MADV_COLD and MADV_PAGEOUT split before they do anything else. */
  protected splitFor(advice: "free" | "cold" | "pageOut", address: number, bytes: number): void {
    for (const piece of this.piecesIn(address, bytes)) {
      const areLazy = () => this.pagesOf(piece.group).every((page) => page?.lazy);
      const stays = piece.isWhole && this.isInOne(piece.group) && (advice !== "pageOut" || areLazy());
      if (!stays) this.splitFrameIn(piece);
    }
  }

  /** Lazy pages of a range were taken. */
  protected settleTaken(address: number, bytes: number): void {
    for (const { group } of this.piecesIn(address, bytes)) {
      const span = this.spans.get(group);
      if (!isFrame(span) || [...span.left].some((number) => this.table.get(number)?.frame)) continue;
      if (span.isOne) this.spans.delete(group);
      else this.spans.set(group, "table");
    }
  }

  press(): void {
    for (const [table, spans] of this.allSpans()) {
      for (const [group, span] of spans)
        if (isFrame(span) && !span.isOne) this.splitFrame(group, table, spans);
    }
  }

  // ---- MADV_COLLAPSE ----------------------------------------------------------

  /** The range is mapped. Area by area, up to where it cannot be. */
  protected collapse(address: number, bytes: number): boolean {
    const end = (address + bytes) / this.pageBytes;
    for (let from = address / this.pageBytes; from < end; ) {
      const area = this.table.get(from)?.area;
      let [start, last] = [from, from];
      while (this.table.get(start - 1)?.area === area) start -= 1;
      while (this.table.get(last)?.area === area) last += 1;
      const to = Math.min(last, end);
      const first = Math.ceil(from / SPAN);
      if (first * SPAN > to || area?.huge === "no" || area?.line === 0) return false;
      if (Math.floor(last / SPAN) * SPAN - SPAN < start) return false;
      for (let group = first; (group + 1) * SPAN <= to; group++) if (!this.collapseGroup(group)) return false;
      from = last;
    }
    return true;
  }

  private collapseGroup(group: number): boolean {
    const span = this.spans.get(group);
    if (span === "zero" || (isFrame(span) && span.isOne)) return true;
    if (span === undefined || !this.hasRoom()) return false;
    this.quietly(() => {
      for (const page of this.pagesOf(group)) if (page) this.populate(page);
    });
    this.spans.set(group, this.wholeFrame(group));
    return true;
  }

  /** Has a page a frame of its own. */
  protected populate(page: Page): void {
    if (page.frame === null || page.shared) this.writeSmall(page);
    else page.lazy = false;
  }

  // ---- Moving and forking -------------------------------------------------------

  /** Pages were moved. */
  protected movedHuge(address: number, target: number, bytes: number): void {
    const by = (target - address) / this.pageBytes;
    for (const { group, from, to, isWhole } of this.piecesIn(address, bytes)) {
      const span = this.spans.get(group) as Span;
      if (isWhole && by % SPAN === 0) {
        this.spans.delete(group);
        const left = isFrame(span) ? new Set([...span.left].map((number) => number + by)) : null;
        this.spans.set(group + by / SPAN, left && isFrame(span) ? { ...span, left } : span);
      } else {
        const isEmpty = this.pagesOf(group).every((page) => page === undefined);
        if (isEmpty) this.spans.delete(group);
        else this.spans.set(group, "table");
        for (const number of [from + by, to - 1 + by]) this.spans.set(Math.floor(number / SPAN), "table");
      }
    }
  }

  /** What a process and its child share is in small pages. Returns the child's. */
  protected forkedSpans(table: Map<number, Page>): Map<number, Span> {
    const its = new Map<number, Span>();
    for (const group of this.spans.keys()) {
      this.spans.set(group, "table");
      const isTouched = this.pagesOf(group, table).some((page) => page && (page.read || page.frame !== null));
      if (isTouched) its.set(group, "table");
    }
    return its;
  }

  // ---- Looking --------------------------------------------------------------------

  hugeGroups(): number {
    const isThere = ([group, span]: [number, Span]) =>
      isFrame(span) && span.isOne && this.table.get(group * SPAN)?.frame;
    return [...this.spans].filter(isThere).length;
  }

  heldPages(): number {
    let pages = 0;
    for (const [table, spans] of this.allSpans()) {
      for (const span of spans.values()) {
        if (!isFrame(span) || span.isOne) continue;
        const there = [...span.left].filter((number) => table.get(number)?.frame).length;
        if (there > 0) pages += SPAN - there;
      }
    }
    return pages;
  }
}
