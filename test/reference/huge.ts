/**
 * Huge pages of the naive machine: what the kernel knows of each 512 pages besides what they are. A process has a map from
 * the number of a group to that.
 */
import { type Page, ReferencePages } from "./pages.js";

const SPAN = 512;

/**
 * What a process maps of a frame of 512 pages: the numbers of those pages, all of them by one entry, or each by its own. Of
 * a frame that fork shared, what is known of all that map it.
 */
interface HugeFrame {
  isOne: boolean;
  left: Set<number>;
  of: SharedFrame | null;
}

/** How often processes map a frame. Linux counts two of them: any other waits until one of the two is gone. */
class SharedFrame {
  private all = 0;
  private readonly tracked: { process: number; times: number }[] = [];
  private maybeShared = false;

  add(process: number, times: number): void {
    this.all += times;
    const its = this.tracked.find((one) => one.process === process);
    if (its !== undefined) its.times += times;
    else if (this.tracked.length < 2) this.tracked.push({ process, times });
    this.maybeShared = !this.isOfOne();
  }

  remove(process: number, times: number): void {
    this.all -= times;
    const at = this.tracked.findIndex((one) => one.process === process);
    const its = this.tracked[at];
    if (its !== undefined) {
      its.times -= times;
      if (its.times <= 0) this.tracked.splice(at, 1);
    }
    if (this.isOfOne()) this.maybeShared = false;
  }

  private isOfOne(): boolean {
    return this.tracked.some(({ times }) => times === this.all);
  }

  get isShared(): boolean {
    return this.all > 1 && this.maybeShared;
  }

  /** Mapped once, be it as one or the last page of it. */
  get isLast(): boolean {
    return this.all === 1;
  }
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
  /** The number of the running process. */
  process = 1;
  protected abstract allSpans(): Generator<
    [table: Map<number, Page>, spans: Map<number, Span>, process: number]
  >;

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

  /** Sets what is known of a group. What a process mapped of a frame there, it maps no more. */
  private setSpan(group: number, span: Span | null, spans = this.spans, process = this.process): void {
    const old = spans.get(group);
    if (isFrame(old) && old !== span) old.of?.remove(process, old.isOne ? 1 : old.left.size);
    if (span === null) spans.delete(group);
    else spans.set(group, span);
  }

  private forget(frame: HugeFrame, number: number): void {
    if (frame.left.delete(number)) frame.of?.remove(this.process, 1);
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
    const group = Math.floor(page.number / SPAN);
    if (isHuge && isFrame(this.spans.get(group))) this.ownGroup(group);
    else if (isHuge) this.fillGroup(group, writes);
    return result;
  }

  /** The rest of a huge page that others had too, whose fault was counted. */
  private ownGroup(group: number): void {
    const { sharing } = this.count;
    const { reuses } = sharing;
    this.quietly(() => {
      for (const page of this.pagesOf(group)) if (page) this.populate(page);
    });
    sharing.reuses = reuses;
  }

  /** Whether a write to a page that was shared copies it even if no other process has that page. */
  protected override isHeld({ number }: Page): boolean {
    const span = this.spans.get(Math.floor(number / SPAN));
    if (!isFrame(span) || span.isOne || !span.left.has(number)) return false;
    return span.of !== null && (span.of.isShared || span.of.isLast);
  }

  protected override wasCopied({ number }: Page): void {
    const group = Math.floor(number / SPAN);
    const span = this.spans.get(group);
    if (!isFrame(span) || span.isOne) return;
    this.forget(span, number);
    if (span.left.size === 0) this.setSpan(group, "table");
  }

  protected isHugeFault(page: Page, writes: boolean): boolean {
    const group = Math.floor(page.number / SPAN);
    const span = this.spans.get(group);
    if (isFrame(span) && span.isOne) {
      if (page.shared) {
        if (!writes || span.of === null || span.of.isLast) return writes;
        this.splitTable(group);
        return false;
      }
      if (writes && page.lazy) for (const its of this.pagesOf(group)) if (its) its.lazy = false;
      return false;
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
    const left = new Set(Array.from({ length: SPAN }, (_, i) => group * SPAN + i));
    return { isOne: true, left, of: null };
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
    else if (isFrame(span) && span.isOne) {
      span.isOne = false;
      span.of?.add(this.process, SPAN);
      span.of?.remove(this.process, 1);
    }
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
      this.setSpan(group, null);
      return;
    }
    this.splitTable(group);
    const span = this.spans.get(group);
    if (!isFrame(span)) return;
    for (const number of [...span.left])
      if ((this.table.get(number)?.frame ?? null) === null) this.forget(span, number);
    if (span.left.size === 0) this.setSpan(group, "table");
  }

  protected settleDiscarded(address: number, bytes: number): void {
    for (const { group, isWhole } of this.piecesIn(address, bytes)) {
      this.settle(group, isWhole && this.isOneArea(group));
    }
  }

  private splitFrame(group: number, table = this.table, spans = this.spans, process = this.process): void {
    const span = spans.get(group);
    if (!isFrame(span)) return;
    for (const number of span.left) {
      const page = table.get(number);
      if (page === undefined || page.frame === null || page.unknown) continue;
      if (page.content?.some((byte) => byte !== 0)) continue;
      this.discard(page);
      page.read = this.hasZeroPage;
    }
    if (span.isOne) span.of?.add(process, SPAN - 1);
    span.isOne = false;
    this.setSpan(group, "table", spans, process);
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

  /** Whether a page is of a huge frame that other processes have, too: then MADV_FREE, MADV_COLD and MADV_PAGEOUT leave it. */
  protected isLeft({ number }: Page): boolean {
    const span = this.spans.get(Math.floor(number / SPAN));
    return isFrame(span) && span.of?.isShared === true && span.left.has(number);
  }

  /** What MADV_FREE, MADV_COLD and MADV_PAGEOUT split before they do anything else. */
  protected splitFor(advice: "free" | "cold" | "pageOut", address: number, bytes: number): void {
    for (const piece of this.piecesIn(address, bytes)) {
      const span = this.spans.get(piece.group);
      if (isFrame(span) && span.of?.isShared) continue;
      const areLazy = () => this.pagesOf(piece.group).every((page) => page?.lazy);
      const stays = piece.isWhole && this.isInOne(piece.group) && (advice !== "pageOut" || areLazy());
      if (!stays) this.splitFrameIn(piece);
      // Pages that others had too are nobody else's any more, and go with the rest.
      else if (advice === "pageOut")
        for (const page of this.pagesOf(piece.group)) if (page) this.discard(page);
    }
  }

  /** Lazy pages of a range were taken. */
  protected settleTaken(address: number, bytes: number): void {
    for (const { group } of this.piecesIn(address, bytes)) {
      const span = this.spans.get(group);
      if (!isFrame(span) || [...span.left].some((number) => this.table.get(number)?.frame)) continue;
      this.setSpan(group, "table");
    }
  }

  /** Whose pages are gone is known at once. */
  protected override reclaim(): void {
    super.reclaim();
    for (const [table, spans, process] of this.allSpans()) {
      for (const [group, span] of [...spans]) {
        if (!isFrame(span)) continue;
        const gone = [...span.left].filter((number) => (table.get(number)?.frame ?? null) === null);
        if (!span.isOne) for (const number of gone) if (span.left.delete(number)) span.of?.remove(process, 1);
        if (gone.length > 0 && (span.isOne || span.left.size === 0))
          this.setSpan(group, "table", spans, process);
      }
    }
  }

  press(): void {
    const held = new Set([...this.frames()].filter((mappings) => heldOf(mappings) > 0).flat());
    for (const { table, spans, process, group, span } of held) {
      if (!span.isOne) this.splitFrame(group, table, spans, process);
    }
  }

  /** The frames of all processes, each as those that map it. */
  private frames(): Iterable<Mapping[]> {
    const frames = new Map<unknown, Mapping[]>();
    for (const [table, spans, process] of this.allSpans()) {
      for (const [group, span] of spans) {
        if (!isFrame(span)) continue;
        const its = { table, spans, process, group, span };
        frames.set(span.of ?? span, [...(frames.get(span.of ?? span) ?? []), its]);
      }
    }
    return frames.values();
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
    this.setSpan(group, this.wholeFrame(group));
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
        this.setSpan(group + by / SPAN, left && isFrame(span) ? { ...span, left } : span);
      } else {
        if (isFrame(span)) this.scatter(span.of);
        const isEmpty = this.pagesOf(group).every((page) => page === undefined);
        this.setSpan(group, isEmpty ? null : "table");
        for (const number of [from + by, to - 1 + by]) this.setSpan(Math.floor(number / SPAN), "table");
      }
    }
  }

  /** A frame that fork shared is small ones, wherever it is mapped. */
  private scatter(frame: SharedFrame | null): void {
    if (frame === null) return;
    for (const [, spans, process] of this.allSpans()) {
      for (const [group, span] of spans)
        if (isFrame(span) && span.of === frame) this.setSpan(group, "table", spans, process);
    }
  }

  /** What a child has of the groups of which it got the pages with these numbers by the kernel's tables. */
  protected forkedSpans(child: number, numbers: readonly number[]): Map<number, Span> {
    const its = new Map<number, Span>();
    for (const number of numbers) {
      const group = Math.floor(number / SPAN);
      const span = this.spans.get(group);
      if (span === undefined) continue;
      if (!isFrame(span)) {
        its.set(group, span);
        continue;
      }
      if (span.of === null) {
        span.of = new SharedFrame();
        span.of.add(this.process, span.isOne ? 1 : span.left.size);
      }
      this.giveTo(child, its, group, span, number);
    }
    return its;
  }

  /** A child gets a page of a frame, or all of it at the first. */
  private giveTo(
    child: number,
    its: Map<number, Span>,
    group: number,
    span: HugeFrame,
    number: number,
  ): void {
    const has = its.get(group);
    if (span.isOne) {
      if (isFrame(has)) return;
      its.set(group, { isOne: true, left: new Set(span.left), of: span.of });
      span.of?.add(child, 1);
      // One entry of a table.
      this.count.sharing.forkedPages += 1 - SPAN;
    } else if (!span.left.has(number) || (this.table.get(number)?.frame ?? null) === null) {
      its.set(group, has ?? "table");
    } else {
      if (isFrame(has)) has.left.add(number);
      else its.set(group, { isOne: false, left: new Set([number]), of: span.of });
      span.of?.add(child, 1);
    }
  }

  // ---- Looking --------------------------------------------------------------------

  hugeGroups(): number {
    const isThere = ([group, span]: [number, Span]) =>
      isFrame(span) && span.isOne && this.table.get(group * SPAN)?.frame;
    return [...this.spans].filter(isThere).length;
  }

  heldPages(): number {
    return [...this.frames()].reduce((pages, mappings) => pages + heldOf(mappings), 0);
  }
}

/** Who maps a frame, and where. */
interface Mapping {
  table: Map<number, Page>;
  spans: Map<number, Span>;
  process: number;
  group: number;
  span: HugeFrame;
}

/** Pages of a frame that nobody has any more. */
function heldOf(mappings: readonly Mapping[]): number {
  if (mappings.some(({ span }) => span.isOne)) return 0;
  const there = mappings.flatMap(({ table, span }) => {
    const left = [...span.left].filter((number) => table.get(number)?.frame);
    return left.map((number) => number % SPAN);
  });
  const pages = new Set(there).size;
  return pages > 0 ? SPAN - pages : 0;
}
